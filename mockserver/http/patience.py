"""Keeps a client waiting for an answer that is not known yet, while the sandbox's clock moves on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from mockserver.adapters.exchange import Refusal, Reply
from mockserver.http.body import Disconnected, Receive
from mockserver.http.limits import WAIT_POLL_SECONDS
from mockserver.http.sandbox import Sandbox
from mockserver.http.stream import left


async def final(reply: Reply, sandbox: Sandbox, *, receive: Receive, closing: asyncio.Event) -> Reply:
    """The answer that `reply.later` gives in the end; `reply` itself where the clock moves only when told to.

    Raises Disconnected when the client leaves, Refusal when the server stops or the world is replaced meanwhile, and what `later` raises.
    """
    world, later = sandbox.world, reply.later
    assert later is not None
    if sandbox.pace.tempo.is_manual:
        return reply
    known = later()
    if known is not None:
        return known
    ends = [asyncio.ensure_future(left(receive)), asyncio.ensure_future(closing.wait())]
    try:
        while known is None:
            await asyncio.wait(ends, timeout=_pause(sandbox), return_when=asyncio.FIRST_COMPLETED)
            if ends[0].done():
                raise Disconnected
            if ends[1].done() or sandbox.world is not world or sandbox.is_removed:
                raise Refusal("unavailable", f"sandbox {sandbox.name} ended or was begun anew while a client waited")
            sandbox.move()
            known = reply if sandbox.pace.tempo.is_manual else later()
        return known
    finally:
        for end in ends:
            end.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ends, return_exceptions=True)


def _pause(sandbox: Sandbox) -> float:
    """Real seconds until it is worth looking again."""
    least, most = WAIT_POLL_SECONDS
    until = sandbox.pace.until_next(sandbox.world)
    return most if until is None else min(max(until, least), most)
