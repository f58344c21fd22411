"""Ionworks's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import DAY
from conformance.checks.families.limits import keeps_limit
from conformance.checks.ionworks.steps import TYPES, crowd
from conformance.errors import NotApplicable
from conformance.session.expect import expect, same
from conformance.session.phases import leaves, need_phase, submit_waiting
from conformance.session.session import Session
from conformance.traffic.json_pointer import get, shown


@check("ION-TMO-001")
def a_run_of_more_than_a_day_fails(session: Session) -> None:
    """It goes on until the day is over, and not much longer."""
    job = session.submit("endless", until="running")
    keeps_limit(session, job, "running", DAY, "a run may take a day", early=60, ending="failed")


@check("ION-TMO-002")
def a_run_that_took_too_long_says_so(session: Session) -> None:
    """Wherever the limit is, if it is within a week."""
    job = session.submit("endless", until="running")
    leaves(session, job, "running", within=7 * DAY, step=DAY / 4)
    view = session.view(job)
    if get(view, "/status") != "failed":
        raise NotApplicable("a run of a week meets no limit")
    same("EXECUTION_TIMEOUT", get(view, "/error_code"), "error_code")


@check("ION-TMO-003")
def no_type_blames_the_time(session: Session) -> None:
    """Of the usual type and of each one that fails by itself, and soon."""
    for patch in (None, *({"job_type": name} for name in TYPES)):
        job = session.submit("fails", patch, until="end")
        need_phase(session, job, "failed")
        code = get(session.view(job), "/error_code")
        expect(code != "EXECUTION_TIMEOUT", f"a job with {shown(patch)} that fails by itself says {code}")


@check("ION-TMO-004")
def time_in_the_queue_is_no_run(session: Session) -> None:
    """A job that waited goes on for a day from its start, and no longer."""
    fillers = crowd(session)
    job = submit_waiting(session, "large", {"params": {"MOCK_RUN_SECONDS": 10 * DAY}}, after=400)
    session.cancel(fillers[0])
    session.until(job, "running")
    keeps_limit(session, job, "running", DAY, "a job that waited 400 seconds may run a day", early=200, ending="failed")
