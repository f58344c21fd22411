"""Servers start, refuse a busy port, and stop within a second whatever their connections are doing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from mockserver.http.server import PortBusy, bind, bind_every, serving, url_of

SERVER = """
from mockserver.http.app import create_app
from mockserver.http.server import bind, run, url_of
listener = bind("127.0.0.1", 0)
print(url_of(listener), flush=True)
run([(create_app(), [listener])])
print("ended", flush=True)
"""


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


@pytest.fixture
def foreground() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in the foreground of its own process, and its URL."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_busy_port_is_told_before_anything_starts() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortBusy, match=f"127.0.0.1:{port}") as refused:
            bind("127.0.0.1", port)

    assert (refused.value.host, refused.value.port) == ("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_told() -> None:
    with pytest.raises(PortBusy):
        bind("host.invalid", 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_a_name_is_listened_to_on_each_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    six = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0))
    four = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [six, four])
    with serving(apis=["ionworks"], host="localhost") as url:
        monkeypatch.undo()
        port = urlsplit(url).port

        assert url == f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/jobs").status_code == 200
        assert httpx.get(f"http://[::1]:{port}/jobs").status_code == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_may_stand_in_brackets() -> None:
    with bind("[::1]", 0) as listener:
        assert listener.getsockname()[0] == "::1"


def test_an_address_that_this_machine_lacks_does_not_keep_the_others_from_being_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))
    own = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [foreign, own])

    (listener,) = bind_every("localhost", 0)

    assert listener.getsockname()[0] == "127.0.0.1"
    listener.close()


def test_without_uvloop_the_loop_of_the_standard_library_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with serving(apis=["ionworks"], pace="manual") as url:
        assert httpx.get(f"{url}/jobs").status_code == 200


def test_the_url_of_a_socket_is_one_that_clients_understand() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_block_serves_and_stops() -> None:
    with serving(apis=["ionworks"], pace="manual") as url:
        assert httpx.get(f"{url}/jobs").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/jobs")


def test_a_block_that_cannot_start_says_why() -> None:
    with pytest.raises(ValueError, match="unknown pace"), serving(pace="soon"):
        pass


def test_a_stream_ends_with_the_server() -> None:
    with ExitStack() as stop:
        url = stop.enter_context(serving(apis=["bytenite"], pace="real"))
        with connect(url) as stream:
            stream.sendall(b"GET /v1/customer/events HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n")
            head = stream.recv(4096)
            began = time.monotonic()
            stop.close()
            took = time.monotonic() - began

    assert b"text/event-stream" in head
    assert took < 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_within_a_second(
    foreground: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    process, url = foreground
    with httpx.Client(base_url=url) as client, connect(url) as stream, connect(url) as unfinished:
        assert client.get("/jobs").status_code == 200
        stream.sendall(b"GET /v1/customer/events HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n")
        assert b"200" in stream.recv(4096)
        unfinished.sendall(
            b"POST /jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )

        began = time.monotonic()
        os.kill(process.pid, number)
        code = process.wait(10)

    assert (code, time.monotonic() - began < 1.0) == (0, True)
    assert process.stdout is not None
    assert process.stdout.read() == "ended\n"
