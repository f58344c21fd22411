"""Virtual time: an integer count of microseconds that only ever grows."""

from __future__ import annotations

MICRO = 1_000_000
LAST_US = 9_999_999_999 * MICRO
"""Where every clock ends, in microseconds since 1970: 2286-11-20T17:46:39Z, the last second of ten digits."""

FOREVER = 1e12
"""Seconds; longer spans count as this."""


def micros(seconds: float) -> int:
    """Whole microseconds of a span in seconds, rounded to the nearest; at most those of `FOREVER`."""
    return round(seconds * MICRO) if seconds < FOREVER else round(FOREVER * MICRO)


def seconds(micros: int) -> float:
    """Seconds of a span in microseconds."""
    return micros / MICRO


class Clock:
    """The one place where simulated time moves; `now` is microseconds since the world began."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0

    def advance(self, instant: int) -> None:
        """Move to `instant`; a clock that would go back is a defect of ours."""
        if instant < self.now:
            raise ValueError(f"time cannot go back from {self.now} to {instant} us")
        self.now = instant
