"""Guards the control API: a token where others than this machine can reach it, and no commands from other people's web pages."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any

from mockserver.adapters.exchange import Refusal

OPEN_PATHS = ("/_mock/health",)
"""What is told without a token, so that orchestrators can ask whether the mock is up."""

_TOKEN_FIELD = b"x-mock-token"
_OWN_SITES = (b"same-origin", b"none")


class Guard:
    """Who may use the control API: whoever has `token`, or, without one, every program of this machine."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def check(self, scope: Mapping[str, Any], fields: Mapping[bytes, bytes]) -> None:
        """Raises Refusal: a page of another origin, a foreign host name, or no token."""
        _check_page(fields)
        if self.token is not None and scope["path"] not in OPEN_PATHS:
            self._check_token(fields)

    def _check_token(self, fields: Mapping[bytes, bytes]) -> None:
        assert self.token is not None
        scheme, _, sent = fields.get(b"authorization", b"").strip().partition(b" ")
        if scheme.lower() != b"bearer" or not sent.strip():
            sent = fields.get(_TOKEN_FIELD, b"")
        if not sent:
            raise Refusal("unauthenticated", "the control API needs the token that was printed at the start; expected: Authorization: Bearer <token>")
        if not hmac.compare_digest(sent.strip(), self.token.encode()):
            raise Refusal("forbidden", "the token is not this server's")


def guard_for(host: str, token: str | None = None) -> Guard:
    """The guard of a server that listens on `host`: with the token given, or one made up where others can reach it."""
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    return Guard(token)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or name."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _check_page(fields: Mapping[bytes, bytes]) -> None:
    host = fields.get(b"host", b"").lower()
    origin = fields.get(b"origin")
    if origin is not None and origin.lower().partition(b"://")[2] != host:
        raise Refusal("forbidden", f"the control API takes no calls from the web page {_shown(origin)}")
    site = fields.get(b"sec-fetch-site")
    if site is not None and site.lower() not in _OWN_SITES:
        raise Refusal("forbidden", "the control API takes no calls from web pages of another origin")
    if _is_foreign(host.decode("latin-1")):
        raise Refusal("forbidden", f"the control API is not served as {_shown(host)}; expected an address, localhost or a name without dots")


def _is_foreign(host: str) -> bool:
    """Whether a public name was used, which a page could have pointed at this machine (DNS rebinding)."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    name = name.strip("[]").rstrip(".")
    if "." not in name or is_loopback(name) or name.endswith((".internal", ".local", ".test")):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return True
    return False


def _shown(value: bytes) -> str:
    return repr(value.decode("latin-1")[:100])
