"""Checks of Ionworks' instants against the clock: what a job says of itself and when that was seen to happen."""

from __future__ import annotations

from itertools import pairwise

from conformance.checks import check
from conformance.checks.ionworks_crowd import LAG, Life, lived
from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import get

SKEW = 2.0


@check("ION-TIM-010")
def created_at_is_the_instant_of_the_submission(session: Session) -> None:
    """Jobs made 40 seconds and ten minutes apart say so, and go on saying so."""
    made = [session.submit()]
    for pause in (40.0, 600.0):
        session.advance(pause)
        made.append(session.submit())
    told = [instant(get(job.created.response.json, "/created_at")) for job in made]
    for (before, after), pause in zip(pairwise(told), (40.0, 600.0), strict=True):
        needed(before is not None and after is not None, "created_at is no instant")
        assert before is not None
        assert after is not None
        gap = after - before
        expect(abs(gap - pause) <= SKEW, f"two jobs made {pause:g} seconds apart say {gap:g} seconds", *(job.created for job in made))


def _agrees(session: Session, life: Life, pointer: str, state: str) -> None:
    seen = life.first_seen[state]
    for now, look in life.looks:
        told = life.told(look, pointer)
        if told is not None and now >= seen:
            message = f"{pointer} is {told:g} seconds after created_at; the job was first seen {state} {seen:g} seconds after its submission"
            expect(seen - LAG <= told <= seen + SKEW, message, life.job.created, session.exchanges[-1])
    needed(life.told(life.end, pointer) is not None, f"the job does not tell {pointer}")


@check("ION-TIM-011")
def started_at_is_when_the_job_stops_waiting(session: Session) -> None:
    """After half a minute in the queue."""
    _agrees(session, lived(session), "/started_at", "processing")


@check("ION-TIM-012")
def completed_at_is_when_the_job_ends(session: Session) -> None:
    """After its wait and its run; and when it is canceled, where that is told."""
    _agrees(session, lived(session), "/completed_at", "completed")
    job = session.submit("long")
    session.advance(25)
    session.cancel(job)
    view = session.view(job)
    made, ended = instant(get(view, "/created_at")), instant(get(view, "/completed_at"))
    if made is not None and ended is not None:
        message = f"a job canceled 25 seconds after its submission says that it ended {ended - made:g} seconds after it"
        expect(abs(ended - made - 25) <= SKEW, message, job.created, session.exchanges[-1])
    if "fails" in session.settings.shapes:
        failed, born = session.submit("fails"), session.now or 0.0
        session.until(failed)
        made, ended, seen = *(instant(get(session.view(failed), f"/{name}")) for name in ("created_at", "completed_at")), (session.now or 0.0) - born
        if made is not None and ended is not None:
            message = f"a job that was seen to fail {seen:g} seconds after its submission says that it ended {ended - made:g} seconds after it"
            expect(-LAG <= ended - made - seen <= SKEW, message, failed.created, session.exchanges[-1])


@check("ION-TIM-013")
def updated_at_follows_the_status(session: Session) -> None:
    """It is the instant of the latest change that was seen, at every look."""
    life = lived(session)
    for now, look in life.looks:
        seen, told = life.first_seen[look["status"]], life.told(look, "/updated_at")
        needed(told is not None, "updated_at is no instant")
        assert told is not None
        latest = 0.0 if look["status"] == "pending" else seen
        message = f"{now:g} seconds after the submission the job is {look['status']}, since {latest:g} at the latest; updated_at says {told:g}"
        expect(latest - LAG <= told <= latest + SKEW, message, life.job.created, session.exchanges[-1])


@check("ION-TIM-014")
def compute_time_is_the_length_of_the_run(session: Session) -> None:
    """Of a job that waited before: without the wait, in seconds."""
    life = lived(session)
    spent = get(life.end, "/compute_time")
    expect(isinstance(spent, int | float), f"a completed job has the compute_time {spent!r}", session.exchanges[-1])
    begun, ended = life.told(life.end, "/started_at"), life.told(life.end, "/completed_at")
    needed(begun is not None and ended is not None, "the job does not tell when it started and ended")
    assert begun is not None
    assert ended is not None
    expect(abs(spent - (ended - begun)) <= 1, f"compute_time is {spent:g}, from start to end are {ended - begun:g} seconds", session.exchanges[-1])


@check("ION-TIM-014")
def whatever_ended_a_run_it_has_a_length(session: Session) -> None:
    """Failed, and canceled after half a minute."""
    jobs = [session.submit(shape) for shape in ("fails", "long") if shape in session.settings.shapes]
    for job in jobs:
        needed(session.until(job, "running") == "processing", "the job does not run")
    session.advance(30)
    for job in jobs:
        if "cancel" in session.roles:
            session.cancel(job)
        view = session.view(job)
        begun, ended, spent = instant(get(view, "/started_at")), instant(get(view, "/completed_at")), get(view, "/compute_time")
        state = get(view, "/status")
        expect(isinstance(spent, int | float), f"a job that ran and is {state} has the compute_time {spent!r}", session.exchanges[-1])
        needed(begun is not None and ended is not None, "the job does not tell when it started and ended")
        assert begun is not None
        assert ended is not None
        expect(abs(spent - (ended - begun)) <= 1, f"compute_time of a {state} job is {spent:g}, its run took {ended - begun:g} seconds", session.exchanges[-1])


@check("ION-TIM-018")
def a_job_that_never_started_did_not_compute(session: Session) -> None:
    """Canceled while it waits."""
    job = session.submit("waits")
    session.advance(20)
    needed(session.phase(job) == "queued", "the job does not wait")
    session.cancel(job)
    view = session.view(job)
    needed(get(view, "/status") == "canceled", "a job that waits cannot be stopped")
    for name in ("started_at", "compute_time"):
        expect(not get(view, f"/{name}"), f"a job that never started has the {name} {get(view, f'/{name}')!r}", session.exchanges[-1])


@check("ION-RTY-001")
def a_failed_job_is_not_tried_again(session: Session) -> None:
    """For a quarter of an hour it stays as it ended."""
    job = session.submit("fails")
    session.until(job)
    ended = session.view(job)
    needed(get(ended, "/status") == "failed", "the job has not failed")
    for _ in session.ticks(900, 30):
        view = session.view(job)
        for name in ("status", "started_at", "completed_at"):
            expect(get(view, f"/{name}") == get(ended, f"/{name}"), f"{name} of a failed job was {get(ended, f'/{name}')!r}", session.exchanges[-1])
