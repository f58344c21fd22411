"""Plain schemathesis finds nothing: every phase, every check, each API, over a socket."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

import specs
from conformance.search.fuzz import Finding, Progress, fuzz
from tests.conftest import Bench


def token(bench: Bench) -> dict[str, str]:
    """What an operation that asks for credentials is sent: ByteNite's lenient mode takes any token, which schemathesis
    calls a fault.
    """
    sold = httpx.post(f"{bench.url}/v1/auth/access_token", json={"apiKey": "mock-api-key"})
    return {"Authorization": sold.json()["token"]}


STRICT = {"bytenite": token}
"""APIs that ask for credentials even in lenient mode are fuzzed in strict mode, with credentials got this way."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("api", specs.names())
def test_plain_schemathesis_finds_no_failure(api: str, bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=[api], pace="auto", auth="strict" if api in STRICT else "lenient")
    headers = STRICT[api](bench) if api in STRICT else None

    told = list(fuzz(api, bench.url, most_examples=25, headers=headers))

    assert [f"{one.operation} {one.check}: {one.message}\n{one.curl}" for one in told if isinstance(one, Finding)] == []
    assert max(one.requests for one in told if isinstance(one, Progress)) > 100
