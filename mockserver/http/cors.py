"""Which web pages of another origin may call the vendors' APIs: CORS, by default for pages of this machine.

The control API takes no part in it: no page of another origin ever gets to read from it or to send to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from urllib.parse import urlsplit

from mockserver.http.asgi.connection import Connection
from specs import Spec
from specs.document import resolve
from specs.loopback import is_loopback

ORIGIN, METHOD = b"origin", b"access-control-request-method"
LOOPBACK, ANY, OFF = "loopback", "*", "off"
OWN_FIELDS = (
    "Allow",
    "Content-Disposition",
    "ETag",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Mock-Steered",
    "X-Mock-Violations",
)
PREFLIGHT_SECONDS = 600
"""How long a browser may remember the answer to a preflight."""

_FIELDS, _PRIVATE = b"access-control-request-headers", b"access-control-request-private-network"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PORTS = {"http": 80, "https": 443}

Header = tuple[bytes, bytes]


class Cors:
    """The origins that may call: pages of this machine (`loopback`), all (`*`), none (`off`), or those named."""

    def __init__(self, allowed: Sequence[str] | str = LOOPBACK, apis: Iterable[Spec] = ()) -> None:
        """Raises ValueError for anything else."""
        words = [allowed] if isinstance(allowed, str) else list(allowed)
        self._any, self._loopback, self._apis = ANY in words, LOOPBACK in words, list(apis)
        self._named = {_origin(word) for word in words if word not in (ANY, LOOPBACK, OFF)}
        self.is_off = OFF in words or not words
        if OFF in words and len(words) > 1:
            others = ", ".join(word for word in words if word != OFF)
            raise ValueError(f"off allows no origin; expected it alone, not with {others}")

    def admits(self, origin: bytes) -> bool:
        """Whether a page of that origin may call."""
        if self.is_off:
            return False
        text = origin.decode("latin-1").lower()
        return self._any or text in self._named or (self._loopback and _is_of_this_machine(text))

    def open(self, fields: Mapping[bytes, bytes], connection: Connection) -> None:
        """Let a page read the answer to a request that names its origin, if that page may."""
        added = self._admission(fields[ORIGIN])
        if self.admits(fields[ORIGIN]):
            added.append((b"access-control-expose-headers", self._exposed))
        if added:
            connection.add(added)

    def preflight(self, fields: Mapping[bytes, bytes], methods: Sequence[str]) -> list[Header]:
        """Header fields of the answer to a preflight at a path that has these methods.

        A path without methods is an unknown one, whose 404 may be read.
        """
        answer = [(b"allow", ", ".join(methods).encode())] if methods else []
        answer += self._admission(fields[ORIGIN])
        if not self.admits(fields[ORIGIN]):
            return answer
        asked = fields[METHOD] if _TOKEN.fullmatch(fields[METHOD]) else b"GET"
        answer.append((b"access-control-allow-methods", ", ".join(methods).encode() or asked))
        if fields.get(_FIELDS):
            answer.append((b"access-control-allow-headers", fields[_FIELDS]))
        if fields.get(_PRIVATE) == b"true":
            answer.append((b"access-control-allow-private-network", b"true"))
        answer.append((b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS))
        return [*answer, (b"vary", METHOD + b", " + _FIELDS)]

    def _admission(self, origin: bytes) -> list[Header]:
        """Who may read; what depends on the origin says so to caches. With `*` a browser leaves its own cookies out."""
        if self.is_off:
            return []
        if self._any:
            return [(b"access-control-allow-origin", b"*")]
        vary = (b"vary", b"Origin")
        if not self.admits(origin):
            return [vary]
        return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), vary]

    @cached_property
    def _exposed(self) -> bytes:
        """What pages may read of an answer's fields: ours and those the documents name; without cookies all of them."""
        named = set(OWN_FIELDS)
        for spec in self._apis:
            for operation in spec.operations.values():
                for answer in operation.node.get("responses", {}).values():
                    named.update(resolve(spec.document, answer).get("headers", {}))
        return ", ".join([*sorted(named, key=str.lower), "*"]).encode("latin-1")


def _origin(word: str) -> str:
    """An origin as browsers write it. Raises ValueError for anything else."""
    expected = f"{LOOPBACK}, {ANY}, {OFF} or an origin such as https://my.app:8443, without a path"
    wrong = ValueError(f"{word!r} is no origin; expected {expected}")
    try:
        parts = urlsplit(word.strip().lower())
        port = parts.port
    except ValueError as error:
        raise wrong from error
    more = parts.query or parts.fragment or parts.path.strip("/") or "@" in parts.netloc
    if more or not parts.scheme or not parts.hostname:
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _PORTS.get(parts.scheme) else "")


def _is_of_this_machine(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        _ = parts.port
    except ValueError:
        return False
    whole = f"{parts.scheme}://{parts.netloc}"
    return whole == origin and "@" not in whole and parts.scheme in _PORTS and is_loopback(parts.hostname or "")
