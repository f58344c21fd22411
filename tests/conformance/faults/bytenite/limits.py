"""Faults of ByteNite: limits of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, answers, every_job, patched, requests
from tests.conformance.faults.bytenite.shapers import API, fault

SCHEDULER = "mockserver.simulation.scheduler:Scheduler"
LIMITED = "mockserver.adapters.bytenite.reading:limits"
TEAM = "mockserver.adapters.bytenite.reading:team"


def _escapes(phase: str) -> Apply:
    """The job timeout does not pass in a phase."""

    def make(original: Any) -> Any:
        def time_out(scheduler: Any, job: Any, limit: str) -> None:
            if limit != "total" or job.stage.phase != phase:
                original(scheduler, job, limit)

        return time_out

    return patched(f"{SCHEDULER}._time_out", make)


def _wrapped(asked: Asked) -> None:
    config = asked.body.get("config") if isinstance(asked.body, dict) else None
    for name in ("taskTimeout", "jobTimeout"):
        value = config.get(name) if isinstance(config, dict) else None
        if isinstance(config, dict) and str(value).isdigit() and int(str(value)) > 1 << 31:
            config[name] = int(str(value)) % (1 << 31)


def job_limit(change: Callable[[float | None], float | None]) -> Apply:
    """The job timeout that the engine is told."""

    def make(original: Any) -> Any:
        from mockserver.simulation.request import Limits

        return lambda config: Limits(total=change(original(config).total))

    return patched(LIMITED, make)


def task_limit(change: Callable[[float | None], float | None]) -> Apply:
    """The task timeout that the engine is told."""

    def make(original: Any) -> Any:
        def team(config: Any, count: int) -> Any:
            config = dict(config)
            config["taskTimeout"] = change(config.get("taskTimeout") or None)
            return original(config, count)

        return team

    return patched(TEAM, make)


def _more(seconds: float) -> Callable[[float | None], float | None]:
    return lambda limit: None if limit is None else limit + seconds


def _nought(original: Any) -> Any:
    from mockserver.simulation.request import Limits

    return lambda config: Limits(total=1.0) if config.get("jobTimeout") == 0 else original(config)


def _timed_out(job: dict[str, Any], asked: Asked) -> None:
    if "timeout" in job.get("errorMessage", ""):
        job["state"] = "JOB_STATE_COMPLETE"


def _not_waiting(original: Any) -> Any:
    def arm(scheduler: Any, job: Any, *others: Any, **options: Any) -> Any:
        script = job.request.script
        return None if script is not None and script.stay_queued else original(scheduler, job, *others, **options)

    return arm


def _shares(original: Any) -> Any:
    def team(config: Any, count: int) -> Any:
        limit = config.get("taskTimeout")
        return original({**config, "taskTimeout": max(1, limit // count)} if limit else config, count)

    return team


def _single_only(original: Any) -> Any:
    return lambda config, count: original(config if count == 1 else {}, count)


def _one_limit_only(original: Any) -> Any:
    return lambda config: original({} if config.get("taskTimeout") else config)


FAULTS = [
    fault("job-timeout-ignored", "BYT-TMO-001", "the job timeout is not kept", job_limit(lambda limit: None)),
    fault(
        "one-limit-only",
        "BYT-TMO-001",
        "a job timeout beside a task timeout is not kept",
        patched("mockserver.adapters.bytenite.reading:limits", _one_limit_only),
    ),
    fault("job-timeout-early", "BYT-TMO-002", "the job timeout ends jobs five seconds early", job_limit(_more(-5))),
    fault("job-timeout-off-by-one", "BYT-TMO-003", "the job timeout ends jobs a second late", job_limit(_more(1))),
    fault(
        "timeout-is-complete",
        "BYT-TMO-004",
        "a job stopped by its timeout is shown as complete",
        answers(API, ("read", "list"), every_job(API, _timed_out)),
        "BYT-TMO-007",
        "BYT-TMO-001",
    ),
    fault(
        "waiting-without-limit",
        "BYT-TMO-006",
        "the job timeout is only kept by jobs that have capacity",
        patched("mockserver.simulation.scheduler:Scheduler.arm", _not_waiting),
    ),
    fault("task-timeout-ignored", "BYT-TMO-007", "the task timeout is not kept", task_limit(lambda limit: None)),
    fault(
        "timeout-of-single-tasks",
        "BYT-TMO-007",
        "tasks of jobs that have several know no timeout",
        patched("mockserver.adapters.bytenite.reading:team", _single_only),
    ),
    fault("task-timeout-early", "BYT-TMO-008", "the task timeout ends tasks a second early", task_limit(_more(-1))),
    fault(
        "tasks-share-their-timeout",
        "BYT-TMO-008",
        "the tasks of a job share one timeout",
        patched("mockserver.adapters.bytenite.reading:team", _shares),
    ),
    fault("task-timeout-late", "BYT-TMO-009", "the task timeout ends tasks a second late", task_limit(_more(1))),
    fault("wrapped-timeout", "BYT-TMO-010", "timeouts are of 32 bits", requests(API, "submit", _wrapped)),
    fault(
        "job-timeout-in-ms",
        "BYT-TMO-010",
        "the job timeout is read as milliseconds",
        job_limit(lambda limit: limit and limit / 1000),
        "BYT-TMO-002",
    ),
    fault(
        "limit-by-default",
        "BYT-TMO-012",
        "jobs without a timeout get one of five minutes",
        job_limit(lambda limit: limit or 300),
    ),
    fault(
        "nought-is-a-limit",
        "BYT-TMO-013",
        "a timeout of nought is one of a second",
        patched("mockserver.adapters.bytenite.reading:limits", _nought),
    ),
    fault(
        "endless-merge",
        "BYT-TMO-014",
        "the job timeout does not pass while the output is put together",
        _escapes("finishing"),
    ),
    fault(
        "endless-upload",
        "BYT-TMO-014",
        "the job timeout does not pass while the input is taken in",
        _escapes("starting"),
    ),
]
