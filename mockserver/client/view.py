"""Answers of the control API, readable by attribute and by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class View(Mapping[str, Any]):
    """A JSON object of an answer; it does not change when the world does."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> Any:
        return view(self._members[name])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._members:
            raise AttributeError(f"there is no {name!r}; there are {', '.join(self._members)}")
        return view(self._members[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"View({dict(self._members)!r})"


def view(value: Any) -> Any:
    """A JSON value with its objects readable by attribute."""
    if isinstance(value, dict):
        return View(value)
    if isinstance(value, list):
        return [view(one) for one in value]
    return value
