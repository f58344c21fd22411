"""Faults of what ByteNite's jobs hold and for how long: capacity that is not given back, tasks one by one, timeouts that some states escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Reply
from mockserver.simulation.request import Team
from tests.conformance.faults import Apply, Asked, patched, requests
from tests.conformance.faults.bytenite import API, fault, jobs

SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def _keeps(*phases: str) -> Apply:
    """Jobs and tasks that go into one of these phases keep what they hold."""

    def make(original: Any) -> Any:
        return lambda allotment, job: None if job.stage.phase in phases else original(allotment, job)

    return patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", make)


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
        "mockserver.adapters.bytenite.reading:team", lambda _: lambda config, count: Team(count, parallel(count), run=config.get("taskTimeout") or None)
    )


def _started_when_run(job: dict[str, Any], _: Asked) -> None:
    if "startedAt" in job:
        job["startedAt"] = job["submittedAt"]


def _wrapped(asked: Asked) -> None:
    config = asked.body.get("config") if isinstance(asked.body, dict) else None
    for name in ("taskTimeout", "jobTimeout"):
        value = config.get(name) if isinstance(config, dict) else None
        if isinstance(config, dict) and str(value).isdigit() and int(str(value)) > 1 << 31:
            config[name] = int(str(value)) % (1 << 31)


def _moves(original: Any) -> Any:
    def abort(call: Any) -> Any:
        job = call.world.job("bytenite", call.path["jobId"])
        if job.is_terminal:
            job.payload.body["endedAt"] = iso(call.world, call.world.now_us)
        return original(call)

    return abort


def _not_yet(original: Any) -> Any:
    def cancel(world: Any, job: Any, *words: Any) -> None:
        if job.phase != "starting":
            original(world, job, *words)

    return cancel


def _silent(original: Any) -> Any:
    return lambda world, api, since=0: iter(())


def _twice(original: Any) -> Any:
    return lambda world, api, since=0: (one for one in original(world, api, since=since) for _ in range(2))


def _all(original: Any) -> Any:
    known: set[int] = set()

    def history(world: Any, api: str, since: int = 0) -> Any:
        first = since if id(world) in known else 0
        known.add(id(world))
        return original(world, api, since=first)

    return history


def _latest(original: Any) -> Any:
    return lambda world, job, state: original(world, job, job.state if job.is_terminal else state)


class _Anybody(str):
    """The name of every customer."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def _nobody_in_particular(original: Any) -> Any:
    return lambda call: _Anybody(original(call))


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
        "last-come-first-served", "BYT-PRI-002", "the job that was created last begins first", patched("mockserver.simulation.placement.queue:Queue.push", _last_first)
    ),
    fault("endless-merge", "BYT-TMO-014", "the job timeout does not pass while the output is put together", _escapes("finishing")),
    fault("endless-upload", "BYT-TMO-014", "the job timeout does not pass while the input is taken in", _escapes("starting")),
    fault("wrapped-timeout", "BYT-TMO-010", "timeouts are of 32 bits", requests(API, "submit", _wrapped)),
    fault(
        "late-abort-moves-the-end",
        "BYT-STM-028",
        "an abort that comes too late moves the end",
        patched("mockserver.adapters.bytenite:Customer_AbortJob", _moves),
    ),
    fault("beginning-goes-on", "BYT-STM-013", "a job that takes in its input is not aborted", patched("mockserver.simulation.world:World.cancel", _not_yet)),
    fault(
        "silent-events", "BYT-RSP-022", "nothing is told on the stream of events", patched("mockserver.simulation.world:World.history", _silent), "BYT-RSP-038"
    ),
    fault("events-twice", "BYT-RSP-038", "events are told twice", patched("mockserver.simulation.world:World.history", _twice)),
    fault("events-from-the-beginning", "BYT-RSP-038", "events of before are told", patched("mockserver.simulation.world:World.history", _all)),
    fault(
        "latest-state-in-events", "BYT-RSP-038", "events tell the state in which the job is now", patched("mockserver.adapters.bytenite.events:change", _latest)
    ),
    fault(
        "events-of-strangers", "BYT-ISO-004", "events are told to all customers", patched("mockserver.adapters.bytenite.events:tenant", _nobody_in_particular)
    ),
]
