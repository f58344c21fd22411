"""Speaks to the control API of one server: one kept connection per thread, JSON both ways, refusals as exceptions."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

PATIENCE_SECONDS = 600.0


class ControlRefused(Exception):
    """The control API did not do it; `status` and `kind` say in which way."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(f"{message} ({kind}, {status})")
        self.status, self.kind, self.message = status, kind, message


class Link:
    """The control API at a base URL such as `http://127.0.0.1:4080`; `token` where the server asks for one."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        self._secure, self._address, self._path = parts.scheme == "https", parts.netloc, parts.path
        self._fields = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._kept = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def ask(self, method: str, path: str, body: Any = None, *, sandbox: str | None = None, query: Mapping[str, Any] | None = None) -> Any:
        """What is answered, parsed; None for an empty answer. Raises ControlRefused, OSError."""
        fields = dict(self._fields)
        if sandbox is not None:
            fields["X-Mock-Sandbox"] = sandbox
        sent = None
        if body is not None:
            fields["Content-Type"], sent = "application/json", orjson.dumps(body)
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._path}/_mock{path}" + (f"?{urlencode(asked)}" if asked else "")
        status, raw = self._exchange(method, target, sent, fields)
        answer = orjson.loads(raw) if raw else None
        if status >= 400:
            told = answer["error"] if isinstance(answer, dict) and "error" in answer else {}
            raise ControlRefused(status, told.get("kind", "unknown"), told.get("message", f"{method} {target} was answered {status}"))
        return answer

    def close(self) -> None:
        """Give the connections back."""
        while self._open:
            self._open.pop().close()

    def _exchange(self, method: str, target: str, sent: bytes | None, fields: dict[str, str]) -> tuple[int, bytes]:
        """Status and body; a kept connection that the server has closed meanwhile is opened again, once."""
        for is_last in (False, True):
            connection = self._connection()
            try:
                connection.request(method, target, body=sent, headers=fields)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                connection.close()
                if is_last:
                    raise
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            connection = self._kept.connection = kind(self._address, timeout=PATIENCE_SECONDS)
            self._open.append(connection)
        return connection


def segment(text: str) -> str:
    """One segment of a path, percent-encoded."""
    return quote(text, safe="")
