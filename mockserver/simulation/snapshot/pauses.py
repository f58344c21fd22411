"""Long work in short steps: whoever does it may do something else between two of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that stops for a moment after each of its steps, and gives its result in the end."""


def finished(steps: Steps[T]) -> T:
    """The result of work that is done without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
