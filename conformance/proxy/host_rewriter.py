"""Gives the requests of a connection the `Host` of the server they are passed on to, and leaves every other byte as it
is."""

from __future__ import annotations

import re

import httptools

_END = re.compile(rb"\r?\n\r?\n")
_HOST = re.compile(rb"(\n[Hh][Oo][Ss][Tt]:)[^\r\n]*")
_LENGTH = re.compile(rb"\n[Cc]ontent-[Ll]ength:[ \t]*(\d+)")
_CHUNKED = re.compile(rb"\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_OTHER_PROTOCOL = re.compile(rb"\nupgrade:|\Aconnect ", re.IGNORECASE)
_MOST_HEAD = 1 << 18


class Rehost:
    """One direction of a connection: bytes of requests in, the same bytes with another host out."""

    def __init__(self, host: str) -> None:
        self._host = host.encode("latin-1")
        self._head = bytearray()
        self._left = 0
        self._chunks: _Chunks | None = None
        self._is_lost = False

    def feed(self, data: bytes) -> bytes:
        """What is to be passed on now; a head that is not whole yet is kept back."""
        out = bytearray()
        while data:
            if self._is_lost:
                return bytes(out + data)
            if self._chunks is not None:
                taken = self._chunks.take(data)
                self._chunks = None if self._chunks.is_over else self._chunks
            elif self._left:
                taken = min(self._left, len(data))
                self._left -= taken
            else:
                rest = self._begin(data)
                out += self._whole_head() if rest is not None else b""
                data = data[len(data) if rest is None else rest :]
                continue
            out += data[:taken]
            data = data[taken:]
        return bytes(out)

    def _begin(self, data: bytes) -> int | None:
        """Take bytes of a head; how many of them belong to it, or None if it goes on."""
        before = len(self._head)
        self._head += data
        begins = len(self._head) - len(self._head.lstrip(b"\r\n"))
        end = _END.search(self._head, begins)
        if end is None and len(self._head) <= _MOST_HEAD:
            return None
        whole = len(self._head) if end is None else end.end()
        self._is_lost = end is None
        del self._head[whole:]
        return whole - before

    def _whole_head(self) -> bytes:
        head = bytes(self._head)
        self._head.clear()
        if self._is_lost:
            return head
        length = _LENGTH.search(head)
        if _OTHER_PROTOCOL.search(head):
            self._is_lost = True
        elif _CHUNKED.search(head):
            self._chunks = _Chunks(head)
        elif length:
            self._left = int(length[1])
        return _HOST.sub(lambda found: found[1] + b" " + self._host, head, count=1)


class _Chunks:
    """Finds the end of a body that comes in chunks."""

    def __init__(self, head: bytes) -> None:
        self.is_over = False
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(head.lstrip(b"\r\n"))

    def on_message_complete(self) -> None:
        """It is whole."""
        self.is_over = True

    def take(self, data: bytes) -> int:
        """How many of the bytes belong to the body."""
        for number in range(len(data)):
            try:
                self._parser.feed_data(data[number : number + 1])
            except httptools.HttpParserError:
                return len(data)
            if self.is_over:
                return number + 1
        return len(data)
