"""Gives requests their credentials, in the way that a target file names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from conformance.errors import Inconclusive
from conformance.target.request_signing import SCHEMES
from conformance.target.settings import is_reference, secret
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.json_pointer import Json, get

Buy = Callable[[str, Json], Exchange]
"""Sends a body to an operation, without credentials."""


class Credentials:
    """One caller: fixed `headers`, a `token` bought by a call, anew when its `life` in seconds has passed, or a
    `signature` over each request."""

    def __init__(self, raw: Json, hide: Callable[[str], object] = str) -> None:
        """`hide` hears every value that was looked up or bought."""
        self._hide = hide
        self._headers = {name: self._looked_up(value) for name, value in raw.get("headers", {}).items()}
        self._token: dict[str, Any] | None = raw.get("token")
        self._signature: dict[str, Any] | None = raw.get("signature")
        self._bought: str | None = None
        self._until = math.inf
        self._buying = False
        self.is_refused = False

    def headers(self, method: str, target: str, body: bytes, *, buy: Buy, now: float) -> dict[str, str]:
        """The credential's headers for one request.

        `buy` fetches a token where one is needed, `now` is the target's clock in seconds.
        """
        fields = dict(self._headers)
        if self._signature is not None:
            fields |= SCHEMES[self._signature["scheme"]](self._signature, method, target, body)
        if self._token is not None and not self._buying:
            fields |= self._bearing(self._token, self._current(self._token, buy, now))
        return fields

    @staticmethod
    def _bearing(raw: dict[str, Any], token: str) -> dict[str, str]:
        return {raw.get("header", "Authorization"): raw.get("before", "") + token}

    def let_go(self, request: Request) -> bool:
        """Forget the token that a refused request bore, so that the next one bears a new one.

        False where it bore none of this caller's, or where a new one was just refused too (`is_refused`): then it is
        not the token's age.
        """
        if self._token is None or self._bought is None or self.is_refused:
            return False
        if any(request.header(name) != value for name, value in self._bearing(self._token, self._bought).items()):
            return False
        self._bought = None
        return True

    def _current(self, raw: dict[str, Any], buy: Buy, now: float) -> str:
        """The token, a new one where it has expired."""
        if self._bought is None or now >= self._until:
            self._buying = True
            try:
                exchange = buy(raw["operation"], {name: self._looked_up(value) for name, value in raw["body"].items()})
            finally:
                self._buying = False
            found = get(exchange.response.json, raw["at"])
            if not isinstance(found, str):
                raise Inconclusive(f"no token was given: {exchange.line}")
            self._hide(found)
            self._bought = found
            life = str(get(exchange.response.json, raw["life"])) if "life" in raw else ""
            self._until = now + int(life) if life.isdigit() else math.inf
        return self._bought

    def _looked_up(self, text: Json) -> str:
        value = secret(str(text))
        if is_reference(str(text)):
            self._hide(value)
        return value
