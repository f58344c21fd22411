"""Sends an answer the way a fault wants it: cut short, broken, slowly, or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mockserver.http.eager import cut
from mockserver.http.faults import Strike
from mockserver.http.patience import pause
from mockserver.http.sandbox import Sandbox

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
Answer = tuple[int, list[Header], bytes]
"""Status, header fields and body."""

PIECES = 20


def spoiled(strike: Strike, body: bytes, headers: list[Header]) -> tuple[bytes, list[Header]]:
    """The body made into something that is not JSON, and the header fields to match."""
    if not strike.malformed:
        return body, headers
    broken = body[: max(1, len(body) - 1)] + b',"'
    return broken, [(name, b"%d" % len(broken)) if name == b"content-length" else (name, value) for name, value in headers]


async def send_struck(strike: Strike, scope: Mapping[str, Any], send: Send, *, answer: Answer, sandbox: Sandbox) -> int:
    """Send an answer as the strike wants it; the status that was sent, 0 for none. A body cut short was announced at its full length.

    One that is sent slowly is cut where the sandbox ends.
    """
    status, headers, body = answer
    if strike.drop:
        cut(send)
        return 0
    body, headers = spoiled(strike, body, headers)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    end = 0 if scope["method"] == "HEAD" else len(body) if strike.keep is None else min(int(len(body) * strike.keep), max(len(body) - 1, 0))
    step = max(1, -(-end // (PIECES if strike.stretch else 1)))
    starts = range(0, end, step)
    for start in starts:
        if strike.stretch and not await pause(sandbox, strike.stretch / len(starts)):
            cut(send, politely=True)
            return status
        await send({"type": "http.response.body", "body": body[start : min(start + step, end)], "more_body": True})
    if strike.keep is None or end == len(body):
        await send({"type": "http.response.body", "body": b""})
    else:
        cut(send, politely=True)
    return status
