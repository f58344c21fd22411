"""Sends hostile requests to a server process, one by one, and measures what each costs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.hostile.kinds import HEAVY, KINDS, PLACES, message

MIB = 2**20
HEAVY_SHARE = 0.004
RESET_EVERY = 400
"""Sandboxes are begun anew so often, so that jobs and journals are bounded."""
WARM = 2500
"""Requests until caches and journals have their size: in a shorter run than ten times as many, memory is compared with what it was then,
not after the first tenth."""

PATIENCE = 0.25
"""Seconds until a request that is not answered is taken for one that is not whole."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """A mock server in a process of its own; what it uses is read from the system."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        self._proc = Path(f"/proc/{process.pid}")

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        parts = (self._proc / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / _TICK

    def answers(self) -> bool:
        """Whether it says that it is well."""
        return _ask(self.port, message("GET", "/_mock/health")).startswith(b"HTTP/1.1 200")

    def resident(self) -> float:
        """MiB in memory now."""
        return int((self._proc / "statm").read_text().split()[1]) * _PAGE / MIB

    def forget_peak(self) -> None:
        """Let the peak of memory begin anew."""
        (self._proc / "clear_refs").write_text("5")

    def peak(self) -> float:
        """Most MiB in memory since the peak began."""
        return next(int(line.split()[1]) / 1024 for line in (self._proc / "status").read_text().splitlines() if line.startswith("VmHWM"))


@contextmanager
def attacked(*options: str) -> Iterator[Server]:
    """A server that listens on a free port of loopback, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mockserver", "serve", "--quiet", "--log-level", "error", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        server = Server(process, port)
        while not server.answers():
            assert process.poll() is None
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Toll:
    """What one kind of request got and cost: answers by status, most seconds of CPU and most MiB of one request."""

    statuses: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0
    memory: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What all requests did; `early` and `late` are MiB in memory when it is warm (`WARM`) and at the end."""

    tolls: dict[str, Toll]
    early: float = 0.0
    late: float = 0.0

    def wrong(self) -> list[str]:
        """Answers of 5xx that nothing documents."""
        return [f"{name}: {one}" for name, toll in self.tolls.items() for one in toll.wrong]


def attack(server: Server, requests: int, seed: int) -> Outcome:
    """Send so many requests of all kinds."""
    chance, outcome = Random(seed), Outcome({name: Toll() for name in KINDS})
    first = [*KINDS] * 3  # each kind has had its turn before memory is looked at
    light = [name for name in KINDS if name not in HEAVY]
    for number in range(requests):
        name = chance.choice(sorted(HEAVY)) if chance.random() < HEAVY_SHARE else chance.choice(light)
        name = first[number] if number < len(first) else name
        _one(server, outcome.tolls[name], KINDS[name](chance), leaves=chance.random() < 0.03, is_heavy=name in HEAVY)
        if number % RESET_EVERY == RESET_EVERY - 1:
            for place in PLACES:
                _ask(server.port, message("POST", f"/sandbox/{place}/_mock/reset"))
        if number == max(requests // 10, min(WARM, requests - 1)):
            outcome.early = server.resident()
    outcome.late = server.resident()
    return outcome


def _one(server: Server, toll: Toll, sent: bytes, *, leaves: bool, is_heavy: bool) -> None:
    before = 0.0
    if is_heavy:
        before = server.resident()
        server.forget_peak()
    began = server.cpu()
    answer = _ask(server.port, sent, leaves=leaves)
    toll.cpu = max(toll.cpu, server.cpu() - began)
    if is_heavy:
        toll.memory = max(toll.memory, server.peak() - before)
    status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.1 ") else "left" if leaves else "none"
    toll.statuses[status] += 1
    if status.startswith("5") and not _is_documented(status, answer):
        toll.wrong.append(repr(sent[:300]) + " -> " + repr(answer[:300]))


def _is_documented(status: str, answer: bytes) -> bool:
    """What docs/serve.md and the vendors' pages say: other codings and versions, no room, what no node can hold, what was ordered."""
    head = answer.split(b"\r\n\r\n", 1)[0].lower()
    reasons = (b'"keyword":"unplaceable"', b'"keyword":"unavailable"', b"x-mock-steered", b"preference-applied")
    return status in ("501", "505") or any(reason in head for reason in reasons)


def _ask(port: int, sent: bytes, *, leaves: bool = False) -> bytes:
    """The beginning of the answer; nothing where there is none. `leaves` closes as soon as all is sent."""
    answer = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        with suppress(OSError):  # the server may answer and close before all is sent
            link.sendall(sent)
        if leaves:
            return b""
        link.settimeout(PATIENCE)
        with suppress(TimeoutError):
            answer = _head(link)
        if not answer:  # the request was not whole: nothing more comes
            link.shutdown(socket.SHUT_WR)
            link.settimeout(10)
            answer = _head(link)
    return answer


def _head(link: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := link.recv(65_536)):
        answer += piece
    return answer
