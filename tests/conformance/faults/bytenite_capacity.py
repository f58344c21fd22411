"""Faults of what ByteNite's jobs hold and for how long: capacity that is not given back, tasks one by one, timeouts that some states escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.adapters.exchange import Reply
from mockserver.simulation.team import Team
from tests.conformance.faults import Apply, Asked, patched
from tests.conformance.faults.bytenite import fault, jobs

SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def _keeps(*phases: str) -> Apply:
    """Jobs and tasks that go into one of these phases keep what they hold."""

    def make(original: Any) -> Any:
        return lambda allotment, job: None if job.stage.phase in phases else original(allotment, job)

    return patched("mockserver.simulation.allotment:Allotment.give_back", make)


def _escapes(phase: str) -> Apply:
    """The job timeout does not pass in a phase."""

    def make(original: Any) -> Any:
        def time_out(scheduler: Any, job: Any, limit: str) -> None:
            if limit != "total" or job.stage.phase != phase:
                original(scheduler, job, limit)

        return time_out

    return patched(f"{SCHEDULER}._time_out", make)


def _counts(count: Callable[[Any], int]) -> Apply:
    def make(original: Any) -> Any:
        def running(call: Any) -> Reply:
            jobs = call.world.jobs("bytenite").values()
            return Reply(200, {"runningTasks": {job.key: count(job.crew) for job in jobs if job.crew is not None and job.phase == "working"}})

        return running

    return patched("mockserver.adapters.bytenite:Customer_RunningTasks", make)


def _last_first(original: Any) -> Any:
    def push(queue: Any, job: Any) -> None:
        serial, job.serial = job.serial, -abs(job.serial)
        original(queue, job)
        job.serial = serial

    return push


def _teams(parallel: Callable[[int], int]) -> Apply:
    return patched(
        "mockserver.adapters.bytenite.words:team", lambda _: lambda config, count: Team(count, parallel(count), run=config.get("taskTimeout") or None)
    )


def _started_when_run(job: dict[str, Any], _: Asked) -> None:
    if "startedAt" in job:
        job["startedAt"] = job["submittedAt"]


FAULTS = [
    fault("aborted-holds-on", "BYT-STM-021", "the tasks of an aborted job keep their capacity", _keeps("cancelled"), "BYT-STM-022", "BYT-STM-023"),
    fault(
        "deleted-holds-on",
        "BYT-STM-022",
        "the tasks of a deleted job go on",
        patched("mockserver.simulation.scheduler:disband", lambda _: lambda scheduler, job: None),
    ),
    fault("failed-holds-on", "BYT-STM-023", "failed tasks keep their capacity", _keeps("failed"), "BYT-STM-021"),
    fault("complete-holds-on", "BYT-STM-023", "a complete job keeps its capacity", _keeps("succeeded"), "BYT-TIM-013", "BYT-STM-001"),
    fault("tasks-one-by-one", "BYT-STM-024", "tasks run one after the other", _teams(lambda _: 1)),
    fault("tasks-two-by-two", "BYT-STM-024", "two tasks of a job run at most", _teams(lambda count: min(count, 2))),
    fault("started-when-run", "BYT-TIM-022", "a job that waits has started", jobs(_started_when_run), "BYT-TIM-007", "BYT-TIM-013"),
    fault("waiting-tasks-run", "BYT-RSP-026", "tasks that wait are counted as running", _counts(lambda crew: crew.open)),
    fault(
        "last-come-first-served", "BYT-PRI-002", "the job that was created last begins first", patched("mockserver.simulation.queue:Queue.push", _last_first)
    ),
    fault("endless-merge", "BYT-TMO-014", "the job timeout does not pass while the output is put together", _escapes("finishing")),
    fault("endless-upload", "BYT-TMO-014", "the job timeout does not pass while the input is taken in", _escapes("starting")),
]
