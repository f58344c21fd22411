"""Faults of openYuanrong: credentials."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, answers, patched, requests
from tests.conformance.faults.openyuanrong.shapers import ADAPTER, API, fault

CREDENTIAL = "mockserver.adapters.openyuanrong.credentials"


def _no_cookie(asked: Asked) -> None:
    asked.headers.pop("cookie", None)


def _role(original: Any) -> Any:
    return lambda token: {**original(token), "role": "developer"}


def _expiry(original: Any) -> Any:
    return lambda token: {**original(token), "exp": 0}


def _open(operation: str, instead_of: str) -> Apply:
    def edit(asked: Asked) -> None:
        sent = asked.headers.get("x-auth", "")
        if (
            asked.operation == operation
            and (not sent if instead_of == "none" else sent == "not-a-token")
            and not asked.query
            and "cookie" not in asked.headers
        ):
            asked.headers["x-auth"] = (
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoiZGV2ZWxvcGVyIiwic3ViIjoiY2YifQ.c2lnbmVk"
            )

    return requests(API, operation, edit)


def _two_parts(original: Any) -> Any:
    def claims(token: str) -> Any:
        return original(f"{token}.c2lnbmVk" if token.count(".") == 1 else token)

    return claims


def _readers_only(asked: Asked) -> None:
    if asked.role == "submit":
        asked.query = [pair for pair in asked.query if pair[0] != "token"]


def _cookie_first(asked: Asked) -> None:
    if "iam_token" in asked.headers.get("cookie", ""):
        asked.headers.pop("x-auth", None)


FAULTS = [
    fault("open-list", "JOB-AUT-001", "everybody may list", _open("yr_list_jobs", "none")),
    fault("open-stop", "JOB-AUT-002", "a wrong token may stop", _open("yr_stop_job", "wrong")),
    fault(
        "list-denied",
        "JOB-AUT-003",
        "a right token may not list",
        answers(API, "list", lambda asked, told: setattr(told, "status", 403) if "x-auth" in asked.headers else None),
        "JOB-LST-002",
    ),
    fault("no-cookie", "OYR-AUT-001", "the cookie is not looked at", requests(API, "*", _no_cookie)),
    fault("cookie-first", "OYR-AUT-001", "the cookie counts more than the header", requests(API, "*", _cookie_first)),
    fault(
        "query-token-reads",
        "OYR-AUT-001",
        "the token in the query is good for reading only",
        requests(API, "*", _readers_only),
    ),
    fault("any-role", "OYR-AUT-002", "the role is not looked at", patched(f"{CREDENTIAL}:_claims", _role)),
    fault("never-expires", "OYR-AUT-003", "the expiry is not looked at", patched(f"{CREDENTIAL}:_claims", _expiry)),
    fault(
        "denied-as-text",
        "OYR-AUT-004",
        "a missing token is answered with a text",
        answers(API, "*", lambda asked, told: setattr(told, "body", "no") if told.status == 401 else None),
        "JOB-ERR-002",
    ),
    fault(
        "two-parts-will-do",
        "OYR-AUT-005",
        "a token needs no signature",
        patched(f"{ADAPTER}.credentials:_claims", _two_parts),
    ),
]
