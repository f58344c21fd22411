"""A bare connection to a server, for what no client would send."""

from __future__ import annotations

import socket
import struct


class Wire:
    """One connection, and what came over it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, header fields and body of the next answer."""
        status = int(self.file.readline().split()[1])
        fields = dict(line.decode().strip().lower().split(": ", 1) for line in iter(self.file.readline, b"\r\n"))
        return status, fields, self.file.read(int(fields.get("content-length", 0)))

    def close(self) -> None:
        """Leave."""
        self.file.close()
        self.socket.close()

    def cut(self) -> None:
        """Leave as one whose machine is switched off: what is on its way is lost, and the server sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
