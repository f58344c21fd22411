"""Faults of what every job API owes, made for compute.x.io: what is granted, stopping, credentials, pages."""

from __future__ import annotations

from typing import Any

from conformance.traffic.json_pointer import get
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, requests
from tests.conformance.faults.xio_told import GPUS, JOBS, NODES, query, vouches

STOPPED = ("cancel", "read", "list")


def no_true_texts() -> Apply:
    """Environments with a text that looks like a truth value are refused."""

    def revise(asked: Asked, told: Told) -> None:
        variables = get(asked.body, "/parameters/parameters/env") if asked.body is not None else None
        if told.status < 300 and isinstance(variables, dict) and "true" in variables.values():
            told.status, told.body = 400, {"error": {"code": "validation_error", "message": "no truth values"}}

    return answers("xio", "submit", revise)


def stopped_as_failed() -> Apply:
    """A job that is stopped while it runs is told as failed, there and then and later."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 300:
            return
        for job in told.body["data"] if asked.role == "list" else [told.body]:
            if job["status"] == "CANCELLED" and job["started_at"]:
                job["status"] = "FAILED"

    return answers("xio", STOPPED, revise)


def total_of_the_page(asked: Asked, told: Told) -> None:
    if told.status < 300 and told.body["page"] > 1:
        told.body["total"] = len(told.body["data"])


def no_page_beyond(asked: Asked, told: Told) -> None:
    if told.status < 300 and not told.body["data"] and told.body["page"] > 1:
        told.status, told.body = 404, {"error": {"code": "not_found", "message": "there is no such page"}}


def _third_is_second(told: dict[str, str]) -> None:
    if told.get("page") == "3" and told.get("limit", "").isdigit() and int(told["limit"]) < 3:
        told["page"] = "2"


def closed(asked: Asked) -> None:
    """A signature is spoilt on its way."""
    if "x-signature" in asked.headers:
        asked.headers["x-signature"] = "0" * 64


EVERYDAY: dict[str, tuple[Any, ...]] = {
    "truth-values-are-refused": ("JOB-CRT-001", no_true_texts()),
    "stopped-jobs-are-failed": ("JOB-STM-007", stopped_as_failed()),
    "gpus-for-any-signature": ("JOB-AUT-002", vouches(lambda headers: "x-signature" in headers, GPUS)),
    "nodes-for-no-signature": ("JOB-AUT-003", requests("xio", NODES, closed)),
    "third-page-is-second": ("JOB-LST-004", query(JOBS, _third_is_second)),
    "totals-of-pages": ("JOB-LST-005", answers("xio", JOBS, total_of_the_page)),
    "nothing-beyond": ("JOB-LST-008", answers("xio", JOBS, no_page_beyond)),
}

FAULTS = [Fault(f"xio:{name}", "xio", requirement, name.replace("-", " "), apply, tuple(also)) for name, (requirement, apply, *also) in EVERYDAY.items()]
