"""Reads YAML strictly: a key stands once in its mapping, and aliases do not repeat themselves without end.

Composed in C and made into values here without tags and dates, which takes about half the time of a stock loader.

Plain scalars are read as YAML 1.2's core schema reads them (null, booleans, whole numbers, floats), everything else is
a string; so is every key.
"""

from __future__ import annotations

import re
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
    """A text is no YAML that can be read; the message is a sentence, with the line where it is known."""


def read(text: bytes) -> Any:
    """The value of a single YAML document. Raises YamlError."""
    try:
        return load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise YamlError(line + " ".join(str(getattr(error, "problem", None) or error).split())) from error


def load(text: bytes) -> Any:
    """The value of a single YAML document. Raises yaml.YAMLError."""
    composer = _Composer(text)
    try:
        node = composer.get_single_node()
    finally:
        composer.dispose()
    if node is None:
        return None
    if b"*" in text and _weight(node, {}) > MOST_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"aliases repeat more than {MOST_VALUES} values", node.start_mark
        )
    return _value(node, {})


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
            raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} is there twice", key.start_mark)
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
        return float(text) if _FLOAT.match(text) else text
    return _BOOLEANS.get(text, text)
