"""The states that jobs of ByteNite pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, REFUSALS, in_conditions, on, seen
from conformance.checks.families.stops import late_stop_changes_nothing
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.phases import ENDED, GOES_ON, expect_end, expect_phase, leaves
from conformance.session.session import Session
from conformance.traffic.json_pointer import shown
from specs.lifecycle import TERMINAL


@check("BYT-STM-001")
def a_job_passes_its_states_in_order(session: Session) -> None:
    """Looked at every half second; states may be missed, never taken back."""
    order: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    job = session.submit()
    passed: list[str] = []
    for state in session.watch(job, step=0.5):
        needed(state in order, f"{shown(state)} is no state")
        goes_forward = not passed or order.index(state) >= order.index(passed[-1])
        expect(goes_forward, f"after {passed[-1] if passed else ''} came {state}")
        passed.append(state)
    expect(passed[-1] == "JOB_STATE_COMPLETE", f"a job that runs well ended as {passed[-1]}")


@check("BYT-STM-013")
def an_aborted_job_ends(session: Session) -> None:
    """And is still known."""
    job = session.submit("long", until="running")
    accepted(session.cancel(job), "aborting a running job")
    leaves(session, job, GOES_ON, within=60, step=5)
    expect_phase(session, job, ENDED, "a minute after it was aborted a job")


@check("BYT-STM-013")
def a_job_is_aborted_at_its_beginning(session: Session) -> None:
    """While it takes in its input, as soon as that is seen."""
    for job in [session.submit(shape) for shape in session.shapes("long", "waits")]:
        state = session.until(job, "starting", "queued", "running", step=0.5)
        accepted(session.cancel(job), f"aborting a job that is {state}")
        leaves(session, job, GOES_ON, within=60, step=5)
        expect_phase(session, job, ENDED, f"a minute after it was aborted a job that was {state}")


@check("BYT-STM-014")
def aborting_an_ended_job_is_refused(session: Session) -> None:
    """Complete or failed."""
    for shape in ("quick", "fails"):
        job = session.submit(shape, until="end")
        refused(session.cancel(job), f"aborting a job that has ended (shape {shape})", REFUSALS)


@check("BYT-STM-015")
def a_job_can_be_deleted_in_any_state(session: Session) -> None:
    """A draft, and jobs in every condition; afterwards no call knows it."""
    for state, job in [(NEW, session.submit(draft=True)), *in_conditions(session)]:
        accepted(session.delete(job), f"deleting a job that is {state}")
        for name in ("GetJob", "GetJobResults", "RunJob", "AbortJob", "DeleteJob"):
            refused(on(session, f"Customer_{name}", job), f"{name} of a deleted job", (404,))
        session.advance(10)
        refused(session.read(job), "reading a deleted job later", (404,))


@check("BYT-STM-019")
def a_job_without_input_fails(session: Session) -> None:
    """Before it has any chunks."""
    job = session.submit("unreadable")
    seen_states = list(session.watch(job))
    same("failed", session.phase_of(seen_states[-1]), "the phase of a job whose input cannot be read")
    expect("JOB_STATE_PARTITIONED" not in seen_states, "a job whose input cannot be read was partitioned")
    expect(not seen(session, job).get("numChunks"), "a job whose input cannot be read has chunks")


@check("BYT-STM-020")
def a_job_that_was_run_is_not_new(session: Session) -> None:
    """At once, whether or not there is capacity."""
    for shape in ("quick", "waits"):
        job = session.submit(shape, draft=True)
        started = accepted(session.start(job), "running a draft")
        expect(session.state(job) != NEW, "a job that was run is still new", started)


@check("BYT-STM-028")
def a_late_abort_changes_nothing(session: Session) -> None:
    """Of a job that is complete, and of one that has failed; twice."""
    for shape in ("quick", "fails"):
        job = session.submit(shape, until="end")
        for _ in range(2):
            late_stop_changes_nothing(session, job)


@check("BYT-STM-030")
def a_job_is_aborted_while_it_ends(session: Session) -> None:
    """While its output is put together: no other state follows but an end."""
    job = session.submit()
    state = session.until(job, "finishing", step=0.5)
    answer = accepted(session.cancel(job), f"aborting a job that is {state}")
    for later in session.watch(job, within=60, step=0.5):
        is_kept = later == state or session.phase_of(later) in TERMINAL
        expect(is_kept, f"a job that was aborted while it was {state} went on to {later}", answer)


@check("BYT-STM-031")
def one_failed_task_of_several_is_enough(session: Session) -> None:
    """The others do well."""
    job = session.submit("partly-fails")
    expect_end(session, job, "failed", "a job of which one task failed", within=300)
