"""Carries requests to a target: over sockets, or into an ASGI application in this process."""

from __future__ import annotations

import asyncio
import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol
from urllib.parse import unquote

import httpx

from conformance.errors import SafetyStop, TransportError
from conformance.target.deadline import Deadline, DeadlineTransport, Left, seconds_from_now
from conformance.traffic.content_coding import UndecodableError, decoded
from conformance.traffic.exchange import Request, Response

MOST_BYTES = 16 << 20  # more of an answer is not read
MOMENT = 0.3  # real seconds; an answer without end has begun, or gone on, by then
Trouble = Literal["refused", "hung", "broken", "unsent"]


class _Heard:
    """What has come of an answer so far, at most `most` bytes of its body."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.status, self.headers, self.body, self.cut = 500, tuple[tuple[str, str], ...](), bytearray(), False
        self._most = most

    def begin(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """The head of the answer."""
        self.status, self.headers = status, tuple(headers)

    def take(self, part: bytes) -> None:
        """One more part of the body; none beyond the bound."""
        if not self.cut:
            self.body += part[: self._most + 1]
            self.cut = len(self.body) > self._most

    def response(self, request: Request, *, has_ended: bool = True) -> Response:
        """The answer as it is now, without its content codings. Raises TransportError."""
        codings = ", ".join(value for name, value in self.headers if name.lower() == "content-encoding")
        try:
            body, more = decoded(bytes(self.body), codings, self._most, is_whole=has_ended and not self.cut)
        except UndecodableError as error:
            raise TransportError("broken", f"{_what(request)}: {error}") from error
        return Response(self.status, self.headers, body, self.cut or (has_ended and more))


class Transport(Protocol):
    """Sends requests and brings answers. Raises TransportError."""

    def send(self, request: Request) -> Response:
        """One request."""

    def together(self, requests: Sequence[Request]) -> list[Response]:
        """Several at the same time."""

    def listen(self, request: Request, meanwhile: Callable[[], None]) -> Response:
        """An answer without end.

        What of it has come when `meanwhile`, which begins a moment after the request, has been over for a moment.
        """

    def close(self) -> None:
        """Let go of connections."""


class HttpTransport:
    """Over sockets; redirects are not followed, answers beyond a bound are cut.

    `timeout` bounds a whole call in seconds, however slowly the answer comes; `time_left` is what the run has left.
    """

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        most_bytes: int = MOST_BYTES,
        verify: ssl.SSLContext | bool = True,
        time_left: Left | None = None,
    ) -> None:
        self._deadline = Deadline()
        self._client = httpx.Client(
            transport=DeadlineTransport(self._deadline, verify),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )
        self.timeout, self._most, self._time_left = timeout, most_bytes, time_left or (lambda: math.inf)

    def send(self, request: Request) -> Response:
        """One request."""
        timeout = min(self.timeout, max(0.0, self._time_left()))
        heard = _Heard(self._most)
        try:
            with self._deadline.within(seconds_from_now(timeout)):
                self._read(request, heard)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            if isinstance(error, httpx.TimeoutException) and timeout < self.timeout:
                raise SafetyStop(f"{_what(request)}: no answer came in the time that was left for the run") from error
            raise _trouble(error, request, self.timeout) from error
        return heard.response(request)

    def _read(self, request: Request, heard: _Heard, is_over: Callable[[], bool] = lambda: False) -> None:
        """Send a request and hear its answer, as much of it as is wanted."""
        with self._client.stream(
            request.method, request.url + request.target, content=request.body, headers=list(request.headers)
        ) as answer:
            heard.begin(answer.status_code, answer.headers.multi_items())
            for part in answer.iter_raw():
                heard.take(part)
                if heard.cut or is_over():
                    return

    def together(self, requests: Sequence[Request]) -> list[Response]:
        """Several at the same time, on connections of their own."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.send, requests))

    def listen(self, request: Request, meanwhile: Callable[[], None]) -> Response:
        """Read beside what goes on, on a connection of its own."""
        heard, is_over = _Heard(self._most), threading.Event()

        def read() -> None:
            left = seconds_from_now(self.timeout)
            with suppress(httpx.HTTPError, OSError):
                with self._deadline.within(lambda: left() if is_over.is_set() else self.timeout):
                    self._read(request, heard, is_over.is_set)

        threading.Thread(target=read, daemon=True).start()
        try:
            time.sleep(MOMENT)
            meanwhile()
            time.sleep(MOMENT)
        finally:
            is_over.set()
        return heard.response(request, has_ended=False)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _what(request: Request) -> str:
    return f"{request.method} {request.url}{request.target}"


def _trouble(error: Exception, request: Request, timeout: float) -> TransportError:
    what = _what(request)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return TransportError("refused", f"{what}: cannot connect ({error})")
    if isinstance(error, httpx.LocalProtocolError):
        return TransportError("unsent", f"{what}: this request cannot be sent ({error})")
    if isinstance(error, httpx.TimeoutException):
        return TransportError("hung", f"{what}: no answer within {timeout:g} seconds")
    return TransportError("broken", f"{what}: the connection broke ({type(error).__name__}: {error})")


class _Enough(Exception):
    """More came than is read: the client goes away."""


class AsgiTransport:
    """Into an application in this process, on an event loop of its own; of several threads one is served at a time."""

    def __init__(self, application: Callable[..., Any], *, timeout: float = 30.0) -> None:
        self._application, self._timeout = application, timeout
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._lock = threading.RLock()

    def send(self, request: Request) -> Response:
        """One request."""
        with self._lock:
            return self._loop.run_until_complete(self._send(request))

    def together(self, requests: Sequence[Request]) -> list[Response]:
        """Several at the same time."""

        async def all_of_them() -> list[Response]:
            return list(await asyncio.gather(*map(self._send, requests)))

        with self._lock:
            return self._loop.run_until_complete(all_of_them())

    def listen(self, request: Request, meanwhile: Callable[[], None]) -> Response:
        """On the same loop, which goes on with the answer whenever another request is made."""
        heard, over = _Heard(), asyncio.Event()
        with self._lock:
            task = self._loop.create_task(self._serve(request, heard, over))
            try:
                self._loop.run_until_complete(asyncio.sleep(MOMENT))
                meanwhile()
                self._loop.run_until_complete(asyncio.sleep(MOMENT))
            finally:
                over.set()
                self._loop.run_until_complete(asyncio.wait([task], timeout=self._timeout))
        return heard.response(request, has_ended=False)

    def close(self) -> None:
        """End the loop."""
        self._runner.close()

    async def _send(self, request: Request) -> Response:
        heard, over = _Heard(), asyncio.Event()
        try:
            async with asyncio.timeout(self._timeout):
                await self._serve(request, heard, over)
        except TimeoutError as error:
            raise TransportError(
                "hung", f"{request.method} {request.target}: no answer within {self._timeout:g} seconds"
            ) from error
        except ConnectionError as error:
            raise TransportError(
                "broken", f"{request.method} {request.target}: the connection broke ({error})"
            ) from error
        finally:
            over.set()
        return heard.response(request)

    async def _serve(self, request: Request, heard: _Heard, over: asyncio.Event) -> None:
        """Let the application answer; the client goes away when it is over."""
        path, _, query = request.target.partition("?")
        given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
        if request.body is not None and not any(name == b"content-length" for name, _ in given):
            given.append((b"content-length", str(len(request.body)).encode()))
        incoming = [{"type": "http.request", "body": request.body or b"", "more_body": False}]
        host = request.url.partition("//")[2]

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                heard.status = message["status"]
                heard.headers = tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
                )
            elif message["type"] == "http.response.body":
                heard.take(message.get("body", b""))
                if heard.cut:  # an application that never waits would not be ended by a timeout
                    raise _Enough

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(b"host", host.encode("latin-1")), *given],
            "client": ("127.0.0.1", 9),
            "server": ("127.0.0.1", 80),
        }
        try:
            await self._application(scope, receive, send)
        except _Enough:
            return
        except ConnectionError:
            raise
        except Exception as error:  # whatever it is, a server around the application answers it so
            heard.status, heard.headers = 500, (("content-type", "text/plain"),)
            heard.take(f"{type(error).__name__}: {error}".encode(errors="replace"))
