"""In which phase a job is: as a promise, or as what a check needs before anything can be said.

Phases are given as words in one text, `"starting running"`; a job that is unknown is in none.
"""

from __future__ import annotations

from conformance.session.expect import expect, needed
from conformance.session.session import HORIZON, JobRef, Session
from conformance.traffic.json_pointer import Json

ENDED, GOES_ON = "succeeded failed cancelled", "queued starting waiting running finishing unlisted"


def phase_in(session: Session, state: str) -> str:
    """The phase of a state; `unlisted` for one that the lifecycle does not know, empty for none."""
    return session.phase_of(state) or ("unlisted" if state else "")


def expect_phase(session: Session, job: JobRef, phases: str, what: str) -> str:
    """The promise is broken unless the job is in one of these phases; its state."""
    state = session.state(job)
    wanted = phases.split()
    expect(phase_in(session, state) in wanted, f"{what} is {state or 'unknown'}, expected {' or '.join(wanted)}")
    return state


def expect_end(
    session: Session, job: JobRef, phases: str, what: str, *, within: float = HORIZON, step: float = 1.0
) -> None:
    """The promise is broken unless the job has ended in time, in one of these phases."""
    for _ in session.watch(job, within=within, step=step):
        pass
    expect_phase(session, job, phases, what)


def expect_not(session: Session, job: JobRef, phases: str, what: str) -> str:
    """The promise is broken if the job is in one of these phases; its state."""
    state = session.state(job)
    expect(phase_in(session, state) not in phases.split(), f"{what} is {state}")
    return state


def need_phase(session: Session, job: JobRef, phases: str) -> str:
    """Nothing can be said unless the job is in one of these phases; its state."""
    state = session.state(job)
    needed(phase_in(session, state) in phases.split(), f"job {job.id} is {state or 'unknown'}, needed was {phases}")
    return state


def stays(session: Session, job: JobRef, phases: str, what: str, *, within: float, step: float) -> None:
    """The promise is broken unless the job is in one of these phases whenever it is looked at."""
    for _ in session.ticks(within, step):
        expect_phase(session, job, phases, what)


def leaves(session: Session, job: JobRef, phases: str, *, within: float, step: float = 1.0) -> bool:
    """Whether the job leaves these phases in time."""
    return any(phase_in(session, session.state(job)) not in phases.split() for _ in session.ticks(within, step))


def submit_waiting(session: Session, shape: str = "waits", patch: Json = None, *, after: float = 5.0) -> JobRef:
    """A job that waits for room some seconds later. Inconclusive where it does not."""
    job = session.submit(shape, patch)
    session.advance(after)
    need_phase(session, job, "queued")
    return job
