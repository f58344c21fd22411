"""Faults of every API: HEAD and OPTIONS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import specs
from tests.conformance.faults import App, Apply, Fault


def _head(status: int | None, body: bytes) -> Apply:
    """HEAD has another status, or content."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        async def instead(scope: Any, receive: Any, send: Any) -> None:
            async def revise(message: Any) -> None:
                changed = (
                    {"status": status or message["status"]}
                    if message["type"] == "http.response.start"
                    else {"body": body}
                )
                await send({**message, **changed})

            await app(scope, receive, revise if scope["type"] == "http" and scope["method"] == "HEAD" else send)

        yield instead

    return apply


def _options() -> Apply:
    """OPTIONS lists nothing."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        async def instead(scope: Any, receive: Any, send: Any) -> None:
            async def revise(message: Any) -> None:
                headers = [(name, value) for name, value in message.get("headers", ()) if name != b"allow"]
                await send({**message, "headers": headers} if "headers" in message else message)

            await app(scope, receive, revise if scope["type"] == "http" and scope["method"] == "OPTIONS" else send)

        yield instead

    return apply


def _faults() -> Iterator[Fault]:
    for api in specs.names():
        yield Fault(f"{api}:head-of-nothing", api, "JOB-RSP-006", "HEAD is answered 204", _head(204, b""))
        yield Fault(f"{api}:head-is-unknown", api, "JOB-RSP-006", "HEAD is answered 404", _head(404, b""))
        yield Fault(f"{api}:options-of-nothing", api, "JOB-RSP-007", "OPTIONS lists no methods", _options())
        yield Fault(f"{api}:head-has-content", api, "JOB-RSP-006", "HEAD is answered with content", _head(None, b"{}"))


FAULTS = [
    *_faults(),
]
