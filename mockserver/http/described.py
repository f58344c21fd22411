"""Reads what somebody describes in JSON (rules, faults) and refuses it with the offending value in the sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from mockserver.adapters.exchange import Refusal, Violation

T = TypeVar("T")

_AT = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\Z")
_PRINTABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,1000}\Z")


def read(description: Any, shape: type[T], what: str) -> T:
    """The description as a `shape`. Raises Refusal, naming place and value."""
    try:
        return msgspec.convert(description, shape)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        pointer = _pointer(found.group(1)) if found else ()
        raise refuse(what, pointer, _value(description, pointer), text[: found.start()] if found else text) from error


def refuse(what: str, pointer: tuple[str | int, ...], got: Any, reason: str) -> Refusal:
    """The refusal of one value of a description."""
    place = "".join(f".{key}" for key in pointer)
    shown = repr(got)
    message = f"{what}{place} is {shown if len(shown) <= 200 else shown[:200] + '…'}: {reason[:1].lower()}{reason[1:]}"
    return Refusal("invalid", message, violations=(Violation("body", pointer, "description", reason, got, message),))


def check_headers(headers: Mapping[str, str], what: str, pointer: tuple[str | int, ...]) -> None:
    """Raises Refusal for a header field that cannot be sent, or that belongs to the wire."""
    for name, value in headers.items():
        if not _TOKEN.match(name) or name.lower() in ("content-length", "transfer-encoding", "connection", "content-type"):
            raise refuse(what, (*pointer, name), value, "expected the name of a header field other than those the server itself sets")
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
