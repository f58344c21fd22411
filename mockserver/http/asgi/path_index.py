"""Finds the route of a path in one walk over its segments, whatever the number of routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar
from urllib.parse import unquote

Target = TypeVar("Target")


class _Place(Generic[Target]):
    __slots__ = ("any", "literal", "targets")

    def __init__(self) -> None:
        self.literal: dict[str, _Place[Target]] = {}
        self.any: _Place[Target] | None = None
        self.targets: dict[str, Target] = {}


class PathIndex(Generic[Target]):
    """Maps path templates and methods to targets.

    A template without parameters has its path to itself, whatever the method. Elsewhere a literal segment wins over `{a
    parameter}`, which takes one non-empty segment.
    """

    def __init__(self) -> None:
        self._root: _Place[Target] = _Place()
        self._plain: dict[str, _Place[Target]] = {}  # templates without parameters, for a lookup in one step

    def add(self, template: str, method: str, target: Target) -> None:
        """Add a target; a template must not mix text and parameter in one segment."""
        place = self._root
        for part in template.split("/")[1:]:
            if part.startswith("{") and part.endswith("}"):
                place.any = place.any or _Place()
                place = place.any
            elif "{" in part:
                raise ValueError(f"{template}: {part} mixes text and a parameter in one segment")
            else:
                place = place.literal.setdefault(part, _Place())
        place.targets.setdefault(method, target)
        if "{" not in template:
            self._plain[template] = place

    def find(self, path: str, method: str) -> tuple[Target, tuple[str, ...]] | None:
        """The target for a percent-encoded path and a method, with the decoded parameters; HEAD finds what
        serves GET.
        """
        if method == "HEAD":
            method = "GET"
        plain = self._plain.get(path)
        if plain is not None:
            return (plain.targets[method], ()) if method in plain.targets else None
        segments = _segments(path)
        way = _only_way(self._root, segments)
        for place, values in _walk(self._root, segments, ()) if way is None else way:
            if method in place.targets:
                return place.targets[method], values
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """Every method that some matching template serves, HEAD and OPTIONS among them; empty if no
        template matches.
        """
        plain = self._plain.get(path)
        places = [plain] if plain is not None else [place for place, _ in _walk(self._root, _segments(path), ())]
        found = {method for place in places for method in place.targets}
        if "GET" in found:
            found.add("HEAD")
        return tuple(sorted(found | {"OPTIONS"})) if found else ()


def _segments(path: str) -> list[str]:
    segments = path.split("/")[1:]
    return [unquote(part) for part in segments] if "%" in path else segments


def _only_way(place: _Place[Target], segments: list[str]) -> tuple[tuple[_Place[Target], tuple[str, ...]], ...] | None:
    """The place to which the segments lead, if no segment leaves a choice; None if one does."""
    values = []
    for segment in segments:
        following = place.literal.get(segment)
        if place.any is not None and segment:
            if following is not None:
                return None
            values.append(segment)
            following = place.any
        if following is None:
            return ()
        place = following
    return ((place, tuple(values)),)


def _walk(
    place: _Place[Target], segments: list[str], values: tuple[str, ...]
) -> Iterator[tuple[_Place[Target], tuple[str, ...]]]:
    if not segments:
        yield place, values
        return
    head, rest = segments[0], segments[1:]
    if head in place.literal:
        yield from _walk(place.literal[head], rest, values)
    if place.any is not None and head:
        yield from _walk(place.any, rest, (*values, head))
