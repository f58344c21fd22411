"""The client's connections: interrupted, refused, ended, of threads that are gone, and of forked processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

import pytest

from mockserver.client import ControlRefused, MockServer
from mockserver.http.server import bind
from tests.http.test_control_sandboxes import SMALL, submit
from tests.http.test_webhooks import expect_soon
from tests.test_cli import free_port

CLOCK = b'{"now": 5, "time": "2026-01-01T00:00:05Z", "next_event": null}'


class Script:
    """A server that treats each request as its next step says; the last step is repeated."""

    def __init__(self, *steps: Callable[[socket.socket], None]) -> None:
        self.asked: list[str] = []
        self._steps, self._listener = list(steps), socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        while data := received(connection):
            self.asked.append(data.decode().partition(" HTTP")[0])
            step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
            step(connection)
            if step is hang_up:
                return

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            one.close()


def received(connection: socket.socket) -> bytes:
    """One whole request, or nothing when there is none any more."""
    try:
        data = connection.recv(65536)
        while data.startswith(b"POST") and not data.endswith(b"}"):
            data += connection.recv(65536)
        return data
    except OSError:
        return b""


def answer(connection: socket.socket, status: str = "200 OK", body: bytes = CLOCK) -> None:
    connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def interrupt(connection: socket.socket) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)


class Interrupted(Exception):
    pass


@contextmanager
def script(*steps: Callable[[socket.socket], None]) -> Iterator[Script]:
    made = Script(*steps)
    yield made
    made.close()


@pytest.fixture
def interrupts() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("interrupts")
def test_a_call_that_was_interrupted_spoils_no_later_one() -> None:
    with script(interrupt, interrupt, answer) as there, MockServer.at(there.url) as server:
        box = server.existing("default")
        for _ in range(2):
            with pytest.raises(Interrupted):
                box.clock.advance(1)

        assert box.clock.now == 5
        assert len(there.asked) == 3


def test_what_the_callers_own_alarm_raises_stays_what_it_is() -> None:
    """Also a TimeoutError, which looks like one of the connection's."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("my own limit")

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with script(interrupt, answer) as there, MockServer.at(there.url) as server:
            box = server.existing("default")
            with pytest.raises(TimeoutError, match=r"^my own limit$"):
                box.clock.advance(1)

            assert box.clock.now == 5
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_server_that_was_not_there_yet_is_found_later() -> None:
    port = free_port()
    with MockServer.at(f"http://127.0.0.1:{port}") as late:
        for _ in range(3):
            with pytest.raises(ConnectionError, match=f"nobody answers at http://127.0.0.1:{port}"):
                late.sandbox()
        with MockServer(port=port, pace="manual", apis=["ionworks"]):
            assert late.sandbox().clock.now == 0


def test_a_command_that_the_server_may_have_begun_is_not_sent_again() -> None:
    with script(answer, hang_up, answer) as there, MockServer.at(there.url) as server:
        box = server.existing("default")
        assert box.clock.now == 5

        with pytest.raises(ConnectionError, match="the connection ended before POST"):
            box.clock.advance(1)

        assert there.asked == ["GET /sandbox/default/_mock/clock", "POST /sandbox/default/_mock/clock/advance"]


def test_what_only_reads_is_asked_again() -> None:
    with script(answer, hang_up, answer) as there, MockServer.at(there.url) as server:
        box = server.existing("default")

        assert (box.clock.now, box.clock.now) == (5, 5)
        assert there.asked == ["GET /sandbox/default/_mock/clock"] * 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b"<html>"),
        ("301 Moved Permanently", b""),
        ("404 Not Found", b"<html>"),
        ("404 Not Found", b'{"error": "no"}'),
        ("502 Bad Gateway", b"[]"),
    ],
)
def test_whoever_else_answers_is_not_taken_for_a_mock(status: str, body: bytes) -> None:
    with script(lambda connection: answer(connection, status, body)) as there, MockServer.at(there.url) as server:
        with pytest.raises(ControlRefused, match=f"returned {status[:3]}; is it a mock server"):
            _ = server.existing("default").clock.now


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors where Linux lists them")
def test_threads_that_are_gone_leave_no_connections() -> None:
    with MockServer(pace="manual", apis=["ionworks"]) as server, server.sandbox() as box:
        before = descriptors()
        for _ in range(20):
            gate = threading.Barrier(5)
            with ThreadPoolExecutor(5) as pool:
                # type: ignore[misc]
                assert set(pool.map(lambda _, gate=gate: (gate.wait(), box.clock.now)[1], range(5))) == {0}

        expect_soon(lambda: descriptors() - before <= 2 * 8)  # the server closes its ends a moment later


# Forked processes


def forked(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    return process


@pytest.fixture
def ended() -> Iterator[list[multiprocessing.process.BaseProcess]]:
    """Processes that must have ended well at the end of the test."""
    those: list[multiprocessing.process.BaseProcess] = []
    yield those
    for one in those:
        one.join(30)
        code = one.exitcode
        one.kill()
        assert code == 0


pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
fork_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@fork_only
def test_a_forked_process_has_connections_of_its_own(ended: list[multiprocessing.process.BaseProcess]) -> None:
    with MockServer(pace="manual", apis=["ionworks"]) as server:
        ours, theirs = server.sandbox(), server.sandbox()
        ours.clock.advance(1)
        theirs.clock.advance(2)

        def ask() -> None:
            assert {theirs.clock.now for _ in range(50)} == {2}

        ended.append(forked(ask))
        assert {ours.clock.now for _ in range(50)} == {1}
        ended[0].join(30)


@fork_only
def test_a_forked_process_that_outlives_the_server_does_not_keep_its_port(
    ended: list[multiprocessing.process.BaseProcess],
) -> None:
    hold, release = os.pipe()
    server = MockServer(pace="manual", apis=["ionworks"]).start()
    port = int(server.url.rpartition(":")[2])

    def outlive() -> None:
        os.close(release)
        os.read(hold, 1)

    ended.append(forked(outlive))
    server.stop()
    try:
        with bind("127.0.0.1", port) as bound:
            assert bound.getsockname()[1] == port
    finally:
        os.close(release)
        os.close(hold)


@fork_only
def test_a_connection_that_the_server_cuts_ends_although_a_process_was_forked(
    ended: list[multiprocessing.process.BaseProcess],
) -> None:
    hold, release = os.pipe()

    def outlive() -> None:
        os.close(release)
        os.read(hold, 1)

    with MockServer(pace="manual", apis=["ionworks"]) as server, server.sandbox(scenario=SMALL) as box:
        submit(box)
        box.faults.add("drop")
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(b"GET /jobs HTTP/1.1\r\nHost: h\r\n\r\n")
            assert client.recv(65536)
            ended.append(forked(outlive))
            client.sendall(f"GET /sandbox/{box.name}/jobs HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            try:
                assert client.recv(65536) == b""
            except ConnectionResetError:
                pass
            finally:
                os.close(release)
                os.close(hold)
