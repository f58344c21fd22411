"""Limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.session.expect import needed
from conformance.session.phases import expect_not, expect_phase, phase_in, stays
from conformance.session.session import JobRef, Session

SLACK = 1.0
"""Seconds by which a limit may be missed on either side."""


def goes_on(session: Session, job: JobRef, phases: str, seconds: float, what: str) -> None:
    """The job, just seen to be in one of these phases, is so until so many seconds from now.

    Time that passes by itself may have passed further than was waited.
    """
    since, is_virtual = session.exchanges[-2:][0].sent, session.target.has_virtual_time
    for part in (seconds,) if is_virtual else (seconds / 2, seconds / 2):
        session.advance(part)
        is_there = phase_in(session, session.state(job)) in phases.split()
        late = (session.exchanges[-1].received - since) * session.target.scale
        message = f"{what}: it was looked at {late:g} seconds later, and not {seconds:g}"
        needed(is_there or is_virtual or late < seconds + SLACK, message)
    if not is_there:
        expect_phase(session, job, phases, f"{what}: after {seconds:g} seconds the job")


def goes_on_long(session: Session, job: JobRef, phase: str, seconds: float, what: str) -> None:
    """The same over hours and days; Inconclusive at once where so much time cannot pass."""
    session.bear(seconds)
    stays(session, job, phase, f"{what}: the job", within=seconds, step=seconds / 3)


def is_over(session: Session, job: JobRef, phases: str, seconds: float, what: str, *, ending: str = "") -> None:
    """So many seconds from now the job is in none of these phases, but in one of `ending` where that is given."""
    session.advance(seconds)
    what = f"{what}: {seconds:g} seconds later the job"
    if ending:
        expect_phase(session, job, ending, what)
    else:
        expect_not(session, job, phases, what)


def keeps_limit(
    session: Session, job: JobRef, phases: str, seconds: float, what: str, *, early: float = SLACK, ending: str = ""
) -> None:
    """The job, just seen to be in one of these phases, leaves them so many seconds from now; `early` is for the looks
    before and after."""
    goes_on(session, job, phases, seconds - early, what)
    is_over(session, job, phases, 2 * early, what, ending=ending)
