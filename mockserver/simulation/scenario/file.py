"""Reads the YAML text of a scenario, and reports all errors in it with place and expected value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from mockserver.simulation.errors import ScenarioError
from mockserver.simulation.scenario.seconds_file import column
from specs import strict_yaml

SHIPPED = files("mockserver") / "scenarios"
MOST_TOLD = 20
_BOUNDS = {
    "maximum": ("at most", ""),
    "minimum": ("at least", ""),
    "maxLength": ("at most", " characters"),
    "maxItems": ("at most", " entries"),
}
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_AT = re.compile(r" - at `(?:key in )?\$(.*)`\Z")

Place = Sequence[str | int]
Problem = tuple[Place, str]
"""A place in a description, and what is wrong there."""


class ScenarioText:
    """A scenario's text as YAML: its `value`, and the line of everything in it. Raises ScenarioError if it is no plain
    YAML.
    """

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        try:
            self._document = strict_yaml.Document(text.encode())
        except strict_yaml.YamlError as error:
            place = f" line {error.line}" if error.line else ""
            raise ScenarioError(f"{source}{place}: {error.reason}") from error
        self.value: Any = self._document.value

    def line(self, path: Place) -> int:
        """The line (from 1) on which the part at `path` begins, or the nearest part around it that exists."""
        return self._document.line(path)

    def told(self, path: Place, words: str) -> str:
        """A sentence with the file, the line and the place of something wrong."""
        return f"{self.source} line {self.line(path)}: {placed(path)}{words}"

    def told_all(self, wrong: Iterable[Problem]) -> str:
        """Sentences about all that is wrong, in the order of the lines; the first ones if there are many."""
        lines = sorted({(self.line(place), self.told(place, words)) for place, words in wrong})
        more = [f"... and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else []
        return "\n".join([*(words for _, words in lines[:MOST_TOLD]), *more])


def schema_problems(value: Any) -> list[Problem]:
    """All that the schema does not allow in a description."""
    return [problem for error in _validator().iter_errors(value) for problem in _words(error)]


def check_value(value: Any) -> None:
    """Raises ScenarioError for the first thing in a description, given as plain data, that the schema does
    not allow.
    """
    try:
        _validator().validate(value)
    except jsonschema_rs.ValidationError as error:
        raise ScenarioError("; ".join(f"scenario: {placed(place)}{words}" for place, words in _words(error))) from error


def located(message: str) -> tuple[str, list[str | int]]:
    """A sentence that ends with msgspec's words for a place, and the place."""
    found = _AT.search(message)
    place = [int(index) if index else name for name, index in _STEP.findall(found.group(1))] if found else []
    return _AT.sub("", message), place


def placed(path: Place) -> str:
    """A place in words, with a colon behind it; nothing for the whole."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return f"{place}: " if place else ""


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    loaded: dict[str, Any] = orjson.loads((SHIPPED / "schema.json").read_bytes())
    return loaded


@cache
def _validator() -> Any:
    return jsonschema_rs.Draft202012Validator(schema())


def _words(error: Any) -> list[Problem]:
    """What one violation of the schema means; the schema's descriptions are the expectations."""
    path, kind = list(error.instance_path), error.kind
    where = schema()
    for step in error.schema_path[:-1]:
        where = where[step]
    if kind.name == "additionalProperties":
        known = ", ".join(where["properties"])
        return [([*path, name], f"unknown field `{name}`; expected one of {known}") for name in kind.unexpected]
    if kind.name == "required":
        return [(path, f"`{kind.property}` is missing; expected {_description(where['properties'][kind.property])}")]
    return [(path, f"expected {_description(where)}{_bound(kind, where)}, got {_shown(error.instance)}")]


def _bound(kind: Any, where: dict[str, Any]) -> str:
    """The limit that was broken, where the description does not name it."""
    words, unit = _BOUNDS.get(kind.name, ("", ""))
    if not words:
        return ""
    limit = where[kind.name]
    if {str(limit), f"{limit:g}", f"{limit:.0f}"} & set(re.findall(r"-?[0-9][0-9e.]*", _description(where))):
        return ""
    return f", {words} {limit if isinstance(limit, int) else f'{limit:.0f}'}{unit}"


def _description(where: dict[str, Any]) -> str:
    while "description" not in where:
        name = where["$ref"].rpartition("/")[2]
        where = schema()["$defs"][name]
    return str(where["description"])


def _shown(value: Any) -> str:
    try:
        text = orjson.dumps(value, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # a whole number of more than 64 bits
        text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def fill_traces(value: Any, path: Place, folder: Path | None) -> Iterator[Problem]:
    """Put the values of `trace: {file: ..., column: ...}` in the place of the file's name; what could not be read."""
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from fill_traces(part, (*path, number), folder)
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        if name == "trace" and isinstance(part, dict):
            file, named = part.get("file"), part.get("column")
            if isinstance(file, str) and file and isinstance(named, str | None):
                try:
                    value[name] = column((folder or Path()) / file, named)
                except ScenarioError as error:
                    yield (*path, name), str(error)
        else:
            yield from fill_traces(part, (*path, name), folder)
