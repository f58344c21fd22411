"""What was asked and what was answered.

Immutable, with the instant, the operation it means and a curl line that repeats it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.traffic.json_pointer import MISSING, Json

Headers = tuple[tuple[str, str], ...]
REDACTED = "[redacted]"
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Request:
    """One request: `target` is path and query as sent, `url` the scheme and host before it."""

    method: str
    url: str
    target: str
    headers: Headers = ()
    body: bytes | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)

    @cached_property
    def json(self) -> Json:
        """The body parsed, or MISSING where it is no JSON."""
        return _parsed(self.body)


@dataclass(frozen=True)
class Response:
    """One answer; `cut` says that more came than was read."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)

    @property
    def is_success(self) -> bool:
        """Whether the request was granted."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Json:
        """The body parsed, or MISSING where it is no JSON."""
        return _parsed(self.body)


@dataclass(frozen=True)
class Exchange:
    """A request with its answer. `sent` and `received` are real seconds, `at` the target's own clock where it can be
    asked.

    `operation` is the document's operation that the request means, `values` what its path names; `tenant` who asked.
    """

    request: Request
    response: Response
    sent: float = 0.0
    received: float = 0.0
    at: float | None = None
    operation: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    tenant: str = ""

    @property
    def line(self) -> str:
        """The exchange in one line."""
        return f"{self.request.method} {self.request.target} -> {self.response.status}"

    @property
    def curl(self) -> str:
        """A command that sends the request again."""
        words = ["curl", "-sS", "-i", "-X", self.request.method, self.request.url + self.request.target]
        for name, value in self.request.headers:
            words += ["-H", f"{name}: {value}"]
        if self.request.body is not None:
            words += ["--data-binary", self.request.body.decode("utf-8", "replace")]
        return " ".join(map(shlex.quote, words))


class Redaction:
    """Hides secrets by their value, wherever they stand."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets."""
        if not self._secrets:
            return exchange
        asked, told = exchange.request, exchange.response
        request = Request(
            asked.method,
            self.text(asked.url),
            self.text(asked.target),
            self._headers(asked.headers),
            self._bytes(asked.body),
        )
        response = Response(told.status, self._headers(told.headers), self._bytes(told.body) or b"", told.cut)
        return Exchange(
            request,
            response,
            exchange.sent,
            exchange.received,
            exchange.at,
            exchange.operation,
            exchange.values,
            exchange.tenant,
        )

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self.text(value)) for name, value in headers)

    def _bytes(self, body: bytes | None) -> bytes | None:
        return None if body is None else self.text(body.decode("latin-1")).encode("latin-1")


def _header(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _parsed(body: bytes | None) -> Json:
    if not body:
        return MISSING
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING
