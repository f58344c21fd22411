"""Signs requests the way vendors document it; one function per scheme."""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from conformance.target.settings import secret

Scheme = Callable[[Mapping[str, Any], str, str, bytes], dict[str, str]]


def xio(
    raw: Mapping[str, Any], method: str, target: str, body: bytes, *, ahead: float = 0.0, nonce: str = ""
) -> dict[str, str]:
    """An HMAC over key, time, nonce, method, path, sorted query and the hash of the body. Source:
    specs/xio/sources.md#credentials

    `ahead` is by how many seconds the time that is reported is wrong; a `nonce` is new unless given.
    """
    public, key = secret(str(raw["public"])), secret(str(raw["secret"]))
    path, _, query = target.partition("?")
    instant, nonce = str(int((time.time() + ahead) * 1000)), nonce or os.urandom(16).hex()
    canonical = urlencode(sorted(parse_qsl(query, keep_blank_values=True)))
    text = "|".join((public, instant, nonce, method.upper(), path, canonical, sha256(_canonical(body)).hexdigest()))
    signature = hmac.new(key.encode(), text.encode(), sha256).hexdigest()
    return {"X-API-Key": public, "X-Time": instant, "X-Nonce": nonce, "X-Signature": signature}


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode() if body else b""
    except ValueError:
        return body


SCHEMES: Mapping[str, Scheme] = {"xio": xio}
