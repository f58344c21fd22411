"""What a client said to the clean mock and was told, kept so that a fault can be asked whether it would have changed
any of it.

A fault that wraps the mock and changes nothing of a recorded conversation changes nothing of a new one either, since
all is deterministic: such a conversation need not be had again. Faults that patch the mock inside cannot be asked;
whoever asks is told that they may change everything.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

App = Callable[..., Any]
Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One request as it came and its answer as it left."""

    scope: Scope
    body: bytes
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    answer: bytes

    @property
    def asked(self) -> tuple[Any, ...]:
        """What a change of the request would change."""
        return _asked(self.scope, self.body)

    @property
    def told(self) -> tuple[Any, ...]:
        """What a change of the answer would change."""
        return self.status, _normal(self.headers), self.answer


@dataclass
class Recorder:
    """An application around the mock that keeps what goes in and out, under the name of the conversation
    that is set.
    """

    app: App
    name: str = ""
    kept: dict[str, list[Spoken]] = field(default_factory=lambda: defaultdict(list))

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http" or scope["path"].startswith("/_mock"):
            await self.app(scope, receive, send)
            return
        raw = await _whole(receive)
        answer = _Answer()
        kept = self.kept[self.name]

        async def both(message: dict[str, Any]) -> None:
            await answer(message)
            await send(message)

        await self.app(dict(scope), _once(raw, receive), both)
        kept.append(Spoken(scope, raw, answer.status, answer.headers, bytes(answer.body)))


def touched(apply: Callable[[App], Any], kept: dict[str, list[Spoken]]) -> set[str]:
    """The names of the conversations of which a fault changes a request or an answer; all of them where that cannot be
    told.
    """
    player = _Player()
    with apply(player) as broken:
        if broken is player:
            return set(kept)
        return asyncio.run(_touched(broken, player, kept))


async def _touched(broken: App, player: _Player, kept: dict[str, list[Spoken]]) -> set[str]:
    found = set()
    for name, spoken in kept.items():
        for one in spoken:
            if not await _is_same(broken, player, one):
                found.add(name)
                break
    return found


async def _is_same(broken: App, player: _Player, one: Spoken) -> bool:
    player.one, player.is_same = one, False
    answer = _Answer()
    try:
        await broken(dict(one.scope), _once(one.body, _never), answer)
    except Exception:  # the fault itself fails on this request, as a server might
        return False
    return player.is_same and (answer.status, _normal(answer.headers), bytes(answer.body)) == one.told


class _Player:
    """Stands where the mock was and answers as it did, and says whether it was asked as it was."""

    def __init__(self) -> None:
        self.one: Spoken | None = None
        self.is_same = False

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        one = self.one
        assert one is not None
        self.is_same = _asked(scope, await _whole(receive)) == one.asked
        await send({"type": "http.response.start", "status": one.status, "headers": list(one.headers)})
        await send({"type": "http.response.body", "body": one.answer})


class _Answer:
    """Takes in an answer."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, tuple[tuple[bytes, bytes], ...](), bytearray()

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], tuple(tuple(pair) for pair in message.get("headers", ()))
        else:
            self.body += message.get("body", b"")


def _asked(scope: Scope, body: bytes) -> tuple[Any, ...]:
    return scope["method"], scope["path"], scope["query_string"], _normal(scope["headers"]), body


def _normal(headers: Any) -> list[tuple[bytes, bytes]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() != b"content-length")


async def _whole(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _once(raw: bytes, receive: Any) -> Any:
    pending = [{"type": "http.request", "body": raw, "more_body": False}]

    async def again() -> Any:
        return pending.pop() if pending else await receive()

    return again


async def _never() -> Any:
    await asyncio.Event().wait()
