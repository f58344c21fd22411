"""Faults of Ionworks: states, stops and deletes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.simulation.errors import NotCancellable
from tests.conformance.faults import Apply, Asked, Told, answers, patched
from tests.conformance.faults.ionworks.shapers import (
    API,
    ARRAY,
    CANCEL,
    LIST,
    READ,
    SUBMITS,
    WORLD,
    cancel,
    each,
    fault,
    jobs_in,
    keeps,
    once_around,
    sent,
    shifted,
    status,
    when,
)

ENDED = ("completed", "failed", "canceled")


def _looks(name: str, least: int, holds: Callable[[dict[str, Any]], bool], **new: Any) -> Apply:
    """After so many looks in one condition, a job is shown otherwise."""

    def change(job: dict[str, Any], asked: Asked) -> None:
        if holds(job):
            key = f"{name} {job['job_id']}"
            asked.memory[key] = asked.memory.get(key, 0) + 1
            if asked.memory[key] > least:
                job.update(new)

    return each(change)


def _twice_canceled(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation == CANCEL and asked.memory.get(job["job_id"]) == "canceled":
            asked.memory[f"{job['job_id']} twice"] = True
        if asked.memory.get(f"{job['job_id']} twice"):
            job["status"] = "failed"
        asked.memory[job["job_id"]] = job["status"]


def _cancels_completed(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation == CANCEL and job["status"] == "completed":
            asked.memory[job["job_id"]] = True
        if asked.memory.get(job["job_id"]):
            job.update(status="canceled", is_failed=True, result=None)


def _neighbour(original: Any) -> Any:
    def cancel(world: Any, job: Any, *reason: Any) -> None:
        original(world, job, *reason)
        for other in [one for one in world.everybody() if one.serial == job.serial + 1 and not one.is_terminal]:
            original(world, other, *reason)

    return cancel


def _stale(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        job.update(status="processing", is_terminal=False, is_failed=False, completed_at=None, compute_time=None)


def _touched(job: dict[str, Any], asked: Asked) -> None:
    """A job that had ended when it was canceled is updated by that."""
    if asked.operation == CANCEL and asked.memory.get(job["job_id"]) in ENDED:
        asked.memory[f"{job['job_id']} touched"] = True
    if asked.memory.get(f"{job['job_id']} touched"):
        job["updated_at"] = shifted(job["updated_at"], 20)
    asked.memory[job["job_id"]] = job["status"]


def _refused_when_ended(asked: Asked, told: Told) -> None:
    if told.status == 200 and asked.operation == READ:
        asked.memory[told.body["job_id"]] = told.body["status"]
    if told.status == 200 and asked.operation == CANCEL and asked.memory.get(told.body["job_id"]) in ENDED:
        told.status, told.body = 400, {"error_code": "BAD_REQUEST", "message": "over", "detail": None}


def _no_body(asked: Asked, told: Told) -> None:
    if asked.body == {}:
        told.status, told.body = 422, {"detail": [{"loc": ["body"], "msg": "no", "type": "extra"}]}


def _second_fails(asked: Asked, told: Told) -> None:
    count = asked.memory[asked.path] = asked.memory.get(asked.path, 0) + 1
    if count == 2:
        told.status, told.body = 500, {"error_code": "INTERNAL_SERVER_ERROR", "message": "no", "detail": None}


def _keeps_what_it_held(original: Any, arguments: Any) -> Any:
    job = arguments[1]
    return None if job.stage.name == "canceled" else original(*arguments)


def _only_running(world: Any, job: Any) -> bool:
    return bool(job.stage.name != "pending")


def _at_its_end(world: Any, job: Any) -> bool:
    """A cancel at the very instant of the end turns it into a failure."""
    world.settle()
    if job.stage.name == "completed" and job.changed == world.now_us:
        failed = next(stage for stage in world.lifecycles[API].stages.values() if stage.name == "failed")
        job.stage = failed
        job.history += (world.now_us, failed, "failed", job.outcome)
        raise NotCancellable(job.key, job.state)
    return True


def _tells_the_last(asked: Asked, told: Told) -> None:
    if told.status == 200:
        last, asked.memory["canceled"] = asked.memory.get("canceled", told.body["job_id"]), told.body["job_id"]
        told.body["job_id"] = last


def _well_in_the_array(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        job["is_failed"] = False


FAULTS = [
    fault(
        "new-jobs-are-queued",
        "JOB-STM-001",
        "a new job is shown in a state that nobody lists",
        answers(API, SUBMITS, lambda a, t: [job.update(status="queued") for job in jobs_in(t)] and None),
    ),
    fault(
        "back-to-the-queue",
        "JOB-STM-002",
        "a job that runs is seen as pending again",
        _looks("back", 2, lambda job: job["status"] == "processing", status="pending", started_at=None),
        "JOB-STM-010",
    ),
    fault(
        "second-cancel-fails-job",
        "JOB-STM-003",
        "a second cancel makes the job a failure",
        answers(API, (READ, CANCEL), _twice_canceled),
        "JOB-STM-004",
    ),
    fault(
        "good-runs-fail",
        "JOB-STM-005",
        "a completed job is shown as failed",
        when(lambda job: job["status"] == "completed", status="failed"),
    ),
    fault(
        "wrong-state-of-failures",
        "JOB-STM-006",
        "a failed job is shown as canceled",
        when(lambda job: job["status"] == "failed", status="canceled"),
    ),
    fault(
        "canceled-fails",
        "JOB-STM-007",
        "a canceled job is shown as failed",
        when(lambda job: job["status"] == "canceled", status="failed"),
    ),
    fault(
        "completed-is-canceled",
        "JOB-STM-008",
        "a cancel of a completed job cancels it",
        answers(API, (READ, CANCEL, LIST), _cancels_completed),
        "JOB-STM-004",
        "ION-STM-008",
    ),
    fault(
        "room-for-all",
        "JOB-STM-009",
        "a job that cannot be placed runs",
        sent(
            lambda b: b["params"].pop("MOCK_STAY_QUEUED", None) and None if isinstance(b.get("params"), dict) else None
        ),
    ),
    fault(
        "short-runs",
        "JOB-STM-010",
        "no run takes more than 30 seconds",
        sent(
            lambda b: (
                b["params"].update(MOCK_RUN_SECONDS=30)
                if isinstance(b.get("params"), dict) and b["params"].get("MOCK_RUN_SECONDS") == 600
                else None
            )
        ),
    ),
    fault(
        "queued-is-not-canceled",
        "JOB-STM-012",
        "a cancel of a pending job is passed over",
        patched(f"{WORLD}.cancel", cancel(_only_running)),
        "ION-STM-007",
    ),
    fault(
        "neighbour-goes-too", "JOB-STM-013", "a cancel takes the next job along", patched(f"{WORLD}.cancel", _neighbour)
    ),
    fault(
        "canceled-goes-on", "ION-STM-001", "a canceled job is not terminal", when(status("canceled"), is_terminal=False)
    ),
    fault("waiting-is-over", "ION-STM-001", "a waiting job is terminal", when(status("waiting"), is_terminal=True)),
    fault(
        "well-in-the-array", "ION-STM-002", "no job of the array has failed", answers(API, ARRAY, _well_in_the_array)
    ),
    fault(
        "canceled-is-well", "ION-STM-002", "a canceled job has not failed", when(status("canceled"), is_failed=False)
    ),
    fault(
        "completed-failed",
        "ION-STM-002",
        "a completed job has failed, in lists",
        answers(
            API, (LIST, ARRAY), lambda a, t: [job.update(is_failed=job["is_terminal"]) for job in jobs_in(t)] and None
        ),
    ),
    fault(
        "error-without-failure", "ION-STM-003", "a completed job has an error", when(status("completed"), error="none")
    ),
    fault(
        "one-type-fails-silently",
        "ION-STM-004",
        "a failed job of one type has no error code",
        when(lambda job: job["job_type"] == "simulate", error_code=None),
    ),
    fault(
        "failure-without-code", "ION-STM-004", "a failed job has no error code", when(status("failed"), error_code=None)
    ),
    fault("result-of-a-failure", "ION-STM-005", "a failed job has a result", when(status("failed"), result={})),
    fault(
        "one-type-without-result",
        "ION-STM-006",
        "a completed job of one type has no result",
        when(lambda job: job["job_type"] == "evaluate_variables", result=None),
    ),
    fault("no-result", "ION-STM-006", "a completed job has no result", when(status("completed"), result=None)),
    fault(
        "cancel-tells-another",
        "ION-STM-007",
        "the answer to a cancel tells of the job that was canceled before",
        answers(API, CANCEL, _tells_the_last),
    ),
    fault("cancel-touches-ended", "ION-STM-008", "a cancel of an ended job updates it", each(_touched)),
    fault(
        "ended-is-no-good",
        "ION-STM-009",
        "a cancel of an ended job is answered 400",
        answers(API, (READ, CANCEL), _refused_when_ended),
    ),
    fault(
        "cancel-without-body", "ION-STM-010", "a cancel with an empty object is refused", answers(API, CANCEL, _no_body)
    ),
    fault(
        "canceled-holds",
        "ION-STM-011",
        "a canceled job keeps its capacity",
        patched(
            "mockserver.simulation.placement.placement_pass:PlacementPass.give_back", once_around(_keeps_what_it_held)
        ),
    ),
    fault(
        "second-cancel-breaks",
        "ION-STM-012",
        "the second request to cancel a job makes the server fail",
        answers(API, CANCEL, _second_fails),
        "JOB-ERR-010",
    ),
    fault(
        "processing-is-pending",
        "ION-STM-019",
        "a processing job is shown as pending",
        when(lambda job: job["status"] == "processing", status="pending", started_at=None),
        "JOB-STM-010",
    ),
    fault(
        "cancel-at-the-end-fails",
        "ION-STM-020",
        "a cancel at the instant of the end makes a failure",
        patched(f"{WORLD}.cancel", cancel(_at_its_end)),
    ),
    fault(
        "canceled-starts-later",
        "ION-STM-022",
        "a job canceled in the queue tells a start later",
        _looks(
            "later",
            2,
            lambda job: job["status"] == "canceled" and not job["started_at"],
            params_path=None,
            started_at="2026-01-01T00:00:00Z",
        ),
        "ION-TIM-018",
        "ION-TIM-001",
    ),
    fault(
        "canceled-completes",
        "ION-STM-023",
        "a canceled job completes when its run would have ended",
        _looks(
            "done",
            3,
            lambda job: job["status"] == "canceled" and job["started_at"],
            status="completed",
            is_failed=False,
            result={},
        ),
        "JOB-STM-004",
        "JOB-STM-007",
    ),
    fault("failed-holds-on", "ION-STM-024", "a failed job keeps its capacity", keeps("failed")),
    fault(
        "completed-holds-on",
        "ION-STM-024",
        "a completed job keeps its capacity",
        keeps("succeeded"),
        "ION-TIM-012",
        "ION-TIM-014",
    ),
    fault(
        "failed-without-detail",
        "ION-STM-026",
        "a failed job has no error_detail",
        when(status("failed"), error_detail=None),
    ),
    fault(
        "canceled-with-code",
        "ION-STM-027",
        "a canceled job has an error code",
        when(status("canceled"), error_code="INTERNAL_ERROR", error="canceled"),
    ),
    fault(
        "stale-cancel", "ION-STM-028", "the answer to a cancel shows the job as it was", answers(API, CANCEL, _stale)
    ),
    fault(
        "pipelines-go-on",
        "ION-STM-029",
        "jobs of one type never end",
        when(
            lambda job: job["job_type"] == "simple_pipeline" and job["status"] == "completed",
            status="processing",
            is_terminal=False,
            completed_at=None,
            result=None,
            compute_time=None,
        ),
    ),
]
