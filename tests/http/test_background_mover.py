"""Whoever looks after a sandbox lets go of it when told to, whatever happens at that very moment."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from mockserver.http.sandboxes.background_mover import BackgroundMover


class Restless:
    """A sandbox that always needs moving and in which nothing is ever due."""

    needs_moving, lags, is_attended, world = True, False, False, None

    def __init__(self) -> None:
        self.pace = SimpleNamespace(
            tempo=SimpleNamespace(is_auto=False, rate=None), until_next=lambda world: None, until=lambda instant: None
        )
        self.calls = SimpleNamespace(collect=lambda world: None, deliver=self.deliver, next_due=lambda world: None)

    def move(self) -> None:
        """Nothing moves."""

    async def deliver(self, world: Any) -> None:
        """Nobody is called."""


def test_a_round_that_is_woken_and_cancelled_at_once_ends() -> None:
    async def live() -> set[asyncio.Task[None]]:
        background_mover, box = BackgroundMover(), cast(Any, Restless())
        background_mover.attend(box)
        await asyncio.sleep(0.01)
        background_mover.attend(box)  # wakes it
        await asyncio.sleep(0)
        background_mover.close()
        rounds = [task for task in asyncio.all_tasks() if task.get_name() == "background_mover"]
        _, pending = await asyncio.wait(rounds, timeout=1)
        for task in pending:
            task.cancel()
        return pending

    assert asyncio.run(live()) == set()
