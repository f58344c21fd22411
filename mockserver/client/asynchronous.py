"""Server and sandboxes for asynchronous code: the same methods, each awaited, so that the event loop keeps running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from functools import partial, wraps
from typing import Any, Self

import anyio.to_thread

from mockserver.client.sandbox import Sandbox
from mockserver.client.server import MockServer
from mockserver.client.view import View

__tracebackhide__ = True  # a failing test shows its own lines

_PARTS = ("clock", "jobs", "nodes", "rules", "faults", "exchanges", "callbacks")


class _Awaited:
    """An object of the client whose methods and properties are awaited: the calls are made in threads."""

    def __init__(self, known: Any) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        kind, known = type(self._known), self._known
        member = None if name.startswith("_") else getattr(kind, name, None)
        if member is None:
            raise AttributeError(f"{kind.__name__} has no {name!r}")
        if isinstance(member, property):
            return _elsewhere(getattr, known, name)
        return wraps(member)(partial(_elsewhere, getattr(known, name)))

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._known) if not name.startswith("_")]


class _AwaitedPart(_Awaited):
    """A part of a sandbox; `async for` instead of `for`, `await count()` instead of `len`."""

    def __getitem__(self, name: Any) -> Coroutine[Any, Any, Any]:
        return _elsewhere(self._known.__getitem__, name)

    async def __aiter__(self) -> AsyncIterator[View]:
        for one in await _elsewhere(self._known.list):
            yield one

    async def count(self) -> int:
        """The number of items."""
        return int(await _elsewhere(len, self._known))


class AsyncSandbox(_Awaited):
    """An isolated world, as `Sandbox`: `await box.clock.until(job, "completed")`, `await box.clock.now`, `async for job
    in box.jobs`.

    What needs no server is not awaited: `name`, `root`, `url(api)`, `headers`.
    """

    def __init__(self, known: Sandbox) -> None:
        super().__init__(known)
        self.name, self.root, self.url, self.headers = known.name, known.root, known.url, known.headers
        for part in _PARTS:
            setattr(self, part, _AwaitedPart(getattr(known, part)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        with anyio.CancelScope(shield=True):
            await _elsewhere(self._known.delete)


class AsyncMockServer:
    """As `MockServer`: `async with AsyncMockServer(pace="manual") as server, server.sandbox() as box`."""

    def __init__(self, **options: Any) -> None:
        self._known = MockServer(**options)

    @classmethod
    def at(cls, url: str, *, token: str | None = None) -> AsyncMockServer:
        """A server that runs elsewhere; it is neither started nor stopped. Raises ValueError if `url` is not a base
        URL.
        """
        server = cls()
        server._known = MockServer.at(url, token=token)
        return server

    async def start(self) -> Self:
        """Start serving, unless the server is running. Raises OSError, ValueError, KeyError, ScenarioError."""
        await _elsewhere(self._known.start)
        return self

    async def wait(self, seconds: float = 10.0) -> Self:
        """Wait until the server answers, at most this long (real time). Raises ConnectionError."""
        await _elsewhere(self._known.wait, seconds)
        return self

    async def stop(self) -> None:
        """Stop serving and release the port."""
        with anyio.CancelScope(shield=True):
            await _elsewhere(self._known.stop)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: Any) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return self._known.url

    @property
    def token(self) -> str | None:
        """The token of the control API, sent as `Authorization: Bearer`; None if it requires none."""
        return self._known.token

    def sandbox(self, name: str | None = None, **plan: Any) -> _Opening:
        """A new world, to be awaited or entered. `plan` as for `MockServer.sandbox`. Raises ControlRefused."""
        return _Opening(partial(self._known.sandbox, name, **plan))

    def existing(self, name: str) -> AsyncSandbox:
        """The world of that name, such as `default`."""
        return AsyncSandbox(self._known.existing(name))


class _Opening:
    """A sandbox that is about to be created: `box = await server.sandbox()`, or `async with
    server.sandbox() as box`.
    """

    def __init__(self, make: Callable[[], Sandbox]) -> None:
        self._make = make
        self._made: AsyncSandbox | None = None

    def __await__(self) -> Generator[Any, Any, AsyncSandbox]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncSandbox:
        self._made = await self._open()
        return self._made

    async def __aexit__(self, *_: Any) -> None:
        if self._made is not None:
            await self._made.__aexit__()

    async def _open(self) -> AsyncSandbox:
        made: AsyncSandbox = await _elsewhere(self._make)
        return made


async def _elsewhere(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The result of a function that is called in a thread; a cancelled caller does not wait for it."""
    answer = await anyio.to_thread.run_sync(partial(function, *arguments, **named), abandon_on_cancel=True)
    return AsyncSandbox(answer) if isinstance(answer, Sandbox) else answer
