"""Hides secrets in what is written: values that are known, fields that hold credentials by their name, passwords in
URLs and commands."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from conformance.traffic.exchange import REDACTED, Exchange, Headers, Request, Response
from specs.command_secrets import hidden
from specs.secret_names import is_secret

_SHORTEST_SECRET = 4
"""Anything shorter is hidden only as the value of a header field: elsewhere it would be found in every other word."""
_SCHEME = re.compile(r"((?:bearer|basic|digest|token|apikey)\s+)(.+)", re.IGNORECASE | re.DOTALL)
_IN_URL = re.compile(r"(://(?:[^/?#\s@:\"'<>]*:)?)[^/?#\s@\"'<>]+@")
_IN_QUERY = re.compile(r"([?&])([^=&#\s?]{1,100})=[^&#\s\"'<>]+")
_NO_SECRET = frozenset({"idempotency"})
_OWN = frozenset({"id", "verdict", "level", "basis", "source", "statement", "kind", "schema", "api", "operation"})
"""Members of a report whose text is the judge's own or the document's."""


def is_credential(name: str) -> bool:
    """Whether a header field of that name holds a credential."""
    return is_secret(name) and _NO_SECRET.isdisjoint(re.split(r"[^a-z0-9]+", name.lower()))


def _without_value(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}={REDACTED}" if is_credential(found[2]) else found[0]


def bare(credential: str) -> str:
    """A credential without the scheme before it (`Bearer`)."""
    scheme = _SCHEME.fullmatch(credential)
    return scheme[2] if scheme else credential


class Redaction:
    """Hides the secrets that it was given, and whatever says by its place that it is one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: dict[str, None] = {}
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide one more value, also as JSON and URLs spell it, and without the scheme before it (`Bearer`)."""
        scheme = _SCHEME.fullmatch(secret)
        value = scheme[2] if scheme and len(scheme[2]) >= _SHORTEST_SECRET else secret
        if len(value) < _SHORTEST_SECRET or value in self._secrets:
            return
        spelled = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        added = dict.fromkeys((value, *spelled, quote(value, safe=""), quote(value), quote_plus(value)))
        with self._lock:  # the dictionary is replaced, never changed: whoever reads it needs no lock
            self._secrets = dict.fromkeys(sorted(self._secrets | added, key=len, reverse=True))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        return hidden(_IN_QUERY.sub(_without_value, _IN_URL.sub(rf"\1{REDACTED}@", text)))

    def value(self, value: Any) -> Any:
        """A report, or part of one, whose texts hold no secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: item if key in _OWN else self.value(item) for key, item in value.items()}
        return value

    def about(self, exchanges: Iterable[Exchange]) -> Redaction:
        """One that also hides what the credential fields of these exchanges hold, wherever it stands."""
        own = [
            value
            for exchange in exchanges
            for name, value in (*exchange.request.headers, *exchange.response.headers)
            if is_credential(name) and REDACTED not in value
        ]
        if not own:
            return self
        wider = Redaction(own)
        wider._secrets = dict.fromkeys(sorted(self._secrets | wider._secrets, key=len, reverse=True))
        return wider

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets."""
        wider = self.about((exchange,))
        asked, told = exchange.request, exchange.response
        request = Request(
            asked.method,
            wider.text(asked.url),
            wider.text(asked.target),
            wider._headers(asked.headers),
            wider._bytes(asked.body),
        )
        response = Response(told.status, wider._headers(told.headers), wider._bytes(told.body) or b"", told.cut)
        return replace(exchange, request=request, response=response)

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self._field(name, value)) for name, value in headers)

    def _field(self, name: str, value: str) -> str:
        shown = self.text(value)
        if not shown or REDACTED in shown or not is_credential(name):
            return shown
        scheme = _SCHEME.fullmatch(shown)
        return f"{scheme[1] if scheme else ''}{REDACTED}"

    def _bytes(self, body: bytes | None) -> bytes | None:
        if body is None:
            return None
        try:
            return self.text(body.decode()).encode()
        except UnicodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")
