"""How simulated time follows real time."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.http.pace import MICRO, Pace, tempo


class World:
    """A world that only has a clock and a next event."""

    def __init__(self, upcoming: int | None = None) -> None:
        self.now_us, self.upcoming = 0, upcoming

    def next_event_us(self) -> int | None:
        return self.upcoming


def pace(text: str, *, at: float = 100.0) -> tuple[Any, list[float]]:
    """A pace on a clock that shows the last of these readings."""
    readings = [at]
    return Pace(tempo(text), lambda: readings[-1]), readings


@pytest.mark.parametrize(("text", "after_two_seconds"), [("real", 2), ("x100", 200), ("x0.5", 1), ("manual", 0)])
def test_a_clock_follows_at_its_rate(text: str, after_two_seconds: float) -> None:
    made, readings = pace(text)

    readings.append(102.0)

    assert made.target(World()) == after_two_seconds * MICRO


def test_at_the_pace_auto_the_next_event_comes_at_once() -> None:
    made, _ = pace("auto")

    assert [made.target(World(upcoming)) for upcoming in (None, 5, 7)] == [0, 5, 7]


def test_time_never_goes_back() -> None:
    made, _ = pace("real")
    world = World()
    world.now_us = 9 * MICRO

    assert made.target(world) == 9 * MICRO


def test_after_an_anchor_the_clock_goes_on_from_there() -> None:
    made, readings = pace("x10")
    made.anchor(50 * MICRO)

    readings.append(101.0)

    assert made.target(World()) == 60 * MICRO


@pytest.mark.parametrize(("text", "seconds"), [("real", 5.0), ("x10", 0.5), ("auto", 0.0), ("manual", None)])
def test_the_real_time_until_the_next_event_is_known(text: str, seconds: float | None) -> None:
    made, _ = pace(text)

    assert made.until_next(World(5 * MICRO)) == seconds
    assert made.until_next(World()) is None


@pytest.mark.parametrize("text", ["", "fast", "x", "x0", "x-1", "xnan", "x1e9", "100"])
def test_an_unknown_pace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown pace"):
        tempo(text)


def test_at_the_pace_step_only_reading_a_job_moves_the_clock() -> None:
    made, _ = pace("step")

    assert [made.target(World(5), is_read=is_read) for is_read in (False, True)] == [0, 5]
    assert made.until(5) is None


def test_at_the_pace_step_a_list_shows_what_is_and_a_reading_what_comes_next(bench_of: Any) -> None:
    bench = bench_of(apis=["ionworks"], pace="step")
    job = bench.post("/jobs", json={"job_type": "dummy", "params": {}}).json()["job_id"]

    listed = [bench.get("/jobs").json()["jobs"][0]["status"] for _ in range(3)]
    seen = [bench.get(f"/jobs/{job}").json()["status"] for _ in range(3)]

    assert listed == ["processing"] * 3
    assert seen == ["completed"] * 3
