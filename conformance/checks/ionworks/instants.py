"""The instants and durations that Ionworks reports."""

from __future__ import annotations

import math

from conformance.checks import check
from conformance.checks.families.instants import (
    Seen,
    created_apart,
    duration_fits,
    expect_seen,
    instants,
    moment,
    reports_nothing,
    seconds_between,
)
from conformance.checks.ionworks.steps import PATIENCE, Life, crowd, lived, running_job
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, get, shown

LAG = 4.0
"""Seconds by which what is seen may lag behind what happened, at one look every `STEP` seconds."""
RUN = ("/started_at", "/completed_at")
SKEW = 2.0


def _joined(session: Session) -> tuple[JobRef, list[float]]:
    """A parent that has ended with its child, and after how many seconds it was seen to wait."""
    parent = session.submit()
    child = session.submit("large", {"parent_job_id": parent.id})
    waits = [passed for passed in session.ticks(PATIENCE) if session.state(parent) == "waiting"]
    session.until(child)
    return parent, waits


def _agrees(life: Life, pointer: str, state: str) -> None:
    """At every look since a state was first seen, an instant is when the job came into it."""
    seen = Seen(life.first_seen[state] - LAG, life.first_seen[state] + SKEW)
    for now, look in life.looks:
        reported = life.since_creation(look, pointer)
        if reported is not None and now >= life.first_seen[state]:
            expect_seen(reported, seen, f"from created_at to {pointer} of a job that is {state}", within=0)
    needed(life.since_creation(life.end, pointer) is not None, f"the job does not report {pointer}")


def _ended(session: Session, job: JobRef, seen: Seen, what: str) -> None:
    """The end of a job, where it is reported, is as many seconds after its creation as was seen."""
    view = session.view(job)
    made, ended = instant(get(view, "/created_at")), instant(get(view, "/completed_at"))
    if made is not None and ended is not None:
        expect_seen(ended - made, seen, f"from created_at to completed_at of {what}", within=SKEW)


@check("ION-TIM-009")
def what_was_reported_of_a_run_is_reported_after_a_cancel(session: Session) -> None:
    """When it was made and when it started; the oracles look at all else."""
    if "cancel" not in session.roles or "long" not in session.settings.shapes:
        raise NotApplicable("no running job can be canceled")
    job = running_job(session)
    before = session.view(job)
    session.cancel(job)
    session.until(job)
    after = session.view(job)
    for name in ("created_at", "started_at"):
        value, left = get(before, f"/{name}"), get(after, f"/{name}")
        stays = value in (None, MISSING) or instant(value) == instant(left)
        expect(stays, f"{name} was {shown(value)} and is {shown(left)} since the job was canceled")


@check("ION-TIM-010")
def created_at_is_the_instant_of_the_submission(session: Session) -> None:
    """Jobs made 40 seconds and ten minutes apart say so, and go on saying so."""
    created_apart(session, (40, 600), "/created_at", within=SKEW)


@check("ION-TIM-011")
def started_at_is_when_the_job_stops_waiting(session: Session) -> None:
    """After half a minute in the queue."""
    _agrees(lived(session), "/started_at", "processing")


@check("ION-TIM-012")
def a_parent_ends_with_its_last_child(session: Session) -> None:
    """Its completed_at is not before the last look that saw it wait."""
    parent, waits = _joined(session)
    if waits:
        _ended(session, parent, Seen(waits[-1], math.inf), "a parent that waited for its child")


@check("ION-TIM-012")
def completed_at_is_when_the_job_ends(session: Session) -> None:
    """After its wait and its run; and when it is canceled, where that is reported."""
    _agrees(lived(session), "/completed_at", "completed")
    job = session.submit("long")
    session.advance(25)
    session.cancel(job)
    _ended(session, job, Seen(25, 25), "a job that was canceled")
    for shape in session.shapes("fails"):
        job, born = session.submit(shape), moment(session)
        session.until(job)
        passed = moment(session) - born
        _ended(session, job, Seen(passed - LAG + SKEW, passed), "a job that failed")


@check("ION-TIM-013")
def updated_at_follows_the_status(session: Session) -> None:
    """It is the instant of the latest change that was seen, at every look."""
    life = lived(session)
    for now, look in life.looks:
        state, updated = look["status"], life.since_creation(look, "/updated_at")
        needed(updated is not None, "updated_at is no instant")
        latest = 0.0 if state == "pending" else life.first_seen[state]
        what = f"from created_at to updated_at of a job that is {state} after {now:g} seconds"
        expect_seen(updated or 0.0, Seen(latest - LAG, latest + SKEW), what, within=0)


@check("ION-TIM-014")
def a_parent_that_waits_does_not_compute(session: Session) -> None:
    """Its run was over when it was first seen to wait."""
    parent, waits = _joined(session)
    spent = get(session.view(parent), "/compute_time")
    is_short = not waits or not isinstance(spent, int | float) or spent <= waits[0] + 2
    expect(is_short, f"a parent seen to wait after {shown(waits[:1])} seconds has the compute_time {shown(spent)}")


@check("ION-TIM-014")
def compute_time_is_the_length_of_the_run(session: Session) -> None:
    """Of a job that waited before: without the wait, in seconds."""
    duration_fits(lived(session).end, "/compute_time", RUN, what="a completed job")


@check("ION-TIM-014")
def whatever_ended_a_run_it_has_a_length(session: Session) -> None:
    """Failed, and canceled after half a minute."""
    jobs = [session.submit(shape) for shape in session.shapes("fails", "long")]
    for job in jobs:
        needed(session.until(job, "running") == "processing", "the job does not run")
    session.advance(30)
    for job in jobs:
        if "cancel" in session.roles:
            session.cancel(job)
            session.stopped(job)
        view = session.view(job)
        duration_fits(view, "/compute_time", RUN, what=f"a job that ran and is {get(view, '/status')}")


@check("ION-TIM-014")
def the_wait_of_a_canceled_job_is_no_run(session: Session) -> None:
    """It waits for half a minute, runs for some seconds and is canceled."""
    fillers = crowd(session)
    job = session.submit("large")
    session.advance(30)
    session.cancel(fillers[0])
    session.until(job, "running")
    session.advance(5)
    session.cancel(job)
    session.stopped(job)
    view = session.view(job)
    needed(get(view, "/status") == "canceled", "a running job cannot be stopped")
    instants(view, *RUN)
    duration_fits(view, "/compute_time", RUN, what="a job that ran and was canceled")


@check("ION-TIM-018")
def a_job_that_never_started_did_not_compute(session: Session) -> None:
    """Canceled while it waits."""
    job = session.submit("waits")
    session.advance(20)
    needed(session.phase(job) == "queued", "the job does not wait")
    session.cancel(job)
    session.stopped(job)
    view = session.view(job)
    needed(get(view, "/status") == "canceled", "a job that waits cannot be stopped")
    reports_nothing(view, ("/started_at", "/compute_time"), "a job that never started")


@check("ION-TIM-019")
def the_seconds_of_a_run_have_fractions(session: Session) -> None:
    """A run of two and a half seconds, as far as the target can make one: no more than a tenth is lost."""
    job = session.submit(patch={"params": {"MOCK_RUN_SECONDS": 2.5}}, until="succeeded")
    view = session.view(job)
    needed(isinstance(get(view, "/compute_time"), int | float), "the job does not report how long it ran")
    needed(seconds_between(view, *RUN) % 1 > 0.2, "the run took whole seconds, or its instants are reported so")
    duration_fits(view, "/compute_time", RUN, within=0.2, what="a job of some seconds and a half")
