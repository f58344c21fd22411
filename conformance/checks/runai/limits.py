"""Run:AI's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import DAY
from conformance.checks.families.capacity import Step
from conformance.checks.runai.steps import (
    BENCH,
    PENDING,
    RUNNING,
    SETTLED,
    SPOT,
    TEAM_A,
    TEAM_B,
    TRAIN,
    expect_states,
    names,
    need_states,
    node_class,
    placement,
    staged_nodes,
    submit,
    submit_named,
)
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.phases import GOES_ON, expect_phase
from conformance.session.session import JobRef, Session

FINE = 0.25
"""Seconds between two looks where an end has to be known well."""
AFTER_WAITING: tuple[Step, ...] = ((300.0, ""), (0, "-r"), (585.0, "-R"), (20.0, "-T"))
"""Five of the ten minutes it waits for the GPU."""
SPARE = 1.0
"""Seconds by which an instant may be off."""


def _leaves(session: Session, job: JobRef, seconds: float) -> None:
    """Expect the job, which has just ended, to be listed until its time to live is over, and no longer."""
    ended = session.now or 0.0
    session.advance(seconds - SPARE)
    is_there = session.state(job)
    is_late = (session.now or 0.0) > ended + seconds - SPARE  # a rate limit took the rest of the time
    expect(is_there or is_late, f"a job that should stay listed for {seconds:g} seconds has gone before")
    session.advance(2 * SPARE)
    same("", session.state(job), f"{seconds:g} seconds after its end, when it should have gone, the state of a job")


@check("RAI-TMO-001")
def nothing_is_a_time_to_live(session: Session) -> None:
    """0s, where it is taken, is not the same as none."""
    exchange = session.post(session.body(patch={"job": {"ttlAfterFinish": "0s"}}))
    if not exchange.response.is_success:
        return
    job = session.job_of(exchange)
    session.advance(120)
    state = session.state(job)
    expect(state in ("", PENDING, RUNNING), f"a job without any time to live is still listed as {state}")


@check("RAI-TMO-001", "a good job leaves in time", "quick", {"30s": 30})
@check("RAI-TMO-002", "a failed job leaves in time", "fails", {"30s": 30})
@check("RAI-TMO-003", "minutes and hours count as such", "quick", {"90s": 90, "2m": 120, "3h": 10_800, "30h": 108_000})
@check("RAI-TMO-006", "days and sums count in full", "quick", {"1d": DAY, "1h30m": 5400})
def an_ended_job_leaves_in_time(session: Session, shape: str, spans: dict[str, float]) -> None:
    """It is listed so many seconds after its end, and no longer."""
    for text, seconds in spans.items():
        job = session.submit(shape, {"job": {"ttlAfterFinish": text}})
        ended = session.phase_of(session.until(job, step=FINE))
        needed(ended == "failed" or shape != "fails", f"the job has {ended}")
        _leaves(session, job, seconds)


@check("RAI-TMO-004")
def a_time_to_live_begins_with_the_end(session: Session) -> None:
    """Jobs that run or wait for longer than that stay as they are."""
    ttl = {"job": {"ttlAfterFinish": "5s"}}
    running, waiting = session.submit("long", ttl), session.submit("waits", ttl)
    session.until(running, "running")
    session.advance(120)
    for job, wanted in ((running, RUNNING), (waiting, PENDING)):
        same(wanted, session.state(job), "the state of a job with a time to live of 5 seconds that has not ended")


@check("RAI-TMO-005")
def a_name_is_free_after_its_time(session: Session) -> None:
    """The same submission is granted again."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "5s"}}, until="end")
    session.advance(30)
    needed(not session.state(job), "the job is still listed")
    accepted(session.post(job.body), "a submission with the name of a job that has gone")


@check("RAI-TMO-007")
def a_workbench_ends_at_its_projects_limit(session: Session) -> None:
    """Ten minutes of running, whatever it waited before."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1}, interactive_limit_s=600)
    session.until(submit(session, {"name": "bench", **BENCH}), "running", step=FINE)
    session.advance(600 - SPARE)
    expect_states(session, bench=RUNNING)
    session.advance(2 * SPARE)
    expect_states(session, bench="TimedOut")


@check("RAI-TMO-007", "a preemptible workbench ends at the limit too", (SPOT, "r"), (585.0, "R"), (20.0, "T"))
@check("RAI-TMO-008", "training knows no limit", ({**TRAIN, "backoffLimit": 0}, "r"), (1300.0, "R"))
@check("RAI-TMO-009", "a workbench that waited has its whole limit", (BENCH, ""), (BENCH, "rp"), *AFTER_WAITING)
def workbenches_have_a_limit(session: Session, *steps: Step) -> None:
    """Ten minutes of running."""
    placement(session, 1, {TEAM_A: 1}, *steps, limit=600)


@check("RAI-TMO-010")
def a_day_is_a_day(session: Session) -> None:
    """Where days are taken at all."""
    exchange = session.post(session.body(patch={"job": {"ttlAfterFinish": "2d"}}))
    if not exchange.response.is_success:
        raise NotApplicable("days are not taken as ttlAfterFinish")
    job = session.job_of(exchange)
    session.until(job)
    for pause, is_there in ((2 * DAY - 300, True), (600, False)):
        session.advance(pause)
        state = session.state(job)
        expect(bool(state) is is_there, f"a job with a time to live of two days is {state or 'not listed'}")


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
    same(["owner"], names(session), "the names in the list two minutes after the ends")


@check("RAI-TMO-012")
def preparation_is_not_counted(session: Session) -> None:
    """It takes longer than the limit of ten minutes."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1}, facts={"startup": 900}, interactive_limit_s=600)
    bench = submit_named(session, "bench", gpu=1, interactive=True)
    for pause in (700, 200, 500):
        session.advance(pause)
        expect_phase(session, bench, GOES_ON, "a workbench that was prepared for 900 seconds, and may run for 600,")
    session.advance(100 + SETTLED)
    expect_states(session, bench="TimedOut")
