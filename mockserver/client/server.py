"""A server for tests: in a thread of this process, or one that is already running."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

from mockserver.client.link import Link
from mockserver.client.sandbox import Sandbox

__tracebackhide__ = True  # a failing test shows its own lines


_OWN = ("host", "port", "token", "control_hosts")
_HIGHEST_PORT = 65535


class MockServer:
    """All chosen APIs on a free port, in a thread, for the duration of a block.

    `options` are those of the server: apis, scenario, auth, pace, seed, callback_hosts, cors. Where `host` is not this
    machine alone, the control API asks for `token`, or for one that is made up; `control_hosts` are further names it is
    served under. `MockServer.at(url)` speaks to one that runs already.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        control_hosts: Sequence[str] = (),
        **options: Any,
    ) -> None:
        self._options: dict[str, Any] = {"host": host, "port": port, **options}
        self._control, self._token = (token, control_hosts), token
        self._running: AbstractContextManager[str] | None = None
        self._link: Link | None = None

    @classmethod
    def at(cls, url: str, *, token: str | None = None) -> MockServer:
        """A server that runs elsewhere; it is neither started nor stopped. Raises ValueError if `url` is not a base
        URL.
        """
        server = cls()
        server._link, server._token = Link(url, token=token), token
        return server

    def start(self) -> Self:
        """Start serving, unless the server is running. Raises OSError, ValueError, TypeError, KeyError,
        ScenarioError.
        """
        if self._link is None:
            from mockserver.http.guard import guard_for
            from mockserver.http.server import serving

            self._check_options()
            guard = guard_for(self._options["host"], *self._control)
            self._running = serving(guard=guard, **self._options)
            self._token = guard.token
            self._link = Link(self._running.__enter__(), token=guard.token)
        return self

    def _check_options(self) -> None:
        """Raises TypeError for an option that the server does not have, ValueError for a port that is none."""
        from inspect import signature

        from mockserver.http.app import create_app

        known = [*(name for name in signature(create_app).parameters if name not in ("guard", "sandboxes")), *_OWN]
        for name in self._options.keys() - {*known}:
            raise TypeError(f"MockServer has no option {name}; expected {', '.join(known)}")
        port = self._options["port"]
        if not isinstance(port, int) or not 0 <= port <= _HIGHEST_PORT:
            raise ValueError(f"port is {port!r}; expected a whole number from 0 to {_HIGHEST_PORT}")

    def wait(self, seconds: float = 10.0) -> Self:
        """Wait until the server answers, at most this long (real time). Raises ConnectionError."""
        self._linked().wait(seconds)
        return self

    def stop(self) -> None:
        """Stop serving and release the port."""
        link, running = self._link, self._running
        self._link = self._running = None
        if link is not None:
            link.close()
        if running is not None:
            running.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return self._linked().url

    @property
    def token(self) -> str | None:
        """The token of the control API, sent as `Authorization: Bearer`; None if it requires none."""
        return self._token

    def sandbox(self, name: str | None = None, **plan: Any) -> Sandbox:
        """Create a world. `plan`: scenario (name or description), seed, pace, auth; default: the server's. Raises
        ControlRefused.
        """
        order = {"name": name, **plan}
        made = self._linked().ask(
            "POST", "/sandboxes", {key: value for key, value in order.items() if value is not None}
        )
        return Sandbox(self._linked(), made["name"])

    def sandboxes(self) -> list[str]:
        """The names of all worlds."""
        return [str(one["name"]) for one in self._linked().ask("GET", "/sandboxes")["sandboxes"]]

    def existing(self, name: str) -> Sandbox:
        """The world of that name, such as `default`."""
        return Sandbox(self._linked(), name)

    def _linked(self) -> Link:
        if self._link is None:
            raise RuntimeError("the server does not run; use it in a `with` block, or call start()")
        return self._link
