"""Checks of requests that are nearly right: an id that is nearly a job's, and a method that only asks for others."""

from __future__ import annotations

import re

from conformance.checks import check
from conformance.exchange import Exchange
from conformance.expect import expect, needed, refused
from conformance.session import Session

UNKNOWN = (400, 403, 404, 410, 422)


def _about(session: Session, role: str, id_: str) -> Exchange:
    """The call of a role about what is not quite a job, without any body that would name another."""
    operation = session.roles[role].operation
    return session.send(session.spec.operations[operation].method, re.sub(r"\{[^/]+\}", id_, session.directory.path(operation, {})))


@check("JOB-IDM-005")
def a_part_of_an_id_is_no_id(session: Session) -> None:
    """Less its last character, its first half, with one more."""
    template = session.spec.operations[session.roles["read"].operation].path
    needed(template.count("{") == 1, "a job is not read by a path that ends with its id")
    job = session.submit()
    needed(_about(session, "read", job.id).response.is_success, "the job cannot be read")
    for wrong in (job.id[:-1], job.id[: len(job.id) // 2], f"{job.id}0", f"{job.id}%20"):
        refused(_about(session, "read", wrong), f"reading {wrong!r}, where {job.id!r} is a job", UNKNOWN)


@check("JOB-RSP-007")
def options_lists_the_methods(session: Session) -> None:
    """Of the path of the submission, where OPTIONS is served at all."""
    submit = session.spec.operations[session.role("submit").operation]
    known = {one.method for one in session.spec.operations.values() if one.path == submit.path}
    exchange = session.send("OPTIONS", session.directory.path(submit.id, {}))
    expect(exchange.response.status < 500, f"OPTIONS is answered {exchange.response.status}", exchange)
    if exchange.response.is_success:
        allowed = {word.strip() for word in (exchange.response.header("allow") or "").split(",")}
        expect(known <= allowed, f"Allow is {sorted(allowed)}, the path knows {sorted(known)}", exchange)
