"""Finds the defined paths that are most similar to an undefined one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from mockserver.http.asgi.path_index import PathIndex

LONGEST = 200
"""Longer paths are not compared; they are not typing errors."""

MOST = 3
ALIKE, MARGIN = 0.75, 0.05
"""How alike two paths must be, from 0 to 1, and how much less alike than the best one."""

MOST_LETTERS = 4
"""Largest difference in length, in letters."""


class NearPaths:
    """The paths of one server: base paths of its APIs, and templates with their base paths."""

    def __init__(self, bases: Sequence[str], templates: Sequence[str], index: PathIndex[Any]) -> None:
        self._bases, self._index = tuple(dict.fromkeys(bases)), index
        self._templates: dict[int, list[list[str]]] = {}
        for template in templates:
            parts = template.split("/")
            self._templates.setdefault(len(parts), []).append(parts)

    def find(self, path: str) -> list[str]:
        """At most three defined paths, most similar first."""
        if len(path) > LONGEST:
            return []
        return list(dict.fromkeys([*self._moved(path), *self._alike(path)]))[:MOST]

    def _moved(self, path: str) -> Iterator[str]:
        """The same path without a slash at its end, with another base path, or without its first segments."""
        plain = path.rstrip("/")
        parts = plain.split("/")
        shorter = ["/" + "/".join(parts[start:]) for start in (2, 3) if len(parts) > start]
        for candidate in (plain, *(base + plain for base in self._bases), *shorter):
            if candidate != path and self._index.methods(candidate):
                yield candidate

    def _alike(self, path: str) -> list[str]:
        """Paths with as many segments and similar words; parameters match anything."""
        parts = path.rstrip("/").split("/")
        found: dict[str, float] = {}
        for template in self._templates.get(len(parts), ()):
            pairs = [(known, sent) for known, sent in zip(template, parts, strict=True) if not known.startswith("{")]
            ours, theirs = "/".join(known for known, _ in pairs), "/".join(sent for _, sent in pairs)
            if abs(len(ours) - len(theirs)) <= MOST_LETTERS:
                filled = [sent if known.startswith("{") else known for known, sent in zip(template, parts, strict=True)]
                found["/".join(filled)] = SequenceMatcher(None, theirs, ours).ratio()
        enough = max(ALIKE, max(found.values(), default=0) - MARGIN)
        return sorted((one for one, ratio in found.items() if ratio >= enough), key=lambda one: -found[one])


def sentence(path: str, near: Sequence[str]) -> str:
    """The message about an undefined path."""
    shown = path if len(path) <= LONGEST else path[:LONGEST] + "…"
    meant = f"; did you mean {' or '.join(near)}?" if near else ";"
    return f"no operation at {shown}{meant} GET / shows what is served"
