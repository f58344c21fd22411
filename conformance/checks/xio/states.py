"""The states that jobs of compute.x.io pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import HOUR
from conformance.checks.families.identity import ended_jobs_stay
from conformance.checks.families.stops import late_stop_changes_nothing, stopped_job_stays
from conformance.checks.xio.steps import PERSISTENT, REASON, job_and_waiter, runs_of
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.phases import expect_not, expect_phase, stays
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, shown


@check("XIO-STM-001")
def a_job_in_preparation_is_assigned(session: Session) -> None:
    """For the twenty seconds that its preparation takes, however long it waits before."""
    staged(session, ROOMY, startup=20)
    job = session.submit("long")
    looks = []
    for _ in session.ticks(60):
        looks.append(session.state(job))
        if looks[-1] not in ("PENDING", "ASSIGNED"):
            break
    same("RUNNING", looks[-1], "the state of a job whose node is ready")
    seen = looks.count("ASSIGNED")
    expect(18 <= seen <= 22, f"a job whose node is being prepared for 20 seconds is ASSIGNED for {seen}")


@check("XIO-STM-002")
def the_answer_to_a_stop_shows_the_stopped_job(session: Session) -> None:
    """A running and a waiting one."""
    for job in (session.submit("long", until="running"), session.submit("waits")):
        answer = need_success(session.cancel(job), "the stop").response.json
        same("CANCELLED", get(answer, "/status"), "the status in the answer to a stop")


@check("XIO-STM-003")
def a_job_can_be_stopped_in_preparation(session: Session) -> None:
    """And does not run when its node would be ready."""
    staged(session, ROOMY, startup=20)
    job = session.submit("quick", {"max_retry_count": 2})
    session.until(job, "starting", within=10)
    accepted(session.cancel(job), "stopping a job in preparation")
    session.stopped(job)
    stays(session, job, "cancelled", "a job that was stopped in preparation", within=40, step=10)


@check("XIO-STM-004")
def a_job_that_was_stopped_while_it_waited_never_runs(session: Session) -> None:
    """The node becomes free, and its assign limit passes."""
    first, second = job_and_waiter(session)
    stopped_job_stays(session, second, [first], within=350)


@check("XIO-STM-007")
def a_stopped_job_is_not_tried_again(session: Session) -> None:
    """Its retries are for failures."""
    job = session.submit("long", {"max_retry_count": 3}, until="running")
    accepted(session.cancel(job), "stopping a running job")
    session.stopped(job)
    stays(session, job, "cancelled", "a stopped job with retries left", within=60, step=10)
    same(1, len(runs_of(session, job)), "the number of runs of a job that was stopped in its first")


@check("XIO-STM-008")
def a_persistent_job_runs_until_it_is_stopped(session: Session) -> None:
    """Two hours, then a stop."""
    job = session.submit("quick", PERSISTENT)
    session.until(job, "running", within=60)
    stays(session, job, "running", "a PERSISTENT job that nobody stopped", within=7200, step=1800)
    accepted(session.cancel(job), "stopping a PERSISTENT job")
    session.until(job, within=60)
    expect_phase(session, job, "cancelled", "a PERSISTENT job that was stopped")


@check("XIO-STM-009")
def a_stop_needs_no_body(session: Session) -> None:
    """Nor a reason in it."""
    bodies: tuple[Json, ...] = ({}, {"body": {}}, {"body": {"reason": REASON}})
    for options in bodies:
        job = session.submit("long", until="running")
        accepted(session.cancel(job, **options), f"a stop with {shown(options or 'no body')}")
        session.advance(5)
        expect_not(session, job, "running", f"after a stop with {shown(options or 'no body')} a job")


@check("XIO-STM-026")
def what_has_ended_stays(session: Session) -> None:
    """For three hours, read and listed alike."""
    jobs = [session.submit("long", until="running"), *(session.submit(shape) for shape in ("quick", "fails"))]
    jobs.append(session.submit("waits", {"max_timeout_assign_ms": 300_000}))
    session.cancel(jobs[0])
    for job in jobs:
        session.until(job)
    session.bear(3 * HOUR)
    ended_jobs_stay(session, jobs, (HOUR, HOUR, HOUR), listed_whole=False)


@check("XIO-STM-027")
def a_stop_in_vain_changes_nothing(session: Session) -> None:
    """A second one with another reason, and one of a job that ended by itself."""
    stopped, ended = session.submit("long", until="running"), session.submit(until="end")
    session.cancel(stopped, body={"reason": "the first reason"})
    session.stopped(stopped)
    for job in (stopped, ended):
        late_stop_changes_nothing(session, job, pause=30, body={"reason": "another reason"})
