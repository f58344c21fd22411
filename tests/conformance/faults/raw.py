"""Faults that meddle with a request before anybody has read it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.conformance.faults import App, Apply

Meddle = Callable[[App, dict[str, Any], bytes, Any, Any], Any]


class _Raw:
    """An application that sees the bytes of submissions, before a meddler decides what becomes of them."""

    def __init__(self, app: App, meddle: Meddle) -> None:
        self._app, self._meddle = app, meddle

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_mock"):
            await self._app(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await self._meddle(self._app, scope, bytes(body), receive, send)


def raw(meddle: Meddle) -> Apply:
    """Meddle with requests as bytes."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        yield _Raw(app, meddle)

    return apply


async def passed_on(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    """The application, with this body."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return pending.pop() if pending else await receive()

    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    await app({**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}, again, send)
