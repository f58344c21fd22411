"""What the hand-written servers share, which is nothing of the API: reading a body, and being served on a socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn


async def body_of(receive: Any) -> bytes:
    """A request's body, to its end."""
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    return raw


def headers_of(scope: Any) -> dict[str, str]:
    """Header fields by lower-case name."""
    return {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """An application on a socket for as long as the block lasts; its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
