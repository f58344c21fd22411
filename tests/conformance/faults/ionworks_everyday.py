"""Faults of what every job API owes, made for Ionworks where its own tables of faults have none."""

from __future__ import annotations

from tests.conformance.faults.common_everyday import stop_of_nobody, the_eighth_is_lost
from tests.conformance.faults.ionworks import API, fault

WORDS = {
    "id": "job_id",
    "job": lambda body: body,
    "no": {"error_code": "NOT_FOUND", "message": "no", "detail": None},
    "done": lambda asked: {**asked.memory["job"], "job_id": asked.values["job_id"]},
}

FAULTS = [
    fault("eighth-is-lost", "JOB-IDM-002", "the eighth job cannot be read", the_eighth_is_lost(API, WORDS)),
    fault("stop-of-nobody", "JOB-ERR-012", "a cancel of a job that nobody made is granted", stop_of_nobody(API, WORDS), "ERR-004"),
]
