"""Remembers results of functions as `lru_cache` does, but nothing of long arguments, which clients may send."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import msgspec

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 1000
"""Arguments with more characters, or members of tuples, are not remembered."""


def short_cache(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember at most so many results, of calls with short arguments. They must be hashable and by position."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        remembered = lru_cache(most)(function)

        @wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> T:
            is_long = named or length(args, LONGEST) > LONGEST
            return function(*args, **named) if is_long else remembered(*args)

        return call

    return decorate


def length(value: object, most: int) -> int:
    """How many characters and members a value has, at any depth; the count may end where it is more than `most`."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.astuple(value)
    if not isinstance(value, tuple):
        return 0
    found = len(value)
    for one in value:
        if found > most:
            break
        found += length(one, most)
    return found
