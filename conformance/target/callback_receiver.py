"""A small server of our own that targets call back: it remembers what it was told and when."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from conformance.traffic.exchange import Headers, Request, Response
from conformance.traffic.json_pointer import Json

_MOST_BYTES = 1 << 20
_MOST_CALLS = 1000


@dataclass(frozen=True)
class Delivery:
    """One call that arrived, and the status it was answered with."""

    request: Request
    response: Response

    @property
    def body(self) -> Json:
        """What it said, or MISSING."""
        return self.request.json


class Receiver:
    """Listens on this machine for as long as the block lasts.

    The first `failures` calls are answered 500, others with `status`.
    """

    def __init__(self, *, host: str = "127.0.0.1", failures: int = 0, status: int = 200) -> None:
        self.calls: list[Delivery] = []
        self._left, self._status = failures, status
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}/called"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Takes any request and gives the answer that was set, or 500 while failures are left."""

            def do_POST(self) -> None:
                """Take it."""
                length = min(int(self.headers.get("content-length") or 0), _MOST_BYTES)
                body = self.rfile.read(length)
                status = receiver._status
                if receiver._left > 0:
                    receiver._left -= 1
                    status = 500
                told: Headers = tuple(self.headers.items())
                if len(receiver.calls) < _MOST_CALLS:
                    receiver.calls.append(
                        Delivery(Request(self.command, receiver.url, self.path, told, body), Response(status))
                    )
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Say nothing."""

        return Handler
