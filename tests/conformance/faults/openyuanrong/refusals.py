"""Faults of openYuanrong: refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, Told, answers
from tests.conformance.faults.openyuanrong.shapers import API, fault, rerouted, status


def _leaves_one(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and told.status == 500:
        asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
    elif asked.role == "list" and told.status == 200 and told.body:
        told.body += [
            {**told.body[0], "submission_id": f"app-ghost-{number}"} for number in range(asked.memory.get("ghosts", 0))
        ]


def fails(wrong: Callable[[Json], bool]) -> Apply:
    """Some submissions end in a stack trace."""
    return answers(
        API,
        "submit",
        lambda asked, answered: answered.__dict__.update(status=500, body="stack") if wrong(asked.body) else None,
    )


def _sees_put(scope: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST"} if scope["method"] == "PUT" else {}


FAULTS = [
    fault("put-submits", "JOB-ERR-008", "PUT submits a job", rerouted(_sees_put)),
    fault(
        "unknown-is-502",
        "JOB-ERR-010",
        "reading what is unknown is answered 502",
        status("read", 404, 502),
        "JOB-ERR-003",
        "OYR-STM-007",
    ),
    fault("deep-500", "JOB-ERR-010", "deep JSON ends in a stack trace", fails(lambda body: str(body).count("[") > 40)),
    fault(
        "delete-of-nobody",
        "JOB-ERR-013",
        "deleting what is unknown is answered true",
        status("delete", 404, 200, True),
        "OYR-STM-007",
        "OYR-STM-010",
    ),
    fault(
        "empty-refusals",
        "OYR-ERR-001",
        "refusals are empty texts",
        answers(
            API,
            ("read", "cancel", "delete"),
            lambda asked, told: setattr(told, "body", "") if told.status == 404 else None,
        ),
    ),
    fault(
        "ghosts",
        "OYR-ERR-002",
        "a submission that finds no room is listed",
        answers(API, ("submit", "list"), _leaves_one),
    ),
    fault(
        "refused-with-422",
        "OYR-ERR-003",
        "mistakes are answered 422",
        status("submit", 400, 422),
        "OYR-REQ-022",
        "OYR-REQ-027",
        "OYR-REQ-031",
    ),
    fault(
        "long-command-500",
        "OYR-ERR-005",
        "a long command ends in a stack trace",
        fails(lambda body: isinstance(body, dict) and len(str(body.get("entrypoint"))) > 65_535),
    ),
]
