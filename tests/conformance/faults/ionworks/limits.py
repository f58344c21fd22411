"""Faults of Ionworks: limits of time."""

from __future__ import annotations

from mockserver.simulation.request import Limits
from tests.conformance.faults import Apply, patched
from tests.conformance.faults.ionworks.shapers import ADAPTER, fault, when


def _limit(**told: float) -> Apply:
    return patched(f"{ADAPTER}.reading:_LIMITS", lambda _: Limits(**told))


FAULTS = [
    fault("limit-of-an-hour", "ION-TMO-001", "a run may take an hour", _limit(run=3600.0)),
    fault("no-limit", "ION-TMO-001", "a run may take for ever", _limit()),
    fault("limit-a-minute-late", "ION-TMO-001", "a run may take some minutes more than a day", _limit(run=86_700.0)),
    fault(
        "timeout-is-a-solver-error",
        "ION-TMO-002",
        "a run that took too long says SOLVER_ERROR",
        when(lambda job: job["error_code"] == "EXECUTION_TIMEOUT", error_code="SOLVER_ERROR"),
    ),
    fault(
        "failure-is-a-timeout",
        "ION-TMO-003",
        "every failure says EXECUTION_TIMEOUT",
        when(lambda job: job["status"] == "failed", error_code="EXECUTION_TIMEOUT"),
    ),
    fault(
        "day-from-submission",
        "ION-TMO-004",
        "the day after which a run fails counts from the submission",
        patched("mockserver.adapters.ionworks.reading:_LIMITS", lambda _: Limits(total=86_400.0)),
    ),
]
