"""Plain schemathesis finds nothing: every phase, every check, each API, over a socket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import specs
from conformance.fuzz import Finding, Progress, fuzz
from tests.conftest import Bench

CREDENTIALS = {"bytenite": {"Authorization": "any-token"}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("api", specs.names())
def test_plain_schemathesis_finds_no_failure(api: str, bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=[api], pace="auto")

    told = list(fuzz(api, bench.url, most_examples=25, headers=CREDENTIALS.get(api)))

    assert [f"{one.operation} {one.check}: {one.message}\n{one.curl}" for one in told if isinstance(one, Finding)] == []
    assert max(one.requests for one in told if isinstance(one, Progress)) > 100
