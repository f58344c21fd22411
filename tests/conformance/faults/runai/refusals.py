"""Faults of Run:AI: refusals."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, both, requests
from tests.conformance.faults.runai.shapers import API, ERROR, fault, of


def _granted(when: Any) -> Any:
    """Answer refused submissions as if they had made a job."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status in (400, 415) and when(asked):
            told.status, told.body = 200, {"name": "job-x"}

    return answers("runai", "submit", revise)


def _made_all_the_same(asked: Asked) -> None:
    asked.memory["poor"] = bool(of(asked)) and "image" not in of(asked)
    if asked.memory["poor"]:
        of(asked)["image"] = "alpine"


def _refused_all_the_same(asked: Asked, told: Told) -> None:
    if asked.memory.pop("poor", False) and told.status < 300:
        told.status, told.body = 400, ERROR


def _known_only_asked(asked: Asked) -> None:
    if isinstance(asked.body, list) and any(
        isinstance(one, dict) and one.keys() - {"name", "project"} for one in asked.body
    ):
        asked.body = [{}]


def refused_are_listed() -> Apply:
    """Every refused submission leaves a row."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status == 400:
            asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
        elif asked.role == "list" and told.status < 300 and told.body["data"]:
            first, ghosts = told.body["data"][0], asked.memory.get("ghosts", 0)
            told.body["data"] += [
                {**first, "id": f"00000000-0000-4000-8000-{number:012}", "name": f"ghost-{number}"}
                for number in range(ghosts)
            ]

    return answers("runai", ("submit", "list"), revise)


def nobody_is_deleted(asked: Asked, told: Told) -> None:
    """A deletion of one job alone is always carried out, it says."""
    if told.status < 300 and len(told.body["data"]) == 1 and not told.body["data"][0]["ok"]:
        told.body["data"] = [{"name": told.body["data"][0]["name"], "ok": True}]


def _one_job(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body = [asked.body] if "name" in asked.body else []


def _project_guessed(asked: Asked) -> None:
    for one in asked.body if isinstance(asked.body, list) else ():
        if isinstance(one, dict) and "project" not in one:
            one["project"] = "team-a"


def _names_as_text(asked: Asked) -> None:
    for one in asked.body if isinstance(asked.body, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), int):
            one["name"] = str(one["name"])


def _status_in_body(asked: Asked, told: Told) -> None:
    if told.status >= 400 and isinstance(told.body, dict):
        told.body["status"] = 500


def _nobody(asked: Asked, told: Told) -> None:
    if (
        told.status < 300
        and len(told.body["data"]) == 1
        and not told.body["data"][0]["ok"]
        and re.fullmatch(r"[0-9a-f-]{36}", told.body["data"][0]["name"])
    ):
        told.body = {"data": [{"name": told.body["data"][0]["name"], "ok": True}]}


FAULTS = [
    fault(
        "not-json",
        "JOB-ERR-004",
        "what is not JSON is granted",
        _granted(lambda asked: asked.body is None and asked.headers.get("content-length", "0") not in ("0", "4")),
    ),
    fault(
        "not-an-object",
        "JOB-ERR-005",
        "a body that is no object is granted",
        _granted(lambda asked: isinstance(asked.body, list)),
    ),
    fault(
        "no-body",
        "JOB-ERR-006",
        "a submission without a body is granted",
        _granted(lambda asked: asked.headers.get("content-length", "0") == "0"),
    ),
    fault(
        "any-media",
        "JOB-ERR-009",
        "the media type is not looked at",
        requests("runai", "submit", lambda asked: asked.headers.__setitem__("content-type", "application/json")),
    ),
    fault("refused-are-listed", "JOB-ERR-011", "refused are listed", refused_are_listed()),
    fault("nobody-is-deleted", "JOB-ERR-013", "nobody is deleted", answers("runai", "delete", nobody_is_deleted)),
    fault(
        "uuids-are-deleted",
        "JOB-ERR-013",
        "a deletion of what looks like an id is always carried out, it says",
        answers("runai", "delete", _nobody),
    ),
    fault("deletion-of-an-object", "RAI-ERR-001", "a deletion may be one job", requests("runai", "delete", _one_job)),
    fault(
        "deletion-without-project",
        "RAI-ERR-002",
        "a deletion needs no project",
        requests("runai", "delete", _project_guessed),
    ),
    fault("status-in-body", "RAI-ERR-003", "the body of a refusal says 500", answers("runai", "*", _status_in_body)),
    fault(
        "names-as-numbers",
        "RAI-ERR-004",
        "a name in a deletion may be a number",
        requests("runai", "delete", _names_as_text),
    ),
    fault(
        "broken-deletion-is-empty",
        "RAI-ERR-005",
        "a deletion that is not JSON is granted",
        answers(
            "runai",
            "delete",
            lambda asked, told: (
                (setattr(told, "status", 200), setattr(told, "body", {"data": []}))
                if asked.body is None and told.status == 400 and asked.headers.get("content-length") not in (None, "4")
                else None
            ),
        ),
    ),
    fault(
        "refused-and-made",
        "RAI-ERR-007",
        "a submission without an image is refused and makes a job",
        both("runai", "submit", _made_all_the_same, _refused_all_the_same),
        "RAI-CRT-017",
    ),
    fault(
        "known-members-only",
        "RAI-ERR-008",
        "a deletion with a member more is refused",
        requests(API, "delete", _known_only_asked),
    ),
]
