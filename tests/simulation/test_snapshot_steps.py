"""Snapshots are written and read in many short steps, and a world that goes on between them is seen at one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.simulation import snapshot
from mockserver.simulation.snapshot.pauses import Steps, finished
from mockserver.simulation.world import World
from tests.simulation import worlds
from tests.simulation.test_snapshot import record

JOBS = 300


def full() -> World:
    """A world with many jobs, most of which wait."""
    here = worlds.world()
    for number in range(JOBS):
        here.submit(worlds.ask(f"job-{number}", cpu=1, api="bytenite" if number % 3 == 0 else "xio", payload={"n": 0}))
    worlds.after(here, 5)
    return here


def count(steps: Steps[Any]) -> int:
    """How many steps there are."""
    return sum(1 for _ in steps)


def test_snapshot_restore_and_copy_take_a_step_for_each_job() -> None:
    here = full()
    data = snapshot.freeze(here)

    assert count(snapshot.freezing(here)) >= JOBS
    assert count(snapshot.copying(here, worlds.LIFECYCLES)) >= 4 * JOBS
    assert count(snapshot.thawing(data, worlds.LIFECYCLES)) >= 5 * JOBS


def submit(here: World) -> None:
    here.submit(worlds.ask("new", cpu=1))


def cancel(here: World) -> None:
    for number in (1, JOBS - 1):
        here.cancel(here.job("xio", f"job-{number // 3 * 3 + 1}"))


def delete(here: World) -> None:
    here.delete(here.job("xio", "job-1"))


def replace(here: World) -> None:
    delete(here)
    here.submit(worlds.ask("job-1", cpu=2))


def edit(here: World) -> None:
    for number in (0, JOBS - 3):
        job = here.job("bytenite", f"job-{number}")
        job.payload["n"] += 1
        here.edited(job)


def wait(here: World) -> None:
    worlds.after(here, 500)


@pytest.mark.parametrize("change", [submit, cancel, delete, replace, edit, wait])
def test_a_world_that_goes_on_while_it_is_written_is_written_as_it_is_at_one_moment(
    change: Callable[[World], None],
) -> None:
    here = full()
    steps = snapshot.copying(here, worlds.LIFECYCLES)
    for _ in range(JOBS // 2):
        next(steps)

    change(here)
    after = record(here)
    twin = finished(steps)

    assert record(twin) == after


def test_a_world_that_changes_after_it_was_read_is_not_read_again() -> None:
    here = full()
    before, steps = record(here), snapshot.copying(here, worlds.LIFECYCLES)
    for _ in range(2 * JOBS):
        next(steps)

    wait(here)

    assert record(finished(steps)) == before
