"""Calls the control API of one server: a small pool of connections, JSON both ways, refusals as exceptions."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import httpcore
import orjson

from mockserver.client.address import base_url
from mockserver.http.control_token import checked

__tracebackhide__ = True  # a failing test shows its own lines
# seconds; an advance may wait for slow receivers
_LIMITS = {"connect": 10.0, "read": 600.0, "write": 600.0, "pool": 600.0}
_KEPT_CONNECTIONS = 8
_LOOK_SECONDS = 0.05
_pause = threading.Event()  # is never set
_KEPT_SECONDS = 60.0  # less than a server keeps an idle connection, so that it is not closed under a request


class ControlRefused(Exception):
    """The control API refused a call; `status` and `kind` say why."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(f"{message} ({kind}, {status})")
        self.status, self.kind, self.message = status, kind, message


class Link:
    """The control API at a base URL such as `http://127.0.0.1:4080`; `token` if the server requires one.

    Threads share its connections. A forked process opens its own. Raises ValueError for what is no base URL, or no
    token.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = base_url(url)
        self._fields: dict[bytes | str, bytes | str] = {"Accept": "application/json"}
        if token:
            self._fields["Authorization"] = f"Bearer {checked(token)}"
        self._connections, self._process = _pool(self.url), os.getpid()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sandbox: str | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed answer; None if it is empty.

        Raises ControlRefused, ConnectionError (nobody answers, or the connection ended before the answer; whether a
        command was carried out is then not known, and it is not sent again), TimeoutError.
        """
        fields: dict[bytes | str, bytes | str] = dict(self._fields)
        sent = None
        if body is not None:
            fields["Content-Type"], sent = "application/json", orjson.dumps(body)
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        prefix = "" if sandbox is None else f"/sandbox/{segment(sandbox)}"  # a header field does not hold every text
        target = f"{prefix}/_mock{path}" + (f"?{urlencode(asked)}" if asked else "")
        answer = self._exchange(method, target, sent, fields)
        parsed = _parsed(answer.content)
        if answer.status >= 300 or parsed is _NO_JSON:
            error = parsed.get("error") if isinstance(parsed, dict) else None
            known = error if isinstance(error, dict) else {}
            message = known.get(
                "message", f"{method} {self.url}{target} returned {answer.status}; is it a mock server?"
            )
            raise ControlRefused(answer.status, known.get("kind", "unknown"), message)
        return parsed

    def wait(self, seconds: float) -> None:
        """Wait until the server answers, at most this long. Raises ConnectionError, or ControlRefused if another server
        answers.
        """
        from mockserver.http.pace import ticks  # brings the simulation along, which no other call needs

        limit = ticks() + seconds
        while True:
            try:
                self.ask("GET", "/health")
                return
            except ConnectionError:
                if ticks() >= limit:
                    raise
            _pause.wait(_LOOK_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._own().close()

    def _exchange(
        self, method: str, target: str, sent: bytes | None, fields: Mapping[bytes | str, bytes | str]
    ) -> httpcore.Response:
        """The answer. A request that only reads is repeated once if the server has closed a kept connection meanwhile.

        What the pool raises is not chained: its frames are long, and what it has to say is in our sentence.
        """
        where, pool = self.url + target, self._own()
        for is_last in (method != "GET", True):
            try:
                with _interruptions():
                    return pool.request(method, where, headers=fields, content=sent, extensions={"timeout": _LIMITS})
            except httpcore.ConnectTimeout:
                raise ConnectionError(f"nobody answers at {self.url} within {_LIMITS['connect']:g} seconds") from None
            except httpcore.ConnectError as error:
                raise ConnectionError(f"nobody answers at {self.url}: {error}") from None
            except httpcore.TimeoutException:
                raise TimeoutError(f"{method} {where} was not answered within {_LIMITS['read']:g} seconds") from None
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                if is_last:
                    raise ConnectionError(
                        f"the connection ended before {method} {where} was answered: {error}"
                    ) from None
        raise AssertionError("unreachable")

    def _own(self) -> httpcore.ConnectionPool:
        """The connections of this process. Those of the process it was forked from are closed here, not there."""
        if self._process != os.getpid():
            inherited, self._connections, self._process = self._connections, _pool(self.url), os.getpid()
            # not the pool's own close(): its lock may have been held at the fork
            for connection in inherited.connections:
                connection.close()
        return self._connections


@contextmanager
def _interruptions() -> Iterator[None]:
    """Let through what the caller's own code raised meanwhile, such as a handler of SIGALRM its TimeoutError, which the
    pool takes for one of the connection.
    """
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        cause = error.__cause__ or error.__context__
        if cause is not None and _is_foreign(cause):
            raise cause from None
        raise


def _is_foreign(error: BaseException) -> bool:
    """Whether an exception was raised by other code than that which speaks over the network."""
    frames = list(traceback.walk_tb(error.__traceback__))
    where = str(frames[-1][0].f_globals.get("__name__", "")) if frames else ""
    return bool(where) and where.partition(".")[0] not in ("httpcore", "socket", "ssl")


def _pool(url: str) -> httpcore.ConnectionPool:
    """Connections to one server: as many as are needed at a time, of which a few stay open."""
    context = None
    if url.startswith("https"):
        import ssl

        context = ssl.create_default_context()
    return httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=_KEPT_CONNECTIONS,
        keepalive_expiry=_KEPT_SECONDS,
    )


_NO_JSON = object()


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        return _NO_JSON


def segment(text: str) -> str:
    """One segment of a path, percent-encoded."""
    return quote(text, safe="")
