"""Requests that are passed on bear the upstream's host; nothing else of them changes, however they arrive."""

from __future__ import annotations

import pytest

from conformance.proxy.host_rewriter import Rehost

BODY = b'{"a": "Host: inside\\r\\n\\r\\nHost: b"}\r\nHost: body\r\n\r\n'
PLAIN = b"GET /jobs?Host:=x HTTP/1.1\r\nhOst:  127.0.0.1:4090\r\nX-Host: 127.0.0.1:4090\r\n\r\n"
SIZED = b"POST /jobs HTTP/1.1\r\nContent-Length: %d\r\nHost: 127.0.0.1:4090\r\n\r\n" % len(BODY) + BODY
CHUNKED = (
    b"POST /jobs HTTP/1.1\r\nHost: 127.0.0.1:4090\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY)
    + BODY
    + b"\r\n0\r\n\r\n"
)
ALL = PLAIN + SIZED + CHUNKED + PLAIN
EXPECTED = ALL.replace(b"hOst:  127.0.0.1:4090", b"hOst: api.example").replace(
    b"\r\nHost: 127.0.0.1:4090", b"\r\nHost: api.example"
)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
def test_every_request_gets_the_host_and_no_other_byte_changes(size: int) -> None:
    hosted = Rehost("api.example")

    told = b"".join(hosted.feed(ALL[at : at + size]) for at in range(0, len(ALL), size))

    assert told == EXPECTED


def test_bytes_of_another_protocol_pass() -> None:
    hosted = Rehost("api.example")
    upgrade = b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n\r\n"

    told = hosted.feed(upgrade) + hosted.feed(b"\x81\x05Host: here\r\n\r\nHost: here")

    assert told == upgrade.replace(b"here", b"api.example") + b"\x81\x05Host: here\r\n\r\nHost: here"


def test_what_is_no_http_passes() -> None:
    hosted = Rehost("api.example")

    told = b"".join(hosted.feed(b"x" * 100_000) for _ in range(4))

    assert told == b"x" * 400_000


def test_a_head_without_carriage_returns_is_a_head() -> None:
    assert Rehost("api.example").feed(b"GET / HTTP/1.1\nHost: here\n\n") == b"GET / HTTP/1.1\nHost: api.example\n\n"
