"""A sandbox of a server: an isolated world for a test."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from errno import EINVAL
from os import PathLike
from pathlib import Path
from typing import Any, Self

import specs
from mockserver.client.link import Link, segment
from mockserver.client.part import SandboxCalls
from mockserver.client.parts import Callbacks, Exchanges, Faults, Jobs, Nodes, Rules
from mockserver.client.time import Clock

__tracebackhide__ = True  # a failing test shows its own lines


class Sandbox:
    """An isolated world: its own clock, cluster, jobs, rules, faults and records."""

    def __init__(self, link: Link, name: str) -> None:
        self.name = name
        self._link, self._calls = link, SandboxCalls(link, name)
        self.clock, self.jobs, self.nodes = Clock(self._calls), Jobs(self._calls), Nodes(self._calls)
        self.rules, self.faults = Rules(self._calls), Faults(self._calls)
        self.exchanges, self.callbacks = Exchanges(self._calls), Callbacks(self._calls)

    def __repr__(self) -> str:
        return f"Sandbox({self.name!r} at {self._link.url})"

    @property
    def root(self) -> str:
        """The URL of this world, without any API's base path: the server's own, with the sandbox in its path."""
        return f"{self._link.url}/sandbox/{segment(self.name)}"

    def url(self, api: str) -> str:
        """The base URL of an API in this world, for a client; no header is needed. Raises KeyError."""
        return self.root + specs.load(api).base_path

    @property
    def headers(self) -> dict[str, str]:
        """The header that selects this world under the server's plain URL, for clients with a fixed base URL."""
        return {"X-Mock-Sandbox": self.name}

    def reset(self) -> None:
        """Reset: no jobs, rules, faults or records, and the clock at zero."""
        self._calls.ask("POST", "/reset")

    def snapshot(self) -> str:
        """The whole simulated state, to be restored here or in another sandbox."""
        return str(self._calls.ask("POST", "/snapshot")["snapshot"])

    def restore(self, snapshot: str) -> None:
        """Go back to a snapshot. Raises ControlRefused."""
        self._calls.ask("POST", "/restore", {"snapshot": snapshot})

    def save(self, file: str | PathLike[str]) -> Path:
        """Write the whole simulated state to a file, all or nothing, and return its path. Raises ControlRefused,
        OSError.

        A file that cannot be written whole is left as it was.
        """
        target = Path(file)
        if target.exists() and not target.is_file():
            raise OSError(EINVAL, "expected a regular file", str(target))
        content = b64decode(self.snapshot())
        beside = target.with_name(target.name + ".part")
        try:
            beside.write_bytes(content)
            return beside.replace(target)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error

    def load(self, file: str | PathLike[str]) -> None:
        """Restore from a file. Raises ControlRefused, with nothing changed, if it is not a valid snapshot; OSError."""
        from mockserver.simulation.snapshot import read_file

        self.restore(b64encode(read_file(Path(file))).decode())

    def fork(self, name: str | None = None) -> Sandbox:
        """Create a second sandbox that continues from this one's state."""
        made = self._calls.ask("POST", "/fork", {"name": name} if name else {})
        return Sandbox(self._link, made["name"])

    def delete(self) -> None:
        """Delete this world."""
        self._link.ask("DELETE", f"/sandboxes/{segment(self.name)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.delete()
