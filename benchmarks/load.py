"""A light client over keep-alive connections that never sleeps, and the CPU a server used meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

CONNECTIONS = 8


@dataclass(frozen=True)
class Sample:
    """What one burst cost: server CPU per request in microseconds, and requests per second."""

    cpu_us: float
    throughput: float


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process so far, to the nanosecond where the kernel tells it."""
    try:
        return (
            sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
        )
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} does not say how much memory it uses")


def request(method: str, path: str, headers: Sequence[tuple[str, str]] = (), body: bytes | None = None) -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", "User-Agent: benchmark"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


class _Connection(asyncio.Protocol):
    """One connection that sends the next request as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None], bodies: list[bytes] | None) -> None:
        self.requests, self.done, self.bodies = requests, done, bodies
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        self.fail(error or RuntimeError("the server closed the connection"))

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def next(self) -> None:
        following = next(self.requests, None)
        if following is not None:
            self.transport.write(following)
            return
        if not self.done.done():
            self.done.set_result(None)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, head)
        length = int(self.buffer[at + 15 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return
        answer, self.buffer = self.buffer, b""
        if answer[9:10] != b"2":
            self.fail(RuntimeError(f"a request was refused: {answer[:2000]!r}"))
            self.transport.close()
            return
        if self.bodies is not None:
            self.bodies.append(answer[head + 4 :])
        self.next()


class _Awake:
    """Keeps a loop from sleeping, until `end`.

    Whoever writes to a client that sleeps pays for waking it (13 us per answer where this was measured): a server
    faster than the client never does, a slower one always, and the ratio of the two would tell of that instead of the
    servers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._is_over = loop, False
        self._turn()

    def _turn(self) -> None:
        if not self._is_over:
            self._loop.call_soon(self._turn)

    def end(self) -> None:
        """Let the loop sleep again."""
        self._is_over = True


async def _burst(port: int, requests: Iterator[bytes], connections: int, bodies: list[bytes] | None) -> None:
    loop = asyncio.get_running_loop()
    awake = _Awake(loop)
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(partial(_Connection, requests, end, bodies), "127.0.0.1", port)
    try:
        await asyncio.gather(*ends)
    finally:
        awake.end()


def send(port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS) -> list[bytes]:
    """Send every request once and return the bodies of the answers, in order of arrival. Raises RuntimeError on a
    refusal.
    """
    bodies: list[bytes] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_burst(port, iter(requests), connections, bodies))
    return bodies


def measure(port: int, pid: int, requests: Sequence[bytes], count: int) -> Sample:
    """Send `count` requests, taking turns among the given ones, and see what they cost the server."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        before, start = cpu_seconds(pid), time.perf_counter()
        runner.run(_burst(port, itertools.islice(itertools.cycle(requests), count), CONNECTIONS, None))
        took, used = time.perf_counter() - start, cpu_seconds(pid) - before
    return Sample(used / count * 1e6, count / took)
