"""Faults of every API: what answers say of a job."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, every_job
from tests.conformance.faults.common.shapers import Words, everyday, of_every_api


def _status(asked: Asked, told: Told, status: int) -> None:
    if told.status < 300:
        told.status = status


def wrong_success_status(api: str) -> Apply:
    return answers(api, "submit", lambda asked, told: _status(asked, told, 299))


def number_as_text(api: str, words: Words) -> Apply:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if words["number"] in job:
            job[words["number"]] = str(job[words["number"]])

    return answers(api, "read", every_job(api, change))


def as_text(api: str, words: Words) -> Apply:
    return answers(
        api,
        "read",
        lambda asked, told: told.headers.__setitem__("content-type", "text/plain") if told.status == 200 else None,
    )


FAULTS = [
    *of_every_api(
        {
            "wrong-success-status": ("JOB-RSP-001", "a submission is answered 299", wrong_success_status, ()),
        }
    ),
    *everyday(
        {
            "number-as-text": ("JOB-RSP-002", "a number of the job is told as text", number_as_text, ()),
            "as-text": ("JOB-RSP-004", "a job that is read is declared as text", as_text, ()),
        }
    ),
]
