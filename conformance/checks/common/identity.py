"""What makes a job of every API that job and no other."""

from __future__ import annotations

import re

from conformance.checks import check
from conformance.checks.families.calls import submissions_at_once
from conformance.session.expect import expect, need_success, needed, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, same_value, shown, without_nulls
from specs.lifecycle import TERMINAL

UNKNOWN = (400, 403, 404, 410, 422)


def _about(session: Session, role: str, id_: str) -> Exchange:
    """The call of a role about what is not quite a job, without any body that would name another."""
    operation = session.roles[role].operation
    return session.send(
        session.spec.operations[operation].method, re.sub(r"\{[^/]+\}", id_, session.directory.path(operation, {}))
    )


@check("JOB-IDM-001")
@check("JOB-IDM-003")
def many_jobs_are_told_apart(session: Session) -> None:
    """Nine, one after the other; the oracles look at their ids, and at whom reading each reports."""
    jobs = [session.submit(draft=True) for _ in range(9)]
    for job in jobs if "read" in session.roles else ():
        session.read(job)


@check("JOB-IDM-002")
def submissions_at_the_same_time_make_as_many_jobs(session: Session) -> None:
    """Eight at once; each has an id of its own, and each is there afterwards."""
    exchanges = submissions_at_once(session, [session.body() for _ in range(8)])
    for one in exchanges:
        need_success(one, f"one of {len(exchanges)} submissions at once")
    jobs = [session.job_of(one) for one in exchanges]
    expect(len({job.id for job in jobs}) == len(jobs), "submissions at the same time share an id", *exchanges)
    for job in jobs:
        expect(session.view(job) is not MISSING, f"job {job.id} is not known although its submission was granted")


@check("JOB-IDM-004")
def reading_changes_nothing(session: Session) -> None:
    """Two readings of an ended job say the same."""
    job = session.submit(until="end")
    one, other = session.view(job), session.view(job)
    expect(same_value(without_nulls(one), without_nulls(other)), "two readings of an ended job differ")


@check("JOB-IDM-004")
def asking_for_a_call_is_not_the_call(session: Session) -> None:
    """GET on a path that only knows other methods about a job does nothing to it."""
    known = {one.path for one in session.spec.operations.values() if one.method == "GET"}
    own = {
        name: session.spec.operations[role.operation].path
        for name, role in session.roles.items()
        if name in ("cancel", "delete")
    }
    roles = [name for name, path in own.items() if path not in known and "{" in path]
    if not roles or "long" not in session.settings.shapes:
        return
    job = session.submit("long", until="running")
    path = session.directory.path(session.roles[roles[0]].operation, {})
    session.send("GET", re.sub(r"\{[^/]+\}", job.id, path))
    state = session.state(job)
    expect(session.phase_of(state) == "running", f"a job that ran is {state or 'unknown'} after GET on {path}")


@check("JOB-IDM-004")
def looking_on_does_not_prolong(session: Session) -> None:
    """Of two jobs alike the one that is looked at all the time ends as well as the one that is not."""
    watched, other = session.submit(), session.submit()
    for _ in session.ticks(120, 1):
        if session.phase(watched) not in ("", "queued", "starting", "running", "finishing", "waiting"):
            return
    seen, state = session.state(watched), session.state(other)
    expect(session.phase_of(state) not in TERMINAL, f"a job that nobody looked at is {state}, its twin is still {seen}")


@check("JOB-IDM-005")
def a_part_of_an_id_is_no_id(session: Session) -> None:
    """Less its last character, its first half, with one more."""
    template = session.spec.operations[session.roles["read"].operation].path
    needed(template.count("{") == 1, "a job is not read by a path that ends with its id")
    job = session.submit()
    needed(_about(session, "read", job.id).response.is_success, "the job cannot be read")
    for wrong in (job.id[:-1], job.id[: len(job.id) // 2], f"{job.id}0", f"{job.id}%20"):
        refused(_about(session, "read", wrong), f"reading {shown(wrong)}, where {shown(job.id)} is a job", UNKNOWN)
