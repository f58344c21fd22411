"""A mock server in a process of its own, and what it uses as the system tells it."""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.hostile.making import message

MIB = 2**20
PATIENCE = 0.25
"""Seconds until a request that is not answered is taken for one that is not whole."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SERVE = "from mockserver.cli import main; main()"
_RESET = struct.pack("ii", 1, 0)  # a connection that is closed so is cut


class Server:
    """A server and its process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, errors: IO[bytes]) -> None:
        self.process, self.port, self._errors = process, port, errors
        self._proc = Path(f"/proc/{process.pid}")

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        parts = (self._proc / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / _TICK

    def tracebacks(self) -> list[str]:
        """The beginnings of what it wrote about exceptions that nobody caught."""
        written = Path(self._errors.name).read_text(errors="replace")
        return [f"a traceback{part[:3000]}" for part in written.split("Traceback (most recent call last):")[1:]]

    def resident(self) -> float:
        """MiB in memory now."""
        return int((self._proc / "statm").read_text().split()[1]) * _PAGE / MIB

    def forget_peak(self) -> None:
        """Let the peak of memory begin anew."""
        (self._proc / "clear_refs").write_text("5")

    def peak(self) -> float:
        """Most MiB in memory since the peak began."""
        status = (self._proc / "status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0  # a process that has ended has no memory

    def answers(self) -> bool:
        """Whether it is alive and says that it is well."""
        return self.process.poll() is None and self.ask(message("GET", "/_mock/health")).startswith(b"HTTP/1.1 200")

    def ask(self, sent: bytes) -> bytes:
        """The beginning of the answer, its whole head at least; nothing where there is none."""
        answer = b""
        with suppress(OSError), self._connected() as link:
            with suppress(OSError):  # the server may answer and close before all is sent
                link.sendall(sent)
            link.settimeout(PATIENCE)
            with suppress(TimeoutError):
                answer = _head(link)
            if not answer:  # the request was not whole: nothing more comes
                link.shutdown(socket.SHUT_WR)
                link.settimeout(10)
                answer = _head(link)
        return answer

    def leave(self, sent: bytes, *, after: int, read: int) -> None:
        """Send the first bytes of a request, read some of the answer, and cut the connection."""
        with suppress(OSError), self._connected() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.settimeout(PATIENCE)
            with suppress(OSError):
                link.sendall(sent[:after])
                if read:
                    link.recv(read)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@contextmanager
def serving(*options: str, changed: str = "") -> Iterator[Server]:
    """A server on a free port of loopback, until the block ends; `changed` is run in its process before it starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = ("--quiet", "--log-level", "error")
    command = [sys.executable, "-c", f"{changed}\n{_SERVE}", "serve", *quiet, "--port", str(port), *options]
    with tempfile.NamedTemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            server = Server(process, port, errors)
            while not server.answers():
                assert process.poll() is None, Path(errors.name).read_text()
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait(10)


def _head(link: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer and (piece := link.recv(65_536)):
        answer += piece
    return answer
