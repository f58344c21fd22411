"""Takes secrets out of what is shown: header fields, query members and JSON members whose name says that they hold one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

HIDDEN = "[redacted]"

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PAIR = re.compile(r"""(["']?)([A-Za-z0-9_.-]{1,100})(\1\s{0,8}[:=]\s{0,8})("[^"]*"?|'[^']*'?|[^\s,;&}\]{\["'][^\s,;&}\]]*)""")
_USER = re.compile(r"(://)[^/?#\s@\"'<>]+@(?:[^/?#\s@\"'<>]*@)*")
_MEMBER = re.compile(r"([?&])([^=&#\s?]{1,100})=[^&#\s\"'<>]*")
_SECRET = frozenset(
    {
        "secret", "secrets", "token", "tokens", "password", "passwd", "passphrase", "passcode", "key",
        "keys", "apikey", "authorization", "auth", "signature", "signatures", "credential", "credentials", "cookie",
        "private",
    }
)


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a member of that name holds a secret: one of its words says so, as in `apiKey`, `X-Signature` or `access_token`."""
    return any(word.lower() in _SECRET for word in _WORD.findall(name))


def redacted(value: Any) -> Any:
    """A JSON value with all that is secret by its name hidden, at any depth."""
    if isinstance(value, dict):
        return {name: HIDDEN if is_secret(str(name)) and inner is not None else redacted(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return redacted_url(value) if isinstance(value, str) and "://" in value else value


def redacted_url(text: str) -> str:
    """A URL, or a text with URLs in it, with user names, passwords and secret members of the query hidden."""
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    return _MEMBER.sub(lambda found: f"{found[1]}{found[2]}={HIDDEN}" if is_secret(found[2]) else found[0], text)


def redacted_fields(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Header fields as text, secrets hidden; of `Authorization` the scheme stays."""
    shown = []
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name.lower() == "authorization" and " " in value:
            value = f"{value.partition(' ')[0]} {HIDDEN}"
        elif is_secret(name):
            value = HIDDEN
        shown.append((name, value))
    return shown


def redacted_query(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values of a query as they were sent (decoded), secrets hidden."""
    from urllib.parse import parse_qsl

    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True)
    return [(name, HIDDEN if is_secret(name) else value) for name, value in pairs]


def redacted_text(text: str) -> str:
    """Text that is no JSON (broken, cut short, a form) with whatever follows a secret's name hidden."""
    text = _PAIR.sub(lambda found: f"{found[1]}{found[2]}{found[3]}{HIDDEN}" if is_secret(found[2]) else found[0], text)
    return redacted_url(text)
