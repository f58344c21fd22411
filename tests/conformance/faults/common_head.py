"""Faults of HEAD and OPTIONS, which every mock serves, and of ids that are nearly right."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import specs
from tests.conformance.faults import App, Apply, Fault, patched

JOB = "mockserver.simulation.world:World.job"


def _head(status: int | None, body: bytes) -> Apply:
    """HEAD has another status, or content."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        async def instead(scope: Any, receive: Any, send: Any) -> None:
            async def revise(message: Any) -> None:
                changed = {"status": status or message["status"]} if message["type"] == "http.response.start" else {"body": body}
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


def _nearly(original: Any) -> Any:
    """A job is found by the beginning of its id."""

    def job(world: Any, api: str, key: str, *, owner: str | None = None) -> Any:
        whole = next((one for one in world.jobs(api) if key and one.startswith(key)), key)
        return original(world, api, whole, owner=owner)

    return job


def _faults() -> Iterator[Fault]:
    for api in specs.names():
        yield Fault(f"{api}:head-of-nothing", api, "JOB-RSP-006", "HEAD is answered 204", _head(204, b""))
        yield Fault(f"{api}:head-is-unknown", api, "JOB-RSP-006", "HEAD is answered 404", _head(404, b""))
        yield Fault(f"{api}:options-of-nothing", api, "JOB-RSP-007", "OPTIONS lists no methods", _options())
        if api in ("bytenite", "ionworks", "xio"):  # of the others one has no path that names a job, the other leaves this open
            yield Fault(f"{api}:beginning-of-an-id", api, "JOB-IDM-005", "the beginning of an id is enough", patched(JOB, _nearly))
        yield Fault(f"{api}:head-has-content", api, "JOB-RSP-006", "HEAD is answered with content", _head(None, b"{}"))


FAULTS = list(_faults())
