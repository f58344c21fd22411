"""Calls that are sent at the same time."""

from __future__ import annotations

from typing import Any

from conformance.session.expect import expect
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json


def at_once(session: Session, role: str, job: JobRef, count: int = 4, **options: Any) -> list[Exchange]:
    """Send the call of a role about one job several times at once; the answers."""
    operation = session.spec.operations[session.role(role).operation]
    parameter = next(one["name"] for one in operation.parameters if one["in"] == "path")
    path = session.directory.path(operation.id, {session.role(role).parameter or parameter: job.id})
    return session.together([session.request(operation.method, path, **options) for _ in range(count)])


def submissions_at_once(session: Session, bodies: list[Json]) -> list[Exchange]:
    """Send several submissions at once; the answers."""
    submit = session.spec.operations[session.role("submit").operation]
    path, settings = session.directory.path(submit.id, {}), session.settings
    options: Any = {"headers": settings.submit_headers, "query": settings.submit_query}
    return session.together([session.request(submit.method, path, body=body, **options) for body in bodies])


def one_is_granted(exchanges: list[Exchange], what: str) -> None:
    """The promise is broken unless exactly one of several calls was granted."""
    granted = sum(one.response.is_success for one in exchanges)
    expect(granted == 1, f"of {len(exchanges)} {what} at once {granted} were granted", *exchanges)
