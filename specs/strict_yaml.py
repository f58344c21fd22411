"""Reads YAML strictly: a key stands once in its mapping, and aliases do not repeat themselves without end.

Composed in C and made into values here without tags and dates, which takes about half the time of a stock loader.

Plain scalars are read as YAML 1.2's core schema reads them (null, booleans, whole numbers, floats), everything else is
a string; so is every key. `1e9` is a whole number. Tags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any

import yaml
from yaml._yaml import CParser

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMERIC_START = frozenset("-+.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)


class _Composer(CParser):
    """The C parser; whoever asks it for tags gets none, since the style of a scalar says all that is needed."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The same for everything."""
        return ""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Nothing to prepare."""

    def ascend_resolver(self) -> None:
        """Nothing to take back."""


MOST_VALUES = 1_000_000
"""So many values at most may a document mean, what aliases repeat counted each time."""


class YamlError(ValueError):
    """A text is no YAML that can be read: the reason, and the line (from 1) where it is known."""

    def __init__(self, reason: str, line: int | None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason, self.line = reason, line


class Document:
    """A single YAML document: its `value`, and the line of everything in it. Raises YamlError."""

    def __init__(self, text: bytes) -> None:
        try:
            self._root = _composed(text)
            self.value: Any = None if self._root is None else _value(self._root, {})
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = " ".join(str(getattr(error, "problem", None) or error).split())
            reason = reason if isinstance(error, yaml.constructor.ConstructorError) else f"not YAML: {reason}"
            raise YamlError(reason, None if mark is None else mark.line + 1) from error

    def line(self, path: Iterable[str | int]) -> int:
        """The line (from 1) on which the part at `path` begins, or the nearest part around it that exists."""
        node, line = self._root, 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def written(self, path: Iterable[str | int]) -> str | None:
        """The text of the scalar at `path`, as it is written; None where there is none."""
        node = self._root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return None
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def read(text: bytes) -> Any:
    """The value of a single YAML document. Raises YamlError."""
    return Document(text).value


def _composed(text: bytes) -> Any:
    composer = _Composer(text)
    try:
        node = composer.get_single_node()
    finally:
        composer.dispose()
    if node is not None and b"*" in text and _weight(node, {}) > MOST_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"aliases repeat more than {MOST_VALUES} values", node.start_mark
        )
    return node


def _weight(node: Any, known: dict[int, int]) -> int:
    """How many values a node means."""
    if node.__class__ is yaml.ScalarNode:
        return 1
    weight = known.get(id(node))
    if weight is None:
        known[id(node)] = -1
        mapped = node.__class__ is yaml.MappingNode
        weight = known[id(node)] = 1 + sum(_weight(one[1] if mapped else one, known) for one in node.value)
    if weight < 0:
        raise yaml.constructor.ConstructorError(None, None, "an alias stands inside what it repeats", node.start_mark)
    return weight


def _value(node: Any, made: dict[int, Any]) -> Any:
    """The value of a node; what an alias repeats is made once."""
    if node.tag:
        raise yaml.constructor.ConstructorError(None, None, f"the tag {node.tag} is not read here", node.start_mark)
    if node.__class__ is yaml.ScalarNode:
        return node.value if node.style else plain(node.value)
    known = made.get(id(node))
    if known is not None:
        return known
    if node.__class__ is yaml.SequenceNode:
        items: list[Any] = []
        made[id(node)] = items
        for child in node.value:
            items.append(_value(child, made))
        return items
    mapping: dict[str, Any] = {}
    made[id(node)] = mapping
    merged: list[Any] = []
    for key, child in node.value:
        if key.__class__ is not yaml.ScalarNode:
            raise yaml.constructor.ConstructorError(None, None, "a key must be a scalar", key.start_mark)
        name = key.value
        if name == "<<" and not key.style:
            if child.__class__ is not yaml.MappingNode:
                raise yaml.constructor.ConstructorError(None, None, "only a mapping can be merged", key.start_mark)
            merged.append(_value(child, made))
        elif name in mapping:
            first = next(other.start_mark.line for other, _ in node.value if other.value == name) + 1
            words = f"`{name}` is given twice, first on line {first}; expected it once"
            raise yaml.constructor.ConstructorError(None, None, words, key.start_mark)
        else:
            mapping[name] = _value(child, made)
    for other in merged:
        for name, value in other.items():
            mapping.setdefault(name, value)
    return mapping


def plain(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _NULLS:
        return None
    if text[0] in _NUMERIC_START:
        if _INTEGER.match(text):
            return int(text)
        return _float(text) if _FLOAT.match(text) else text
    return _BOOLEANS.get(text, text)


def _float(text: str) -> int | float | str:
    """A number with a point or an exponent: `1e9` is whole, and what no float holds stays text."""
    value = float(text)
    if not isfinite(value):
        return text
    return int(value) if "." not in text and value.is_integer() else value
