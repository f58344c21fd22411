"""Explains why a value breaks a schema of the control API: what was expected, all choices, the nearest one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import orjson

from mockserver.adapters.exchange import Violation
from mockserver.http.contract.schema import Place, Schemas
from mockserver.http.limits import MESSAGE_LENGTH, POINTER_KEY, VIOLATIONS
from specs.excerpt import middle_cut

_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {"date-time": "a UTC date such as 2026-01-01T00:00:00Z"}


def explain(schemas: Schemas, place: Place, value: Any, where: str, above: Place = ()) -> tuple[Violation, ...]:
    """All violations of the schema at `place` by `value`, in sentences."""
    found = []
    for pointer, keyword, expected, got, words in _wrong(schemas, place, value, above):
        pointer = tuple(middle_cut(key, POINTER_KEY) if isinstance(key, str) else key for key in pointer)
        name = ".".join(str(key) for key in pointer) if where == "body" else "/".join(str(key) for key in pointer)
        subject = name or ("the body" if where == "body" else "the value")
        message = middle_cut(f"{subject}: {words}", MESSAGE_LENGTH)
        found.append(Violation(where, pointer, keyword, expected, got, message))
        if len(found) >= VIOLATIONS:
            break
    return tuple(found)


def unknown(name: str, known: Iterable[str]) -> str:
    """The message about an unknown name: the nearest one, and all choices."""
    names = list(known)
    return f"unknown {shown(name)}{nearest(name, names)}; expected {_one_of(names)}"


def nearest(name: str, names: list[str]) -> str:
    """A hint at the name that is meant, or nothing."""
    near = get_close_matches(name, names, 1, 0.6) if len(name) <= POINTER_KEY else []
    return f" (did you mean {near[0]}?)" if near else ""


def shown(value: Any) -> str:
    """A value as its sender wrote it, cut where it is long."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _one_of(names: list[str]) -> str:
    return f"one of {', '.join(names)}" if len(names) > 1 else (names[0] if names else "nothing")


_Wrong = tuple[Place, str, Any, Any, str]
"""Pointer, keyword, expected, got, words."""


def _wrong(schemas: Schemas, place: Place, value: Any, at: Place) -> Iterator[_Wrong]:
    place, node = schemas.follow(place)
    if "type" in node and not _is_type(value, node["type"]):
        yield from _plain(node, value, at)
        return
    branches = [schemas.follow((*place, "oneOf", index)) for index, _ in enumerate(node.get("oneOf", ()))]
    needs = [branch["required"][0] for _, branch in branches if "required" in branch]
    if len(needs) == len(branches) > 0 and isinstance(value, dict):
        yield from _exactly_one(schemas, branches, needs, value, at, members=node.get("properties"))
        if "properties" not in node:
            return
    elif branches:
        yield from _either(schemas, branches, value, at)
        return
    for index, _ in enumerate(node.get("allOf", ())):
        yield from _wrong(schemas, (*place, "allOf", index), value, at)
    yield from _plain(node, value, at)
    if isinstance(value, dict):
        yield from _members(schemas, place, node, value, at)
    if isinstance(value, list) and "items" in node:
        for index, one in enumerate(value[:100]):
            yield from _wrong(schemas, (*place, "items"), one, (*at, index))


def _exactly_one(
    schemas: Schemas,
    branches: list[tuple[Place, Any]],
    needs: list[str],
    value: dict[str, Any],
    at: Place,
    *,
    members: Any,
) -> Iterator[_Wrong]:
    """Of some members exactly one is to be there, which may say what else may be."""
    given = [name for name in needs if name in value]
    if len(given) == 1:
        if members is None:
            branch, _ = branches[needs.index(given[0])]
            yield from _wrong(schemas, branch, value, at)
        return
    strange = [name for name in value if name not in needs and name not in (members or ())]
    hint = nearest(strange[0], needs) if strange and not given else ""
    got = ", ".join(given) or (", ".join(middle_cut(name, POINTER_KEY) for name in strange[:5]) if strange else "none")
    yield at, "oneOf", needs, value, f"expected exactly one of {', '.join(needs)}, got {got}{hint}"


def _either(schemas: Schemas, branches: list[tuple[Place, Any]], value: Any, at: Place) -> Iterator[_Wrong]:
    """Alternatives of different types: the one of the value's type explains, or all say what they accept."""
    fitting = [place for place, branch in branches if _is_type(value, branch.get("type"))]
    if any(schemas.validator(place).is_valid(value) for place in fitting):
        return
    wrong = [one for place in fitting for one in _wrong(schemas, place, value, at)]
    if wrong:
        yield from wrong
        return
    words = " or ".join(dict.fromkeys(_TYPES[branch["type"]] for _, branch in branches if "type" in branch))
    yield at, "oneOf", words, value, f"expected {words}, got {shown(value)}"


def _plain(node: dict[str, Any], value: Any, at: Place) -> Iterator[_Wrong]:
    """What is wrong with a value beside its members."""
    if "type" in node and not _is_type(value, node["type"]):
        kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
        words = " or ".join(_TYPES[kind] for kind in kinds)
        yield at, "type", words, value, f"expected {words}{_range(node)}, got {shown(value)}"
    elif "enum" in node and value not in node["enum"]:
        choices = [str(one) for one in node["enum"]]
        hint = nearest(value, choices) if isinstance(value, str) else ""
        yield at, "enum", choices, value, f"expected {_one_of(choices)}, got {shown(value)}{hint}"
    elif "const" in node and (value != node["const"] or type(value) is not type(node["const"])):
        yield at, "const", node["const"], value, f"expected {shown(node['const'])}, got {shown(value)}"
    elif isinstance(value, int | float) and not isinstance(value, bool) and not _is_in_range(node, value):
        kind = _TYPES.get(node.get("type", "number"), "a number")
        yield at, "range", _range(node), value, f"expected {kind}{_range(node)}, got {shown(value)}"
    elif isinstance(value, str):
        yield from _text(node, value, at)
    elif isinstance(value, list) and not node.get("minItems", 0) <= len(value) <= node.get("maxItems", len(value)):
        words = f"expected {node.get('minItems', 0)} to {node.get('maxItems', 'any number of')} items, got {len(value)}"
        yield at, "items", None, value, words


def _text(node: dict[str, Any], value: str, at: Place) -> Iterator[_Wrong]:
    if not node.get("minLength", 0) <= len(value) <= node.get("maxLength", len(value)):
        least, most = node.get("minLength", 0), node.get("maxLength", "any number of")
        words = f"expected {least} to {most} characters, got {len(value)}"
        yield at, "length", None, value, words
    elif "x-expected" in node or "format" in node:
        words = node.get("x-expected") or _FORMATS.get(node["format"], node["format"])
        yield at, "form", words, value, f"expected {words}, got {shown(value)}"


def _members(
    schemas: Schemas, place: Place, node: dict[str, Any], value: dict[str, Any], at: Place
) -> Iterator[_Wrong]:
    known = node.get("properties", {})
    strange = [name for name in value if name not in known]
    if node.get("additionalProperties") is False:
        for name in strange:
            yield (*at, name), "unknown", list(known), value[name], unknown(name, known)
    for name in node.get("required", ()):
        if name not in value:
            yield at, "required", name, None, f"{name} is missing; expected {', '.join(known) or name}"
    if isinstance(node.get("additionalProperties"), dict):
        for name in strange[:100]:
            yield from _wrong(schemas, (*place, "additionalProperties"), value[name], (*at, name))
    for name in known:
        if name in value and not schemas.validator((*place, "properties", name)).is_valid(value[name]):
            yield from _wrong(schemas, (*place, "properties", name), value[name], (*at, name))


def _is_type(value: Any, kind: Any) -> bool:
    kinds = [kind] if isinstance(kind, str) else kind or list(_TYPES)
    return any(_CHECKS[one](value) for one in kinds)


_CHECKS = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _is_in_range(node: dict[str, Any], value: float) -> bool:
    low, high = node.get("minimum", value), node.get("maximum", value)
    within = value > node.get("exclusiveMinimum", float("-inf")) and value < node.get("exclusiveMaximum", float("inf"))
    return bool(low <= value <= high and within)


def _range(node: dict[str, Any]) -> str:
    """The bounds of a number in words."""
    low, above, high = node.get("minimum"), node.get("exclusiveMinimum"), node.get("maximum")
    below = node.get("exclusiveMaximum")
    if low is not None and below is not None:
        return f" from {low} to below {below}"
    if above is not None:
        return f" above {above}" + (f", at most {high}" if high is not None else "")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else ""
