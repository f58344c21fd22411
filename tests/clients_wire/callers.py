"""HTTP as the vendors' clients speak it: what each library adds to a request by itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.conftest import Bench

REQUESTS = {
    "User-Agent": "python-requests/2.34.2",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
    "Connection": "keep-alive",
}
GO = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
FETCH = {
    "accept": "*/*",
    "accept-language": "*",
    "sec-fetch-mode": "cors",
    "user-agent": "node",
    "accept-encoding": "gzip, deflate",
}
AXIOS = {
    "Accept": "application/json, text/plain, */*",
    "User-Agent": "axios/1.7.9",
    "Accept-Encoding": "gzip, compress, deflate, br",
}
CURL = {"User-Agent": "curl/8.5.0", "Accept": "*/*"}

JSON = {"Content-Type": "application/json"}
LARGE = 512 * 1024


@contextmanager
def calling(bench: Bench, library: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the bench's world that sends what `library` sends and nothing of the test's own: the URL alone names
    the world.
    """
    with httpx.Client(
        base_url=f"{bench.url}/sandbox/{bench.sandbox}", follow_redirects=True, trust_env=False, timeout=30
    ) as client:
        client.headers.clear()
        client.headers.update(library)
        yield client


def compact(value: Any) -> bytes:
    """JSON as JavaScript and orjson write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def squeezed(value: Any) -> tuple[bytes, dict[str, str]]:
    """A body of 512 KiB or more, compressed on the way, and its headers."""
    raw = json.dumps(value).encode()
    assert len(raw) >= LARGE
    return gzip.compress(raw, compresslevel=1), JSON | {"Content-Encoding": "gzip"}


def asked(bench: Bench) -> list[tuple[str, int]]:
    """(method, status) of what reached the APIs, oldest first."""
    return [(one["method"], one["status"]) for one in bench.get("/_mock/exchanges").json()["exchanges"]]


def spoil(bench: Bench, kind: str, **more: Any) -> None:
    """Order a fault in the bench's world."""
    assert bench.post("/_mock/faults", json={"kind": kind} | more).status_code == 201
