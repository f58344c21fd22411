"""The head of a request is bounded, as are the fields behind a chunked body."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.http.limits import HEAD_BYTES, HEAD_FIELDS
from mockserver.http.server import serving
from tests.http.wire import Wire

BEGINNING = b"GET /jobs HTTP/1.1\r\nHost: mock\r\n"
CHUNKED = (
    b"POST /jobs HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n{}\r\n"
)
ENDLESS = 64 * HEAD_BYTES


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(apis=["ionworks"], pace="manual") as url:
        yield int(url.rpartition(":")[2])


def answer(port: int, sent: bytes) -> int:
    """The status that a connection gets for these bytes; it may be cut while they are still being sent."""
    wire = Wire(port)
    try:
        wire.say(sent)
        return wire.answer()[0]
    finally:
        wire.socket.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(BEGINNING + b"X: a\r\n" * (HEAD_FIELDS - 1) + b"\r\n", 200, id="as many fields as are allowed"),
        pytest.param(BEGINNING + b"X: a\r\n" * HEAD_FIELDS + b"\r\n", 431, id="one field more"),
        pytest.param(BEGINNING + b"X: " + b"a" * (HEAD_BYTES - 20) + b"\r\n\r\n", 200, id="a long field"),
        pytest.param(BEGINNING + b"X: " + b"a" * HEAD_BYTES + b"\r\n\r\n", 431, id="a field that is too long"),
        pytest.param(b"GET /jobs?" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\nHost: mock\r\n\r\n", 414, id="a long URL"),
        pytest.param(CHUNKED + b"0\r\n" + b"X: a\r\n" * (HEAD_FIELDS + 1) + b"\r\n", 431, id="many trailers"),
    ],
)
def test_a_head_has_bounds(port: int, sent: bytes, status: int) -> None:
    assert answer(port, sent) == status


def say_for_ever(wire: Wire) -> None:
    for _ in range(ENDLESS // 1024):
        wire.say(b"a" * 1024)


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"GET /jobs?", id="URL"),
        pytest.param(BEGINNING + b"X: ", id="field"),
        pytest.param(BEGINNING + b"X", id="name of a field"),
        pytest.param(CHUNKED + b"0\r\nX: ", id="trailer"),
        pytest.param(CHUNKED + b"2;", id="chunk extension"),
    ],
)
def test_what_never_ends_is_cut_off(port: int, beginning: bytes) -> None:
    wire = Wire(port)
    wire.say(beginning)

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        say_for_ever(wire)

    wire.socket.close()


def test_many_small_chunks_are_a_body(port: int) -> None:
    body = b'{"job_type": "dummy", "params": {"a": "' + b"x" * 30_000 + b'"}}'
    head = CHUNKED.partition(b"2\r\n")[0]

    assert answer(port, head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n") == 202


def test_each_request_of_a_connection_has_bounds_of_its_own(port: int) -> None:
    wire = Wire(port)
    request = BEGINNING + b"X: a\r\n" * (HEAD_FIELDS - 1) + b"\r\n"
    wire.say(request * 3)

    assert [wire.answer()[0] for _ in range(3)] == [200, 200, 200]
    wire.socket.close()
