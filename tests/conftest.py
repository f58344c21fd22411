"""Servers that tests share, and one fresh world of them per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from mockserver.http.server import serving

_names = count()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Packed bytes name no test: they hold the second in which they were packed, so that workers would disagree."""
    is_text = not isinstance(val, bytes) or (len(val) <= 40 and val.isascii() and val.decode().isprintable())
    return None if is_text else argname


class Bench:
    """One world of a running server in manual pace, as a client sees it: `http` is a client at the server's root.

    `bench.get("/jobs")`, `bench.post(...)`, `bench.request(...)` are httpx's; `bench.advance(5)` moves the clock.
    """

    def __init__(self, url: str, sandbox: str) -> None:
        self.url, self.sandbox = url, sandbox
        self.http = httpx.Client(base_url=url, headers={"X-Mock-Sandbox": sandbox}, timeout=30)
        self.request, self.get, self.post = self.http.request, self.http.get, self.http.post
        self.put, self.patch, self.delete = self.http.put, self.http.patch, self.http.delete

    def make(self, token: str | None = None) -> None:
        """Make the world, so that questions about it are answered before anything is done in it."""
        fields = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.post("/_mock/sandboxes", json={"name": self.sandbox}, headers=fields).raise_for_status()

    def advance(self, seconds: float) -> float:
        """Move the world's clock; the instant it shows then."""
        answer = self.post("/_mock/clock/advance", json={"seconds": seconds})
        assert answer.status_code == 200, answer.text
        return float(answer.json()["now"])


def _benches(url: str) -> Iterator[Bench]:
    bench = Bench(url, f"test-{next(_names)}")
    bench.make()
    yield bench
    bench.http.close()


@pytest.fixture(scope="session")
def lenient_url() -> Iterator[str]:
    """The root of a server of all APIs over the default scenario, in manual pace."""
    with serving(pace="manual") as url:
        yield url


@pytest.fixture(scope="session")
def strict_url() -> Iterator[str]:
    """The same with credentials verified."""
    with serving(pace="manual", auth="strict") as url:
        yield url


@pytest.fixture
def bench(lenient_url: str) -> Iterator[Bench]:
    """A fresh world of the lenient server."""
    yield from _benches(lenient_url)


@pytest.fixture
def strict_bench(strict_url: str) -> Iterator[Bench]:
    """A fresh world of the strict server."""
    yield from _benches(strict_url)


@pytest.fixture
def bench_of() -> Iterator[Callable[..., Bench]]:
    """A function that starts a server of its own (options as for `create_app`; manual pace unless told otherwise) and
    gives a world of it.
    """
    open_ones: list[Any] = []

    def start(**options: Any) -> Bench:
        running = serving(**({"pace": "manual"} | options))
        url = running.__enter__()
        bench = Bench(url, f"test-{next(_names)}")
        bench.make(token=None if options.get("guard") is None else options["guard"].token)
        open_ones.append((running, bench))
        return bench

    yield start
    for running, bench in open_ones:
        bench.http.close()
        running.__exit__(None, None, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-timelines", action="store_true", help="rewrite tests/timelines/*/*.output.yaml with what happens now"
    )
