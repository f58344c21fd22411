"""Requests are run as they are read and answered in one write: what that must not change, seen from a bare socket."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from mockserver.adapters.exchange import Reply
from mockserver.http.asgi.protocol import EagerProtocol
from mockserver.http.contract.answer import encode
from mockserver.http.server import bind, serving
from tests.http.wire import Wire

JOB = json.dumps({"job_type": "simulate", "params": {"model": "SPM"}}).encode()
GET = b"GET /jobs HTTP/1.1\r\nHost: mock\r\n%b\r\n"
POST = b"POST /jobs HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n%b\r\n"
SIZED = POST % (b"Content-Length: %d\r\n" % len(JOB))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(apis=["ionworks"], pace="manual") as url:
        yield int(url.rpartition(":")[2])


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    made = Wire(port)
    yield made
    made.socket.close()


def test_requests_sent_at_once_are_answered_in_order(wire: Wire) -> None:
    wire.say(SIZED + JOB + GET % b"" + SIZED + JOB + GET % b"")

    statuses, totals = [], []
    for _ in range(4):
        status, _, body = wire.answer()
        statuses.append(status)
        totals.append(json.loads(body).get("total"))

    assert statuses == [202, 200, 202, 200]
    assert totals[3] == totals[1] + 1


def test_a_request_behind_one_that_waits_is_answered_after_it(wire: Wire) -> None:
    wire.say(GET % b"Prefer: wait=0.2\r\n" + b"GET /healthz HTTP/1.1\r\nHost: mock\r\n\r\n")

    assert "total" in json.loads(wire.answer()[2])
    assert json.loads(wire.answer()[2]) == {"status": "ok"}


def test_a_body_that_comes_in_pieces_is_read_to_its_end(wire: Wire) -> None:
    wire.say(SIZED)
    for at in range(len(JOB)):
        wire.say(JOB[at : at + 1])

    assert wire.answer()[0] == 202


def test_a_chunked_body_is_read_to_its_end(wire: Wire) -> None:
    wire.say(POST % b"Transfer-Encoding: chunked\r\n" + b"5\r\n" + JOB[:5] + b"\r\n")
    wire.say(b"%x\r\n%b\r\n0\r\n\r\n" % (len(JOB) - 5, JOB[5:]))

    assert wire.answer()[0] == 202


def test_a_client_that_asks_first_is_told_to_go_on(wire: Wire) -> None:
    wire.say(SIZED.replace(b"Host", b"Expect: 100-continue\r\nHost"))

    assert wire.answer()[0] == 100
    wire.say(JOB)
    assert wire.answer()[0] == 202


@pytest.mark.parametrize(
    "request_line", [GET % b"Connection: close\r\n", (GET % b"").replace(b"HTTP/1.1", b"HTTP/1.0")]
)
def test_a_connection_that_is_not_kept_is_closed_and_said_to_be(wire: Wire, request_line: bytes) -> None:
    wire.say(request_line)

    status, fields, _ = wire.answer()
    assert (status, fields["connection"]) == (200, "close")
    assert wire.file.read() == b""


def test_a_head_has_the_length_but_no_body(wire: Wire) -> None:
    wire.say((GET % b"").replace(b"GET", b"HEAD") + GET % b"")

    wire.file.readline()
    fields = [line for line in iter(wire.file.readline, b"\r\n") if line.lower().startswith(b"content-length")]
    assert fields != [b"content-length: 0\r\n"]
    assert wire.answer()[0] == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(port: int, wire: Wire) -> None:
    leaving = Wire(port)
    leaving.say(SIZED + JOB[:10])
    leaving.socket.close()

    wire.say(GET % b"")
    assert wire.answer()[0] == 200


async def _odd(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers as its path says: not at all, by raising, half, late, or by raising late."""
    word = scope["path"][1:]
    if word == "raises":
        raise KeyError(word)
    if word == "half":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
    if word in ("late", "raises-late"):
        await asyncio.sleep(0.01)
    if word == "raises-late":
        raise KeyError(word)
    if word == "late":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"late"})


@pytest.fixture(scope="module")
def odd_port() -> Iterator[int]:
    """A server whose application does not keep to the rules."""
    config = uvicorn.Config(
        _odd, http=EagerProtocol, interface="asgi3", lifespan="off", log_config=None, log_level="critical"
    )
    server, listener = uvicorn.Server(config), bind("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(5)


@pytest.mark.parametrize(
    ("word", "status"),
    [("nothing", b"500"), ("raises", b"500"), ("raises-late", b"500"), ("late", b"200"), ("half", b"200")],
)
def test_an_application_that_fails_is_answered_for_as_uvicorn_does(odd_port: int, word: str, status: bytes) -> None:
    wire = Wire(odd_port)
    wire.say(b"GET /%b HTTP/1.1\r\nHost: mock\r\n\r\n" % word.encode())

    assert wire.file.readline().split()[1] == status
    rest = wire.file.read() if word != "late" else b""
    assert (b"Internal Server Error" in rest) is (status == b"500")
    wire.socket.close()


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nb", "a\rb"])
def test_no_header_of_an_answer_can_become_two(value: str) -> None:
    with pytest.raises(ValueError, match="x-said"):
        encode(Reply(200, {}, {"x-said": value}))


def test_a_stream_whose_client_leaves_at_once_ends_cleanly(port: int) -> None:
    for _ in range(60):
        wire = Wire(port)
        wire.say(b"GET /_mock/events HTTP/1.1\r\nHost: mock\r\n\r\n")
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()  # before the stream's task has taken a step

    assert httpx.get(f"http://127.0.0.1:{port}/_mock/health").status_code == 200

    gc.collect()  # what was given up halfway says so now, which is an error of the test
