"""A light client over keep-alive connections that takes as little of the machine as it can, and the CPU a server used meanwhile."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16


@dataclass(frozen=True)
class Sample:
    """What one burst cost: server CPU per request in microseconds, and requests per second."""

    cpu_us: float
    throughput: float


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process so far, to the nanosecond where the kernel tells it."""
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
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


class _Connection:
    """One keep-alive connection over a blocking socket; reads as little of an answer as it must."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send = self.socket.sendall

    def answer(self) -> bytes:
        """The body of the next answer. Raises RuntimeError when it is a refusal."""
        received = self.socket.recv(65536)
        head = received.find(b"\r\n\r\n")
        while head < 0:
            more = self.socket.recv(65536)
            if not more:
                raise RuntimeError(f"the server closed the connection after {received!r}")
            received += more
            head = received.find(b"\r\n\r\n")
        at = received.find(b"content-length:")
        if at < 0:
            at = received.lower().find(b"content-length:")
        size = head + 4 + int(received[at + 15 : received.find(b"\r\n", at)])
        while len(received) < size:
            received += self.socket.recv(65536)
        if received[9:10] != b"2":
            raise RuntimeError(f"a request was refused: {received[:2000]!r}")
        return received[head + 4 :]


def _burst(port: int, requests: Iterator[bytes], connections: int) -> Iterator[bytes]:
    """The bodies of the answers; each turn sends one request on every connection, then takes the answers in the same order."""
    open_ones = [_Connection(port) for _ in range(connections)]
    try:
        while turn := list(itertools.islice(requests, connections)):
            for connection, request_bytes in zip(open_ones, turn, strict=False):
                connection.send(request_bytes)
            for connection, _ in zip(open_ones, turn, strict=False):
                yield connection.answer()
    finally:
        for connection in open_ones:
            connection.socket.close()


def send(port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS) -> list[bytes]:
    """Send every request once; the bodies of the answers in the order of the requests. Raises RuntimeError on a refusal."""
    return list(_burst(port, iter(requests), connections))


def measure(port: int, pid: int, requests: Sequence[bytes], count: int) -> Sample:
    """Send `count` requests, taking turns among the given ones, and see what they cost the server."""
    before, start = cpu_seconds(pid), time.perf_counter()
    for _ in _burst(port, itertools.islice(itertools.cycle(requests), count), CONNECTIONS):
        pass
    took, used = time.perf_counter() - start, cpu_seconds(pid) - before
    return Sample(used / count * 1e6, count / took)
