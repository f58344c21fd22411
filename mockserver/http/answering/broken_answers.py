"""Sends an answer as a fault demands: truncated, malformed, slowly, or not at all."""

from __future__ import annotations

from mockserver.http.answering.later_answers import pause
from mockserver.http.asgi.connection import Connection
from mockserver.http.sandboxes.sandbox import Sandbox
from mockserver.http.steering.faults import Strike

Header = tuple[bytes, bytes]
Answer = tuple[int, list[Header], bytes]
"""Status, header fields and body."""

PIECES = 20


def spoiled(strike: Strike, body: bytes, headers: list[Header]) -> tuple[bytes, list[Header]]:
    """The body changed so that it is not JSON, and the matching header fields."""
    if not strike.malformed:
        return body, headers
    broken = body[: max(1, len(body) - 1)] + b',"'
    length = b"%d" % len(broken)
    return broken, [(name, length if name == b"content-length" else value) for name, value in headers]


async def send_struck(strike: Strike, connection: Connection, *, answer: Answer, sandbox: Sandbox) -> None:
    """Send an answer as the strike demands, or nothing. A truncated body is announced at its full length.

    One that is sent slowly is cut where the sandbox ends.
    """
    status, headers, body = answer
    if strike.drop:
        connection.cut()
        return
    body, headers = spoiled(strike, body, headers)
    await connection.begin(status, headers)
    end = 0 if connection.scope["method"] == "HEAD" else _length(strike, body)
    step = max(1, -(-end // (PIECES if strike.stretch else 1)))
    starts = range(0, end, step)
    for start in starts:
        if strike.stretch and not await pause(sandbox, strike.stretch / len(starts)):
            connection.cut(politely=True)
            return
        piece = body[start : min(start + step, end)]
        await connection.send({"type": "http.response.body", "body": piece, "more_body": True})
    if strike.keep is None or end == len(body):
        await connection.send({"type": "http.response.body", "body": b""})
    else:
        connection.cut(politely=True)


def _length(strike: Strike, body: bytes) -> int:
    """How many bytes of the body are sent."""
    return len(body) if strike.keep is None else min(int(len(body) * strike.keep), max(len(body) - 1, 0))
