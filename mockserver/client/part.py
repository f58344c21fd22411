"""What all parts of a sandbox share: the link to the server, and the sandbox's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import specs
from mockserver.client.link import Link

__tracebackhide__ = True  # a failing test shows its own lines

JobLike = str | Mapping[str, Any]
"""A job's id, or an object that holds it: an answer of the vendor's API, or one of ours."""


@dataclass(frozen=True, slots=True)
class SandboxCalls:
    """One sandbox of one server."""

    link: Link
    sandbox: str

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer of the control API. Raises ControlRefused."""
        return self.link.ask(method, path, body, sandbox=self.sandbox, query=query)

    def named(self, job: JobLike, api: str | None = None) -> tuple[str, str]:
        """API and id of a job. Raises LookupError if the object names no job or several."""
        for one in _ids(job):
            found = self.ask("GET", "/jobs", job=one, api=api)["jobs"]
            if len(found) == 1:
                return found[0]["api"], found[0]["job"]
            if found:
                raise LookupError(
                    f"{one!r} is a job of {', '.join(other['api'] for other in found)}; say which with api="
                )
        raise LookupError(f"no job of this sandbox is meant by {job!r}")


def _ids(job: JobLike) -> Iterator[str]:
    """The ids that an object may hold: its own, or any at a place where one of the APIs has an id."""
    if isinstance(job, str):
        yield job
        return
    if isinstance(job.get("api"), str) and isinstance(job.get("job"), str):
        yield job["job"]
        return
    for name in specs.names():
        lifecycle = specs.load(name).lifecycle
        value: Any = job
        for key in (lifecycle.roles["submit"].id or "").split("/")[1:] if lifecycle else ():
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)
