"""What is no request is refused plainly, in its turn and with few lines in the log; who does not go on with a request
is let go.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from mockserver.http.asgi import admission, protocol
from mockserver.http.server import serving
from tests.http.wire import Wire

GET = b"GET /jobs HTTP/1.1\r\nHost: mock\r\n\r\n"
POST = b"POST /jobs HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "no host": (b"GET /jobs HTTP/1.1\r\n\r\n", 400, b"no Host fields"),
    "no host in an offer": (
        b"GET /jobs HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        400,
        b"no Host fields",
    ),
    "two hosts": (b"GET /jobs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, b"2 Host fields"),
    "a host that is none": (b"GET /jobs HTTP/1.1\r\nHost: a b\r\n\r\n", 400, b"Host field"),
    "a host with a path": (b"GET /jobs HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, b"Host field"),
    "a host with a user": (b"GET /jobs HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, b"Host field"),
    "another coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, b"chunked"),
    "another coding in a field of its own": (
        POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        501,
        b"chunked",
    ),
    "another version": (b"GET /jobs HTTP/2.0\r\nHost: mock\r\n\r\n", 505, b"HTTP/2.0"),
    "no method": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, b"no HTTP request"),
    "raw bytes in the path": (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: mock\r\n\r\n", 400, b"no HTTP request"),
    "both lengths": (
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        b"no HTTP request",
    ),
    "a broken chunk": (CHUNKED + b"5\r\n[]   \r\nzz\r\n", 400, b"no HTTP request"),
}


@pytest.fixture
def port() -> Iterator[int]:
    with serving(apis=["ionworks"], pace="manual") as url:
        yield int(url.rpartition(":")[2])


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    yield wire
    wire.close()


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused_and_nothing_behind_it_is_read(wire: Wire, case: str) -> None:
    sent, status, told = REFUSED[case]
    wire.say(sent + GET)

    answer = wire.answer()
    assert (answer[0], answer[1]["connection"]) == (status, "close")
    assert told in answer[2]
    assert wire.file.read() == b""


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused_after_the_requests_before_it(wire: Wire, case: str) -> None:
    sent, status, _ = REFUSED[case]
    wire.say(GET.replace(b"\r\n\r\n", b"\r\nPrefer: wait=0.3\r\n\r\n") + GET + sent)

    assert [wire.answer()[0] for _ in range(3)] == [200, 200, status]
    assert wire.file.read() == b""


def test_a_body_that_breaks_while_it_is_waited_for_is_refused_once(wire: Wire) -> None:
    wire.say(CHUNKED + b"5\r\n[]")
    wire.say(b"   \r\nzz\r\n")

    assert wire.answer()[0] == 400
    assert wire.file.read() == b""


@pytest.mark.parametrize("host", ["mock", "mock:80", "mock.project_default", "[::1]:4080", "127.0.0.1", "m\u00fc", ""])
def test_every_name_and_address_is_a_host(wire: Wire, host: str) -> None:
    wire.say(GET.replace(b"mock", host.encode("idna") if host else b""))

    assert wire.answer()[0] == 200


def test_a_page_may_read_why_its_request_was_refused_unread(wire: Wire) -> None:
    page = b"Host: mock\r\nOrigin: http://localhost:3000\r\n\r\n"
    wire.say(b"GET /jobs?" + b"a" * 70_000 + b" HTTP/1.1\r\n" + page)

    status, fields, _ = wire.answer()
    assert status == 414
    assert fields["access-control-allow-origin"] == "http://localhost:3000"


def test_no_page_may_read_an_answer_of_the_control_api_not_even_this(wire: Wire) -> None:
    page = b"Host: mock\r\nOrigin: http://localhost:3000\r\n\r\n"
    wire.say(b"GET /_mock/jobs?" + b"a" * 70_000 + b" HTTP/1.1\r\n" + page)

    status, fields, _ = wire.answer()
    assert status == 414
    assert "access-control-allow-origin" not in fields


def test_a_request_of_http_1_0_needs_no_host(wire: Wire) -> None:
    wire.say(b"GET /jobs HTTP/1.0\r\n\r\n")

    assert wire.answer()[0] == 200


def test_many_bad_requests_make_few_lines_and_these_name_the_client(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            wire = Wire(port)
            host, _ = wire.socket.getsockname()
            wire.say(b"rubbish\r\n\r\n")
            wire.answer()
            wire.close()

    assert len(caplog.messages) == admission.LOG_LINES
    assert all("no HTTP request" in line and line.startswith(host) for line in caplog.messages)


def test_lines_that_were_not_logged_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(admission, "ticks", lambda: now)
    door = admission.Admission(5)
    for _ in range(admission.LOG_LINES + 7):
        door.complain(("127.0.0.1", 9), "why")
    now += admission.LOG_SECONDS
    door.complain(None, "why")

    assert caplog.messages[-1] == "a client: why (7 more like this were not logged)"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", b""),
        (GET[:20], b"HTTP/1.1 408 "),
        (CHUNKED + b"5\r\n[", b"HTTP/1.1 408 "),
        (POST + b"Content-Length: 9\r\n\r\n[", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "half a head", "half a chunk", "half a body"],
)
def test_a_client_that_does_not_go_on_is_let_go(
    monkeypatch: pytest.MonkeyPatch, wire: Wire, sent: bytes, answered: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "BODY_PAUSE_SECONDS", 0.1)
    wire.say(sent)

    assert wire.file.read().startswith(answered)


def test_an_empty_line_behind_an_answer_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.http.server.KEEP_ALIVE_SECONDS", 0.1)
    with serving(apis=["ionworks"]) as url:
        wire = Wire(int(url.rpartition(":")[2]))
        wire.say(GET + b"\r\n")

        assert wire.file.read().startswith(b"HTTP/1.1 200 ")
        wire.close()


def test_a_client_that_waits_for_its_answer_is_not_hurried(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "BODY_PAUSE_SECONDS", 0.1)
    wire.say(GET.replace(b"\r\n\r\n", b"\r\nPrefer: wait=1.5\r\n\r\n"))

    assert wire.answer()[0] == 200


def test_a_head_that_nobody_reads_yet_is_not_too_slow(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    wire.say(GET.replace(b"\r\n\r\n", b"\r\nPrefer: wait=1.5\r\n\r\n") + GET + GET[:20])
    wire.say(GET[20:])

    assert [wire.answer()[0] for _ in range(3)] == [200, 200, 200]


def test_more_connections_than_there_is_room_for_are_turned_away_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(admission, "CONNECTIONS", 2)
    with serving(apis=["ionworks"]) as url:
        port = int(url.rpartition(":")[2])
        first, second, third = (Wire(port) for _ in range(3))

        assert third.answer()[0] == 503
        assert "2 connections are open" in caplog.text
        first.say(GET)
        assert first.answer()[0] == 200
        for wire in (first, second, third):
            wire.close()


def test_connections_leave_descriptors_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 4096))

    assert admission.most_connections() == 256 - admission.DESCRIPTORS_SPARED
