"""Finds how a value breaks a schema, in bounded time and memory however large the value is."""

from __future__ import annotations

from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError

from specs.excerpt import excerpt

MEMBERS, VALUES = 50, 2000
"""If a value holds more values than the second number, an excerpt of it is searched: the first members of each array
and object, up to the first number each and to the second number in all."""
MOST_ERRORS = 50
"""Most errors of one value."""


def errors_of(validator: Any, value: Any) -> list[ValidationError]:
    """How a value breaks a schema of jsonschema_rs, which works out all errors before it gives the first one."""
    short, cut = excerpt(value, MEMBERS, VALUES)
    if not cut:
        return list(islice(validator.iter_errors(value), MOST_ERRORS))
    if validator.is_valid(value):
        return []
    seen = (one for one in validator.iter_errors(short) if is_seen(tuple(one.instance_path), one.kind.name, cut))
    return list(islice(seen, MOST_ERRORS)) or first_error(validator, value)


def is_seen(place: tuple[str | int, ...], keyword: str, cut: set[tuple[str | int, ...]]) -> bool:
    """Whether an error of an excerpt is one of the whole value: a type is seen whatever was cut."""
    return keyword == "type" or place not in cut


def first_error(validator: Any, value: Any) -> list[ValidationError]:
    """The first error of the whole value, if there is one."""
    try:
        validator.validate(value)
    except ValidationError as error:
        return [error]
    return []
