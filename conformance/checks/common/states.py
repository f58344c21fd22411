"""The states that jobs of every API pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, same
from conformance.session.phases import expect_not, expect_phase, leaves, need_phase, stays
from conformance.session.session import Session
from specs.lifecycle import TERMINAL

LONGER = 120.0
"""Seconds after which a job that would go on against the rules has done so."""


@check("JOB-STM-003")
def stopping_twice_changes_nothing(session: Session) -> None:
    """A second stop of a job leaves its state as it was.

    If the first takes its time, its effect may come in between.
    """
    job = session.submit("long", until="running")
    session.cancel(job)
    before = session.state(job)
    session.cancel(job)
    after = session.state(job)
    late: frozenset[str] = frozenset() if session.phase_of(before) in TERMINAL else session.after_stop(before)
    expect(after in {before, *late}, f"the job was {before} and is {after} after a second stop")


@check("JOB-STM-004")
def an_ended_job_stays_as_it_is(session: Session) -> None:
    """Long after their ends jobs are where they ended, and in the list too, which the oracles look at."""
    shapes = ("quick", "quick", "fails" if "fails" in session.settings.shapes else "quick")
    jobs = [session.submit(shape) for shape in shapes]
    ended = [session.until(job) for job in jobs]
    session.advance(LONGER)
    for job, before in zip(jobs, ended, strict=True):
        state = session.state(job)
        expect(state in ("", before), f"the job had ended as {before} and is now {state}")
    if "list" in session.roles:
        session.list_jobs()


@check("JOB-STM-005")
def a_good_run_ends_well(session: Session) -> None:
    """The base body makes a job that ends soon and well."""
    job = session.submit(until="end")
    expect_phase(session, job, "succeeded", "a job that runs well")


@check("JOB-STM-005")
def jobs_alike_end_alike(session: Session) -> None:
    """Of three made at once none runs on for minutes after another has ended."""
    jobs = [session.submit() for _ in range(3)]
    session.until(jobs[0], within=120)
    for job in jobs[1:]:
        expect(leaves(session, job, "running", within=300, step=10), "a job runs five minutes after its twin has ended")


@check("JOB-STM-006")
def a_bad_run_ends_badly(session: Session) -> None:
    """The shape `fails` makes a job that fails and is not tried again."""
    job = session.submit("fails", until="end")
    expect_phase(session, job, "failed", "a job whose run fails")


@check("JOB-STM-007")
def a_stopped_job_ends_as_its_lifecycle_says(session: Session) -> None:
    """A running job, and it does not go on."""
    job = session.submit("long")
    state = session.until(job, "running")
    wanted = session.after_stop(state)
    if not wanted:
        raise NotApplicable(f"nothing can stop a job that is {state}")
    answer = accepted(session.cancel(job), "stopping a running job")
    state = session.stopped(job)
    expect(state in wanted, f"a stopped job is {state}, expected {' or '.join(sorted(wanted))}", answer)
    session.advance(LONGER)
    same(state, session.state(job), "the state of a stopped job later")


@check("JOB-STM-008")
def stopping_an_ended_job_changes_nothing(session: Session) -> None:
    """Whatever the answer, the state is as it was."""
    for shape in session.shapes("quick", "fails"):
        job = session.submit(shape)
        ended = session.until(job)
        session.cancel(job)
        same(ended, session.state(job), "the state of a job that was stopped after its end")


@check("JOB-STM-009")
def a_job_without_capacity_waits(session: Session) -> None:
    """It is queued, and whether or not it gives up in time, it never runs."""
    job = session.submit("waits")
    for passed in session.ticks(60, 15):
        state = session.state(job)
        allowed = ("queued",) if not passed else ("queued", "failed")
        expect(session.phase_of(state) in allowed, f"a job that cannot be placed is {state}")


@check("JOB-STM-010")
def a_long_run_is_shown_as_running(session: Session) -> None:
    """From its start on, without a break."""
    job = session.submit("long", until="running")
    stays(session, job, "running", "a job whose run goes on", within=60, step=20)


@check("JOB-STM-011")
def a_draft_waits_for_its_start(session: Session) -> None:
    """It stays as it is until it is started, and runs then."""
    job = session.submit(draft=True)
    session.advance(LONGER)
    expect_phase(session, job, "draft", "a draft that nobody started")
    accepted(session.start(job), "starting a draft")
    session.advance(1)
    expect_not(session, job, "draft", "a draft that was started")


@check("JOB-STM-012")
def a_waiting_job_is_stopped_as_the_lifecycle_says(session: Session) -> None:
    """It ends as stopped where the lifecycle has such a way, and stays where it has none."""
    job = session.submit("waits")
    session.advance(2)
    state = need_phase(session, job, "queued")
    wanted = session.after_stop(state)
    session.cancel(job)
    after = session.stopped(job) if wanted else session.state(job)
    wanted = wanted or frozenset({state})
    expect(after in wanted, f"a waiting job is {after} after a stop, expected {' or '.join(sorted(wanted))}")


@check("JOB-STM-013")
def stopping_one_job_leaves_the_others(session: Session) -> None:
    """Neighbours before and after it go on as they were."""
    jobs = [session.submit("long") for _ in range(3)]
    for job in jobs:
        session.until(job, "running")
    before = [session.state(job) for job in jobs]
    session.cancel(jobs[1])
    for job, state in ((jobs[0], before[0]), (jobs[2], before[2])):
        same(state, session.state(job), f"the state of job {job.id} after another was stopped")
