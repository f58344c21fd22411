"""How often and when compute.x.io runs a failed job again."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio.steps import all_runs, runs_of
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed, same
from conformance.session.phases import expect_phase
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, shown

ONE_MINUTE_TWICE: Json = {"max_timeout_run_ms": 60_000, "max_retry_count": 1}


@check("XIO-RTY-001")
def a_job_is_tried_a_dozen_times(session: Session) -> None:
    """Twelve retries."""
    job = session.submit("breaks", {"max_retry_count": 12}, seconds=1, until="end")
    same(13, len(runs_of(session, job)), "the number of runs of a job that always fails and has 12 retries")


@check("XIO-RTY-001", "a job without retries is tried once", "fails", {"max_retry_count": 0}, 1, "failed")
@check("XIO-RTY-001", "a job with one retry is tried twice", "fails", {"max_retry_count": 1}, 2, "failed")
@check("XIO-RTY-001", "a job with two retries is tried three times", "fails", {"max_retry_count": 2}, 3, "failed")
@check("XIO-RTY-001", "a job with four retries is tried five times", "fails", {"max_retry_count": 4}, 5, "failed")
@check("XIO-RTY-002", "a second run can end well", "retried", None, 2, "succeeded")
@check("XIO-RTY-003", "what went well is not done again", "quick", {"max_retry_count": 3}, 1)
@check("XIO-RTY-004", "a run that met its limit is followed by another", "long", ONE_MINUTE_TWICE, 2)
def a_job_is_run_as_often_as_it_may(session: Session, shape: str, patch: Json, runs: int, ending: str = "") -> None:
    """And has ended as its last run has."""
    job = session.submit(shape, patch)
    same(runs, len(all_runs(session, job)), f"the number of runs of a job of the shape {shape} with {shown(patch)}")
    if ending:
        expect_phase(session, job, ending, f"a job of the shape {shape} with {shown(patch)}")


@check("XIO-RTY-005")
def each_run_reports_its_own_end(session: Session) -> None:
    """The first failed, the second did not."""
    job = session.submit("retried")
    runs = all_runs(session, job)
    needed(len(runs) == 2, "the job was not tried again")
    same(["FAILED", "COMPLETED"], [run.get("status") for run in runs], "the states of the runs")


@check("XIO-RTY-006")
def a_job_has_not_ended_between_its_runs(session: Session) -> None:
    """Watched closely."""
    job = session.submit("retried")
    last = ""
    for last in session.watch(job, step=0.25, within=60):
        needed(last, "the job cannot be read")
    expect(session.phase_of(last) == "succeeded", f"a job that is tried again was shown as {last}")


@check("XIO-RTY-007")
def a_preparation_that_took_too_long_is_tried_again(session: Session) -> None:
    """Once, as it may be."""
    staged(session, startup=100_000.0)
    job = session.submit("quick", {"max_timeout_start_ms": 120_000, "max_retry_count": 1}, until="starting")
    session.advance(130)
    expect_phase(session, job, "queued starting", "a job that may be tried again, after its first start limit,")
    session.advance(130)
    expect_phase(session, job, "failed", "a job that may be tried twice, after its second start limit,")
