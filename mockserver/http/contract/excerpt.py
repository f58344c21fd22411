"""Makes a small copy of a large JSON value, so that a full search of it is bounded."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mockserver.http.limits import EXCERPT_MEMBERS, EXCERPT_VALUES

Place = tuple[str | int, ...]


def excerpt(value: Any) -> tuple[Any, set[Place]]:
    """The value with long arrays and large objects cut, and their places; the value itself if nothing is cut.

    What is shared with the value must not be changed.
    """
    if not isinstance(value, dict | list) or _is_small(value, EXCERPT_VALUES):
        return value, set()
    maker = _Maker()
    return maker.copy(value, ()), maker.cut


def _is_small(value: Any, most: int) -> bool:
    """Whether a value contains at most this many values."""
    waiting, seen = [value], 0
    while waiting:
        node = waiting.pop()
        seen += len(node)
        if seen > most:
            return False
        waiting.extend(
            child for child in (node.values() if isinstance(node, dict) else node) if isinstance(child, dict | list)
        )
    return True


class _Maker:
    """Copies values until it has copied enough."""

    def __init__(self) -> None:
        self.cut: set[Place] = set()
        self._left = EXCERPT_VALUES

    def copy(self, value: Any, place: Place) -> Any:
        """A copy of one value. Recursive: bodies that come here are at most `BODY_DEPTH` deep."""
        if not isinstance(value, dict | list):
            return value
        most = min(EXCERPT_MEMBERS, self._left)
        if len(value) > most:
            self.cut.add(place)
        self._left -= min(len(value), most)
        if isinstance(value, dict):
            return {key: self.copy(child, (*place, key)) for key, child in islice(value.items(), most)}
        return [self.copy(child, (*place, index)) for index, child in enumerate(islice(value, most))]
