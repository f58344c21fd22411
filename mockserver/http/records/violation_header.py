"""Makes the header field `X-Mock-Violations`: why a request was refused, as a bounded JSON list without secrets."""

from __future__ import annotations

import json
from typing import Any

from mockserver.adapters.exchange import Kind, Refusal, Violation
from mockserver.http.limits import EXCERPT_MEMBERS, EXCERPT_VALUES, VALUE_LENGTH, VIOLATIONS_HEADER_BYTES
from mockserver.http.redaction import redacted
from specs.command_secrets import HIDDEN
from specs.excerpt import excerpt
from specs.json_pointer import pointer_to
from specs.secret_names import is_secret

HEADER = "X-Mock-Violations"

SEARCHED_TEXT = 2000
"""Of a text that was sent so many characters are looked at; fewer are shown."""

BROKEN: frozenset[Kind] = frozenset(
    {"malformed", "invalid", "unauthenticated", "unrouted", "method", "too_large", "media_type"}
)
"""Kinds of refusals of requests that break their document; other kinds refuse valid requests."""

_EXPECTED: dict[Kind, str] = {
    "malformed": "a body that is JSON, within the limits",
    "unprocessable": "what the vendor documents in words",
    "unauthenticated": "credentials",
    "forbidden": "credentials that allow it",
    "unknown": "something that exists",
    "unrouted": "a path that is served",
    "method": "a method that the path has",
    "conflict": "a state that allows it",
    "gone": "something that is still there",
    "too_large": "a smaller body",
    "media_type": "a media type that the operation takes",
    "throttled": "fewer requests",
    "unplaceable": "a request that some node could hold",
    "unavailable": "room",
}
"""What was expected, for refusals that concern no single place of the request."""


def as_list(reason: Refusal) -> list[dict[str, Any]]:
    """Why a request was refused: place, pointer, keyword, expected and got of each violation."""
    if not reason.violations:
        got = ", ".join(reason.allow) if reason.kind == "method" else ""
        expected = got or _EXPECTED.get(reason.kind, "")
        return [_entry("request", "", reason.kind, expected, reason.message)]
    return [shown(one) for one in reason.violations]


def shown(one: Violation) -> dict[str, Any]:
    """A violation without its secrets; long values are cut."""
    got = HIDDEN if any(is_secret(str(key)) for key in one.pointer) else one.got
    return _entry(one.place, pointer_to(one.pointer), one.keyword, one.expected, got)


def header(reason: Refusal) -> str:
    """As many violations as fit into a header field, as compact JSON in ASCII."""
    parts: list[str] = []
    left = VIOLATIONS_HEADER_BYTES - 2
    for one in as_list(reason):
        text = json.dumps(one, separators=(",", ":"))
        left -= len(text) + 1
        if left < 0:
            break
        parts.append(text)
    return f"[{','.join(parts)}]"


def _entry(place: str, pointer: str, keyword: str, expected: Any, got: Any) -> dict[str, Any]:
    pointer = pointer if len(pointer) <= VALUE_LENGTH else pointer[:VALUE_LENGTH] + "…"
    return {"place": place, "pointer": pointer, "keyword": keyword, "expected": _short(expected), "got": _part(got)}


def _part(got: Any) -> Any:
    """What was sent without its secrets, in short; of a large value only the beginning is looked at."""
    begun, cut = excerpt(got, EXCERPT_MEMBERS, EXCERPT_VALUES)
    shown = _short(redacted(_begun(begun)))
    return (shown if isinstance(shown, str) else _dumped(shown)).rstrip("…") + "…" if cut else shown


def _begun(value: Any) -> Any:
    """A small value with the beginnings of its long texts: to look for secrets in all of them takes long."""
    if isinstance(value, str):
        return value[:SEARCHED_TEXT]
    if isinstance(value, dict):
        return {key[:SEARCHED_TEXT]: _begun(one) for key, one in value.items()}
    return [_begun(one) for one in value] if isinstance(value, list) else value


def _short(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return (
            value
            if value is None or isinstance(value, bool) or (abs(value) != float("inf") and value == value)
            else str(value)
        )
    if isinstance(value, int) and abs(value) < 1 << 63:
        return value
    text = value if isinstance(value, str) else _dumped(value)
    if isinstance(value, list | dict) and len(text) <= VALUE_LENGTH:
        return value
    return text if len(text) <= VALUE_LENGTH else text[:VALUE_LENGTH] + "…"


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)
