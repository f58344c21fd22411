"""Stands between clients and a server, passes every byte on as it is but for the Host of requests, and judges the
traffic as it goes by."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httptools

from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import Panel
from conformance.oracles.oracle import Violation
from conformance.proxy.host_rewriter import Rehost
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.operations import Directory
from specs import Spec

CHUNK = 1 << 16
_MOST_BODY = 4 << 20
_UPGRADE, _OFFER = re.compile(rb"\r\nupgrade:", re.IGNORECASE), b"\r\nx-offer:"
"""A client that offers another protocol, as Java's does with h2c, goes on in HTTP if the server ignores the offer; the
parser would stop reading. The same length keeps the rest in its place."""
Tell = Callable[[Exchange, list[Violation]], None]


@dataclass
class _Message:
    """A message being read: the bytes pass on meanwhile."""

    method: str = ""
    target: str = ""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    began: float = 0.0
    cut: bool = False


class _Reader:
    """Reads one direction of a connection; what it cannot read it leaves unjudged."""

    def __init__(self, whole: Callable[[_Message], None], *, is_request: bool) -> None:
        self._whole, self._is_request = whole, is_request
        self._parser: Any = httptools.HttpRequestParser(self) if is_request else httptools.HttpResponseParser(self)
        self._message, self._lost = _Message(), False

    def feed(self, data: bytes) -> None:
        """Look at bytes that pass."""
        if self._lost:
            return
        try:
            self._parser.feed_data(_UPGRADE.sub(_OFFER, data) if self._is_request else data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):  # upgraded, or no HTTP at all
            self._lost = True

    def on_message_begin(self) -> None:
        """A message begins."""
        self._message = _Message(began=time.time())

    def on_url(self, url: bytes) -> None:
        """Its target."""
        self._message.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._message.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        message = self._message
        message.body += body[: max(0, _MOST_BODY - len(message.body))]
        message.cut = message.cut or len(message.body) >= _MOST_BODY

    def on_message_complete(self) -> None:
        """It is whole."""
        if self._is_request:
            self._message.method = self._parser.get_method().decode()
        else:
            self._message.status = self._parser.get_status_code()
        if self._is_request or self._message.status >= 200:
            self._whole(self._message)


class Watch:
    """The proxy. `tell` is called with every exchange and what it breaks."""

    def __init__(self, spec: Spec, upstream: str, tell: Tell) -> None:
        self._parts, self._tell, self._upstream = urlsplit(upstream), tell, upstream.rstrip("/")
        self._host = self._parts.netloc.rpartition("@")[2]
        self.unjudged: Counter[str] = Counter()
        self._panel = Panel(spec, catalogues.load(spec.name))
        self._directory = Directory(spec)

    async def serve(self, host: str, port: int, *, ready: Callable[[int], None] | None = None) -> None:
        """Listen until cancelled."""
        server = await asyncio.start_server(self._connection, host, port)
        if ready is not None:
            ready(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    async def _connection(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        asked: deque[_Message] = deque()
        requests = _Reader(asked.append, is_request=True)
        answers = _Reader(lambda message: self._pair(asked, message), is_request=False)
        secure = ssl.create_default_context() if self._parts.scheme == "https" else None
        port = self._parts.port or (443 if secure else 80)
        try:
            server, on = await asyncio.open_connection(self._parts.hostname, port, ssl=secure)
        except OSError as error:
            self.unjudged[f"connections, since the upstream cannot be reached ({error})"] += 1
            back.close()
            return
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(_pass(client, on, requests, Rehost(self._host).feed), _pass(server, back, answers))
        self.unjudged["requests whose answer was torn or could not be read"] += len(asked)
        for writer in (on, back):
            writer.close()

    def _pair(self, asked: deque[_Message], told: _Message) -> None:
        if not asked:
            return
        request = asked.popleft()
        found = self._directory.find(request.method, request.target)
        exchange = Exchange(
            Request(
                request.method, self._upstream, request.target, tuple(request.headers), bytes(request.body) or None
            ),
            _decoded(Response(told.status, tuple(told.headers), bytes(told.body), told.cut)),
            request.began,
            time.time(),
            None,
            found[0].id if found else None,
            found[1] if found else {},
        )
        self._tell(exchange, self._panel.observe(exchange))


def _decoded(response: Response) -> Response:
    """The answer with its content coding undone; cut where that cannot be done, or not within bounds."""
    coding = (response.header("content-encoding") or "identity").strip().lower()
    if coding == "identity" or not response.body:
        return response
    if coding not in ("gzip", "x-gzip", "deflate"):
        return replace(response, body=b"", cut=True)
    try:
        body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(response.body, _MOST_BODY)
    except zlib.error:
        return replace(response, body=b"", cut=True)
    return replace(response, body=body, cut=response.cut or len(body) >= _MOST_BODY)


def _as_it_is(data: bytes) -> bytes:
    return data


async def _pass(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    reader: _Reader,
    edit: Callable[[bytes], bytes] = _as_it_is,
) -> None:
    while data := await source.read(CHUNK):
        data = edit(data)
        sink.write(data)
        reader.feed(data)
        await sink.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if sink.can_write_eof():
            sink.write_eof()
