"""Faults of compute.x.io: retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, answers, every_job, patched
from tests.conformance.faults.xio.shapers import FAIL, SCHEDULER_MODULE, asked, demanded, fault, runs


def _five_retries(request: Any) -> None:
    request.retries = min(request.retries, 5)


def retries(change: Callable[[int], int]) -> Apply:
    def alter(call: Any, members: Json, wanted: Any) -> None:
        wanted.retries = max(0, change(wanted.retries))

    return asked(alter)


def _ended_between() -> Apply:
    """A job that is about to be tried again is shown as failed once."""

    def change(job: dict[str, Json], asked: Asked) -> None:
        if job["status"] in ("PENDING", "ASSIGNED") and job["started_at"] is not None:
            job["status"] = "FAILED"

    return answers("xio", ("read",), every_job("xio", change))


def _always_again(original: Any) -> Any:
    def end_run(self: Any, job: Any, outcome: Any) -> None:
        if job.request.retries and not job.failures:
            self._fail(job, outcome, final="failed")
        else:
            original(self, job, outcome)

    return end_run


def _run_limit_is_final(original: Any) -> Any:
    def fail(self: Any, job: Any, outcome: Any, *, final: str) -> None:
        if outcome.reason == "run_timeout":
            job.failures += job.request.retries
        original(self, job, outcome, final=final)

    return fail


FAULTS = [
    fault("five-retries", "XIO-RTY-001", "no job is tried again more than five times", demanded(_five_retries)),
    fault("one-retry-too-many", "XIO-RTY-001", "one retry too many", retries(lambda count: count + 1 if count else 0)),
    fault("retries-are-ignored", "XIO-RTY-001", "retries are ignored", retries(lambda count: 0), "XIO-RTY-002"),
    fault("at-most-three-retries", "XIO-RTY-001", "at most three retries", retries(lambda count: min(count, 3))),
    fault(
        "second-chance-fails",
        "XIO-RTY-002",
        "second chance fails",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "script", replace(wanted.script, fail_attempts=None))
                if wanted.script and wanted.script.fail_attempts
                else None
            )
        ),
    ),
    fault(
        "good-runs-are-repeated",
        "XIO-RTY-003",
        "good runs are repeated",
        patched("mockserver.simulation.scheduler:Scheduler._end_run", _always_again),
    ),
    fault("run-limit-is-not-retried", "XIO-RTY-004", "run limit is not retried", patched(FAIL, _run_limit_is_final)),
    fault(
        "failed-runs-are-completed",
        "XIO-RTY-005",
        "failed runs are completed",
        runs(lambda run: run.update(status="COMPLETED") if run["status"] == "FAILED" else None),
        "XIO-STM-010",
    ),
    fault("failed-between-runs", "XIO-RTY-006", "failed between runs", _ended_between(), "JOB-STM-004"),
    fault(
        "preparation-once",
        "XIO-RTY-007",
        "a preparation that took too long is final",
        patched(f"{SCHEDULER_MODULE}:_RETRIED_LIMITS", lambda known: known - {"start"}),
    ),
]
