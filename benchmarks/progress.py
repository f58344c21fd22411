"""Says how far a long measurement has come: one line that renews itself on a terminal, else one line per fifty runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY = 50


class Progress:
    """Counts runs out of `count` and writes to `stream` (stderr)."""

    def __init__(
        self, count: int, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._stream, self._clock = count, stream or sys.stderr, clock
        self._began, self._done = clock(), 0

    def step(self, label: str) -> None:
        """One more is done."""
        self._done += 1
        if self._stream.isatty():
            end = "\n" if self._done == self._count else ""
            print(f"\r{self._line(label)}\033[K", end=end, file=self._stream, flush=True)
        elif self._done % EVERY == 0 or self._done == self._count:
            print(self._line(label), file=self._stream, flush=True)

    def _line(self, label: str) -> str:
        took = self._clock() - self._began
        left = took / self._done * (self._count - self._done)
        return f"{self._done}/{self._count} in {_span(took)}, about {_span(left)} left: {label}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
