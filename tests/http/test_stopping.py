"""Whatever clients are waiting for, a server stops within a second; and what a client waits for ends when the client or
its world goes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

import specs
from mockserver.client import MockServer
from mockserver.http.app import create_app
from mockserver.http.pages.example_call import first_call
from mockserver.http.server import serving
from tests.http.wire import Wire

LIST = "GET {prefix}/jobs HTTP/1.1\r\nHost: mock\r\n"
STREAM = "GET {prefix}%s HTTP/1.1\r\nHost: mock\r\nAuthorization: t\r\n\r\n"
POST = "POST {prefix}%s HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
JOB = {"job_type": "simulate", "params": {}}


def post(path: str, body: Any, fields: str = "", *, sent: int | None = None) -> str:
    """A request of which only `sent` characters of the body are sent."""
    text = json.dumps(body)
    return POST % (path, len(text), fields, text[:sent])


def fault(*descriptions: dict[str, Any]) -> Callable[[httpx.Client, str], None]:
    def order(client: httpx.Client, _: str) -> None:
        for one in descriptions:
            client.post("/_mock/faults", json=one).raise_for_status()

    return order


def jobs_that_call(client: httpx.Client, silent: str) -> None:
    for _ in range(5):
        job = client.post("/jobs", json=JOB | {"callback_url": silent}).raise_for_status().json()["job_id"]
        client.post(f"/jobs/{job}/cancel").raise_for_status()


def real_time(client: httpx.Client, _: str) -> None:
    client.put("/_mock/clock", json={"pace": "real"}).raise_for_status()


def nothing(client: httpx.Client, silent: str) -> None:
    return


LATE = {"kind": "latency", "seconds": 60}
ADVANCE = post("/_mock/clock/advance", {"seconds": 100})
YR_JOB = first_call(specs.load("openyuanrong")).body
WAITING = YR_JOB | {"runtime_env": YR_JOB["runtime_env"] | {"env_vars": {"MOCK_STAY_QUEUED": "true"}}}
HELD: dict[str, tuple[Callable[[httpx.Client, str], None], str]] = {
    "a preference to wait": (nothing, LIST + "Prefer: wait=60\r\n\r\n"),
    "a submission that waits": (nothing, post("/jobs", JOB, "Prefer: wait=60\r\n")),
    "a submission that waits for a place": (real_time, post("/api/jobs", WAITING)),
    "latency": (fault(LATE), LIST + "\r\n"),
    "latency and drop": (fault(LATE, {"kind": "drop", "after": True}), LIST + "\r\n"),
    "a slow answer": (fault({"kind": "slow", "seconds": 60}), LIST + "\r\n"),
    "an advance that waits for a receiver": (jobs_that_call, ADVANCE),
    "an advance behind another": (jobs_that_call, ADVANCE + ADVANCE),
    "callbacks": (jobs_that_call, LIST + "\r\n"),
    "events": (nothing, STREAM % "/_mock/events"),
    "a vendor's events": (nothing, STREAM % "/v1/customer/events"),
    "half a head": (nothing, LIST),
    "half a body": (nothing, post("/jobs", JOB, sent=5)),
    "half a submission of which the rest never comes": (nothing, post("/api/jobs/", {"entrypoint": "x"}, sent=3)),
}
ENDLESS = [name for name in HELD if not name.startswith(("half", "callbacks", "an advance behind"))]


class Counted:
    """An application, and how many of its requests are under way."""

    def __init__(self) -> None:
        self.app, self.open = create_app(pace="manual"), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        counts = scope["type"] == "http"
        self.open += counts
        try:
            await self.app(scope, receive, send)
        finally:
            self.open -= counts

    def close(self) -> None:
        self.app.close()


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """A receiver that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def eventually(is_so: Callable[[], bool], seconds: float = 3.0) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    return is_so()


def hold(url: str, kind: str, silent: str, prefix: str = "") -> Wire:
    """A client that waits for something of that kind."""
    prepare, request = HELD[kind]
    with httpx.Client(base_url=url + prefix) as client:
        prepare(client, silent)
    wire = Wire(port_of(url))
    wire.say(request.replace("{prefix}", prefix).encode())
    return wire


@pytest.mark.parametrize("kind", HELD)
def test_a_server_stops_within_a_second_and_leaves_no_thread(kind: str, silent: str) -> None:
    before = set(threading.enumerate())  # servers that other tests share stay
    with ExitStack() as stop:
        url = stop.enter_context(serving(pace="real" if kind == "callbacks" else "manual"))
        threads = [one for one in set(threading.enumerate()) - before if one.name == "understudy"]
        wires = [hold(url, kind, silent) for _ in range(3)]
        time.sleep(0.2)

        began = time.monotonic()
        stop.close()
        took = time.monotonic() - began

    assert took < 1
    assert not any(one.is_alive() for one in threads)
    for wire in wires:
        wire.file.read()  # answered or cut, but not kept waiting
        wire.close()


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_a_client_waits_for_ends_when_the_client_leaves(kind: str, silent: str) -> None:
    app = Counted()
    with serving(app) as url:  # type: ignore[arg-type]
        wire = hold(url, kind, silent)
        assert eventually(lambda: app.open == 1)

        wire.close()

        assert eventually(lambda: app.open == 0)


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_a_client_waits_for_ends_when_its_sandbox_is_deleted(kind: str, silent: str) -> None:
    app = Counted()
    with serving(app) as url:  # type: ignore[arg-type]
        wire = hold(url, kind, silent, "/sandbox/mine")
        assert eventually(lambda: app.open == 1)

        assert httpx.delete(f"{url}/_mock/sandboxes/mine").status_code == 204

        assert eventually(lambda: app.open == 0)
        first = wire.file.readline()
        assert b" 202 " not in first
        wire.close()


def test_a_submission_whose_sandbox_is_deleted_before_it_has_come_is_not_taken() -> None:
    with serving(pace="manual") as url:
        wire = hold(url, "half a body", "", "/sandbox/mine")
        assert eventually(lambda: "mine" in httpx.get(f"{url}/_mock/sandboxes").text)
        httpx.delete(f"{url}/_mock/sandboxes/mine").raise_for_status()

        wire.say(json.dumps(JOB)[5:].encode())

        assert wire.answer()[0] == 503
        wire.close()


def test_calls_for_a_deleted_sandbox_are_not_made(silent: str) -> None:
    called: list[str] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append((await reader.readline()).decode())
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async def run(url: str) -> None:
        receiver = await asyncio.start_server(count, "127.0.0.1", 0)
        async with httpx.AsyncClient(base_url=f"{url}/sandbox/mine") as client:
            for _ in range(4):
                address = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/"
                job = (await client.post("/jobs", json=JOB | {"callback_url": address})).json()["job_id"]
                await client.post(f"/jobs/{job}/cancel")
            while not called:
                await asyncio.sleep(0.01)
            await client.delete(f"{url}/_mock/sandboxes/mine")
            await asyncio.sleep(1.0)
        receiver.close()

    with serving(pace="real") as url:
        asyncio.run(run(url))

    assert len(called) == 1


def test_of_two_advances_at_once_both_are_made(silent: str) -> None:
    with serving(pace="manual") as url, httpx.Client(base_url=url) as client:
        job = (
            client.post("/jobs", json=JOB | {"callback_url": "http://localhost:1/"}).raise_for_status().json()["job_id"]
        )
        client.post(f"/jobs/{job}/cancel").raise_for_status()
        wires = [Wire(port_of(url)) for _ in range(2)]
        for wire in wires:
            wire.say(ADVANCE.replace("{prefix}", "").encode())

        shown = sorted(json.loads(wire.answer()[2])["now"] for wire in wires)

    assert shown == [100, 200]
    for wire in wires:
        wire.close()


def test_a_server_of_a_test_stops_within_a_second(silent: str) -> None:
    before = set(threading.enumerate())
    server = MockServer(pace="manual").start()
    wires = [hold(server.url, "a preference to wait", silent) for _ in range(20)]
    time.sleep(0.2)

    began = time.monotonic()
    server.stop()

    assert time.monotonic() - began < 1
    assert not any(one.name == "understudy" for one in set(threading.enumerate()) - before)
    for wire in wires:
        wire.close()


@pytest.fixture
def foreground() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`mockserver serve` in its own process, and its URL."""
    line = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--pace",
        "manual",
        "--log-format",
        "json",
    ]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["urls"][0]
    yield process, url
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_within_a_second_whatever_is_held(
    foreground: tuple[subprocess.Popen[str], str], silent: str, number: signal.Signals
) -> None:
    process, url = foreground
    wires = [hold(url, kind, silent, f"/sandbox/world-{number}") for number, kind in enumerate(HELD)]
    time.sleep(0.3)

    began = time.monotonic()
    os.kill(process.pid, number)
    code = process.wait(10)
    took = time.monotonic() - began

    assert (code, took < 1) == (0, True)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    for wire in wires:
        wire.close()


def test_a_second_signal_ends_a_server_at_once(foreground: tuple[subprocess.Popen[str], str], silent: str) -> None:
    process, url = foreground
    wire = hold(url, "latency and drop", silent)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    process.wait(10)

    assert time.monotonic() - began < 0.6
    wire.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.1, 0.3, 0.6, 0.9])
def test_a_signal_while_the_server_starts_ends_it_without_a_traceback(number: signal.Signals, after: float) -> None:
    script = "from mockserver.__main__ import main; print('begins', flush=True); main()"
    line = [sys.executable, "-W", "ignore", "-c", script, "serve", "--port", "0"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(after)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=10)

    assert process.returncode in (0, 128 + number)
    assert said == ""
