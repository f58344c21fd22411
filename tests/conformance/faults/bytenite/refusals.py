"""Faults of ByteNite: refusals."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, requests
from tests.conformance.faults.bytenite.shapers import API, code, fault


def status(where: str | tuple[str, ...], was: int, becomes: int, body: Any = None) -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was:
            told.status, told.body = becomes, told.body if body is None else body

    return answers(API, where, revise)


def _soon(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("jobTimeout") == "soon":
        asked.body.pop("jobTimeout")


FAULTS = [
    fault(
        "delete-of-nobody",
        "JOB-ERR-013",
        "a job that never was is deleted",
        status("delete", 404, 200, {"ok": True, "requestId": "", "message": "", "error": None}),
        "BYT-ERR-005",
    ),
    fault(
        "no-message",
        "BYT-ERR-001",
        "refusals of submissions have no message",
        answers(
            API,
            "submit",
            lambda asked, told: (
                told.body.pop("message", None) if isinstance(told.body, dict) and told.status >= 400 else None
            ),
        ),
    ),
    fault("code-unknown", "BYT-ERR-002", "what is unknown has the code of what is wrong", code(5, 3)),
    fault("code-credential", "BYT-ERR-004", "what lacks a credential has the code of what is forbidden", code(16, 7)),
    fault(
        "configs-of-nobody",
        "BYT-ERR-005",
        "limits of a job that never was are unknown in another way",
        status("Customer_SetJobConfigs", 404, 400),
    ),
    fault(
        "abort-of-nobody",
        "BYT-ERR-005",
        "a job that never was is aborted",
        status("cancel", 404, 200, {"ok": True, "requestId": "", "message": "", "error": None}),
        "JOB-ERR-012",
    ),
    fault(
        "results-of-nobody",
        "BYT-ERR-006",
        "a job that never was has no results yet",
        status("Customer_GetJobResults", 404, 200, {"results": []}),
    ),
    fault(
        "soon",
        "BYT-ERR-007",
        "a wrong limit of a change is passed over",
        requests(API, "Customer_SetJobConfigs", _soon),
    ),
    fault(
        "code-wrong", "BYT-ERR-008", "a wrong submission has the code of what the state forbids", code(3, 9, "submit")
    ),
    fault("soon-runs", "BYT-ERR-009", "a wrong limit of a run is passed over", requests(API, "start", _soon)),
]
