"""A request that offers another protocol is answered as if it did not, from a bare socket, by Java's own
client and by curl (RFC 9110, 7.8).
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

import specs
from mockserver.http.pages.example_call import FirstCall, first_call
from mockserver.http.server import serving
from tests.http.wire import Wire

OFFERS = {
    "h2c": (
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
    ),
    "websocket": (
        b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: eA==\r\n"
    ),
    "two": (
        b"Upgrade: h2c, TLS/1.0\r\nConnection: upgrade\r\nConnection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
    ),
}
CONTROL = FirstCall("POST", "/_mock/clock/advance", (), {"seconds": 7})
CALLS = {name: first_call(specs.load(name)) for name in specs.names()} | {"control": CONTROL}
names = count()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(pace="manual") as url:
        yield url


@pytest.fixture
def wire(url: str) -> Iterator[Wire]:
    wire = Wire(urlsplit(url).port or 0)
    yield wire
    wire.close()


def request(call: FirstCall, sandbox: str, offer: bytes = b"", *, chunked: bool = False) -> tuple[bytes, bytes]:
    """Head and body of a call, made in a world of that name."""
    body = orjson.dumps(call.body)
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    fields = [f"{name}: {value}".encode() for name, value in call.headers]
    lines = [
        f"{call.method} {call.path} HTTP/1.1\r\nHost: mock\r\nX-Mock-Sandbox: {sandbox}".encode(),
        *fields,
        b"Content-Type: application/json",
    ]
    head = b"\r\n".join([*lines, framing, offer + b"\r\n"])
    return head, b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:]) if chunked else body


def without_name(answer: tuple[int, dict[str, str], bytes], sandbox: str) -> tuple[int, bytes]:
    return answer[0], answer[2].replace(sandbox.encode(), b"SANDBOX")


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("api", CALLS)
def test_an_offer_changes_nothing_in_the_answer(wire: Wire, api: str, offer: str, chunked: bool) -> None:
    plain, together, later = (f"world-{next(names)}" for _ in range(3))

    wire.say(b"".join(request(CALLS[api], plain)))
    expected = without_name(wire.answer(), plain)
    wire.say(b"".join(request(CALLS[api], together, OFFERS[offer], chunked=chunked)))
    assert without_name(wire.answer(), together) == expected

    head, body = request(CALLS[api], later, OFFERS[offer], chunked=chunked)
    for piece in (head[:40], head[40:-1], head[-1:], body[:3], body[3:]):
        wire.say(piece)
    assert without_name(wire.answer(), later) == expected
    assert expected[0] in (200, 201, 202)


@pytest.mark.parametrize("offer", OFFERS)
def test_what_is_sent_behind_an_offer_is_answered_in_order(wire: Wire, offer: str) -> None:
    world = f"world-{next(names)}"
    submission = b"".join(request(CALLS["ionworks"], world, OFFERS[offer]))
    listing = f"GET /jobs HTTP/1.1\r\nHost: mock\r\nX-Mock-Sandbox: {world}\r\n".encode() + OFFERS[offer] + b"\r\n"

    wire.say(submission + listing + submission + listing)

    assert [json.loads(wire.answer()[2]).get("total") for _ in range(4)] == [None, 1, None, 2]


def test_a_body_behind_an_offer_is_not_taken_for_a_request(wire: Wire) -> None:
    world = f"world-{next(names)}"
    smuggled = b"".join(request(CALLS["ionworks"], world))
    head = (
        f"POST /jobs HTTP/1.1\r\nHost: mock\r\nX-Mock-Sandbox: {world}\r\nContent-Type: application/json\r\n".encode()
    )

    wire.say(head + b"Content-Length: %d\r\n" % len(smuggled) + OFFERS["h2c"] + b"\r\n")
    wire.say(smuggled)
    assert wire.answer()[0] == 422
    wire.say(f"GET /jobs HTTP/1.1\r\nHost: mock\r\nX-Mock-Sandbox: {world}\r\n\r\n".encode())

    assert json.loads(wire.answer()[2])["total"] == 0


def test_a_body_that_may_be_left_out_is_read_behind_an_offer(wire: Wire) -> None:
    world = f"world-{next(names)}"
    wire.say(b"".join(request(CALLS["xio"], world)))
    job = json.loads(wire.answer()[2])["uuid"]
    cancel = FirstCall("PUT", f"/v1/jobs/{job}/cancel", CALLS["xio"].headers, {"reason": "because"})

    wire.say(b"".join(request(cancel, world, OFFERS["h2c"])))

    assert b"because" in wire.answer()[2]


def test_an_offer_is_not_worth_a_line_in_the_log(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        wire.say(b"".join(request(CALLS["ionworks"], f"world-{next(names)}", OFFERS["websocket"])))
        wire.answer()

    assert caplog.messages == []


def test_a_connection_that_is_to_be_closed_is_closed_in_spite_of_an_offer(wire: Wire) -> None:
    wire.say(b"GET /jobs HTTP/1.1\r\nHost: mock\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n")

    assert wire.answer()[:1] == (200,)
    assert wire.file.read() == b""


def test_a_tunnel_is_refused_and_what_is_sent_into_it_is_not_read(wire: Wire) -> None:
    wire.say(b"CONNECT mock:80 HTTP/1.1\r\nHost: mock\r\n\r\nGET /jobs HTTP/1.1\r\nHost: mock\r\n\r\n")

    assert wire.answer()[0] == 400
    assert wire.file.read() == b""


JAVA = """
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;

public class Call {
    public static void main(String[] lines) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int round = 0; round < 2; round++)
            for (String line : lines) {
                String[] call = line.split("\\t");
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(call[1]))
                    .header("Content-Type", "application/json").header("X-Mock-Sandbox", "java-" + round);
                for (int at = 3; at < call.length; at += 2) request.header(call[at], call[at + 1]);
                request.method(call[0], HttpRequest.BodyPublishers.ofString(call[2]));
                System.out.println(client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode());
            }
    }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java on this machine")
def test_javas_own_client_is_served_with_its_default_settings(url: str, tmp_path: Path) -> None:
    (tmp_path / "Call.java").write_text(JAVA)
    lines = [
        "\t".join(
            [
                call.method,
                url + call.path,
                orjson.dumps(call.body).decode(),
                *(part for field in call.headers for part in field),
            ]
        )
        for call in CALLS.values()
    ]

    done = subprocess.run(
        ["java", str(tmp_path / "Call.java"), *lines], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.stderr == ""
    assert len(done.stdout.split()) == 2 * len(CALLS)
    assert set(done.stdout.split()) <= {"200", "201", "202"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl_is_served_when_it_offers_another_protocol(url: str) -> None:
    body = orjson.dumps(CALLS["ionworks"].body).decode()
    one = [
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} ",
        "--http2",
        url + "/jobs",
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
    ]

    done = subprocess.run(["curl", *one, "--next", *one], capture_output=True, text=True, timeout=30, check=False)

    assert done.stdout.split() == ["202", "202"]
