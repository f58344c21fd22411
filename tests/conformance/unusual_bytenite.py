"""What ByteNite's documents leave open: zeros for what was never set, as protobuf prints it, and refusals in the shape
of its generic answers.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, Told

UNSET: dict[str, Any] = {
    "numChunks": 0,
    "duration": 0,
    "paymentAmount": 0,
    "errorMessage": "",
    "description": "",
    "name": "",
    "deletedAt": None,
    "startAt": None,
}


def zeros_for_unset(api: str, asked: Asked, told: Told) -> None:
    """Every job tells all its members."""
    body = told.body if isinstance(told.body, dict) else {}
    for job in (body.get("job"), *(body.get("data") or ())):
        if isinstance(job, dict) and "stateTimestamps" in job:
            job.update({name: value for name, value in UNSET.items() if name not in job})


def generic_refusals(api: str, asked: Asked, told: Told) -> None:
    """A refusal says that it is not ok, and has the status as its code."""
    if told.status in (400, 401, 403, 404) and isinstance(told.body, dict):
        said = told.body.get("message", "")
        told.body = {
            "ok": False,
            "requestId": "7",
            "message": said,
            "error": {"code": told.status, "message": said, "description": ""},
        }
