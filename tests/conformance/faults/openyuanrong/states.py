"""Faults of openYuanrong: states, stops and deletes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.simulation.events import RUN_END
from mockserver.simulation.request import Outcome
from tests.conformance.faults import Apply, Asked, Json, Told, answers, patched, requests
from tests.conformance.faults.openyuanrong.shapers import (
    ADAPTER,
    API,
    SCHEDULER,
    WORLD,
    fault,
    shown,
    status,
    told,
    undone,
)

HOUR_US = 3_600_000_000


def says(where: str, was: Json, becomes: Json) -> Apply:
    """What a stop or a deletion answers is something else."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and told.body is was:
            told.body = becomes

    return answers(API, where, revise)


def _plain(asked: Asked, told: Told) -> None:
    key = asked.values["submissionId"]
    if asked.role == "read" and told.status == 200:
        asked.memory[key] = told.body["metadata"] is None
    elif told.body is True and asked.memory.get(key) and asked.body is None:
        told.body = False


def remembers(phase: str, where: str) -> Apply:
    """A false answer about jobs in one state, as the last look told it, is true."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "read" and told.status == 200:
            asked.memory[asked.values["submissionId"]] = told.body["status"]
        elif asked.role == where and told.body is False and asked.memory.get(asked.values["submissionId"]) == phase:
            told.body = True

    return answers(API, ("read", where), revise)


def _ends_all(original: Any) -> Any:
    def delete(world: Any, job: Any) -> None:
        others = [one for one in world.jobs(API).values() if one.is_terminal and one is not job]
        original(world, job)
        for other in others[:1]:
            original(world, other)

    return delete


def _wrong_body(asked: Asked, told: Told) -> None:
    if asked.body is not None and asked.role == "cancel":
        told.status, told.body = 400, "no body is expected"


def _stops_waiting(asked: Asked, told: Told) -> None:
    key = asked.values["submissionId"]
    if asked.role == "cancel":
        asked.memory[key] = True
    elif told.status == 200 and told.body["status"] == "PENDING" and key in asked.memory:
        told.body["status"] = "STOPPED"


def _ends_waiting_and_running(original: Any) -> Any:
    """The limit of waiting is not taken away when a job is placed late."""

    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        original(self, job, stage, event)
        if self.clock.now - job.created > 500_000:
            self.agenda.add(
                job.created + 18_000_000,
                RUN_END,
                job,
                generation=job.generation,
                detail=Outcome(0, 1, "assign_timeout"),
            )

    return begin_run


def _run_from_submission(original: Any) -> Any:
    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        original(self, job, stage, event)
        for due in [
            one
            for one in self.agenda.heap
            if one[3] is job and one[2] == RUN_END and one[4] == job.generation and self.clock.now > job.created
        ]:
            job.generation += 1
            self.agenda.add(
                max(self.clock.now, due[0] - self.clock.now + job.created),
                RUN_END,
                job,
                generation=job.generation,
                detail=due[5],
            )

    return begin_run


def _end_moves(original: Any) -> Any:
    def stop(call: Any) -> Any:
        reply, job = original(call), call.world.jobs(API).get(call.path["submissionId"])
        if job is not None and job.state == "STOPPED" and reply.body is False:
            job.history[-4] = call.world.now_us
        return reply

    return stop


def _no_deletion_without_node(original: Any) -> Any:
    def delete(call: Any) -> Any:
        job = call.world.jobs(API).get(call.path["submissionId"])
        if job is not None and job.is_terminal and len(job.history) == 8:
            from mockserver.adapters.openyuanrong.refusals import answer

            return answer(False)
        return original(call)

    return delete


def lingers(function: str, phase: str, change: Callable[[Any, Any], None]) -> Any:
    """A call in vain about a job in that phase changes it."""

    def make(original: Any) -> Any:
        def call_in_vain(call: Any) -> Any:
            reply = original(call)
            job = call.world.jobs(API).get(call.path["submissionId"])
            if job is not None and job.phase == phase and reply.body is False:
                change(call.world, job)
            return reply

        return call_in_vain

    return patched(f"{ADAPTER}:{function}", make)


def _forgotten(world: Any, job: Any) -> None:
    job.generation += 1


def _killed_soon(world: Any, job: Any) -> None:
    world.scheduler.agenda.add(
        world.now_us + 20_000_000, RUN_END, job, generation=job.generation, detail=Outcome(0, 9, "killed")
    )


def _begun_anew(world: Any, job: Any) -> None:
    job.history[4] = world.now_us


def old(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    """Jobs that ended an hour ago are shown changed, or not at all in lists."""

    def make(original: Any) -> Any:
        def render(world: Any, job: Any) -> Any:
            told = original(world, job)
            return change(told) if job.is_terminal and world.now_us - job.changed > HOUR_US // 2 else told

        return render

    return patched(f"{ADAPTER}.jobs:view", make)


def _unlisted(original: Any) -> Any:
    def listed(call: Any) -> Any:
        reply, now = original(call), call.world.now_us
        jobs = call.world.jobs(API)
        reply.body = [
            one
            for one in reply.body
            if not (jobs[one["submission_id"]].is_terminal and now - jobs[one["submission_id"]].changed > HOUR_US // 2)
        ]
        return reply

    return listed


def _half_an_hour(asked: Asked) -> None:
    command = asked.body.get("entrypoint") if isinstance(asked.body, dict) else None
    if isinstance(command, str) and command.startswith("sleep ") and command[6:].isdigit() and int(command[6:]) > 1800:
        asked.body["entrypoint"] = "sleep 1800"


def _failed_later(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"status": "FAILED"} if told["status"] == "SUCCEEDED" else told


def _well_if_rich(job: dict[str, Any]) -> None:
    if job["status"] == "STOPPED" and job["metadata"]:
        job.update(status="SUCCEEDED", error_type="")


def _failed_after_a_minute(job: dict[str, Any]) -> None:
    if job["status"] == "STOPPED" and int(job["end_time"]) - int(job["start_time"]) > 60:
        job["status"] = "FAILED"


def _one_a_second(asked: Asked, answered: Told) -> None:
    for job in answered.body if isinstance(answered.body, list) else [answered.body]:
        if (
            isinstance(job, dict)
            and job.get("status") == "SUCCEEDED"
            and asked.memory.setdefault(job["end_time"], job["submission_id"]) != job["submission_id"]
        ):
            job.update(status="RUNNING", end_time="")


FAULTS = [
    fault(
        "twins-run-on",
        "JOB-STM-005",
        "of jobs that end in one second only the one seen first has ended",
        answers(API, ("read", "list"), _one_a_second),
        "OYR-STM-017",
    ),
    fault(
        "stop-ignored",
        "JOB-STM-007",
        "a stop is answered true and does nothing",
        undone("cancel", lambda job: True),
        "OYR-STM-001",
    ),
    fault(
        "waiting-is-stopped",
        "JOB-STM-012",
        "a job that waits is shown as stopped once a stop was asked for",
        answers(API, ("cancel", "read"), _stops_waiting),
        "OYR-STM-002",
    ),
    fault(
        "stop-says-false",
        "OYR-STM-001",
        "every stop is answered false",
        says("cancel", True, False),
        "OYR-STM-008",
        "OYR-STM-009",
    ),
    fault(
        "plain-stop-says-false",
        "OYR-STM-001",
        "the stop of a job without metadata is answered false",
        answers(API, ("read", "cancel"), _plain),
        "OYR-STM-009",
        "OYR-IDM-022",
    ),
    fault(
        "stop-of-waiting-says-true",
        "OYR-STM-002",
        "stopping a job that waits is answered true",
        remembers("PENDING", "cancel"),
    ),
    fault(
        "waits-while-it-runs",
        "OYR-STM-002",
        "the limit of waiting ends jobs that run",
        patched(f"{SCHEDULER}.begin_run", _ends_waiting_and_running),
        "OYR-STM-005",
    ),
    fault(
        "stop-lingers",
        "OYR-STM-002",
        "a job that waits is never placed after a stop in vain",
        lingers("yr_stop_job", "queued", _forgotten),
    ),
    fault(
        "stop-of-succeeded-says-true",
        "OYR-STM-003",
        "stopping a job that succeeded is answered true",
        remembers("SUCCEEDED", "cancel"),
    ),
    fault(
        "stop-of-stopped-says-true",
        "OYR-STM-003",
        "stopping a stopped job is answered true",
        remembers("STOPPED", "cancel"),
    ),
    fault(
        "end-moves",
        "OYR-STM-003",
        "a second stop moves the end of a job",
        patched(f"{ADAPTER}:yr_stop_job", _end_moves),
        "OYR-TIM-002",
    ),
    fault(
        "delete-of-running-says-true",
        "OYR-STM-004",
        "deleting a running job is answered true",
        remembers("RUNNING", "delete"),
    ),
    fault(
        "delete-kills-later",
        "OYR-STM-004",
        "a running job ends soon after a deletion in vain",
        lingers("yr_delete_job", "running", _killed_soon),
    ),
    fault(
        "delete-begins-anew",
        "OYR-STM-004",
        "a running job tells another start after a deletion in vain",
        lingers("yr_delete_job", "running", _begun_anew),
        "OYR-TIM-002",
    ),
    fault(
        "delete-of-waiting-says-true",
        "OYR-STM-005",
        "deleting a job that waits is answered true",
        remembers("PENDING", "delete"),
    ),
    fault(
        "delete-lingers",
        "OYR-STM-005",
        "a job that waits is never placed after a deletion in vain",
        lingers("yr_delete_job", "queued", _forgotten),
    ),
    fault(
        "stopped-not-deleted",
        "OYR-STM-006",
        "stopped jobs are not deleted",
        undone("delete", lambda job: job.state == "STOPPED"),
    ),
    fault(
        "delete-says-false",
        "OYR-STM-006",
        "every deletion is answered false",
        says("delete", True, False),
        "OYR-STM-007",
        "OYR-STM-010",
    ),
    fault(
        "roomless-kept",
        "OYR-STM-006",
        "jobs that found no room are not deleted",
        patched(f"{ADAPTER}:yr_delete_job", _no_deletion_without_node),
    ),
    fault(
        "stop-of-deleted",
        "OYR-STM-007",
        "stopping what is unknown is answered false",
        status("cancel", 404, 200, False),
        "JOB-ERR-012",
    ),
    fault("stop-with-body", "OYR-STM-008", "a stop with a body is refused", answers(API, "cancel", _wrong_body)),
    fault(
        "second-delete-false",
        "OYR-STM-010",
        "a second deletion is answered false",
        status("delete", 404, 200, False),
        "OYR-STM-007",
        "JOB-ERR-013",
    ),
    fault(
        "deletes-two",
        "OYR-STM-011",
        "a deletion takes an older job along",
        patched(f"{WORLD}.delete", _ends_all),
        "JOB-LST-009",
        "OYR-STM-010",
        "OYR-IDM-022",
    ),
    fault(
        "unlisted-after-a-while",
        "OYR-STM-015",
        "ended jobs leave the list by themselves",
        patched(f"{ADAPTER}:yr_list_jobs", _unlisted),
    ),
    fault("failed-after-a-while", "OYR-STM-015", "a job that succeeded has failed later on", old(_failed_later)),
    fault(
        "run-from-submission",
        "OYR-STM-016",
        "the run of a job that waited is counted from its submission",
        patched(f"{SCHEDULER}.begin_run", _run_from_submission),
    ),
    fault(
        "half-an-hour", "OYR-STM-016", "no job runs longer than half an hour", requests(API, "submit", _half_an_hour)
    ),
    fault("rich-and-stopped", "OYR-STM-017", "a stopped job with metadata has succeeded", shown(_well_if_rich)),
    fault(
        "long-and-stopped",
        "OYR-STM-017",
        "a job that is stopped after a minute has failed",
        shown(_failed_after_a_minute),
    ),
    fault(
        "exit-nought",
        "OYR-STM-017",
        "exit 0 is a failure",
        told(
            lambda job: (
                job.update(status="FAILED", error_type="no")
                if job["entrypoint"] == "exit 0" and job["status"] == "SUCCEEDED"
                else None
            )
        ),
    ),
]
