"""Faults of Ionworks: callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, patched, requests
from tests.conformance.faults.ionworks.shapers import ADAPTER, API, SCHEDULER, fault

WEBHOOKS = "mockserver.http.callbacks.webhooks"


def _only(holds: Callable[[Any], bool]) -> Apply:
    """Announce only the ends of jobs of which something holds."""

    def make(original: Any) -> Any:
        def collect(calls: Any, world: Any) -> None:
            world.scheduler.announced = [one for one in world.scheduler.announced if holds(one[1])]
            original(calls, world)

        return collect

    return patched(f"{WEBHOOKS}:Deliveries.collect", make)


def _added(change: Callable[[Any, Any], None], times: int = 1) -> Apply:
    """Change what is to be delivered, as soon as it is noted."""

    def make(original: Any) -> Any:
        def add(calls: Any, world: Any, instant: int, job: Any) -> None:
            for _ in range(times):
                original(calls, world, instant, job)
                change(world, calls.pending(world)[-1])

        return add

    return patched(f"{WEBHOOKS}:Deliveries._add", make)


def _first_url(world: Any, entry: dict[str, Any]) -> None:
    entry["url"] = world.shelf("fault").setdefault("url", entry["url"])


def _announced_at_start(original: Any) -> Any:
    def begin(scheduler: Any, job: Any, *rest: Any) -> None:
        original(scheduler, job, *rest)
        if job.request.callback is not None:
            scheduler.announced.append((scheduler.clock.now, job))

    return begin


def _failing_with_its_call(original: Any) -> Any:
    def note(calls: Any, world: Any, entry: Any, heard: Any) -> None:
        job = world.job(API, entry["job"])
        if heard.outcome != "delivered" and job.stage.name == "completed":
            job.stage = next(stage for stage in world.lifecycles[API].stages.values() if stage.name == "failed")
            job.history += (world.now_us, job.stage, "failed", job.outcome)
        original(calls, world, entry, heard)

    return note


def _other_media(original: Any) -> Any:
    return lambda world, entry: {"content-type": "text/plain", **original(world, entry)}


def _untold(holds: Callable[[Any, str], bool]) -> Apply:
    """Nobody is told of some ends."""

    def make(original: Any) -> Any:
        def end(scheduler: Any, job: Any, stage: Any, event: str) -> None:
            original(scheduler, job, stage, event)
            if holds(job, event):
                scheduler.announced[:] = [one for one in scheduler.announced if one[1] is not job]

        return end

    return patched("mockserver.simulation.scheduler:Scheduler.end", make)


def _told_early(original: Any) -> Any:
    def enter(scheduler: Any, job: Any, stage: Any, event: str, detail: object = None) -> None:
        original(scheduler, job, stage, event, detail)
        if event == "parked" and job.request.callback is not None:
            scheduler.announced.append((scheduler.clock.now, job))

    return enter


def _tells(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    return patched(
        "mockserver.adapters.ionworks:callback_body", lambda original: lambda world, job: change(original(world, job))
    )


def _slash(*names: str) -> Apply:
    def edit(asked: Asked) -> None:
        for name in names:
            if isinstance(asked.body, dict):
                asked.body.pop(name, None)

    return requests(API, "submit_job_jobs__post", edit)


def _only_200(original: Any) -> Any:
    return lambda status: original(status if status == 200 else 500)


def _urgent(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body.setdefault("priority", 5)


def _told(change: dict[str, Any]) -> Apply:
    """Callbacks tell something else."""
    return patched(f"{ADAPTER}:callback_body", lambda original: lambda world, job: original(world, job) | change)


FAULTS = [
    fault(
        "cancel-is-not-told",
        "JOB-WHK-001",
        "the end of a canceled job is not told",
        _only(lambda job: job.stage.name != "canceled"),
        "ION-WHK-003",
    ),
    fault(
        "failures-are-not-told",
        "JOB-WHK-001",
        "the end of a failed job is not told",
        _only(lambda job: job.stage.name != "failed"),
    ),
    fault("nobody-is-told", "JOB-WHK-001", "no end is told", _only(lambda job: False)),
    fault(
        "stale-call",
        "JOB-WHK-002",
        "the call shows the job as pending",
        patched(f"{ADAPTER}:callback_body", lambda told: lambda world, job: {**told(world, job), "status": "pending"}),
    ),
    fault(
        "told-at-the-start",
        "JOB-WHK-003",
        "the start of a job is told as well",
        patched(f"{SCHEDULER}.begin_run", _announced_at_start),
    ),
    fault(
        "told-once",
        "JOB-WHK-004",
        "a call that fails is not made again",
        patched(f"{WEBHOOKS}:BACKOFF_SECONDS", lambda _: ()),
    ),
    fault("told-thrice", "JOB-WHK-005", "each end is told three times", _added(lambda world, entry: None, times=3)),
    fault(
        "called-without-query",
        "ION-WHK-001",
        "the URL is called without its query",
        _added(lambda world, entry: entry.update(url=entry["url"].partition("?")[0])),
    ),
    fault(
        "called-as-text", "ION-WHK-002", "the call says that it is text", patched(f"{WEBHOOKS}:signature", _other_media)
    ),
    fault(
        "told-too-soon",
        "ION-WHK-002",
        "a callback shows the job as it was before",
        _tells(lambda job: job | {"status": "processing", "is_terminal": False}),
        "JOB-WHK-002",
    ),
    fault(
        "nothing-of-the-queue",
        "ION-WHK-003",
        "the end of a job that never started is not told",
        _only(lambda job: job.history[6] == "allocated"),
    ),
    fault("first-url-for-all", "ION-WHK-004", "all ends are told to the first URL", _added(_first_url)),
    fault(
        "call-decides",
        "ION-WHK-005",
        "a job whose callback fails has failed",
        patched(f"{WEBHOOKS}:Deliveries._note", _failing_with_its_call),
    ),
    fault(
        "timeout-untold",
        "ION-WHK-007",
        "nobody is told of a run that took too long",
        _untold(lambda job, event: event == "timed_out"),
    ),
    fault(
        "child-untold",
        "ION-WHK-008",
        "nobody is told of the end of a child",
        _untold(lambda job, event: job.parent is not None),
        "ION-WHK-009",
    ),
    fault(
        "joined-untold",
        "ION-WHK-008",
        "nobody is told of a parent that ended with its last child",
        _untold(lambda job, event: event == "joined"),
    ),
    fault(
        "told-while-waiting",
        "ION-WHK-008",
        "the client is called when a parent begins to wait",
        patched("mockserver.simulation.scheduler:Scheduler.enter", _told_early),
    ),
    fault("slash-untold", "ION-WHK-009", "a callback_url is lost on the path with a slash", _slash("callback_url")),
    fault("slash-of-no-metadata", "ION-WHK-009", "metadata is lost on the path with a slash", _slash("metadata")),
    fault(
        "slash-of-no-parent",
        "ION-WHK-009",
        "priority and parent are lost on the path with a slash",
        _slash("priority", "parent_job_id"),
    ),
    fault(
        "slash-of-urgency",
        "ION-WHK-009",
        "a job that names no priority has another one on the path with a slash",
        requests(API, "submit_job_jobs__post", _urgent),
    ),
    fault(
        "told-without-result", "ION-WHK-010", "a callback shows no result", _tells(lambda job: job | {"result": None})
    ),
    fault(
        "told-without-family",
        "ION-WHK-010",
        "a callback names no parent and no project",
        _told({"parent_job_id": None, "project_id": None}),
    ),
    fault(
        "only-200-will-do",
        "ION-WHK-011",
        "an answer of 204 is no success",
        patched("mockserver.http.callbacks.outbound:_judged", _only_200),
    ),
]
