"""Faults of compute.x.io: refusals."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults import Asked, Told, answers
from tests.conformance.faults.xio.shapers import COOK, RUN, fault


def _status(codes: dict[int, int]) -> Callable[[Asked, Told], None]:
    def revise(asked: Asked, told: Told) -> None:
        told.status = codes.get(told.status, told.status)

    return revise


def _invented(asked: Asked, told: Told) -> None:
    if told.status == 200:
        asked.memory["run"] = told.body
    elif told.status == 404 and "run" in asked.memory:
        told.status, told.body = 200, asked.memory["run"]


def _no_code(asked: Asked, told: Told) -> None:
    if told.status == 404:
        told.body["error"].pop("code", None)


FAULTS = [
    fault(
        "unknown-jobs-are-bad-requests",
        "XIO-ERR-001",
        "unknown jobs are bad requests",
        answers("xio", "read", _status({404: 400})),
    ),
    fault(
        "unknown-jobs-cannot-be-stopped",
        "XIO-ERR-002",
        "unknown jobs cannot be stopped",
        answers("xio", "cancel", _status({404: 409})),
    ),
    fault(
        "unknown-runs-are-bad-requests",
        "XIO-ERR-003",
        "unknown runs are bad requests",
        answers("xio", RUN, _status({404: 400})),
    ),
    fault(
        "unknown-recipes-are-bad-requests",
        "XIO-ERR-004",
        "unknown recipes are bad requests",
        answers("xio", COOK, _status({404: 400})),
    ),
    fault(
        "ended-jobs-are-bad-requests",
        "XIO-ERR-005",
        "ended jobs are bad requests",
        answers("xio", "cancel", _status({409: 400})),
    ),
    fault(
        "ended-jobs-are-stopped",
        "XIO-ERR-005",
        "ended jobs are stopped",
        answers("xio", "cancel", _status({409: 200})),
        "JOB-RSP-002",
    ),
    fault(
        "unknown-runs-are-invented",
        "XIO-ERR-006",
        "unknown runs are invented",
        answers("xio", RUN, _invented),
        "XIO-ERR-003",
    ),
    fault(
        "refusals-without-code", "XIO-ERR-008", "refusals without code", answers("xio", COOK, _no_code), "JOB-ERR-002"
    ),
]
