"""Instants as the vendors write them; the one place that maps simulated time to UTC words."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from mockserver.simulation.world import World


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def _micros(instant: int) -> str:
    second, fraction = divmod(instant, 1_000_000)
    return f"{_second(second)}.{fraction:06d}"


def iso(world: World, instant: int, zone: str = "Z") -> str:
    """RFC 3339 with microseconds, for microseconds since the world began."""
    return _micros(world.epoch_us + instant) + zone


def iso_millis(world: World, instant: int) -> str:
    """RFC 3339 with milliseconds and `Z`, as JavaScript prints it."""
    second, fraction = divmod(world.epoch_us + instant, 1_000_000)
    return f"{_second(second)}.{fraction // 1000:03d}Z"


def unix_seconds(world: World, instant: int) -> int:
    """Whole seconds since 1970."""
    return (world.epoch_us + instant) // 1_000_000


def unix_millis(world: World, instant: int) -> int:
    """Whole milliseconds since 1970."""
    return (world.epoch_us + instant) // 1000
