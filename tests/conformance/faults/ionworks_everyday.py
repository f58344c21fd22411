"""Faults of what every job API owes, made for Ionworks where its own tables of faults have none."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, answers, requests
from tests.conformance.faults.common_everyday import stop_of_nobody, the_eighth_is_lost
from tests.conformance.faults.ionworks import API, SUBMITS, fault

WORDS = {
    "id": "job_id",
    "job": lambda body: body,
    "no": {"error_code": "NOT_FOUND", "message": "no", "detail": None},
    "done": lambda asked: {**asked.memory["job"], "job_id": asked.values["job_id"]},
}


def _urgent(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body.setdefault("priority", 5)


def _wordless(asked: Asked, told: Any) -> None:
    if told.status == 422:
        for one in told.body["detail"]:
            one["msg"] = ""


FAULTS = [
    fault("eighth-is-lost", "JOB-IDM-002", "the eighth job cannot be read", the_eighth_is_lost(API, WORDS)),
    fault("stop-of-nobody", "JOB-ERR-012", "a cancel of a job that nobody made is granted", stop_of_nobody(API, WORDS), "ERR-004"),
    fault(
        "slash-of-urgency", "WHK-009", "a job that names no priority has another one on the path with a slash", requests(API, "submit_job_jobs__post", _urgent)
    ),
    fault("wordless-refusal", "ERR-001", "what is wrong is listed without a word", answers(API, SUBMITS, _wordless)),
]
