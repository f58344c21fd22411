"""Ionworks's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import DAY, TYPES, crowd
from conformance.errors import NotApplicable
from conformance.session.expect import expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import get, shown
from specs.lifecycle import TERMINAL


@check("ION-TMO-001")
def a_run_of_more_than_a_day_fails(session: Session) -> None:
    """It goes on until the day is over, and not much longer."""
    job = session.submit("endless", until="running")
    session.advance(DAY - 60)
    expect(session.phase(job) == "running", f"a run of less than a day is {session.state(job)}")
    session.advance(120)
    expect(session.phase(job) == "failed", f"a run of more than a day is {session.state(job)}")


@check("ION-TMO-002")
def a_run_that_took_too_long_says_so(session: Session) -> None:
    """Wherever the limit is, if it is within a week."""
    job = session.submit("endless", until="running")
    for _ in session.ticks(7 * DAY, DAY / 4):
        if session.phase(job) in TERMINAL:
            break
    view = session.view(job)
    if get(view, "/status") != "failed":
        raise NotApplicable("a run of a week meets no limit")
    expect(get(view, "/error_code") == "EXECUTION_TIMEOUT", f"error_code is {shown(get(view, '/error_code'))}")


@check("ION-TMO-003")
def no_type_blames_the_time(session: Session) -> None:
    """Of each type one that fails by itself, and soon."""
    for name in TYPES:
        job = session.submit("fails", {"job_type": name})
        needed(session.phase_of(session.until(job)) == "failed", f"a job of the type {name} does not fail")
        code = get(session.view(job), "/error_code")
        expect(code != "EXECUTION_TIMEOUT", f"a job of the type {name} that fails by itself says {code}", job.created)


@check("ION-TMO-003")
def a_failure_is_no_timeout(session: Session) -> None:
    """After a run of seconds."""
    job = session.submit("fails", until="end")
    view = session.view(job)
    needed(get(view, "/status") == "failed", "the job has not failed")
    expect(get(view, "/error_code") != "EXECUTION_TIMEOUT", "a run that failed within seconds says EXECUTION_TIMEOUT")


@check("ION-TMO-004")
def time_in_the_queue_is_no_run(session: Session) -> None:
    """A job that waited goes on for a day from its start, and no longer."""
    fillers = crowd(session)
    job = session.submit("large", {"params": {"MOCK_RUN_SECONDS": 10 * DAY}})
    session.advance(400)
    needed(session.phase(job) == "queued", "the job does not wait")
    session.cancel(fillers[0])
    session.until(job, "running")
    session.advance(DAY - 200)
    state = session.state(job)
    expect(
        state == "processing", f"a job that waited 400 seconds is {state} less than a day after its start", job.created
    )
    session.advance(400)
    state = session.state(job)
    expect(session.phase_of(state) == "failed", f"a job is {state} more than a day after its start", job.created)
