"""Calls about one job, sent at the same time."""

from __future__ import annotations

from typing import Any

from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange


def at_once(session: Session, role: str, job: JobRef, count: int = 4, **options: Any) -> list[Exchange]:
    """Send the call of a role about one job several times at once; the answers."""
    operation = session.spec.operations[session.role(role).operation]
    parameter = next(one["name"] for one in operation.parameters if one["in"] == "path")
    path = session.directory.path(operation.id, {session.role(role).parameter or parameter: job.id})
    return session.together([session.request(operation.method, path, **options) for _ in range(count)])
