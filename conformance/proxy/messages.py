"""Reads the requests and the answers of one connection while their bytes pass on."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import h11
import httptools

MOST_BODY = 4 << 20
_MOST_HEAD = 1 << 18
_UPGRADE, _OFFER = re.compile(rb"\r\nupgrade:", re.IGNORECASE), b"\r\nx-offer:"
"""A client that offers another protocol, as Java's does with h2c, goes on in HTTP if the server ignores the offer; the
parser would stop reading. The same length keeps the rest in its place."""


@dataclass
class Message:
    """A message being read; `cut` says that more came than is kept."""

    method: str = ""
    target: str = ""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    began: float = field(default_factory=time.time)
    cut: bool = False
    is_whole: bool = False

    def take(self, part: bytes | bytearray) -> None:
        """One more part of the body, as much of it as is kept."""
        self.body += part[: MOST_BODY - len(self.body)]
        self.cut = self.cut or len(self.body) >= MOST_BODY


class Requests:
    """Puts every request into a queue as soon as its head is there; `is_lost` where the bytes are none."""

    def __init__(self, asked: deque[Message]) -> None:
        self._asked, self.is_lost = asked, False
        self._parser = httptools.HttpRequestParser(self)
        self._message = Message()

    def feed(self, data: bytes) -> None:
        """Look at bytes that pass."""
        if self.is_lost:
            return
        try:
            self._parser.feed_data(_UPGRADE.sub(_OFFER, data))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.is_lost = True

    def on_message_begin(self) -> None:
        """A request begins."""
        self._message = Message()

    def on_url(self, url: bytes) -> None:
        """Its target."""
        self._message.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._message.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Its head is there, and it may be answered."""
        self._message.method = self._parser.get_method().decode()
        self._asked.append(self._message)

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        self._message.take(body)

    def on_message_complete(self) -> None:
        """It is whole."""
        self._message.is_whole = True


class Answers:
    """Reads the answers to a queue of requests, which it empties; `is_lost` where bytes are no answer to any of them.

    How an answer ends depends on the request's method, and may be the end of the connection.
    """

    def __init__(self, asked: deque[Message], take: Callable[[Message, Message], None]) -> None:
        self._asked, self._take, self.is_lost = asked, take, False
        self._parser: h11.Connection | None = None
        self._message: Message | None = None

    def feed(self, data: bytes) -> None:
        """Look at bytes that pass."""
        while data and not self.is_lost:
            if self._parser is None:
                if not self._asked:
                    self.is_lost = True
                    return
                self._parser = _parser(self._asked[0].method)
            data = self._read(self._parser, data)

    def end(self) -> Message | None:
        """The server has closed the connection: the answer that is torn by that, if one is."""
        if self._parser is None or self.is_lost:
            return None
        self._read(self._parser, b"")
        self.is_lost = False
        return self._message

    def _read(self, parser: h11.Connection, data: bytes) -> bytes:
        """Take bytes in, none at the end of the connection; what follows after the answer."""
        try:
            parser.receive_data(data)
            while True:
                event = parser.next_event()
                if isinstance(event, h11.EndOfMessage):
                    return self._whole(parser)
                if event is h11.NEED_DATA:
                    return b""
                if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):  # another protocol from here on
                    self.is_lost = True
                    return b""
                self._take_in(event)
        except h11.RemoteProtocolError:
            self.is_lost = True
            return b""

    def _take_in(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items()]
            self._message = Message(status=event.status_code, headers=fields)
        elif isinstance(event, h11.Data) and self._message is not None:
            self._message.take(event.data)

    def _whole(self, parser: h11.Connection) -> bytes:
        told, self._message, self._parser = self._message, None, None
        assert told is not None  # h11 begins an answer before it ends one
        self._take(self._asked.popleft(), told)
        return bytes(parser.trailing_data[0])


def _parser(method: str) -> h11.Connection:
    """What reads the answer to a request with that method."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
    parser.send(h11.Request(method=method, target="/", headers=[("Host", "upstream")]))
    parser.send(h11.EndOfMessage())
    return parser
