"""Verifies xio's four credential headers. Source: specs/xio/sources.md#credentials"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlencode

from mockserver.adapters.exchange import Call, Refusal
from mockserver.adapters.xio.reading import API

HEADERS = ("x-api-key", "x-time", "x-nonce", "x-signature")
WINDOW_MS = 300_000
MEMORY_US = 86_400_000_000
"""How far a clock may be off, and how long a nonce is remembered."""

MOST_CANONICAL_BYTES = 1024 * 1024
"""Longest body whose signature may be about its canonical JSON: this comes before values are counted, and costs many
times its length.
"""

_NONCE = re.compile(r"[0-9a-fA-F]{16,128}")
_TIME = re.compile(r"[0-9]{1,16}", re.ASCII)


def verify(call: Call) -> None:
    """Check key, time, nonce and signature of a call and remember the nonce. Raises Refusal."""
    sent = [call.every_header.get(name, "") for name in HEADERS]
    lacking = [name for name, value in zip(HEADERS, sent, strict=True) if not value]
    if lacking:
        raise Refusal("unauthenticated", f"missing header: {', '.join(lacking)}")
    public, time, nonce, signature = sent
    secret = call.world.scenario.credentials.get(API, {}).get(public)
    if secret is None:
        raise Refusal("unauthenticated", "x-api-key names no key of this sandbox")
    clocks = {call.wall_us // 1000, call.world.utc_us // 1000}
    if not _TIME.fullmatch(time) or all(abs(int(time) - clock) > WINDOW_MS for clock in clocks):
        raise Refusal(
            "unauthenticated",
            f"x-time must be Unix milliseconds within {WINDOW_MS} of {' or '.join(map(str, sorted(clocks)))}",
        )
    if not _NONCE.fullmatch(nonce):
        raise Refusal("unauthenticated", "x-nonce must be hexadecimal, 32 characters")
    start = f"{public}|{time}|{nonce}|{call.method.upper()}|{call.target}|"
    if not any(_matches(secret, start + rest, signature) for rest in _endings(call)):  # the likely ones first
        raise Refusal("unauthenticated", "x-signature does not match the call")
    _remember(call, public, nonce)


def tenant(call: Call) -> str:
    """Whose jobs a call is about: every key of a sandbox sees the same jobs."""
    return ""


def sign(secret: str, text: str) -> str:
    """The signature of a canonical call."""
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


def _matches(secret: str, text: str, signature: str) -> bool:
    return hmac.compare_digest(sign(secret, text).encode(), signature.encode())


def _endings(call: Call) -> Iterator[str]:
    """Every pair of canonical query and body hash that known clients may have signed."""
    queries = dict.fromkeys(_queries(call.query_string.decode("latin-1")))
    for digest in _digests(call.raw):
        for query in queries:
            yield f"{query}|{digest}"


def _queries(text: str) -> Iterator[str]:
    """The sorted query with a space as `+`, with a space as `%20`, and encoded as it was sent."""
    pairs = sorted(parse_qsl(text, keep_blank_values=True))
    yield urlencode(pairs)
    yield urlencode(pairs, quote_via=quote, safe="")
    yield "&".join(sorted(text.split("&")))


def _digests(raw: bytes) -> Iterator[str]:
    """The hash of the body as sent, then of its canonical JSON in ASCII and in UTF-8, unless it is very long."""
    yield sha256(raw).hexdigest()
    if len(raw) > MOST_CANONICAL_BYTES:
        return
    try:
        body = json.loads(raw)
        for ascii_only in (True, False):
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=ascii_only)
            yield sha256(text.encode()).hexdigest()
    except (ValueError, RecursionError):
        return


def _remember(call: Call, public: str, nonce: str) -> None:
    """Keep the nonce for a day; forget those that are older. Raises Refusal for one that is kept already."""
    nonces, now = call.world.shelf("xio.nonces"), call.world.now_us
    while nonces and next(iter(nonces.values())) <= now - MEMORY_US:
        del nonces[next(iter(nonces))]
    if (public, nonce) in nonces:
        raise Refusal("unauthenticated", "x-nonce has been used before")
    nonces[public, nonce] = now
