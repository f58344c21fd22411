"""Words refusals as Run:AI does: status, message and details. Source: specs/runai/sources.md#errors"""

from __future__ import annotations

from mockserver.adapters.exchange import Json, Kind, Refusal, Reply
from mockserver.simulation.world import World

_WORDS: dict[Kind, tuple[int, str]] = {
    "malformed": (400, "malformed request"),
    "invalid": (400, "invalid request"),
    "unprocessable": (400, "invalid request"),
    "unplaceable": (400, "invalid request"),
    "unauthenticated": (401, "unauthorized"),
    "forbidden": (403, "forbidden"),
    "unknown": (404, "not found"),
    "unrouted": (404, "no such path"),
    "method": (405, "method not allowed"),
    "conflict": (409, "already exists"),
    "gone": (410, "gone"),
    "too_large": (413, "request too large"),
    "media_type": (415, "unsupported media type"),
    "throttled": (429, "too many requests"),
    "internal": (500, "internal error"),
    "unavailable": (503, "unavailable"),
}


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """Word any refusal as status, message and details. Source: specs/runai/sources.md#errors"""
    status, message = _WORDS[refusal.kind]
    reasons = "; ".join(f"{_place(each.pointer) or each.place}: {each.message}" for each in refusal.violations)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Reply(status, error_body(status, message, reasons or refusal.message), headers)


def error_body(status: int, message: str, details: str) -> Json:
    """The body of an error, also of one item among others."""
    return {"status": status, "message": message, "details": details}


def _place(pointer: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in pointer).lstrip(".")
