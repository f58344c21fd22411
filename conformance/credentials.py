"""Gives requests their credentials, in the way that a target file names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.expect import needed
from conformance.pointer import Json, get
from conformance.settings import secret
from conformance.signing import SCHEMES

if TYPE_CHECKING:
    from conformance.wire import Wire


class Credentials:
    """One caller: fixed `headers`, a `token` bought by a call, anew when its `life` in seconds has passed, or a `signature` over each request."""

    def __init__(self, raw: Json) -> None:
        self._headers = {name: secret(str(value)) for name, value in raw.get("headers", {}).items()}
        self._token: dict[str, Any] | None = raw.get("token")
        self._signature: dict[str, Any] | None = raw.get("signature")
        self._bought: str | None = None
        self._until = math.inf
        self._buying = False

    def headers(self, wire: Wire, method: str, target: str, body: bytes) -> dict[str, str]:
        """The credential's headers for one request."""
        told = dict(self._headers)
        if self._signature is not None:
            told |= SCHEMES[self._signature["scheme"]](self._signature, method, target, body)
        if self._token is not None and not self._buying:
            told[self._token.get("header", "Authorization")] = self._token.get("before", "") + self._buy(wire, self._token)
        return told

    def _buy(self, wire: Wire, raw: dict[str, Any]) -> str:
        if self._bought is None or wire.elapsed >= self._until:
            self._buying = True
            try:
                body = {name: secret(str(value)) for name, value in raw["body"].items()}
                exchange = wire.call(raw["operation"], body=body, credential="none")
            finally:
                self._buying = False
            found = get(exchange.response.json, raw["at"])
            needed(isinstance(found, str), f"no token was given: {exchange.line}")
            self._bought = found
            life = str(get(exchange.response.json, raw["life"])) if "life" in raw else ""
            self._until = wire.elapsed + int(life) if life.isdigit() else math.inf
        return str(self._bought)
