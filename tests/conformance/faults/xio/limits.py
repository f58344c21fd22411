"""Faults of compute.x.io: limits of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.faults import Apply, Json, patched
from tests.conformance.faults.xio.shapers import FAIL, SCHEDULER, SCHEDULER_MODULE, asked, demanded, fault


def _armed_once(original: Any) -> Any:
    """A job that failed waits for ever."""

    def wait(self: Any, job: Any, stage: Any, event: str) -> None:
        limits = job.request.limits
        if event == "retried":
            job.request.limits = type(limits)(start=limits.start, run=limits.run, total=limits.total)
        original(self, job, stage, event)
        job.request.limits = limits

    return wait


def _armed_from_creation(original: Any) -> Any:
    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "assign" and span is not None:
            span = max(0.0, span - (self.clock.now - job.created) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def capped(limit: str, seconds: float) -> Any:
    """No limit of that kind is longer than so many seconds."""

    def change(request: Any) -> None:
        own = getattr(request.limits, limit)
        request.limits = replace(
            request.limits,
            **{
                limit: min(own, seconds) if own is not None else seconds if limit == "run" and seconds > 80_000 else own
            },
        )

    return demanded(change)


def _first_run_only(original: Any) -> Any:
    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit != "run" or not job.failures:
            original(self, job, limit, span, **others)

    return arm


def limits(change: Callable[[Any], dict[str, float | None]]) -> Apply:
    """The limits that count differ from those that are told."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        wanted.limits = replace(wanted.limits, **change(wanted.limits))

    return asked(alter)


def span(limit: str, change: Callable[[Any, Any, float], float]) -> Apply:
    """A limit counts from another instant: the scheduler, the job, the seconds."""

    def make(original: Any) -> Any:
        def arm(self: Any, job: Any, name: str, seconds: float | None, **others: Any) -> None:
            told = change(self, job, seconds) if name == limit and seconds is not None else seconds
            original(self, job, name, told, **others)

        return arm

    return patched("mockserver.simulation.scheduler:Scheduler.arm", make)


def _since_creation(scheduler: Any, job: Any, seconds: float) -> float:
    return max(0.001, seconds - (scheduler.clock.now - job.created) / 1e6)


def _late(original: Any) -> Any:
    """A run limit is looked at when a job is read, whatever it does by then."""

    def render(world: Any, job: Any) -> Any:
        body = original(world, job)
        limit = body["max_timeout_run_ms"]
        if body["status"] == "COMPLETED" and limit and world.now_us - job.created > limit * 1000:
            body["status"] = "FAILED"
        return body

    return render


def _bad_is_good(original: Any) -> Any:
    def fail(self: Any, job: Any, outcome: Any, *, final: str) -> None:
        if final == "timed_out" and outcome.reason == "run_timeout":
            job.failures += 1
            self.enter(job, job.stage.on["succeeded"], "succeeded", outcome)
        else:
            original(self, job, outcome, final=final)

    return fail


def cancels_at(which: str) -> Apply:
    """A limit that has passed ends the job as if its client had stopped it."""

    def make(original: Any) -> Any:
        def time_out(self: Any, job: Any, limit: str) -> None:
            if limit == which:
                self.enter(job, job.stage.on["cancelled"], "cancelled")
            else:
                original(self, job, limit)

        return time_out

    return patched("mockserver.simulation.scheduler:Scheduler._time_out", make)


def _limits_about(original: Any) -> Any:
    """A run that takes less than twice its limit goes on to its end."""

    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        limits, duration = job.request.limits, self.workload.run(job).duration
        if limits.run is not None and duration is not None and duration < 2e6 * limits.run:
            job.request.limits = replace(limits, run=None)
        original(self, job, stage, event)
        job.request.limits = limits

    return begin_run


FAULTS = [
    fault("run-limit-ignored", "XIO-TMO-001", "run limit ignored", limits(lambda told: {"run": None})),
    fault(
        "run-limit-a-tenth-late",
        "XIO-TMO-001",
        "run limit a tenth late",
        limits(lambda told: {"run": told.run and told.run * 1.1}),
        "XIO-TMO-010",
    ),
    fault(
        "run-limits-about",
        "XIO-TMO-001",
        "a run that takes a little too long goes on",
        patched(f"{SCHEDULER_MODULE}:Scheduler.begin_run", _limits_about),
    ),
    fault("run-limit-of-an-hour", "XIO-TMO-002", "no run lasts longer than an hour", capped("run", 3600)),
    fault("persistent-for-a-day", "XIO-TMO-002", "persistent jobs end after a day", capped("run", 86_400)),
    fault(
        "run-limit-a-tenth-early",
        "XIO-TMO-002",
        "run limit a tenth early",
        limits(lambda told: {"run": told.run and told.run * 0.9}),
        "XIO-TMO-010",
    ),
    fault(
        "run-limit-in-whole-minutes",
        "XIO-TMO-002",
        "run limit in whole minutes",
        limits(lambda told: {"run": told.run and told.run // 60 * 60}),
    ),
    fault("run-limit-completes", "XIO-TMO-003", "run limit completes", patched(FAIL, _bad_is_good), "XIO-RTY-004"),
    fault(
        "assign-limit-ignored",
        "XIO-TMO-004",
        "assign limit ignored",
        limits(lambda told: {"assign": None}),
        "XIO-TMO-012",
        "XIO-DEF-011",
    ),
    fault("assign-limit-of-ten-minutes", "XIO-TMO-005", "no job waits longer than ten minutes", capped("assign", 600)),
    fault(
        "assign-limit-always-the-usual",
        "XIO-TMO-005",
        "assign limit always the usual",
        limits(lambda told: {"assign": 300.0}),
    ),
    fault(
        "assign-limit-a-second-early",
        "XIO-TMO-005",
        "assign limit a second early",
        limits(lambda told: {"assign": (told.assign or 0) * 0.99}),
        "XIO-DEF-011",
    ),
    fault("assign-limit-cancels", "XIO-TMO-006", "assign limit cancels", cancels_at("assign")),
    fault(
        "start-limit-ignored", "XIO-TMO-007", "start limit ignored", limits(lambda told: {"start": None}), "XIO-DEF-013"
    ),
    fault(
        "start-limit-doubled",
        "XIO-TMO-007",
        "start limit doubled",
        limits(lambda told: {"start": (told.start or 0) * 2}),
        "XIO-DEF-013",
    ),
    fault(
        "start-limit-of-ten-minutes",
        "XIO-TMO-008",
        "no job is prepared for longer than ten minutes",
        capped("start", 600),
    ),
    fault(
        "start-limit-at-most-the-usual",
        "XIO-TMO-008",
        "start limit at most the usual",
        limits(lambda told: {"start": min(told.start or 0, 300.0)}),
    ),
    fault("start-limit-cancels", "XIO-TMO-009", "start limit cancels", cancels_at("start")),
    fault(
        "run-limit-from-creation", "XIO-TMO-010", "run limit from creation", span("run", _since_creation), "XIO-TMO-013"
    ),
    fault(
        "assign-limit-over-the-whole-job",
        "XIO-TMO-011",
        "assign limit over the whole job",
        limits(lambda told: {"total": told.assign}),
        "XIO-TMO-014",
    ),
    fault(
        "busy-nodes-are-waited-for-without-end",
        "XIO-TMO-012",
        "busy nodes are waited for without end",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "limits", replace(wanted.limits, assign=None))
                if not (wanted.script and wanted.script.stay_queued)
                else None
            )
        ),
    ),
    fault(
        "first-run-limited",
        "XIO-TMO-013",
        "only the first run has a limit",
        patched(f"{SCHEDULER}.arm", _first_run_only),
        "XIO-RTY-004",
    ),
    fault(
        "run-limit-over-all-runs",
        "XIO-TMO-013",
        "run limit over all runs",
        limits(lambda told: {"total": told.run and told.run + 10}),
        "XIO-TMO-010",
    ),
    fault("start-limit-from-creation", "XIO-TMO-014", "start limit from creation", span("start", _since_creation)),
    fault(
        "limits-fail-what-has-ended",
        "XIO-TMO-015",
        "limits fail what has ended",
        patched("mockserver.adapters.xio.jobs:view", _late),
    ),
    fault(
        "second-wait-endless",
        "XIO-TMO-016",
        "only the first wait has a limit",
        patched(f"{SCHEDULER}._wait", _armed_once),
    ),
    fault(
        "assign-limit-from-creation",
        "XIO-TMO-016",
        "the assign limit counts from creation",
        patched(f"{SCHEDULER}.arm", _armed_from_creation),
    ),
]
