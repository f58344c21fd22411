"""A job as Ionworks reports it, with its derived members, and what is stored beside it."""

from __future__ import annotations

from functools import cache
from typing import Any

import specs
from mockserver.adapters.dates import iso
from mockserver.adapters.ionworks import curve
from mockserver.adapters.ionworks.reading import Order
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

PROCESSING = "processing"

_FAILURES = {
    "dummy": ("INTERNAL_ERROR", "The worker ended unexpectedly."),
    "validation": ("MODEL_ERROR", "The model could not be evaluated."),
    "evaluate_variables": ("MODEL_ERROR", "The model could not be evaluated."),
    "simple_pipeline": ("CONFIGURATION_ERROR", "An element of the pipeline could not be configured."),
}
_SOLVER_FAILURE = ("SOLVER_ERROR", "The solver did not converge.")
_TIMEOUT = ("EXECUTION_TIMEOUT", "The run took longer than it may.")
_FAILED = frozenset({"failed", "canceled"})
_Failure = tuple[str | None, str | None, dict[str, Any] | None]
_NO_FAILURE: _Failure = (None, None, None)


def cached_view(world: World, job: Job) -> dict[str, Any]:
    """A job as the vendor reports it, put into words once per step of the job. Not to be changed."""
    order: Order = job.request.payload
    length = job.step_count
    if order.length != length or (
        job.phase == "running" and order.job_type in curve.TRACED
    ):  # its metadata appears as it runs
        order.seen, order.length = view(world, job), length
    return order.seen


def view(world: World, job: Job) -> dict[str, Any]:
    """A job as the vendor reports it."""
    request = job.request
    order: Order = request.payload
    key, state = request.key, job.stage.name
    created = updated = iso(world, job.created)
    started = completed = spent = None
    failure: _Failure = _NO_FAILURE
    if job.step_count > 1:
        updated = iso(world, job.since)
        allocated, left = job.first_allocated(), job.left(PROCESSING)
        if allocated is not None:
            started = iso(world, allocated)
            spent = None if left is None else (left - allocated) / 1_000_000
        if job.stage.is_terminal:
            completed = updated
            failure = _failure(job, order) if state == "failed" else _NO_FAILURE
    return {
        "job_id": key,
        "job_type": order.job_type,
        "status": state,
        "priority": request.priority,
        "created_at": created,
        "updated_at": updated,
        "started_at": started,
        "completed_at": completed,
        "compute_time": spent,
        "error": failure[1],
        "error_code": failure[0],
        "error_detail": failure[2],
        "result": curve.result(order.job_type) if state == "completed" else None,
        "callback_url": order.callback_url,
        "parent_job_id": request.parent,
        "user_id": order.user_id,
        "organization_id": request.owner,
        "project_id": order.project_id,
        "access_level": "organization",
        "params_path": f"jobs/{key}/params.json",
        "metadata_path": f"jobs/{key}/metadata.json" if is_stored(world, job) else None,
        "is_terminal": completed is not None,
        "is_failed": state in _FAILED,
    }


def _failure(job: Job, order: Order) -> _Failure:
    """Code, text and detail of a job that failed. Source: specs/ionworks/sources.md#failure"""
    outcome = job.outcome
    timed_out = job.last_event == "timed_out"
    code, text = _TIMEOUT if timed_out else _FAILURES.get(order.job_type, _SOLVER_FAILURE)
    if not timed_out:
        told = (
            "" if outcome.reason == f"exit code {outcome.exit_code}" else outcome.reason
        )  # what somebody said beats what the job type suggests
        code, text = (outcome.code if outcome.code in _codes() else code), told or text
    detail = {"reason": outcome.reason} if timed_out else {"reason": outcome.reason, "exit_code": outcome.exit_code}
    return code, text, detail


@cache
def _codes() -> frozenset[str]:
    """The error codes of the document."""
    return frozenset(specs.load("ionworks").document["components"]["schemas"]["JobErrorCode"]["enum"])


def stored(world: World, job: Job) -> dict[str, Any] | None:
    """The job's metadata by now: what was handed in, and what its run has saved.

    Source: specs/ionworks/sources.md#results
    """
    order: Order = job.payload
    trace = _trace(world, job)
    if order.metadata is None and not trace and not has_series(job):
        return None
    found = dict(order.metadata or {})
    if has_series(job):
        found |= curve.validation(order.objectives)
    if trace:
        found["intermediate_results"] = trace
    return found


def is_stored(world: World, job: Job) -> bool:
    """Whether there is anything to read as the job's metadata by now."""
    return job.payload.metadata is not None or has_series(job) or bool(_trace(world, job))


def has_series(job: Job) -> bool:
    """Whether the job has recorded curves: it is a kind of fit, and complete."""
    return job.stage.name == "completed" and job.payload.job_type in curve.FITTED


def _trace(world: World, job: Job) -> list[dict[str, Any]]:
    """The iterations that a fit has saved by now."""
    if job.payload.job_type not in curve.TRACED or job.phase == "queued":
        return []
    attempt = job.attempts()[0]
    if attempt.started is None:
        return []
    until = world.now_us if attempt.ended is None else attempt.ended
    return curve.trace((until - attempt.started) / 1_000_000, is_complete=job.stage.name == "completed")
