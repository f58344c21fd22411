"""A connection as one request sees it: body and answer in one piece if possible, piece by piece otherwise.

uvicorn hands over `receive` and `send`, methods of an object that knows the connection. Reading and writing through
that object saves three calls and two writes per request; under any other server the two functions do all the work.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

STATUS = "understudy.status"
"""Key of a scope that holds the status of the answer."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]


class Connection:
    """Reads the rest of a request and sends its answer."""

    __slots__ = ("_cycle", "receive", "scope", "send")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        cycle = getattr(send, "__self__", None)
        self._cycle: Any = cycle if cycle.__class__ is RequestResponseCycle else None

    def take_whole(self) -> bytes | None:
        """The body of a request that has been read to its end; otherwise None, and nothing is consumed."""
        cycle = self._cycle
        if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return body

    def send_whole(self, status: int, headers: Fields, body: bytes) -> bool:
        """Send status, header fields (Content-Length among them) and body (none for a HEAD) in one write.

        False, and nothing sent, where that cannot be.
        """
        cycle = self._cycle
        if cycle is None or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        self.scope[STATUS] = status
        parts = [STATUS_LINE[status]]
        for name, value in (*cycle.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"\r\n", b"" if self.scope["method"] == "HEAD" else body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(b"".join(parts))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True

    async def send_all(self, status: int, headers: Fields, body: bytes) -> None:
        """Send an answer, in one write if possible."""
        if self.send_whole(status, headers, body):
            return
        await self.begin(status, headers)
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})

    async def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send status and header fields; the body follows through `send`."""
        self.scope[STATUS] = status
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    def cut(self, *, politely: bool = False) -> None:
        """Close the connection without another byte; `politely` first sends what was written.

        Raises ConnectionResetError where there is none.
        """
        if self._cycle is None:
            raise ConnectionResetError("a fault of the mock cut the connection")
        self._cycle.disconnected = True  # so that the server neither complains nor answers for us
        if politely:
            self._cycle.transport.close()
        else:
            self._cycle.transport.abort()

    def add(self, fields: Fields) -> None:
        """Add header fields to the answer to this request, however it is sent."""
        if self._cycle is not None:
            self._cycle.default_headers = [*self._cycle.default_headers, *fields]  # a list of this request's own now
            return
        send = self.send

        async def with_fields(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *fields]}
            await send(message)

        self.send = with_fields
