"""Makes a small copy of a large JSON value, so that a full search of it, or its repetition, is bounded."""

from __future__ import annotations

from itertools import islice
from typing import Any

Place = tuple[str | int, ...]
MOST_DEPTH = 100
"""What lies deeper is cut."""

_TEXT_LENGTH = 300
"""Longest text in a shortened value, in characters."""


def excerpt(value: Any, members: int, values: int) -> tuple[Any, set[Place]]:
    """A value of more than `values` values with its arrays and objects cut to `members` each, and their places.

    The value itself if nothing is cut. What is shared with the value must not be changed.
    """
    if not isinstance(value, dict | list) or is_small(value, values):
        return value, set()
    maker = _Maker(members, values)
    return maker.copy(value, ()), maker.cut


def with_short_texts(value: Any, most: int) -> tuple[Any, bool]:
    """A value whose texts have at most `most` characters, and whether one had more; the value itself if none had."""
    if isinstance(value, str):
        return (value[:most], True) if len(value) > most else (value, False)
    if not isinstance(value, dict | list):
        return value, False
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    made = [(key, *with_short_texts(child, most)) for key, child in pairs]
    if not any(is_cut for _, _, is_cut in made):
        return value, False
    shorter = {key: child for key, child, _ in made}
    return (shorter if isinstance(value, dict) else [*shorter.values()]), True


def is_small(value: Any, most: int) -> bool:
    """Whether a value contains at most this many values."""
    waiting, seen = [value], 0
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict | list):
            continue
        seen += len(node)
        if seen > most:
            return False
        waiting.extend(
            child for child in (node.values() if isinstance(node, dict) else node) if isinstance(child, dict | list)
        )
    return True


class _Maker:
    """Copies values until it has copied enough."""

    def __init__(self, members: int, values: int) -> None:
        self.cut: set[Place] = set()
        self._members, self._left = members, values

    def copy(self, value: Any, place: Place) -> Any:
        """A copy of one value."""
        if not isinstance(value, dict | list):
            return value
        most = min(self._members, self._left) if len(place) < MOST_DEPTH else 0
        if len(value) > most:
            self.cut.add(place)
        self._left -= min(len(value), most)
        if isinstance(value, dict):
            return {key: self.copy(child, (*place, key)) for key, child in islice(value.items(), most)}
        return [self.copy(child, (*place, index)) for index, child in enumerate(islice(value, most))]


def shortened(value: Any, most: int) -> Any:
    """The value itself if it takes at most about `most` characters as JSON; else its beginning, with long texts cut in
    the middle.
    """
    return value if _length(value, most) <= most else _Shortener(most).copy(value)


def middle_cut(text: str, most: int) -> str:
    """The text, at most `most` characters and a note of it: what is too much is left out in the middle."""
    if len(text) <= most:
        return text
    first = most * 2 // 3
    last = most - first
    return f"{text[:first]}… ({len(text) - most} characters are left out) …{text[len(text) - last :]}"


def _length(value: Any, most: int) -> int:
    """About how many characters a value takes as JSON; the count ends where it is more than `most`."""
    waiting, length = [value], 0
    while waiting and length <= most:
        node = waiting.pop()
        if isinstance(node, str):
            length += len(node) + 3
        elif isinstance(node, dict):
            length += 2 * len(node) + sum(map(len, islice(node, most)))
            waiting.extend(islice(node.values(), most))
        elif isinstance(node, list):
            length += len(node)
            waiting.extend(islice(node, most))
        else:
            length += 8
    return length


class _Shortener:
    """Copies values until it has copied so many characters."""

    def __init__(self, most: int) -> None:
        self._left = most

    def copy(self, value: Any, depth: int = 0) -> Any:
        """A copy of one value."""
        if isinstance(value, str):
            value = middle_cut(value, _TEXT_LENGTH)
            self._left -= len(value)
        if not isinstance(value, dict | list):
            self._left -= 8
            return value
        begun: Any = {} if isinstance(value, dict) else []
        for key in value:
            if self._left <= 0 or depth > MOST_DEPTH:
                break
            if isinstance(value, dict):
                begun[self.copy(key)] = self.copy(value[key], depth + 1)
            else:
                begun.append(self.copy(key, depth + 1))
        return begun
