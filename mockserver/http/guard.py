"""Guards the control API by a token if other machines can reach it, and all APIs from foreign web pages."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.adapters.exchange import Refusal
from mockserver.http import control_token as tokens
from mockserver.http.origin import is_remote
from specs.loopback import is_address, is_loopback

OPEN_PATHS = ("/_mock/health",)
"""Paths that every client may read under every name, so that orchestrators can check the mock's health."""

_TOKEN_FIELD = b"x-mock-token"
_OWN_SITES = (b"same-origin", b"none")
_READING = ("GET", "HEAD", "OPTIONS")
_PRIVATE_SUFFIXES = (".internal", ".local", ".test", ".lan", ".svc", ".home.arpa")
"""Endings of names that the public DNS does not serve, so no foreign page can point them here."""

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?\Z")

Fields = Mapping[bytes, bytes]


class Guard:
    """Who may use the control API: clients with `token` or, without a token, every program of this machine.

    `hosts` are public names under which pages may nevertheless speak to a server of this machine; one that begins with
    a dot stands for all names that end so.
    """

    def __init__(self, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self.token = None if token is None else tokens.checked(token)
        self._hosts = tuple(checked_host(host, endings=True).lower().rstrip(".") for host in hosts)

    def check_control(self, scope: Mapping[str, Any], fields: Fields) -> None:
        """Check a call of the control API. Raises Refusal: a page of another origin, no token, a foreign host name."""
        if scope["path"] in OPEN_PATHS:
            return
        _check_page(fields)
        if self.token is not None:
            self._check_token(fields, self.token)
            return
        if is_remote(scope):
            raise Refusal(
                "unauthenticated", "the control API of a server without a token takes calls from its own machine only"
            )
        host = fields.get(b"host", b"")
        if self._is_foreign(host):
            expected = "an address, localhost, a name without dots, or one that --control-host allows"
            raise Refusal("forbidden", f"the control API is not served as {_shown(host)}; expected {expected}")

    def check_vendor(self, scope: Mapping[str, Any], fields: Fields, admits: Callable[[bytes], bool]) -> None:
        """Raises Refusal if a foreign page would change something on this machine.

        Only for requests with an `Origin`, which pages send and programs do not. A page of a public name that was made
        to lead here (DNS rebinding) calls its own origin; others need no answer, such as for a POST without a body.
        """
        if scope["method"] in _READING or not _is_loopback_server(scope):
            return
        origin, host = fields[b"origin"].lower(), fields.get(b"host", b"").lower()
        is_own = origin.partition(b"://")[2] == host and not self._is_foreign(host)
        if not is_own and not admits(origin):
            message = f"pages of {_shown(origin)} may not use this server as {_shown(host)}"
            raise Refusal("forbidden", f"{message}; --cors and --control-host allow others")

    def _check_token(self, fields: Fields, token: str) -> None:
        scheme, _, sent = fields.get(b"authorization", b"").strip().partition(b" ")
        if scheme.lower() != b"bearer" or not sent.strip():
            sent = fields.get(_TOKEN_FIELD, b"")
        if not sent:
            message = (
                "the control API needs the token that was printed at the start; expected: Authorization: Bearer <token>"
            )
            raise Refusal("unauthenticated", message)
        if not hmac.compare_digest(sent.strip(), token.encode()):
            raise Refusal("forbidden", "the token is not this server's")

    def _is_foreign(self, host: bytes) -> bool:
        """Whether a public name was used, which a page could have pointed at this machine (DNS rebinding)."""
        name = host_name(host.decode("latin-1"))
        if "." not in name or is_address(name) or is_loopback(name) or name.endswith(_PRIVATE_SUFFIXES):
            return False
        if "_" in name.rpartition(".")[2]:  # as in Docker's `mock.project_default`; no top-level domain has one
            return False
        return not any(name == known or (known.startswith(".") and name.endswith(known)) for known in self._hosts)


def guard_for(host: str, token: str | None = None, hosts: Iterable[str] = ()) -> Guard:
    """The guard of a server that listens on `host`: with the given token, or a generated one if other machines can
    reach it.

    Raises ValueError for a token that cannot be sent and for a name that is none.
    """
    if token is None and not is_loopback(host):
        token = tokens.made_up()
    return Guard(token, hosts)


def checked_host(host: str, *, endings: bool = False) -> str:
    """A host name or an address, with `endings` also what names end with (`.example.org`). Raises ValueError for
    anything else.
    """
    name = host.removeprefix(".") if endings else host
    if not (_NAME.match(name) or is_address(host.strip("[]"))):
        raise ValueError(f"'{host}' is no host; expected a name or an address without scheme, port and path")
    return host


def host_name(host: str) -> str:
    """The name or address in a `Host`, without its port, in lower case."""
    host = host.lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    return name.strip("[]").rstrip(".")


def _is_loopback_server(scope: Mapping[str, Any]) -> bool:
    server = scope.get("server") or ("",)
    return is_loopback(server[0])


def _check_page(fields: Fields) -> None:
    origin = fields.get(b"origin")
    if origin is not None and origin.lower().partition(b"://")[2] != fields.get(b"host", b"").lower():
        raise Refusal("forbidden", f"the control API takes no calls from the web page {_shown(origin)}")
    site = fields.get(b"sec-fetch-site")
    if site is not None and site.lower() not in _OWN_SITES:
        raise Refusal("forbidden", "the control API takes no calls from web pages of another origin")


def _shown(value: bytes) -> str:
    return repr(value.decode("latin-1")[:100])
