"""Reads rules and faults described in JSON, and refuses invalid ones with the offending value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.contract.explanation import shown, unknown

T = TypeVar("T")

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
}
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_AT = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\Z")
_PRINTABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,1000}\Z")


def read(description: Any, shape: type[T], what: str) -> T:
    """The description as a `shape`. Raises Refusal, naming place and value."""
    try:
        return msgspec.convert(description, shape)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        pointer = _pointer(found.group(1)) if found else ()
        words = text[: found.start()] if found else text
        name = _UNKNOWN.search(words)
        if name is not None:
            words = unknown(name.group(1), _fields(shape, pointer))
        for python, plain in _TYPES.items():
            words = words.replace(f"`{python}`", plain)
        raise refuse(what, pointer, _value(description, pointer), words) from error


def _fields(shape: Any, pointer: tuple[str | int, ...]) -> list[str]:
    """The members that the part at `pointer` of a `shape` can have."""
    for key in pointer:
        hint = get_type_hints(shape).get(str(key)) if isinstance(shape, type) else None
        kinds = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
        if not kinds:
            return []
        shape = kinds[0]
    return list(shape.__struct_fields__)


def refuse(what: str, pointer: tuple[str | int, ...], got: Any, reason: str) -> Refusal:
    """The refusal of one value of a description."""
    place = "".join(f".{key}" for key in pointer)
    message = f"{what}{place} is {shown(got)}: {reason[:1].lower()}{reason[1:]}"
    return Refusal("invalid", message, violations=(Violation("body", pointer, "description", reason, got, message),))


def check_headers(headers: Mapping[str, str], what: str, pointer: tuple[str | int, ...]) -> None:
    """Raises Refusal for a header field that cannot be sent, or that the server sets itself."""
    for name, value in headers.items():
        if not TOKEN.match(name) or name.lower() in (
            "content-length",
            "transfer-encoding",
            "connection",
            "content-type",
        ):
            raise refuse(
                what,
                (*pointer, name),
                value,
                "expected the name of a header field other than those the server itself sets",
            )
        if not _PRINTABLE.match(value):
            raise refuse(what, (*pointer, name), value, "expected at most 1000 printable characters of ISO 8859-1")


def _pointer(path: str) -> tuple[str | int, ...]:
    return tuple(name or (int(index) if index.isdigit() else index) for name, index in _STEP.findall(path))


def _value(description: Any, pointer: tuple[str | int, ...]) -> Any:
    node = description
    for key in pointer:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return node
    return node
