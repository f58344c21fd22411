"""Finds and changes places inside JSON values by JSON pointer, and merges patches; never changes what it is given."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from specs.json_pointer import keys

Json = Any  # a parsed JSON value


class _Missing:
    """What stands where a pointer leads nowhere."""

    def __repr__(self) -> str:
        return "(missing)"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()


def get(value: Json, pointer: str) -> Json:
    """What stands at a pointer, or MISSING."""
    for key in keys(pointer):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return MISSING
    return value


def put(value: Json, pointer: str, new: Json) -> Json:
    """A copy with `new` at a pointer; objects on the way are made. MISSING takes the place away."""
    parts = keys(pointer)
    if not parts:
        return deepcopy(new)
    copy = deepcopy(value) if isinstance(value, dict | list) else {}
    node = copy
    for key in parts[:-1]:
        if isinstance(node, list):
            node = node[int(key)]
            continue
        if not isinstance(node.get(key), dict | list):
            node[key] = {}
        node = node[key]
    last: Any = int(parts[-1]) if isinstance(node, list) else parts[-1]
    if new is MISSING:
        if isinstance(node, list):
            del node[last]
        else:
            node.pop(last, None)
    elif isinstance(node, list) and last == len(node):
        node.append(deepcopy(new))
    else:
        node[last] = deepcopy(new)
    return copy


def merged(value: Json, patch: Json) -> Json:
    """RFC 7396: objects are merged member by member, null takes a member away, anything else replaces."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = deepcopy(value) if isinstance(value, dict) else {}
    for key, new in patch.items():
        if new is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), new)
    return result


def mapped(value: Json, change: Callable[[str], str]) -> Json:
    """A copy with every string in it, keys excepted, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    return value


def same_value(one: Json, other: Json) -> bool:
    """Whether two JSON values say the same; 1 and 1.0 do, 1 and true do not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def without_nulls(value: Json) -> Json:
    """A copy less all members that are null, since null and absent say the same of an optional field."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Json:
    """What JSON knows nothing of: bytes as text, a set as a list."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def shown(value: Any) -> str:
    """A value as JSON, short enough for a sentence."""
    text = "missing" if value is MISSING else json.dumps(value, ensure_ascii=False, default=_plain)
    return text if len(text) <= 200 else f"{text[:200]}…"
