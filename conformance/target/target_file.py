"""Reads a target file as it is written, and reports what is wrong in it with file, line and what was expected."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance.errors import SettingsError
from conformance.traffic.json_pointer import Json
from specs import strict_yaml

SCHEMA = Path(__file__).parent / "target-file.schema.json"
MOST_SHOWN = 5
_TEXTS: tuple[tuple[str, ...], ...] = (
    ("headers", "*"),
    ("base_path",),
    ("submit", "headers", "*"),
    ("submit", "query", "*"),
    ("tenants", "*", "*"),
    ("credentials", "*", "headers", "*"),
    ("credentials", "*", "token", "body", "*"),
    ("credentials", "*", "token", "before"),
    ("credentials", "*", "signature", "*"),
)
"""Members that are texts: `0123` and `1.10` are not numbers there, and are sent as they are written."""

Place = tuple[str | int, ...]
Problem = tuple[Place, str]


def read(file: Path) -> Json:
    """The value of a target file. Raises SettingsError."""
    try:
        document = strict_yaml.Document(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    except strict_yaml.YamlError as error:
        raise SettingsError(f"{file}, {error}") from error
    value = {} if document.value is None else document.value
    for pattern in _TEXTS:
        for place in _matching(value, pattern):
            _write(value, place, document.written(place))
    refuse(file, document, list(_schema_problems(value)))
    return value


def refuse(file: Path, document: strict_yaml.Document, problems: Sequence[Problem]) -> None:
    """Raise SettingsError if there is any problem: a sentence for each, in the order of the lines."""
    if not problems:
        return
    told = sorted({(document.line(place), f"{_words(place)}{what}") for place, what in problems})
    lines = [f"{file}, line {line}: {what}" for line, what in told[:MOST_SHOWN]]
    raise SettingsError("\n".join([*lines, *([f"... and {len(told) - MOST_SHOWN} more"] if told[MOST_SHOWN:] else [])]))


def check_names(file: Path, raw: Json, known: Mapping[str, Collection[str]]) -> None:
    """Refuse names that nothing has: `known` by what they name. Raises SettingsError."""
    places: dict[str, Iterator[Place]] = {
        "capability": _matching(raw, ("capabilities", "*")),
        "shape": iter([*_matching(raw, ("submit", "shapes", "*")), *_matching(raw, ("submit", "may_refuse", "*"))]),
        "knob": _matching(raw, ("submit", "knobs", "*")),
        "role": _matching(raw, ("calls", "*")),
        "operation": _matching(raw, ("credentials", "*", "token", "operation")),
    }
    problems = []
    for kind, found in places.items():
        for place in found:
            name = str(_at(raw, place)) if kind == "operation" or "may_refuse" in place else str(place[-1])
            if name not in known[kind]:
                problems.append((place, f"unknown {kind} `{name}`; {suggestion(name, known[kind])}"))
    if problems:
        refuse(file, strict_yaml.Document(file.read_bytes()), problems)


def suggestion(name: str, known: Collection[str]) -> str:
    """Which of the known names is meant, or all of them."""
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(sorted(known))}"


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator() -> Any:
    return jsonschema_rs.Draft202012Validator(_schema())


def _schema_problems(value: Json) -> Iterator[Problem]:
    """All that the schema does not allow; its descriptions are the expectations."""
    for error in _validator().iter_errors(value):
        place, kind = tuple(error.instance_path), error.kind
        where = _schema()
        for step in list(error.schema_path)[:-1]:
            where = where[step]
            while "$ref" in where:
                where = _schema()["$defs"][where["$ref"].rpartition("/")[2]]
        if kind.name == "additionalProperties":
            for name in kind.unexpected:
                yield (*place, name), f"unknown member `{name}`; {suggestion(name, where['properties'])}"
        elif kind.name == "required":
            yield place, f"`{kind.property}` is missing; expected {_expected(where['properties'][kind.property])}"
        else:
            yield place, f"expected {_expected(where)}; got {_shown(error.instance)}"


def _expected(where: dict[str, Any]) -> str:
    if "$ref" in where:
        where = _schema()["$defs"][where["$ref"].rpartition("/")[2]]
    return str(where["description"])


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _words(place: Place) -> str:
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
    return f"{words}: " if words else ""


def _matching(value: Any, pattern: tuple[str, ...], before: Place = ()) -> Iterator[Place]:
    """The places in a value that fit a pattern, where `*` is any member or item."""
    if not pattern:
        yield before
    elif pattern[0] == "*" and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _matching(item, pattern[1:], (*before, number))
    elif isinstance(value, dict):
        for name in list(value) if pattern[0] == "*" else [pattern[0]] if pattern[0] in value else []:
            yield from _matching(value[name], pattern[1:], (*before, name))


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _write(value: Any, place: Place, text: str | None) -> None:
    """Put a number or a word back as it is written; what is empty or no scalar stays."""
    holder = _at(value, place[:-1])
    if text is not None and isinstance(holder[place[-1]], int | float):
        holder[place[-1]] = text
