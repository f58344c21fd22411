"""Jobs of Ionworks that have children."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import PATIENCE, crowd, running_job
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from specs.lifecycle import TERMINAL


def _child(session: Session, shape: str, parent: JobRef) -> JobRef:
    return session.submit(shape, {"parent_job_id": parent.id})


def _ends_well(session: Session, job: JobRef, what: str) -> None:
    *_, ended = session.watch(job, within=60)
    expect(session.phase_of(ended) == "succeeded", f"{what} that would run well is {ended} after a minute")


def _waiting(session: Session, shape: str = "long") -> tuple[JobRef, JobRef]:
    """A parent whose run is over by all that can be known, and its child, which goes on."""
    alone = session.submit()
    length = next((passed for passed in session.ticks(60) if session.phase(alone) in TERMINAL), None)
    needed(length, "a job alone does not end")
    parent = session.submit()
    child = _child(session, shape, parent)
    session.advance((length or 0) + 2)
    needed(session.phase(child) == "running", "the child does not run")
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
        state = session.state(parent)
        expect(state == "waiting", f"a parent whose child goes on is {state}")


@check("ION-STM-015")
def a_parent_completes_with_its_last_child(session: Session) -> None:
    """Two children, one of which ends earlier."""
    parent, child = _waiting(session, "large")
    soon = _child(session, "quick", parent)
    session.until(soon)
    needed(session.phase(child) == "running", "the longer child has ended too soon")
    state = session.state(parent)
    expect(session.phase_of(state) not in TERMINAL, f"a parent is {state} although a child goes on")
    session.until(child)
    session.advance(1)
    state = session.state(parent)
    expect(session.phase_of(state) == "succeeded", f"a parent is {state} although all its children have completed")


@check("ION-STM-015")
def a_parent_completes_though_its_last_child_was_canceled(session: Session) -> None:
    """An end is an end."""
    parent, child = _waiting(session)
    needed(session.phase(parent) == "waiting", "the parent does not wait")
    session.cancel(child)
    session.advance(2)
    state = session.state(parent)
    expect(session.phase_of(state) in TERMINAL, f"a parent is {state} although its only child was canceled")


@check("ION-STM-016")
def a_waiting_parent_can_be_canceled(session: Session) -> None:
    """And stays canceled when its child ends."""
    parent, child = _waiting(session, "large")
    needed(session.phase(parent) == "waiting", "the parent does not wait")
    told = accepted(session.cancel(parent), "canceling a parent that waits")
    expect(session.state(parent) == "canceled", f"a waiting parent that was canceled is {session.state(parent)}", told)
    session.until(child)
    session.advance(1)
    expect(session.state(parent) == "canceled", f"a canceled parent is {session.state(parent)} after its child's end")


@check("ION-STM-017")
def canceling_a_parent_leaves_its_children(session: Session) -> None:
    """Two that run."""
    parent = running_job(session)
    children = [_child(session, "long", parent) for _ in range(2)]
    for child in children:
        session.until(child, "running")
    session.cancel(parent)
    session.advance(2)
    for child in children:
        expect(session.phase(child) == "running", f"a child is {session.state(child)} after its parent was canceled")


@check("ION-STM-018")
def canceling_a_child_leaves_its_family(session: Session) -> None:
    """Parent and sibling run on."""
    parent = running_job(session)
    child, sibling = (_child(session, "long", parent) for _ in range(2))
    for job in (child, sibling):
        session.until(job, "running")
    session.cancel(child)
    session.advance(2)
    for job in (parent, sibling):
        expect(session.phase(job) == "running", f"one of a family is {session.state(job)} after another was canceled")


@check("ION-STM-025")
def a_waiting_parent_holds_nothing(session: Session) -> None:
    """Its children run where it ran, one after the other."""
    fillers = crowd(session)
    parent = session.submit("large")
    session.advance(5)
    needed(session.phase(parent) == "queued", "there is room beside the jobs that use it up")
    session.cancel(fillers[0])
    session.until(parent, "running")
    child = session.submit("large", {"parent_job_id": parent.id})
    *_, last = session.watch(child, within=PATIENCE)
    expect(
        session.phase_of(last) == "succeeded",
        f"{PATIENCE:g} seconds after its submission the child of a job that waits for it is {last}",
    )
