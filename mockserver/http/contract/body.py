"""Reads and parses a request body, within the limits.

JSON is strict: no NaN or Infinity, no number beyond a double, whole numbers exact up to a stated length, UTF-8 only. Of
a key that an object names twice the last value counts, as with JavaScript, Go and Python.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from mockserver.adapters.exchange import Refusal
from mockserver.http.contract.media import inflate, too_large
from mockserver.http.limits import BODY_BYTES, BODY_DEPTH, BODY_VALUES, INTEGER_DIGITS

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_ALIKE = bytes.maketrans(b"123456789[", b"000000000{")
# what some Windows programs put in front of UTF-8; the vendors' JSON readers skip it
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# the digits of the longest whole numbers that are exact anyway; sought in a body whose digits are all alike
_LONG_NUMBER = b"0" * 19


class Disconnected(Exception):
    """The client left before its request was complete."""


async def receive_body(receive: Receive, fields: Mapping[bytes, bytes]) -> bytes:
    """The rest of a body that is still arriving. Raises Refusal (too large, unknown coding) and Disconnected."""
    length = fields.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > BODY_BYTES:
        raise too_large()
    return unpacked(await _read(receive), fields)


def unpacked(raw: bytes, fields: Mapping[bytes, bytes]) -> bytes:
    """A body as it was before it was compressed. Raises Refusal (too large, unknown coding)."""
    if len(raw) > BODY_BYTES:
        raise too_large()
    coding = fields.get(b"content-encoding")
    return raw if coding is None or not raw else inflate(raw, coding)


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES:
            raise too_large()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts) if len(parts) > 1 else part


def parse(raw: bytes) -> Any:
    """The value of a JSON body, with or without a byte order mark. Raises Refusal."""
    raw = raw.removeprefix(_BYTE_ORDER_MARK)
    if len(raw) > BODY_VALUES:  # each value takes a byte and more
        _check_number(raw)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal("malformed", f"the body is not JSON: {error}", offset=error.pos) from error
    alike = raw.translate(_ALIKE)
    if alike.count(b"{") > BODY_DEPTH:
        _check_depth(value)
    return _exact(raw) if _LONG_NUMBER in alike else value


def _check_number(raw: bytes) -> None:
    """Count values before they are parsed. Raises Refusal."""
    if _marks(raw) <= BODY_VALUES:
        return
    bare = raw.replace(rb"\\", b"").replace(rb"\"", b"")  # without quotes inside of strings
    # two quotes a string, and at worst a string a key and a string a value
    is_crowded = bare.count(b'"') > 4 * BODY_VALUES
    if is_crowded or _marks(b"".join(bare.split(b'"')[::2])) > BODY_VALUES:
        raise Refusal("too_large", f"the body holds more than {BODY_VALUES} values", limit=BODY_VALUES)


def _marks(text: bytes) -> int:
    """How many values there are at most, if nothing of the text is inside a string; a member is a key and a value."""
    return text.count(b",") + text.count(b"[") + text.count(b"{") + text.count(b":") + 1


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                below.extend(child for child in node.values() if isinstance(child, dict | list))
            elif isinstance(node, list):
                below.extend(child for child in node if isinstance(child, dict | list))
        if depth > BODY_DEPTH:
            raise Refusal("malformed", f"the body is nested more than {BODY_DEPTH} deep", limit=BODY_DEPTH)
        level = below


def _exact(raw: bytes) -> Any:
    """Parse again if the fast parser rounded an integer beyond 64 bits to a float. Raises Refusal."""

    def whole(text: str) -> int:
        if len(text) > INTEGER_DIGITS:
            raise Refusal("malformed", f"a whole number of {len(text)} digits; at most {INTEGER_DIGITS} are read")
        return int(text)

    return json.loads(raw, parse_int=whole)
