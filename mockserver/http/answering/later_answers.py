"""Delays an answer: for a preference or a fault, or until it is known while the sandbox's clock moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from mockserver.adapters.exchange import Refusal, Reply
from mockserver.http.answering.stream import left
from mockserver.http.contract.body import Disconnected, Receive
from mockserver.http.limits import WAIT_POLL_SECONDS
from mockserver.http.sandboxes.sandbox import Sandbox


async def final(reply: Reply, sandbox: Sandbox, *, receive: Receive) -> Reply:
    """The answer that `reply.later` gives in the end; `reply` itself if the clock moves only on demand.

    Raises Disconnected when the client leaves, Refusal when the server stops or the world is replaced meanwhile, and
    what `later` raises.
    """
    later, ended = reply.later, sandbox.ended
    assert later is not None
    if sandbox.pace.tempo.is_manual:
        return reply
    known = later()
    if known is not None:
        return known
    async with _running(left(receive), ended.wait()) as ends:
        while known is None:
            await asyncio.wait(ends, timeout=_pause(sandbox), return_when=asyncio.FIRST_COMPLETED)
            if ends[0].done():
                raise Disconnected
            if ended.is_set():
                raise over(sandbox)
            sandbox.move()
            known = reply if sandbox.pace.tempo.is_manual else later()
        return known


async def pause(sandbox: Sandbox, seconds: float) -> bool:
    """Wait this long in real time; False, at once, if the server stops or the world is replaced meanwhile."""
    ended = sandbox.ended
    async with _running(ended.wait()) as ends:
        await asyncio.wait(ends, timeout=seconds)
    return not ended.is_set()


async def unless_over(sandbox: Sandbox, work: Awaitable[None]) -> bool:
    """Wait for some work; False, with the work cancelled, if the server stops or the world is replaced meanwhile."""
    ended = sandbox.ended
    async with _running(work, ended.wait()) as tasks:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()  # raises what went wrong
    return not ended.is_set()


def present(sandbox: Sandbox) -> Sandbox:
    """The sandbox itself. Raises Refusal when it was deleted while a request was coming in or was held."""
    if sandbox.is_removed:
        raise over(sandbox)
    return sandbox


def over(sandbox: Sandbox) -> Refusal:
    """The refusal of a client that has waited as long as it may."""
    return Refusal("unavailable", f"sandbox {sandbox.name} was deleted or reset while a client waited")


@asynccontextmanager
async def _running(*works: Awaitable[Any]) -> AsyncIterator[Sequence[asyncio.Future[Any]]]:
    """Tasks that end with the block."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _pause(sandbox: Sandbox) -> float:
    """Real seconds until the next look."""
    least, most = WAIT_POLL_SECONDS
    until = sandbox.pace.until_next(sandbox.world)
    return most if until is None else min(max(until, least), most)
