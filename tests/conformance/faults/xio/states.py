"""Faults of compute.x.io: states, stops and deletes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.adapters.exchange import Call, Refusal
from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, patched, requests
from tests.conformance.faults.xio.shapers import API, SHOWN, asked, fault, shown, stops, told

HOUR_US = 3_600_000_000
STOPPED = ("cancel", "read", "list")


def _gone(original: Any) -> Any:
    def get(call: Call) -> Any:
        reply = original(call)
        job = call.world.job(API, call.path["uuid"].lower())
        if job.is_terminal and call.world.now_us - job.changed > HOUR_US:
            raise Refusal("unknown", "there is no such job any more")
        return reply

    return get


def _in_vain(change: Callable[[Any, Any], None]) -> Any:
    def make(original: Any) -> Any:
        def cancel(call: Call) -> Any:
            try:
                return original(call)
            except Refusal as refusal:
                if refusal.kind == "conflict":
                    change(call, call.world.job(API, call.path["uuid"].lower()))
                raise

        return cancel

    return patched("mockserver.adapters.xio:xio_cancel_job", make)


def _told_anew(call: Any, job: Any) -> None:
    job.history[-1] = type(job.outcome)(None, reason=(call.body or {}).get("reason") or "again")


def _updated(call: Any, job: Any) -> None:
    job.changed = call.world.now_us


def not_while(phase: str) -> Apply:
    return stops(lambda original, world, job: original() if job.phase != phase else None)


def _again(original: Any, world: Any, job: Any) -> None:
    if job.request.retries and job.phase == "running":
        world.scheduler.enter(job, job.stage.on["retried"], "retried")
    else:
        original()


def state(was: str, told: str, where: tuple[str, ...] = SHOWN) -> Apply:
    """One state is shown as another."""
    return shown(lambda job: job.update(status=told) if job["status"] == was else None, where)


def _comes_back() -> Apply:
    """A job that was stopped while it waited is shown as running some time later."""

    def change(job: dict[str, Json], asked: Asked) -> None:
        seen = asked.memory.setdefault(job["uuid"], [])
        seen.append(job["status"])
        if job["status"] == "CANCELLED" and "RUNNING" not in seen and seen.count("CANCELLED") > 3:
            job["status"] = "RUNNING"

    return answers("xio", ("read",), every_job("xio", change))


def _bodiless(asked: Asked) -> None:
    if asked.body is None:
        asked.path = "/v1/nowhere"


def stopped_as_failed() -> Apply:
    """A job that is stopped while it runs is told as failed, there and then and later."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 300:
            return
        for job in told.body["data"] if asked.role == "list" else [told.body]:
            if job["status"] == "CANCELLED" and job["started_at"]:
                job["status"] = "FAILED"

    return answers("xio", STOPPED, revise)


FAULTS = [
    fault("stopped-jobs-are-failed", "JOB-STM-007", "stopped jobs are failed", stopped_as_failed()),
    fault(
        "waiting-jobs-cannot-be-stopped",
        "JOB-STM-012",
        "waiting jobs cannot be stopped",
        not_while("queued"),
        "XIO-STM-002",
    ),
    fault("assigned-shown-as-pending", "XIO-STM-001", "assigned shown as pending", state("ASSIGNED", "PENDING")),
    fault("assigned-shown-as-running", "XIO-STM-001", "assigned shown as running", state("ASSIGNED", "RUNNING")),
    fault(
        "stop-answered-as-running",
        "XIO-STM-002",
        "stop answered as running",
        state("CANCELLED", "RUNNING", ("cancel",)),
    ),
    fault("preparation-cannot-be-stopped", "XIO-STM-003", "preparation cannot be stopped", not_while("starting")),
    fault("stopped-waiters-come-back", "XIO-STM-004", "stopped waiters come back", _comes_back(), "JOB-STM-004"),
    fault("stopped-jobs-are-tried-again", "XIO-STM-007", "stopped jobs are tried again", stops(_again)),
    fault(
        "persistent-jobs-end-after-an-hour",
        "XIO-STM-008",
        "persistent jobs end after an hour",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "limits", replace(wanted.limits, run=3600.0)) if wanted.endless else None
            )
        ),
    ),
    fault("stops-need-a-body", "XIO-STM-009", "stops need a body", requests("xio", "cancel", _bodiless)),
    fault(
        "gone-after-an-hour",
        "XIO-STM-026",
        "ended jobs are forgotten",
        patched("mockserver.adapters.xio:xio_get_job", _gone),
    ),
    fault(
        "given-up-jobs-are-not-listed",
        "XIO-STM-026",
        "given up jobs are not listed",
        told(
            lambda body: body.update(
                data=[job for job in body["data"] if job["status"] != "FAILED" or job["started_at"]]
            )
        ),
    ),
    fault("second-reason", "XIO-STM-027", "a stop in vain changes the reason", _in_vain(_told_anew), "XIO-RSP-022"),
    fault("second-update", "XIO-STM-027", "a stop in vain is an update", _in_vain(_updated), "XIO-TIM-019"),
]
