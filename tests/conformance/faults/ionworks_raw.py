"""Faults of how Ionworks' mock reads bytes, media types, paths and methods, where a fault must see more than parsed requests."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.conformance.faults import App, Apply
from tests.conformance.faults.ionworks import fault

VALID = {"job_type": "dummy", "params": {}}
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


def _is_submission(scope: dict[str, Any]) -> bool:
    return bool(scope["method"] == "POST" and scope["path"] in ("/jobs", "/jobs/"))


def _swapped(holds: Callable[[dict[str, Any], bytes], bool], new: bytes) -> Apply:
    """Another body for submissions of which something holds."""

    async def meddle(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
        swap = _is_submission(scope) and holds(scope, body)
        await passed_on(app, scope, new if swap else body, receive, send)

    return raw(meddle)


def _not_json(scope: dict[str, Any], body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return bool(body)
    return False


async def _leaves_a_job(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    status: list[int] = []

    async def noted(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])
        await send(message)

    await passed_on(app, scope, body, receive, noted)

    async def unheard(message: dict[str, Any]) -> None:
        """Nobody hears of it."""

    if _is_submission(scope) and status == [422]:
        await passed_on(app, scope, json.dumps(VALID).encode(), receive, unheard)


async def _everywhere_is_somewhere(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    if "nowhere" in scope["path"]:
        scope = {**scope, "path": "/healthz", "raw_path": b"/healthz"}
    await passed_on(app, scope, body, receive, send)


async def _methods_unsaid(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    async def without(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [pair for pair in message["headers"] if pair[0].lower() != b"allow"]}
        await send(message)

    await passed_on(app, scope, body, receive, without)


async def _any_media(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    headers = [(name, b"application/json" if name == b"content-type" else value) for name, value in scope["headers"]]
    await passed_on(app, {**scope, "headers": headers}, body, receive, send)


async def _exact_media(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    headers = [(name, b"text/plain" if name == b"content-type" and b";" in value else value) for name, value in scope["headers"]]
    await passed_on(app, {**scope, "headers": headers}, body, receive, send)


FAULTS = [
    fault("escapes-are-refused", "JOB-REQ-005", "escapes in strings are refused", _swapped(lambda scope, body: b"\\u00" in body, b"{}")),
    fault("not-json-is-read", "JOB-ERR-004", "what is not JSON is taken for a job", _swapped(_not_json, json.dumps(VALID).encode())),
    fault("lists-are-jobs", "JOB-ERR-005", "a list is taken for a job", _swapped(lambda scope, body: body == b"[]", json.dumps(VALID).encode())),
    fault("nothing-is-a-job", "JOB-ERR-006", "no body is taken for a job", _swapped(lambda scope, body: not body, json.dumps(VALID).encode())),
    fault("nowhere-is-somewhere", "JOB-ERR-007", "an unknown path is answered 200", raw(_everywhere_is_somewhere)),
    fault("methods-are-not-told", "JOB-ERR-008", "405 does not tell the methods there are", raw(_methods_unsaid)),
    fault("any-media", "JOB-ERR-009", "text is taken for JSON", raw(_any_media)),
    fault("refused-and-made", "JOB-ERR-011", "a refused submission leaves a job behind", raw(_leaves_a_job)),
    fault("exact-media", "REQ-026", "a media type with a character set is refused", raw(_exact_media)),
]
