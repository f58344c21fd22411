"""Faults of how Ionworks' jobs end: what is kept of them, what they give back, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mockserver.simulation.errors import UnknownParent
from mockserver.simulation.events import EXPIRY
from mockserver.simulation.request import Limits
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.ionworks import API, ARRAY, LIST, always, each, fault, shifted, status, when

METADATA = "get_job_metadata_jobs__job_id__metadata_get"


def keeps(phase: str) -> Apply:
    """Jobs that go into a phase keep what they hold."""

    def make(original: Any) -> Any:
        return lambda allotment, job: None if job.stage.phase == phase else original(allotment, job)

    return patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", make)


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


def _only_200(original: Any) -> Any:
    return lambda status: original(status if status == 200 else 500)


def _no_ended_parent(original: Any) -> Any:
    def submit(world: Any, request: Any) -> Any:
        parent = world.jobs(API).get(request.parent)
        if parent is not None and parent.is_terminal:
            raise UnknownParent(request.parent)
        return original(world, request)

    return submit


def _end_of_its_run(job: dict[str, Any], _: Asked) -> None:
    if job["completed_at"] and job["compute_time"] is not None:
        job["completed_at"] = shifted(job["started_at"], job["compute_time"])


def _all_its_time(job: dict[str, Any], _: Asked) -> None:
    if job["completed_at"] and job["compute_time"] is not None:
        job["compute_time"] = (datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["started_at"])).total_seconds()


def _five(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("job_type") == "simple_pipeline":
        asked.body.setdefault("priority", 5)


def _at_most_a_hundred(asked: Asked) -> None:
    asked.query[:] = [(name, str(min(int(value), 100)) if name == "limit" and value.isdigit() and int(value) <= 1000 else value) for name, value in asked.query]


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
        patched("mockserver.adapters.ionworks.reading:_LIMITS", lambda _: Limits(total=86_400.0)),
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
    fault("slash-of-no-metadata", "WHK-009", "metadata is lost on the path with a slash", _slash("metadata")),
    fault("slash-of-no-parent", "WHK-009", "priority and parent are lost on the path with a slash", _slash("priority", "parent_job_id")),
    fault("told-without-result", "WHK-010", "a callback shows no result", _tells(lambda job: job | {"result": None})),
    fault(
        "told-too-soon",
        "WHK-002",
        "a callback shows the job as it was before",
        _tells(lambda job: job | {"status": "processing", "is_terminal": False}),
        "JOB-WHK-002",
    ),
    fault(
        "slash-of-nobody",
        "ISO-008",
        "a submission to the path with a slash belongs to nobody",
        requests(API, "submit_job_jobs__post", lambda asked: asked.headers.pop("x-organization-id", None) and None),
    ),
    fault("only-200-will-do", "WHK-011", "an answer of 204 is no success", patched("mockserver.http.outbound:_judged", _only_200)),
    fault("ended-parent", "REQ-029", "a parent that has ended is unknown", patched("mockserver.simulation.world:World.submit", _no_ended_parent), "STM-013"),
    fault("parent-ends-with-its-run", "TIM-012", "completed_at of a parent is the end of its run", each(_end_of_its_run)),
    fault("parent-computes-on", "TIM-014", "compute_time of a parent counts its wait", each(_all_its_time)),
    fault(
        "circuit-without-error",
        "RSP-026",
        "the result of a fit of an equivalent circuit has no rmse_mV",
        when(lambda job: job["job_type"] == "ecm_fit" and job["result"], result=lambda job: {"num_rcs": 2}),
    ),
    fault(
        "one-type-without-result",
        "STM-006",
        "a completed job of one type has no result",
        when(lambda job: job["job_type"] == "evaluate_variables", result=None),
    ),
    fault("one-type-more-urgent", "DEF-001", "the priority of one type is 5 when it is left out", requests(API, ("submit_job_jobs_post",), _five)),
    fault("one-type-fails-silently", "STM-004", "a failed job of one type has no error code", when(lambda job: job["job_type"] == "simulate", error_code=None)),
    fault("hundred-on-a-page", "LST-017", "a page holds a hundred jobs at most", requests(API, LIST, _at_most_a_hundred)),
]
