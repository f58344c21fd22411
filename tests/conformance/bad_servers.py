"""Servers that no judgement is possible of, each bad in one way, on real sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

Answer = Callable[[socket.socket, int], None]


def _http(status: int, body: bytes, media: str = "application/json", more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
        f"{more}Connection: close\r\n\r\n"
    ).encode() + body


def always(raw: bytes) -> Answer:
    return lambda connection, number: connection.sendall(raw)


def hang(connection: socket.socket, number: int) -> None:
    time.sleep(3)


def close(connection: socket.socket, number: int) -> None:
    """Say nothing and hang up."""


def reset(connection: socket.socket, number: int) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def flood(connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 202 X\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.sendall(b'"' + b"a" * ((1 << 20) - 1))


def drip(head: bytes, piece: bytes) -> Answer:
    """Sends a piece of the answer again and again, slowly and for a long time."""

    def answer(connection: socket.socket, number: int) -> None:
        connection.sendall(head)
        for _ in range(100):
            time.sleep(0.1)
            connection.sendall(piece)

    return answer


def zeros(exponent: int) -> bytes:
    """A gzip body of so many zeros, as a power of two."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(1 << (exponent - 20))]
    return b"".join([*pieces, packer.flush()])


HEAD = b"HTTP/1.1 202 X\r\nContent-Type: application/json\r\n"
ANSWERS: dict[str, Answer] = {
    "401": always(_http(401, b'{"error_code": "UNAUTHORIZED", "message": "no"}')),
    "404": always(_http(404, b'{"error_code": "NOT_FOUND", "message": "no"}')),
    "429": always(_http(429, b'{"error_code": "THROTTLED", "message": "no"}', more="Retry-After: 0\r\n")),
    "500": always(_http(500, b"oops", "text/plain")),
    "html": always(_http(200, b"<!doctype html><title>Welcome</title>", "text/html")),
    "redirect": always(_http(301, b"", more="Location: https://elsewhere.example/\r\n")),
    "hang": hang,
    "close": close,
    "reset": reset,
    "flood": flood,
    "garbage": always(b"\x00\x01\x02 this is not HTTP\r\n\r\n"),
    "drip-body": drip(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "drip-head": drip(HEAD, b"X-More: 1\r\n"),
    "drip-line": drip(HEAD + b"X-Long: ", b"a"),
    "continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "bomb": always(_http(202, zeros(28), more="Content-Encoding: gzip\r\n")),
    "bomb-in-bomb": always(_http(202, gzip.compress(zeros(28)), more="Content-Encoding: gzip, gzip\r\n")),
    "half": always(_http(202, json.dumps({"job_id": "a"}).encode())[:-4]),
}


@contextlib.contextmanager
def bad_server(kind: str, seen: list[bytes] | None = None) -> Iterator[str]:
    """A server that answers everything in one bad way; yields its URL. What it was sent is added to `seen`."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        number = 0
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=_one, args=(connection, number), daemon=True).start()

    def _one(connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            asked = connection.recv(65536)
            if seen is not None:
                seen.append(asked)
            ANSWERS[kind](connection, number)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()


class Mortal:
    """An application that stops working after so many requests: it drops every connection, or answers `politely` with a
    status.
    """

    def __init__(self, app: Any, after: int, *, politely: int = 0) -> None:
        self._app, self._left, self._politely = app, after, politely

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/_mock"):
            self._left -= 1
            if self._left < 0:
                if not self._politely:
                    raise ConnectionResetError("the server went away")
                await send(
                    {
                        "type": "http.response.start",
                        "status": self._politely,
                        "headers": [(b"content-type", b"application/json")],
                    }
                )
                await send({"type": "http.response.body", "body": b'{"error_code": "UNAVAILABLE", "message": "away"}'})
                return
        await self._app(scope, receive, send)


class Choosy:
    """An application that refuses submissions with one status whatever is in them, but for the very first; or only
    those that `only` picks by their body.
    """

    def __init__(self, app: Any, path: str, status: int, *, only: Callable[[bytes], bool] | None = None) -> None:
        self._app, self._path, self._status, self._only = app, path, status, only
        self._seen = self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        self._seen += 1
        if self._only(message["body"]) if self._only else self._seen > 1:
            self.refused += 1
            await send(
                {
                    "type": "http.response.start",
                    "status": self._status,
                    "headers": [(b"content-type", b"application/json")],
                }
            )
            await send({"type": "http.response.body", "body": b'{"error_code": "REFUSED", "message": "no"}'})
            return
        pending = [message]

        async def again() -> Any:
            return pending.pop() if pending else await receive()

        await self._app(scope, again, send)
