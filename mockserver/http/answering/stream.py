"""Sends an endless answer, piece by piece as simulated time moves, until the client leaves, the sandbox is deleted or
the server stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from mockserver.adapters.exchange import Reply
from mockserver.http.asgi.connection import Connection
from mockserver.http.contract.body import Receive
from mockserver.http.limits import STREAM_POLL_SECONDS
from mockserver.http.sandboxes.sandbox import Sandbox


async def send_stream(
    reply: Reply,
    headers: Iterable[tuple[bytes, bytes]],
    sandbox: Sandbox,
    *,
    connection: Connection,
    closing: asyncio.Event,
) -> None:
    """Send a reply's stream. An empty piece means that there is nothing to send until the sandbox's clock has moved."""
    await connection.begin(reply.status, headers)
    ends = [asyncio.ensure_future(left(connection.receive)), asyncio.ensure_future(closing.wait())]
    try:
        assert reply.stream is not None
        async for piece in reply.stream:
            if sandbox.is_removed or any(end.done() for end in ends):
                break
            if piece:
                await connection.send({"type": "http.response.body", "body": piece, "more_body": True})
                continue
            until = sandbox.pace.until_next(sandbox.world)
            pause = STREAM_POLL_SECONDS if until is None else min(until, STREAM_POLL_SECONDS)
            await asyncio.wait(ends, timeout=max(pause, 0.005), return_when=asyncio.FIRST_COMPLETED)
            sandbox.move()
    finally:
        for end in ends:
            end.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ends, return_exceptions=True)
    await connection.send({"type": "http.response.body", "body": b""})


async def left(receive: Receive) -> None:
    """Wait until the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
