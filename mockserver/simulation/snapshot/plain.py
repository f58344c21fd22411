"""Plain values of every kind as JSON and back: what JSON lacks is written as an object with one marked key."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

MOST_DEPTH = 120
_MARK = "\u0000"
_BYTES, _TUPLE, _MAP = f"{_MARK}bytes", f"{_MARK}tuple", f"{_MARK}map"
_PLAIN = frozenset({str, int, float, bool, type(None)})


def pack(value: object) -> Json:
    """The value in JSON's own types. Raises TypeError for what is no plain value."""
    kind = value.__class__
    if kind in _PLAIN:
        return value  # type: ignore[return-value]
    if kind is dict:
        return _packed_map(value)  # type: ignore[arg-type]
    if kind is list:
        return [one if one.__class__ in _PLAIN else pack(one) for one in value]  # type: ignore[attr-defined]
    if kind is tuple:
        return {_TUPLE: [pack(one) for one in value]}  # type: ignore[attr-defined]
    if kind is bytes:
        return {_BYTES: b64encode(value).decode()}  # type: ignore[arg-type]
    if isinstance(value, msgspec.Struct):
        return {name: pack(getattr(value, name)) for name in value.__struct_fields__}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):  # with names for its places, which its reader knows
        return [pack(one) for one in value]
    raise TypeError(f"a {kind.__name__} has no place in a snapshot")


def _packed_map(value: dict[Any, Any]) -> Json:
    for key in value:
        if key.__class__ is not str or key[:1] == _MARK:
            return {_MAP: [[pack(key), pack(one)] for key, one in value.items()]}
    return {key: one if one.__class__ in _PLAIN else pack(one) for key, one in value.items()}


def unpack(value: Json, depth: int = MOST_DEPTH) -> Any:
    """The value that was packed so. Raises ValueError for what nobody packed, or for more than `MOST_DEPTH` levels."""
    kind = value.__class__
    if kind is dict:
        if depth <= 0:
            raise ValueError(f"values are nested deeper than {MOST_DEPTH} levels")
        if len(value) == 1:  # type: ignore[arg-type]
            ((key, inner),) = value.items()  # type: ignore[union-attr]
            if key[:1] == _MARK:
                return _marked(key, inner, depth - 1)
        items = value.items()  # type: ignore[union-attr]
        return {key: one if one.__class__ in _PLAIN else unpack(one, depth - 1) for key, one in items}
    if kind is list:
        if depth <= 0:
            raise ValueError(f"values are nested deeper than {MOST_DEPTH} levels")
        return [one if one.__class__ in _PLAIN else unpack(one, depth - 1) for one in value]  # type: ignore[union-attr]
    return value


def _marked(key: str, inner: Json, depth: int) -> Any:
    read = _READERS.get(key)
    if read is None:
        raise ValueError(f"{key[1:][:40]} is no kind of value")
    return read(inner, depth)


def _bytes(inner: Json, depth: int) -> bytes:
    if not isinstance(inner, str):
        raise ValueError("bytes are not written as a text")
    return b64decode(inner, validate=True)


def _tuple(inner: Json, depth: int) -> tuple[Any, ...]:
    if not isinstance(inner, list):
        raise ValueError("a tuple is not written as a list")
    return tuple([unpack(one, depth) for one in inner])


def _map(inner: Json, depth: int) -> dict[Any, Any]:
    found = {}
    for pair in inner if isinstance(inner, list) else (None,):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("a map is not written as a list of pairs")
        name, one = unpack(pair[0], depth), pair[1]
        if name.__class__ is not str and not _is_key(name):
            raise ValueError("a key is neither a text nor a tuple of texts")
        found[name] = unpack(one, depth)
    return found


def _is_key(name: object) -> bool:
    return isinstance(name, tuple) and all(isinstance(part, str) for part in name)


_READERS: dict[str, Callable[[Json, int], Any]] = {_BYTES: _bytes, _TUPLE: _tuple, _MAP: _map}
