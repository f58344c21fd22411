"""Run:AI's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai.steps import (
    DAY,
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    TEAM_B,
    delete_jobs,
    expect_states,
    need_states,
    node_class,
    staged_nodes,
    submit_named,
)
from conformance.errors import NotApplicable
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from specs.lifecycle import TERMINAL

FINE = 0.25
"""Seconds between two looks where an end has to be known well."""
SPARE = 1.0
"""Seconds by which an instant may be off."""


def _leaves(session: Session, job: JobRef, seconds: float) -> None:
    """Expect the job, which has just ended, to be listed until its time to live is over, and no longer."""
    ended = session.now or 0.0
    session.advance(seconds - SPARE)
    is_there = session.state(job)
    is_late = (session.now or 0.0) > ended + seconds - SPARE  # a rate limit took the rest of the time
    expect(is_there or is_late, f"a job that should stay listed for {seconds:g} seconds has gone before", job.created)
    session.advance(2 * SPARE)
    state = session.state(job)
    expect(
        not state, f"a job that should stay listed for {seconds:g} seconds is there after them as {state}", job.created
    )


@check("RAI-TMO-001")
def nothing_is_a_time_to_live(session: Session) -> None:
    """0s, where it is taken, is not the same as none."""
    exchange = session.post(session.body(patch={"job": {"ttlAfterFinish": "0s"}}))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    session.advance(120)
    state = session.state(job)
    expect(state in ("", PENDING, RUNNING), f"a job without any time to live is still listed as {state}", exchange)


@check("RAI-TMO-001")
def a_good_job_leaves_in_time(session: Session) -> None:
    """Thirty seconds after its end."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "30s"}})
    session.until(job, step=FINE)
    _leaves(session, job, 30)


@check("RAI-TMO-002")
def a_failed_job_leaves_in_time(session: Session) -> None:
    """Thirty seconds after its end."""
    job = session.submit("fails", {"job": {"ttlAfterFinish": "30s"}})
    ended = session.until(job, step=FINE)
    needed(session.phase_of(ended) == "failed", f"the job ended as {ended}")
    _leaves(session, job, 30)


@check("RAI-TMO-003")
def minutes_and_hours_count_as_such(session: Session) -> None:
    """Two of the one, three of the other, and more than make up the next unit."""
    for text, seconds in (("90s", 90), ("2m", 120), ("3h", 10_800), ("30h", 108_000)):
        job = session.submit(patch={"job": {"ttlAfterFinish": text}})
        session.until(job, step=FINE)
        _leaves(session, job, seconds)


@check("RAI-TMO-004")
def a_time_to_live_begins_with_the_end(session: Session) -> None:
    """Jobs that run or wait for longer than that stay as they are."""
    ttl = {"job": {"ttlAfterFinish": "5s"}}
    running, waiting = session.submit("long", ttl), session.submit("waits", ttl)
    session.until(running, "running")
    session.advance(120)
    for job, wanted in ((running, RUNNING), (waiting, PENDING)):
        state = session.state(job)
        expect(
            state == wanted,
            f"a job with a time to live of 5 seconds that has not ended is {state or 'not listed'}",
            job.created,
        )


@check("RAI-TMO-005")
def a_name_is_free_after_its_time(session: Session) -> None:
    """The same submission is granted again."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "5s"}}, until="end")
    session.advance(30)
    needed(not session.state(job), "the job is still listed")
    again = session.post(job.body)
    expect(
        again.response.is_success, f"the name of a job that has gone was refused with {again.response.status}", again
    )


@check("RAI-TMO-006")
def days_and_sums_count_in_full(session: Session) -> None:
    """A day; an hour and a half."""
    for text, seconds in (("1d", 86_400), ("1h30m", 5400)):
        job = session.submit(patch={"job": {"ttlAfterFinish": text}})
        session.until(job, step=FINE)
        _leaves(session, job, seconds)


@check("RAI-TMO-007")
def a_preemptible_workbench_ends_at_the_limit_too(session: Session) -> None:
    """It may exceed the quota, not the limit."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1}, interactive_limit_s=600)
    submit_named(session, "bench", gpu=1, interactive=True, preemptible=True)
    need_states(session, bench=RUNNING)
    session.advance(600 - 3 * SETTLED)
    expect_states(session, bench=RUNNING)
    session.advance(4 * SETTLED)
    expect_states(session, bench="TimedOut")


@check("RAI-TMO-007")
def a_workbench_ends_at_its_projects_limit(session: Session) -> None:
    """Ten minutes of running, whatever it waited before."""
    staged_nodes(session, [node_class(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    exchange = session.post(
        {"job": {"name": "bench", "project": "team-a", "image": "alpine", "gpu": 1, "interactive": True}}
    )
    needed(exchange.response.is_success, f"the submission of a workbench was answered {exchange.response.status}")
    session.until(session.job_of(exchange), "running", step=FINE)
    session.advance(600 - SPARE)
    expect_states(session, bench=RUNNING)
    session.advance(2 * SPARE)
    expect_states(session, bench="TimedOut")


@check("RAI-TMO-008")
def training_knows_no_limit_of_its_project(session: Session) -> None:
    """Well beyond the ten minutes of a workbench."""
    staged_nodes(session, [node_class(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    submit_named(session, "train", gpu=1, backoffLimit=0)
    need_states(session, train=RUNNING)
    session.advance(1300)
    expect_states(session, train=RUNNING)


@check("RAI-TMO-009")
def a_workbench_that_waited_has_its_whole_limit(session: Session) -> None:
    """Five of its ten minutes it waits for the GPU."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1}, interactive_limit_s=600)
    first = submit_named(session, "first", gpu=1, interactive=True)
    submit_named(session, "bench", gpu=1, interactive=True)
    need_states(session, first=RUNNING, bench=PENDING)
    session.advance(300)
    delete_jobs(session, first)
    session.advance(SETTLED)
    need_states(session, bench=RUNNING)
    session.advance(600 - 3 * SETTLED)
    expect_states(session, bench=RUNNING)
    session.advance(4 * SETTLED)
    expect_states(session, bench="TimedOut")


@check("RAI-TMO-010")
def a_day_is_a_day(session: Session) -> None:
    """Where days are taken at all."""
    job = session.post(session.body(patch={"job": {"ttlAfterFinish": "2d"}}))
    if not job.response.is_success:
        raise NotApplicable("days are not taken as ttlAfterFinish")
    ref = session.job_of(job)
    session.until(ref)
    for pause, is_there in ((2 * DAY - 300, True), (600, False)):
        session.advance(pause)
        state = session.state(ref)
        expect(bool(state) is is_there, f"a job with a time to live of two days is {state or 'not listed'}", job)


@check("RAI-TMO-011")
def every_end_is_an_end(session: Session) -> None:
    """A workbench that met its limit, and one that was taken back, leave the list when their time is over."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1, TEAM_B: 0}, interactive_limit_s=600)
    submit_named(session, "timed", TEAM_B, gpu=1, interactive=True, preemptible=True, ttlAfterFinish="2m")
    need_states(session, timed=RUNNING)
    session.advance(600 + SETTLED)
    need_states(session, timed="TimedOut")
    submit_named(session, "taken", TEAM_B, gpu=1, interactive=True, preemptible=True, ttlAfterFinish="2m")
    need_states(session, taken=RUNNING)
    submit_named(session, "owner", gpu=1)
    need_states(session, taken="Preempted")
    session.advance(130)
    told = [str(one.get("name")) for one in session.items()]
    same(["owner"], told, "the names in the list two minutes after the ends")


@check("RAI-TMO-012")
def preparation_is_not_counted(session: Session) -> None:
    """It takes longer than the limit of ten minutes."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1}, facts={"startup": 900}, interactive_limit_s=600)
    bench = submit_named(session, "bench", gpu=1, interactive=True)
    for pause in (700, 200, 500):
        session.advance(pause)
        state = session.state(bench)
        told = f"a workbench that was prepared for 900 seconds, and may run for 600, is {state or 'not listed'}"
        expect(state and session.phase_of(state) not in TERMINAL, told)
    session.advance(100 + SETTLED)
    expect_states(session, bench="TimedOut")
