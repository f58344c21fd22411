"""Runs a request as soon as it has been read, and sends an answer that is there as a whole in one write.

Nearly every answer here is ready without waiting for anything, so the task and the turn of the loop that uvicorn would spend on it are saved. Whatever
does wait goes on as an ordinary task from where it stopped; until it has waited once it has no task, and so no time limits of asyncio's.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator, MutableMapping
from functools import partial
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

STATUS = "understudy.status"
"""Where a scope keeps what was answered."""


class EagerProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools; the first step of each request is taken before the loop goes on."""

    _is_reading = False
    _held: tuple[RequestResponseCycle, ASGI3Application] | None = None

    def data_received(self, data: bytes) -> None:
        """Take in what was sent, then run the request that it completes or begins, and those queued behind it."""
        self._is_reading = True
        super().data_received(data)
        while self._held is not None:
            cycle, app = self._held
            self._held = None
            self._begin(cycle, app)
        self._is_reading = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._is_reading:
            self._held = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Take the first step; what then waits, fails or has not answered is uvicorn's, which takes it for an application."""
        work: Any = app(cycle.scope, cycle.receive, cycle.send)
        try:
            awaited = work.send(None)
        except StopIteration:
            if not cycle.response_complete:
                super()._start_asgi_task(cycle, _ended)
        except BaseException as error:
            super()._start_asgi_task(cycle, partial(_failed, error))
        else:
            super()._start_asgi_task(cycle, partial(_going_on, work, awaited))


async def _ended(*_: Any) -> None:
    return


async def _failed(error: BaseException, *_: Any) -> None:
    raise error


async def _going_on(work: Coroutine[Any, Any, None], awaited: Any, *_: Any) -> None:
    await _rest(work, awaited)


def take_whole(receive: Callable[..., Any]) -> bytes | None:
    """The body of a request that has been read to its end; None, and nothing taken, where that is not so."""
    cycle = getattr(receive, "__self__", None)
    if cycle.__class__ is not RequestResponseCycle or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
        return None
    body, cycle.body = bytes(cycle.body), bytearray()
    cycle.message_event.clear()
    return body


def send_whole(scope: MutableMapping[str, Any], send: Callable[..., Any], status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    """Send status, header fields (Content-Length among them) and body (none for a HEAD) at once; False, and nothing sent, where that cannot be."""
    cycle = getattr(send, "__self__", None)
    if cycle.__class__ is not RequestResponseCycle or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    scope[STATUS] = status
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
    if not cycle.keep_alive:
        parts.append(b"connection: close\r\n")
    parts += (b"\r\n", b"" if scope["method"] == "HEAD" else body)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


@types.coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """What is left of a coroutine that waits for `awaited`."""
    try:
        while True:
            try:
                value = yield awaited
            except BaseException as error:
                awaited = work.throw(error)
            else:
                awaited = work.send(value)
    except StopIteration:
        return
