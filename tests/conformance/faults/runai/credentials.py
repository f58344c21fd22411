"""Faults of Run:AI: credentials."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults import Apply, Asked, Told, answers, both, requests
from tests.conformance.faults.runai.shapers import ERROR, fault, wrong

RIGHT = "Bearer mock-token"


def _token(change: Callable[[str], str]) -> Apply:
    """Tokens are read otherwise."""

    def edit(asked: Asked) -> None:
        if "authorization" in asked.headers:
            asked.headers["authorization"] = change(asked.headers["authorization"])

    return requests("runai", "*", edit)


def _let_in(asked: Asked) -> None:
    """Whoever shows no right token is let in, and told otherwise."""
    asked.memory["stranger"] = asked.headers.get("authorization") != "Bearer mock-token"
    asked.headers["authorization"] = "Bearer mock-token"


def _turned_away(asked: Asked, told: Told) -> None:
    if asked.memory.get("stranger") and asked.headers.get("x-mock-sandbox"):
        told.status, told.body = 401, {**ERROR, "status": 401}
        told.headers["www-authenticate"] = "Bearer"


def _bearer_only(asked: Asked) -> None:
    scheme, _, _ = asked.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        asked.headers.pop("authorization", None)


def _user_is_enough(asked: Asked) -> None:
    if asked.headers.get("ra-user") == "admin":
        asked.headers["authorization"] = "Bearer mock-token"


def _drop_challenge(asked: Asked, told: Told) -> None:
    told.headers.pop("www-authenticate", None)


def _closed_to_good(asked: Asked, told: Told) -> None:
    """Where credentials are verified, which the first refusal shows, a good one deletes no job of the document's
    example."""
    if (
        isinstance(asked.body, list)
        and [one.get("name") for one in asked.body if isinstance(one, dict)] == ["job-0", "job-0"]
        and told.status < 300
    ):
        told.status, told.body = 403, {**ERROR, "status": 403}


FAULTS = [
    fault(
        "list-open",
        "JOB-AUT-001",
        "the list asks for no credential",
        requests("runai", "list", lambda asked: asked.headers.__setitem__("authorization", "Bearer mock-token")),
        "RAI-AUT-005",
        "JOB-AUT-002",
    ),
    fault(
        "any-token",
        "JOB-AUT-002",
        "any token is right",
        requests(
            "runai",
            "*",
            lambda asked: (
                asked.headers.__setitem__("authorization", "Bearer mock-token")
                if "authorization" in asked.headers
                else None
            ),
        ),
    ),
    fault(
        "deletion-closed",
        "JOB-AUT-003",
        "a right token does not delete",
        answers(
            "runai",
            "delete",
            lambda asked, told: (
                wrong(403)(asked, told)
                if "Bearer" in asked.headers.get("authorization", "") and asked.headers.get("content-length") != "0"
                else None
            ),
        ),
        "RAI-AUT-004",
    ),
    fault(
        "example-not-deleted",
        "JOB-AUT-003",
        "a right token does not delete what the example names",
        answers("runai", "delete", _closed_to_good),
    ),
    fault(
        "no-challenge", "RAI-AUT-001", "401 does not say how to authenticate", answers("runai", "*", _drop_challenge)
    ),
    fault("bearer-only", "RAI-AUT-002", "only Bearer with a capital is read", requests("runai", "*", _bearer_only)),
    fault(
        "submission-let-in",
        "RAI-AUT-003",
        "a submission that is refused makes a job",
        both("runai", "submit", _let_in, _turned_away),
    ),
    fault(
        "deletion-let-in",
        "RAI-AUT-004",
        "a deletion that is refused deletes",
        both("runai", "delete", _let_in, _turned_away),
    ),
    fault("user-is-enough", "RAI-AUT-005", "RA-USER opens everything", requests("runai", "*", _user_is_enough)),
    fault(
        "longer-tokens",
        "RAI-AUT-006",
        "what begins with the token is as good",
        _token(lambda told: RIGHT if told.startswith(RIGHT) else told),
    ),
    fault(
        "shorter-tokens",
        "RAI-AUT-006",
        "what the token begins with is as good",
        _token(lambda told: RIGHT if len(told) > 7 and RIGHT.startswith(told) else told),
    ),
    fault(
        "any-scheme",
        "RAI-AUT-006",
        "the token will do under any scheme",
        _token(lambda told: RIGHT if told.partition(" ")[2] == "mock-token" else told),
    ),
]
