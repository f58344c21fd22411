"""Checks of requests that are nearly right: an id that is nearly a job's, and a method that only asks for others."""

from __future__ import annotations

import re

from conformance.checks import check
from conformance.session.expect import expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from specs.lifecycle import TERMINAL

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


@check("JOB-IDM-004")
def asking_for_a_call_is_not_the_call(session: Session) -> None:
    """GET on a path that only knows other methods about a job does nothing to it."""
    known = {one.path for one in session.spec.operations.values() if one.method == "GET"}
    own = {name: session.spec.operations[role.operation].path for name, role in session.roles.items() if name in ("cancel", "delete")}
    roles = [name for name, path in own.items() if path not in known and "{" in path]
    if not roles or "long" not in session.settings.shapes:
        return
    job = session.submit("long")
    session.until(job, "running")
    path = session.directory.path(session.roles[roles[0]].operation, {})
    exchange = session.send("GET", re.sub(r"\{[^/]+\}", job.id, path))
    state = session.state(job)
    expect(session.phase_of(state) == "running", f"a job that ran is {state or 'unknown'} after GET on {path}", exchange, session.exchanges[-1])


@check("JOB-IDM-004")
def looking_on_does_not_prolong(session: Session) -> None:
    """Of two jobs alike the one that is looked at all the time ends as well as the one that is not."""
    watched, other = session.submit(), session.submit()
    for _ in session.ticks(120, 1):
        if session.phase(watched) not in ("", "queued", "starting", "running", "finishing", "waiting"):
            return
    seen, state = session.state(watched), session.state(other)
    expect(session.phase_of(state) not in TERMINAL, f"a job that nobody looked at is {state}, its twin is still {seen}", *session.exchanges[-2:])


@check("JOB-STM-005")
def jobs_alike_end_alike(session: Session) -> None:
    """Of three made at once none runs on for minutes after another has ended."""
    jobs = [session.submit() for _ in range(3)]
    session.until(jobs[0], within=120)
    for job in jobs[1:]:
        state = ""
        for _ in session.ticks(300, 10):
            state = session.state(job)
            if session.phase_of(state) != "running":
                break
        expect(session.phase_of(state) != "running", f"a job is {state} five minutes after its twin has ended", session.exchanges[-1])


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
