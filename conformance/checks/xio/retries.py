"""How often and when compute.x.io runs a failed job again."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio.steps import all_runs, runs_of
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session


@check("XIO-RTY-001")
def a_job_is_tried_a_dozen_times(session: Session) -> None:
    """Twelve retries."""
    job = session.submit("breaks", {"max_retry_count": 12}, seconds=1, until="end")
    same(13, len(runs_of(session, job)), "the number of runs of a job that always fails and has 12 retries")


@check("XIO-RTY-001")
def a_job_is_tried_as_often_as_it_may(session: Session) -> None:
    """With none, one, two and four retries."""
    for retries in (0, 1, 2, 4):
        job = session.submit("fails", {"max_retry_count": retries})
        runs = all_runs(session, job)
        same(retries + 1, len(runs), f"the number of runs of a job that always fails and has {retries} retries")
        expect(session.phase(job) == "failed", "a job whose runs all failed has not failed")


@check("XIO-RTY-002")
def a_second_run_can_end_well(session: Session) -> None:
    """The first one failed."""
    job = session.submit("retried")
    ended = session.until(job)
    expect(session.phase_of(ended) == "succeeded", f"a job whose second run ends well is {ended}")
    same(2, len(all_runs(session, job)), "the number of its runs")


@check("XIO-RTY-003")
def what_went_well_is_not_done_again(session: Session) -> None:
    """Although there are retries left."""
    job = session.submit("quick", {"max_retry_count": 3})
    same(1, len(all_runs(session, job)), "the number of runs of a job that ended well")


@check("XIO-RTY-004")
def a_run_that_met_its_limit_is_followed_by_another(session: Session) -> None:
    """As many as there are retries."""
    job = session.submit("long", {"max_timeout_run_ms": 60_000, "max_retry_count": 1})
    same(2, len(all_runs(session, job)), "the number of runs of a job that always meets its run limit and has 1 retry")


@check("XIO-RTY-005")
def each_run_tells_its_own_end(session: Session) -> None:
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
    expect(
        session.phase(job) in ("queued", "starting"),
        f"a job that may be tried again is {session.state(job)} after its first start limit",
    )
    session.advance(130)
    expect(
        session.phase(job) == "failed",
        f"a job that may be tried twice is {session.state(job)} after its second start limit",
    )
