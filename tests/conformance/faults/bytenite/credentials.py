"""Faults of ByteNite: credentials."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, both, patched, requests
from tests.conformance.faults.bytenite.shapers import API, answered, fault

BUY = "Auth_GetAccessToken"


def _life(seconds: str) -> Apply:
    return answered(BUY, lambda asked, told: told.body.__setitem__("expiresIn", seconds))


def _bought(asked: Asked, told: Told) -> None:
    if told.status == 200 and "token" in asked.memory and "authorization" not in asked.headers:
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}
    asked.memory["token"] = True


def _any_key(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("apiKey"), str):
        asked.body["apiKey"] = "mock-api-key"


def _no_key(asked: Asked) -> None:
    if not isinstance(asked.body, dict) or not isinstance(asked.body.get("apiKey"), str):
        asked.body = {"apiKey": "mock-api-key"}


def _loose_token(asked: Asked) -> None:
    asked.headers["authorization"] = asked.headers.get("authorization", "").rstrip("x")


def _no_bearer(asked: Asked, told: Told) -> None:
    if asked.headers.get("authorization", "").startswith("Bearer "):
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}


def _one_token(asked: Asked, told: Told) -> None:
    if asked.operation == BUY:
        asked.memory["last"] = (told.body or {}).get("token")
    elif (
        asked.headers.get("authorization", "") != asked.memory.get("last")
        and "last" in asked.memory
        and told.status < 300
    ):
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}


def open_to_all(operation: str, instead_of: str) -> Apply:
    """A call takes no credential, or a wrong one, for a right one."""

    def edit(asked: Asked) -> None:
        sent = asked.headers.get("authorization", "")
        if (
            asked.operation == operation
            and "token" in asked.memory
            and (not sent if instead_of == "none" else sent == "not-a-token")
        ):
            asked.headers["authorization"] = asked.memory["token"]

    def revise(asked: Asked, told: Told) -> None:
        if asked.operation == BUY and told.status == 200:
            asked.memory["token"] = told.body["token"]

    return both(API, (BUY, operation), edit, revise)


def _scopeless(asked: Asked, told: Any) -> None:
    if told.status == 200:
        told.body.pop("scope", None)


def _guest(asked: Asked) -> None:
    if asked.body == {"apiKey": ""}:
        asked.body = {"apiKey": "mock-api-key"}


def _unguarded(operation: str) -> Apply:
    return patched(
        "mockserver.adapters.bytenite:verify",
        lambda original: lambda call: None if call.operation == operation else original(call),
    )


def _prolongs(original: Any) -> Any:
    def owner(call: Any) -> str:
        name: str = original(call)
        shelf = call.world.shelf("bytenite.tokens")
        shelf.update({token: (whose, end + 1800) for token, (whose, end) in shelf.items() if whose == name})
        return name

    return owner


def _lowered(asked: Asked) -> None:
    if "authorization" in asked.headers:
        asked.headers["authorization"] = asked.headers["authorization"].lower()


FAULTS = [
    fault(
        "open-results", "JOB-AUT-001", "results are given to everybody", open_to_all("Customer_GetJobResults", "none")
    ),
    fault("open-rename", "JOB-AUT-002", "a wrong token may rename", open_to_all("Customer_SetJobName", "wrong")),
    fault(
        "delete-denied",
        "JOB-AUT-003",
        "a right token may not delete",
        answers(API, "delete", lambda asked, told: setattr(told, "status", 403)),
        "JOB-LST-009",
    ),
    fault(
        "life-as-number",
        "BYT-AUT-001",
        "the token's span of life is a number",
        answered(BUY, lambda asked, told: told.body.__setitem__("expiresIn", 3600)),
        "JOB-RSP-002",
    ),
    fault(
        "next-token-takes-one",
        "BYT-AUT-002",
        "a second token is not sold to who brings none",
        answers(API, BUY, _bought),
        "BYT-AUT-009",
        "BYT-AUT-006",
    ),
    fault(
        "any-key",
        "BYT-AUT-003",
        "any API key is taken for the known one",
        requests(API, BUY, _any_key),
        "BYT-ISO-001",
        "BYT-ISO-002",
    ),
    fault(
        "guest-key",
        "BYT-AUT-003",
        "an empty API key is taken for the known one",
        requests(API, "Auth_GetAccessToken", _guest),
    ),
    fault("no-key", "BYT-AUT-004", "a token is given for nothing", requests(API, BUY, _no_key)),
    fault("token-ends-early", "BYT-AUT-005", "tokens end before the time that is told", _life("3700")),
    fault("token-never-ends", "BYT-AUT-006", "tokens are good after the time that is told", _life("3500")),
    fault("loose-token", "BYT-AUT-007", "what follows a token is passed over", requests(API, "*", _loose_token)),
    fault("tokens-in-any-case", "BYT-AUT-007", "letters of a token may be of any case", requests(API, "*", _lowered)),
    fault("no-bearer", "BYT-AUT-008", "a token after Bearer is refused", answers(API, "*", _no_bearer)),
    fault(
        "one-token",
        "BYT-AUT-009",
        "a new token ends the one before",
        answers(API, "*", _one_token),
        "BYT-ISO-001",
        "BYT-ISO-002",
    ),
    fault(
        "used-is-prolonged",
        "BYT-AUT-010",
        "a token lives on when it is used",
        patched("mockserver.adapters.bytenite.credentials:_customer", _prolongs),
        "BYT-AUT-006",
    ),
    fault("open-templates", "BYT-AUT-011", "templates ask for no token", _unguarded("Customer_ListJobTemplates")),
    fault(
        "scope-untold",
        "BYT-AUT-012",
        "a purchase of a token does not tell its scope",
        answers(API, "Auth_GetAccessToken", _scopeless),
    ),
]
