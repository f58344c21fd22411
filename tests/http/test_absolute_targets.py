"""A request whose target names a host is served like any other (RFC 9112, 3.2.2), or refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.http.server import serving
from tests.http.wire import Wire


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(apis=["ionworks"], pace="manual") as url:
        yield int(url.rpartition(":")[2])


def ask(port: int, target: str) -> tuple[int, str]:
    wire = Wire(port)
    try:
        wire.say(b"GET %b HTTP/1.1\r\nHost: mock\r\n\r\n" % target.encode())
        status, _, body = wire.answer()
        return status, body.decode()
    finally:
        wire.close()


@pytest.mark.parametrize("root", ["http://mock", "http://elsewhere:1", "https://a:b@c", "HTTP://127.0.0.1", "ftp://x"])
@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("", 200),
        ("/", 200),
        ("?a=1", 200),
        ("/jobs", 200),
        ("/jobs?limit=1", 200),
        ("/jobs?limit=x", 422),
        ("/nothing", 404),
    ],
)
def test_a_target_that_names_a_host_is_the_path_that_it_has(port: int, root: str, rest: str, status: int) -> None:
    assert ask(port, root + rest)[0] == status


@pytest.mark.parametrize("target", ["http:///jobs", "HTTP://[::1]:99999/jobs", "http://a:b:c/jobs"])
def test_a_target_that_is_no_url_is_refused_in_a_sentence(port: int, target: str) -> None:
    status, said = ask(port, target)

    assert status == 400
    assert "target" in said or "no HTTP request" in said


def test_a_target_that_is_no_url_is_refused_behind_a_right_request(port: int) -> None:
    wire = Wire(port)
    wire.say(b"GET /jobs HTTP/1.1\r\nHost: mock\r\n\r\nGET http:///jobs HTTP/1.1\r\nHost: mock\r\n\r\n")

    assert [wire.answer()[0], wire.answer()[0]] == [200, 400]
    wire.close()
