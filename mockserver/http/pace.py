"""How simulated time follows real time; the only module that reads the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mockserver.simulation.world import World

MICRO = 1_000_000
ticks = time.monotonic  # real seconds, for measuring how long something took
FIXED_EPOCH_US = 1_767_225_600 * MICRO  # 2026-01-01T00:00:00Z: where worlds begin that do not follow real time


def wall_us() -> int:
    """Now, as microseconds since 1970."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Tempo:
    """A way to follow real time, or none.

    `real`, `xN` (N times as fast), `manual` (only when told to), `auto` (to the next event with each request) or `step`
    (to the next event with each reading of a job).
    """

    name: str
    rate: float | None  # simulated seconds per real second; None where real time does not matter

    @property
    def is_manual(self) -> bool:
        """Whether the clock stands still until it is moved or (`step`) a job is read."""
        return self.name in ("manual", "step")

    @property
    def is_step(self) -> bool:
        """Whether reading a job moves the clock to the next event."""
        return self.name == "step"

    @property
    def is_auto(self) -> bool:
        """Whether the clock jumps to the next event."""
        return self.name == "auto"


def tempo(text: str) -> Tempo:
    """Read `real`, `x100`, `manual`, `auto` or `step`. Raises ValueError."""
    if text in ("manual", "auto", "step"):
        return Tempo(text, None)
    if text == "real":
        return Tempo(text, 1.0)
    try:
        rate = float(text.removeprefix("x")) if text.startswith("x") else -1.0
    except ValueError:
        rate = -1.0
    if not 0 < rate <= 1e6:
        raise ValueError(
            f"unknown pace {text!r}; expected real, manual, auto, step or x followed by a factor up "
            f"to 1000000, such as x100"
        )
    return Tempo(text, rate)


class Pace:
    """Moves one world's clock. What was simulated at an anchor plus the real time since, scaled, is what the clock
    should show.
    """

    __slots__ = ("_anchor_real", "_anchor_virtual", "_clock", "is_manual", "stands", "tempo")

    def __init__(self, tempo: Tempo, clock: Callable[[], float] = ticks, *, shows: int = 0) -> None:
        self.tempo, self.is_manual = tempo, tempo.is_manual
        self.stands = tempo.is_manual and not tempo.is_step  # whatever is asked, time goes on only when told to
        self._clock = clock
        self._anchor_real = clock()
        self._anchor_virtual = shows

    def target(self, world: World, *, is_read: bool = False) -> int:
        """The instant to which a world should move now: at the pace `auto`, and at `step` when a job is read, that of
        the next thing to happen.
        """
        rate = self.tempo.rate
        if rate is not None:
            return max(self._due(rate), world.now_us)
        upcoming = world.next_event_us() if self.tempo.is_auto or (is_read and self.tempo.is_step) else None
        return world.now_us if upcoming is None else max(upcoming, world.now_us)

    def anchor(self, instant: int) -> None:
        """Set the clock to `instant`, from which it continues."""
        self._anchor_virtual, self._anchor_real = instant, self._clock()

    def until_next(self, world: World) -> float | None:
        """Real seconds until something happens by itself; None when nothing will."""
        upcoming = world.next_event_us()
        return None if upcoming is None else self.until(upcoming)

    def until(self, instant: int) -> float | None:
        """Real seconds until the clock shows `instant` by itself; None when it will not."""
        rate = self.tempo.rate
        if self.tempo.is_manual:
            return None
        return 0.0 if rate is None else max(0.0, (instant - self._due(rate)) / MICRO / rate)

    def _due(self, rate: float) -> int:
        return self._anchor_virtual + int((self._clock() - self._anchor_real) * rate * MICRO)
