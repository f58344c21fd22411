"""Moves a sandbox's clock; returns when everything due has happened and callbacks are delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mockserver.adapters.exchange import Refusal
from mockserver.http.answering.later_answers import unless_over
from mockserver.http.limits import SLICE_STEPS
from mockserver.http.sandboxes.sandbox import Sandbox


async def advance(sandbox: Sandbox, target: int, is_reached: Callable[[], bool] | None = None) -> None:
    """Go to the instant `target`, or from event to event until `is_reached`. Raises Refusal when the world ends
    meanwhile.

    The clock stops wherever a client wants to be called or called again, and goes on when that is done. Where whoever
    asked for this leaves, the clock stays where it has come to.
    """
    world, calls = sandbox.world, sandbox.calls
    world.settle()
    try:
        while True:
            calls.collect(world)
            if calls.pending(world) and not await unless_over(sandbox, calls.deliver(world)):
                raise ended(sandbox)
            if sandbox.world is not world or sandbox.is_removed:
                raise ended(sandbox)
            if world.now_us >= target or (is_reached is not None and is_reached()):
                break
            stops = [target, calls.next_due(world), None if is_reached is None else world.next_event_us()]
            goal = max(world.now_us, min(stop for stop in stops if stop is not None))
            if not world.advance_to(goal, SLICE_STEPS):
                await asyncio.sleep(0)
    finally:
        if sandbox.world is world:
            sandbox.pace.anchor(world.now_us)


def ended(sandbox: Sandbox) -> Refusal:
    """The refusal of an advance that stopped early."""
    return Refusal("conflict", f"sandbox {sandbox.name} was deleted or reset while its clock was moving")
