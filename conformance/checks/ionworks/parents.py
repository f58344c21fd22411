"""Jobs of Ionworks that have children."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import PATIENCE, crowd, running_job
from conformance.session.expect import accepted, needed, same
from conformance.session.phases import ENDED, expect_end, expect_not, expect_phase, need_phase, submit_waiting
from conformance.session.session import JobRef, Session
from specs.lifecycle import TERMINAL


def _child(session: Session, shape: str, parent: JobRef) -> JobRef:
    return session.submit(shape, {"parent_job_id": parent.id})


def _ends_well(session: Session, job: JobRef, what: str) -> None:
    expect_end(session, job, "succeeded", f"after a minute {what} that would run well", within=60)


def _waiting(session: Session, shape: str = "long") -> tuple[JobRef, JobRef]:
    """A parent whose run is over by all that can be known, and its child, which goes on."""
    alone = session.submit()
    length = next((passed for passed in session.ticks(60) if session.phase(alone) in TERMINAL), None)
    needed(length, "a job alone does not end")
    parent = session.submit()
    child = _child(session, shape, parent)
    session.advance((length or 0) + 2)
    need_phase(session, child, "running")
    return parent, child


@check("ION-STM-013")
def a_child_runs_like_any_other_job(session: Session) -> None:
    """Beside a parent that runs and behind one that has completed; a job without a parent is the twin."""
    parent, twin = session.submit(), session.submit()
    early = _child(session, "quick", parent)
    session.until(twin)
    _ends_well(session, early, "a child")
    session.until(parent)
    _ends_well(session, _child(session, "quick", parent), "a child of an ended parent")


@check("ION-STM-014")
def a_parent_waits_for_its_children(session: Session) -> None:
    """Its run is over, its child's is not."""
    parent, _ = _waiting(session)
    for _ in session.ticks(30, 10):
        same("waiting", session.state(parent), "the state of a parent whose child goes on")


@check("ION-STM-015")
def a_parent_completes_with_its_last_child(session: Session) -> None:
    """Two children, one of which ends earlier."""
    parent, child = _waiting(session, "large")
    soon = _child(session, "quick", parent)
    session.until(soon)
    need_phase(session, child, "running")
    expect_not(session, parent, ENDED, "although a child goes on a parent")
    session.until(child)
    session.advance(1)
    expect_phase(session, parent, "succeeded", "a parent all of whose children have completed")


@check("ION-STM-015")
def a_parent_completes_though_its_last_child_was_canceled(session: Session) -> None:
    """An end is an end."""
    parent, child = _waiting(session)
    need_phase(session, parent, "waiting")
    session.cancel(child)
    session.stopped(child)
    session.advance(2)
    expect_phase(session, parent, ENDED, "a parent whose only child was canceled")


@check("ION-STM-016")
def a_waiting_parent_can_be_canceled(session: Session) -> None:
    """And stays canceled when its child ends."""
    parent, child = _waiting(session, "large")
    need_phase(session, parent, "waiting")
    accepted(session.cancel(parent), "canceling a parent that waits")
    same("canceled", session.stopped(parent), "the state of a waiting parent that was canceled")
    session.until(child)
    session.advance(1)
    same("canceled", session.state(parent), "the state of a canceled parent after its child's end")


@check("ION-STM-017", "canceling a parent leaves its children", 0)
@check("ION-STM-018", "canceling a child leaves its family", 1)
def canceling_one_leaves_its_family(session: Session, canceled: int) -> None:
    """A parent and two children that run."""
    parent = running_job(session)
    family = [parent, *(_child(session, "long", parent) for _ in range(2))]
    for job in family:
        session.until(job, "running")
    one = family.pop(canceled)
    session.cancel(one)
    session.stopped(one)
    session.advance(2)
    for job in family:
        expect_phase(session, job, "running", "one of a family of which another was canceled")


@check("ION-STM-025")
def a_waiting_parent_holds_nothing(session: Session) -> None:
    """Its children run where it ran, one after the other."""
    fillers = crowd(session)
    parent = submit_waiting(session, "large")
    session.cancel(fillers[0])
    session.until(parent, "running")
    child = _child(session, "large", parent)
    expect_end(session, child, "succeeded", "two minutes later the child of a job that waits for it", within=PATIENCE)
