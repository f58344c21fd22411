"""Faults of how Ionworks' jobs end: what is kept of them, what they give back, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.simulation.events import EXPIRY
from mockserver.simulation.job import Limits
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.ionworks import API, ARRAY, always, each, fault, status, when

METADATA = "get_job_metadata_jobs__job_id__metadata_get"


def keeps(phase: str) -> Apply:
    """Jobs that go into a phase keep what they hold."""

    def make(original: Any) -> Any:
        return lambda allotment, job: None if job.stage.phase == phase else original(allotment, job)

    return patched("mockserver.simulation.allotment:Allotment.give_back", make)


def _forgets(after: float) -> Apply:
    def make(original: Any) -> Any:
        def end(scheduler: Any, job: Any, stage: Any, event: str) -> None:
            original(scheduler, job, stage, event)
            scheduler.events.add(scheduler.clock.now + int(after * 1e6), EXPIRY, job, generation=job.generation)

        return end

    return patched("mockserver.simulation.scheduler:Scheduler.end", make)


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
    return patched("mockserver.adapters.ionworks:callback_body", lambda original: lambda world, job: change(original(world, job)))


def _slash(*names: str) -> Apply:
    def edit(asked: Asked) -> None:
        for name in names:
            if isinstance(asked.body, dict):
                asked.body.pop(name, None)

    return requests(API, "submit_job_jobs__post", edit)


def _traceless(asked: Asked, told: Told) -> None:
    if isinstance(told.body, dict):
        told.body.pop("intermediate_results", None)


FAULTS = [
    fault("failed-holds-on", "STM-024", "a failed job keeps its capacity", keeps("failed")),
    fault("completed-holds-on", "STM-024", "a completed job keeps its capacity", keeps("succeeded"), "TIM-012", "TIM-014"),
    fault("parent-holds-on", "STM-025", "a parent that waits for its children keeps its capacity", keeps("waiting")),
    fault("failed-without-detail", "STM-026", "a failed job has no error_detail", when(status("failed"), error_detail=None)),
    fault("canceled-with-code", "STM-027", "a canceled job has an error code", when(status("canceled"), error_code="INTERNAL_ERROR", error="canceled")),
    fault("params-nowhere", "DEF-009", "a job does not tell where its params are kept", when(always, params_path=None)),
    fault(
        "whole-seconds",
        "TIM-019",
        "compute_time is cut to whole seconds",
        when(lambda job: job["compute_time"], compute_time=lambda job: int(job["compute_time"])),
    ),
    fault("gone-after-an-hour", "IDM-004", "an ended job is forgotten after an hour", _forgets(3600)),
    fault("one-user-for-all", "IDM-005", "all callers are one user", each(lambda job, _: job.update(user_id="user-of-all"))),
    fault(
        "hundred-in-the-array",
        "LST-017",
        "the array is cut at a hundred jobs",
        answers(API, ARRAY, lambda a, t: t.body.__setitem__(slice(100, None), []) if isinstance(t.body, list) and not a.query else None),
    ),
    fault("traceless", "RSP-021", "a fit leaves no trace", answers(API, METADATA, _traceless)),
    fault(
        "day-from-submission",
        "TMO-004",
        "the day after which a run fails counts from the submission",
        patched("mockserver.adapters.ionworks:_LIMITS", lambda _: Limits(total=86_400.0)),
    ),
    fault("timeout-untold", "WHK-007", "nobody is told of a run that took too long", _untold(lambda job, event: event == "timed_out")),
    fault("child-untold", "WHK-008", "nobody is told of the end of a child", _untold(lambda job, event: job.parent is not None), "WHK-009"),
    fault("joined-untold", "WHK-008", "nobody is told of a parent that ended with its last child", _untold(lambda job, event: event == "joined")),
    fault(
        "told-while-waiting",
        "WHK-008",
        "the client is called when a parent begins to wait",
        patched("mockserver.simulation.scheduler:Scheduler.enter", _told_early),
    ),
    fault("slash-untold", "WHK-009", "a callback_url is lost on the path with a slash", _slash("callback_url")),
    fault("slash-of-no-parent", "WHK-009", "priority and parent are lost on the path with a slash", _slash("priority", "parent_job_id")),
    fault("told-without-result", "WHK-010", "a callback shows no result", _tells(lambda job: job | {"result": None})),
    fault(
        "told-too-soon",
        "WHK-002",
        "a callback shows the job as it was before",
        _tells(lambda job: job | {"status": "processing", "is_terminal": False}),
        "JOB-WHK-002",
    ),
]
