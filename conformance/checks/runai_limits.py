"""Checks of spans in Run:AI's jobs: how long they stay listed after their end, how long workbenches may run."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai_cluster import ask, given, machines, stand, world
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session

RUNNING, PENDING = "Running", "Pending"
FINE = 0.25
"""Seconds between two looks where an end has to be known well."""
SPARE = 1.0
"""Seconds by which an instant may be off."""


def _leaves(session: Session, job: JobRef, seconds: float) -> None:
    """Expect the job, which has just ended, to be listed until its time to live is over, and no longer."""
    ended = session.now or 0.0
    session.advance(seconds - SPARE)
    is_there = session.state(job)
    is_late = (session.now or 0.0) > ended + seconds - SPARE  # a rate limit took the rest of the time
    expect(is_there or is_late, f"a job that should stay listed for {seconds:g} seconds has gone before", job.created, session.exchanges[-1])
    session.advance(2 * SPARE)
    state = session.state(job)
    expect(not state, f"a job that should stay listed for {seconds:g} seconds is there after them as {state}", job.created, session.exchanges[-1])


@check("RAI-TMO-001")
def a_good_job_leaves_in_time(session: Session) -> None:
    """Thirty seconds after its end."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "30s"}})
    session.until(job, step=FINE)
    _leaves(session, job, 30)


@check("RAI-TMO-002")
def a_failed_job_leaves_in_time(session: Session) -> None:
    """Thirty seconds after its end."""
    job = session.submit("fails", {"job": {"ttlAfterFinish": "30s"}})
    ended = session.until(job, step=FINE)
    needed(session.phase_of(ended) == "failed", f"the job ended as {ended}")
    _leaves(session, job, 30)


@check("RAI-TMO-003")
def minutes_and_hours_count_as_such(session: Session) -> None:
    """Two of the one, three of the other, and more than make up the next unit."""
    for text, seconds in (("90s", 90), ("2m", 120), ("3h", 10_800), ("30h", 108_000)):
        job = session.submit(patch={"job": {"ttlAfterFinish": text}})
        session.until(job, step=FINE)
        _leaves(session, job, seconds)


@check("RAI-TMO-004")
def a_time_to_live_begins_with_the_end(session: Session) -> None:
    """Jobs that run or wait for longer than that stay as they are."""
    ttl = {"job": {"ttlAfterFinish": "5s"}}
    running, waiting = session.submit("long", ttl), session.submit("waits", ttl)
    session.until(running, "running")
    session.advance(120)
    for job, wanted in ((running, RUNNING), (waiting, PENDING)):
        state = session.state(job)
        expect(state == wanted, f"a job with a time to live of 5 seconds that has not ended is {state or 'not listed'}", job.created, session.exchanges[-1])


@check("RAI-TMO-005")
def a_name_is_free_after_its_time(session: Session) -> None:
    """The same submission is granted again."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "5s"}})
    session.until(job)
    session.advance(30)
    needed(not session.state(job), "the job is still listed")
    again = session.post(job.body)
    expect(again.response.is_success, f"the name of a job that has gone was refused with {again.response.status}", again)


@check("RAI-TMO-006")
def days_and_sums_count_in_full(session: Session) -> None:
    """A day; an hour and a half."""
    for text, seconds in (("1d", 86_400), ("1h30m", 5400)):
        job = session.submit(patch={"job": {"ttlAfterFinish": text}})
        session.until(job, step=FINE)
        _leaves(session, job, seconds)


@check("RAI-DEF-008")
def without_a_time_to_live_a_job_stays(session: Session) -> None:
    """For a month."""
    shapes = [shape for shape in ("quick", "fails") if shape == "quick" or shape in session.settings.shapes]
    jobs = [session.submit(shape) for shape in shapes]
    for job in jobs:
        session.until(job)
    session.advance(30 * 86_400)
    for job in jobs:
        expect(session.state(job), f"job {job.id} ended and is not listed any more", job.created, session.exchanges[-1])


@check("RAI-TMO-007")
def a_workbench_ends_at_its_projects_limit(session: Session) -> None:
    """Ten minutes of running, whatever it waited before."""
    world(session, [machines(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    exchange = session.post({"job": {"name": "bench", "project": "team-a", "image": "alpine", "gpu": 1, "interactive": True}})
    needed(exchange.response.is_success, f"the submission of a workbench was answered {exchange.response.status}")
    session.until(session.job_of(exchange), "running", step=FINE)
    session.advance(600 - SPARE)
    stand(session, bench=RUNNING)
    session.advance(2 * SPARE)
    stand(session, bench="TimedOut")


@check("RAI-TMO-008")
def training_knows_no_limit_of_its_project(session: Session) -> None:
    """Well beyond the ten minutes of a workbench."""
    world(session, [machines(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    ask(session, "train", gpu=1, backoffLimit=0)
    given(session, train=RUNNING)
    session.advance(1300)
    stand(session, train=RUNNING)
