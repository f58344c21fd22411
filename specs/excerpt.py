"""Makes a small copy of a large JSON value, so that a full search of it is bounded."""

from __future__ import annotations

from itertools import islice
from typing import Any

Place = tuple[str | int, ...]
MOST_DEPTH = 100
"""What lies deeper is cut."""


def excerpt(value: Any, members: int, values: int) -> tuple[Any, set[Place]]:
    """A value of more than `values` values with its arrays and objects cut to `members` each, and their places.

    The value itself if nothing is cut. What is shared with the value must not be changed.
    """
    if not isinstance(value, dict | list) or is_small(value, values):
        return value, set()
    maker = _Maker(members, values)
    return maker.copy(value, ()), maker.cut


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
