"""Words refusals as Ionworks does: FastAPI's list of violations for a broken request, a small object otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.adapters.exchange import Kind, Refusal, Reply, Violation
from mockserver.adapters.ionworks.correlation import correlation
from mockserver.simulation.world import World
from specs.excerpt import shortened

_INVALID: frozenset[Kind] = frozenset({"malformed", "invalid", "unprocessable"})
_WORDS: dict[Kind, tuple[int, str]] = {
    "unauthenticated": (401, "UNAUTHORIZED"),
    "forbidden": (403, "FORBIDDEN"),
    "unknown": (404, "NOT_FOUND"),
    "unrouted": (404, "NOT_FOUND"),
    "method": (405, "METHOD_NOT_ALLOWED"),
    "conflict": (409, "CONFLICT"),
    "gone": (410, "GONE"),
    "too_large": (413, "PAYLOAD_TOO_LARGE"),
    "media_type": (415, "UNSUPPORTED_MEDIA_TYPE"),
    "throttled": (429, "TOO_MANY_REQUESTS"),
    "unplaceable": (503, "SERVICE_UNAVAILABLE"),
    "unavailable": (503, "SERVICE_UNAVAILABLE"),
    "internal": (500, "INTERNAL_SERVER_ERROR"),
}
_PLACES = {"header": "header", "query": "query", "path": "path"}

_INPUT_LENGTH = 4000
"""Longest value that is repeated in `input`, in characters; of a longer one the beginning is."""

Detail = dict[str, Any]


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """The vendor's status and body for a refusal.

    Source: specs/ionworks/sources.md#errors
    """
    headers = correlation(world)
    if refusal.kind in _INVALID:
        return Reply(422, {"detail": _details(refusal)}, headers)
    status, code = _WORDS[refusal.kind]
    return Reply(status, {"error_code": code, "message": refusal.message, "detail": None}, headers)


def _details(refusal: Refusal) -> list[Detail]:
    if refusal.kind == "malformed":
        place, context = ["body", refusal.facts.get("offset", 0)], {"error": refusal.message}
        return [{"type": "json_invalid", "loc": place, "msg": "JSON decode error", "input": {}, "ctx": context}]
    found: dict[str, Detail] = {}  # pydantic stops at the first thing wrong with a member
    for violation in refusal.violations:
        for detail in _detail(violation):
            found.setdefault(repr(detail["loc"]), detail)
    return list(found.values()) or [
        {
            "type": "value_error",
            "loc": [refusal.facts.get("place", "body")],
            "msg": f"Value error, {refusal.message}",
            "input": None,
        }
    ]


def _detail(violation: Violation) -> list[Detail]:
    """What pydantic would have said of a violation; one entry for each missing member."""
    place = [_PLACES.get(violation.place, "body"), *violation.pointer]
    if violation.keyword == "required" and violation.got is None:  # the whole body, or a parameter
        return [{"type": "missing", "loc": place, "msg": "Field required", "input": None}]
    if violation.keyword == "required":
        return [
            {"type": "missing", "loc": [*place, name], "msg": "Field required", "input": _input(violation)}
            for name in _missing(violation)
        ]
    kind, message, context = _VOCABULARY.get(violation.keyword, _other)(violation)
    entry = {"type": kind, "loc": place, "msg": message, "input": _input(violation)}
    return [entry if context is None else {**entry, "ctx": context}]


def _input(violation: Violation) -> Any:
    return shortened(violation.got, _INPUT_LENGTH)


def _missing(violation: Violation) -> list[str]:
    """The names that a `required` violation speaks of, as far as they are really missing."""
    names = [violation.expected] if isinstance(violation.expected, str) else list(violation.expected)
    got = violation.got
    return [name for name in names if name not in got]


Wording = tuple[str, str, Detail | None]

_TYPES: dict[str, tuple[str, str]] = {
    "integer": ("int_type", "Input should be a valid integer"),
    "number": ("float_type", "Input should be a valid number"),
    "string": ("string_type", "Input should be a valid string"),
    "boolean": ("bool_type", "Input should be a valid boolean"),
    "object": ("dict_type", "Input should be a valid dictionary"),
    "array": ("list_type", "Input should be a valid list"),
}


def _type(violation: Violation) -> Wording:
    expected = [violation.expected] if isinstance(violation.expected, str) else list(violation.expected)
    name = next((name for name in expected if name != "null"), "null")
    if not violation.pointer and violation.place == "body":
        return "model_attributes_type", "Input should be a valid dictionary or object to extract fields from", None
    if violation.pointer == ("callback_url",):
        return "url_type", "URL input should be a string or URL", None
    if name == "integer" and isinstance(violation.got, float):
        return "int_from_float", "Input should be a valid integer, got a number with a fractional part", None
    if name == "integer" and isinstance(violation.got, str):
        return "int_parsing", "Input should be a valid integer, unable to parse string as an integer", None
    if name == "number" and isinstance(violation.got, str):
        return "float_parsing", "Input should be a valid number, unable to parse string as a number", None
    return (*_TYPES.get(name, ("value_error", f"Input should be {name}")), None)


def _enum(violation: Violation) -> Wording:
    words = [repr(word) for word in violation.expected]
    allowed = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return "enum", f"Input should be {allowed}", {"expected": allowed}


def _maximum(violation: Violation) -> Wording:
    return "less_than_equal", f"Input should be less than or equal to {violation.expected}", {"le": violation.expected}


def _minimum(violation: Violation) -> Wording:
    return (
        "greater_than_equal",
        f"Input should be greater than or equal to {violation.expected}",
        {"ge": violation.expected},
    )


def _longest(violation: Violation) -> Wording:
    limit = violation.expected
    if violation.pointer == ("callback_url",):
        return "url_too_long", f"URL should have at most {limit} characters", {"max_length": limit}
    return "string_too_long", f"String should have at most {limit} character{'s' * (limit != 1)}", {"max_length": limit}


def _shortest(violation: Violation) -> Wording:
    limit = violation.expected
    if violation.pointer == ("callback_url",):
        return _unparsable("input is empty")
    return (
        "string_too_short",
        f"String should have at least {limit} character{'s' * (limit != 1)}",
        {"min_length": limit},
    )


def _pattern(violation: Violation) -> Wording:
    """The only pattern of the document is that of `callback_url`; whatever else has a form says so itself."""
    if violation.pointer != ("callback_url",):
        return _other(violation)
    scheme, colon, rest = str(violation.got)[:4096].partition(":")  # the beginning says what is wrong
    if not colon or not scheme.isascii() or not scheme[:1].isalpha():
        return _unparsable("relative URL without a base")
    if scheme.lower() not in ("http", "https"):
        return "url_scheme", "URL scheme should be 'http' or 'https'", {"expected_schemes": "'http' or 'https'"}
    return _unparsable("empty host" if not rest.strip("/") else "invalid host, port or character")


def _unparsable(why: str) -> Wording:
    return "url_parsing", f"Input should be a valid URL, {why}", {"error": why}


def _other(violation: Violation) -> Wording:
    return "value_error", f"Value error, {violation.message}", None


_VOCABULARY: dict[str, Callable[[Violation], Wording]] = {
    "type": _type,
    "enum": _enum,
    "maximum": _maximum,
    "minimum": _minimum,
    "maxLength": _longest,
    "minLength": _shortest,
    "pattern": _pattern,
    "format": _pattern,
}
