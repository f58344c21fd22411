"""The parts of a sandbox: jobs, nodes, rules, faults, exchanges, callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.client.link import segment
from mockserver.client.part import JobLike, SandboxCalls
from mockserver.client.view import View

__tracebackhide__ = True  # a failing test shows its own lines

Views = list[View]
_PAGE = 1000


class _Part:
    """A part of one sandbox."""

    def __init__(self, calls: SandboxCalls) -> None:
        self._calls = calls


class Jobs(_Part):
    """The jobs of a sandbox, of all APIs, in our own words."""

    def list(self, *, api: str | None = None, phase: str | None = None, state: str | None = None) -> Views:
        """The jobs that match, in order of submission within an API."""
        found: list[View] = []
        while True:
            page = self._calls.ask("GET", "/jobs", api=api, phase=phase, state=state, limit=_PAGE, offset=len(found))
            found += map(View, page["jobs"])
            if len(found) >= page["total"] or not page["jobs"]:
                return found

    def __iter__(self) -> Iterator[View]:
        return iter(self.list())

    def __len__(self) -> int:
        return int(self._calls.ask("GET", "/jobs", limit=1)["total"])

    def get(self, job: JobLike, *, api: str | None = None) -> View:
        """One job with its attempts, its history, its nodes and why it waits. Raises LookupError."""
        return View(self._calls.ask("GET", self._path(job, api)))

    __getitem__ = get

    def complete(self, job: JobLike) -> View:
        """Make a running job succeed now."""
        return self._force(job, outcome="complete")

    def fail(self, job: JobLike, *, exit_code: int = 1, reason: str = "failed on demand", code: str = "") -> View:
        """Make a running job fail now, without another attempt."""
        return self._force(job, outcome="fail", exit_code=exit_code, reason=reason, code=code)

    def preempt(self, job: JobLike) -> View:
        """Take a job's capacity away, so that it waits again."""
        return self._force(job, outcome="preempt")

    def lose_node(self, job: JobLike) -> View:
        """Take down the node that a job is on."""
        return self._force(job, outcome="lose_node")

    def _force(self, job: JobLike, **wish: Any) -> View:
        return View(self._calls.ask("POST", f"{self._path(job, None)}/outcome", wish))

    def _path(self, job: JobLike, api: str | None) -> str:
        home, key = self._calls.named(job, api)
        return f"/jobs/{segment(home)}/{segment(key)}"


class Nodes(_Part):
    """The simulated machines of a sandbox."""

    def list(self) -> Views:
        """All nodes, with free capacity and jobs."""
        return [View(one) for one in self._calls.ask("GET", "/nodes")["nodes"]]

    def __iter__(self) -> Iterator[View]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def fail(self, name: str) -> View:
        """Fail a node; the jobs on it lose it."""
        return self._change(name, "fail")

    def drain(self, name: str) -> View:
        """Drain a node: it takes no new jobs, and running jobs stay."""
        return self._change(name, "drain")

    def restore(self, name: str) -> View:
        """Restore a node, so that it takes jobs again."""
        return self._change(name, "restore")

    def add(self, name: str, *, cpu: float, memory_gib: float, **more: Any) -> View:
        """Add a node; `more` as in a scenario: gpus, gpu_model, storage_gib, labels …"""
        return View(self._calls.ask("POST", "/nodes", {"name": name, "cpu": cpu, "memory_gib": memory_gib, **more}))

    def _change(self, name: str, change: str) -> View:
        return View(self._calls.ask("POST", f"/nodes/{segment(name)}/{change}"))


class _Described(_Part):
    """Things described in JSON that can be added, listed and removed."""

    _path = ""
    _members = ""

    def list(self) -> Views:
        """All of them, with their counts."""
        return [View(one) for one in self._calls.ask("GET", self._path)[self._members]]

    def __iter__(self) -> Iterator[View]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def remove(self, described: str | View) -> None:
        """Remove one, given by its id or by the answer that has it."""
        name = described if isinstance(described, str) else described.id
        self._calls.ask("DELETE", f"{self._path}/{segment(name)}")

    def clear(self) -> None:
        """Remove all."""
        self._calls.ask("DELETE", self._path)

    def _add(self, description: dict[str, Any]) -> View:
        return View(
            self._calls.ask(
                "POST", self._path, {name: value for name, value in description.items() if value is not None}
            )
        )


class Rules(_Described):
    """Rules for matching requests."""

    _path, _members = "/rules", "rules"

    def add(
        self,
        *,
        match: dict[str, Any] | None = None,
        job: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
    ) -> View:
        """Add a rule, tried last: what happens to the job, or what is answered. Raises ControlRefused."""
        return self._add({"match": match, "job": job, "answer": answer})


class Faults(_Described):
    """Faults: requests that are broken on purpose, for some time or some requests."""

    _path, _members = "/faults", "faults"

    def add(self, kind: str, **description: Any) -> View:
        """Add a fault: latency, status, drop, truncate, malformed, slow or quota. Raises ControlRefused."""
        return self._add({"kind": kind, **description})


class Exchanges(_Part):
    """The recorded exchanges."""

    def list(
        self,
        *,
        api: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        since: int | None = None,
    ) -> Views:
        """The recorded exchanges that match, oldest first, without secrets; only those after number `since`."""
        found: list[View] = []
        after = since or 0
        while True:
            wanted = {"api": api, "operation": operation, "status": status, "since": after, "limit": _PAGE}
            page = self._calls.ask("GET", "/exchanges", **wanted)["exchanges"]
            found += map(View, page)
            if len(page) < _PAGE:
                return found
            after = page[-1]["number"]

    def __iter__(self) -> Iterator[View]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def broken(self) -> Views:
        """The recorded exchanges whose request broke its document; `breaches` counts all there were."""
        return [one for one in self.list() if one.verdict == "broken"]

    def breaches(self) -> View:
        """Requests that broke their document since the sandbox began or `clear` was called: `total`, and
        the first 50.
        """
        return View(self._calls.ask("GET", "/breaches"))

    def har(self) -> dict[str, Any]:
        """Everything as an HTTP archive."""
        archive: dict[str, Any] = self._calls.ask("GET", "/exchanges/har")
        return archive

    def clear(self) -> None:
        """Delete the recorded exchanges and the breaches."""
        self._calls.ask("DELETE", "/exchanges")


class Callbacks(_Part):
    """Callback attempts and their outcome."""

    def list(self) -> Views:
        """The latest 1000 attempts, oldest first; those that are due have been made."""
        return [View(one) for one in self._calls.ask("GET", "/callbacks")["attempts"]]

    def __iter__(self) -> Iterator[View]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def pending(self) -> Views:
        """Callbacks that are still to be delivered."""
        return [View(one) for one in self._calls.ask("GET", "/callbacks")["pending"]]
