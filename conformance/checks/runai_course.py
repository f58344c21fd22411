"""Checks of the course of Run:AI's jobs: how they end, how often they are tried, how long they stay listed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, forget, given, item, machines, stand, world
from conformance.expect import expect, needed
from conformance.session import JobRef, Session
from specs.lifecycle import TERMINAL

RUNNING, PENDING = "Running", "Pending"
WORKBENCH = {"job": {"interactive": True, "command": None}}
FINE = 0.25
"""Seconds between two looks where an end has to be known well."""
SPARE = 1.0
"""Seconds by which an instant may be off."""


def _watched(session: Session, job: JobRef, *, step: float, within: float) -> list[tuple[str, float]]:
    """The states of a job one after the other, and for how long each was seen."""
    told = list(session.watch(job, step=step, within=within))
    return [(state, step * len(list(group))) for state, group in groupby(told)]


def _runs(seen: list[tuple[str, float]]) -> int:
    return sum(1 for state, _ in seen if state == RUNNING)


def _pauses(seen: list[tuple[str, float]]) -> Iterator[float]:
    """How long a job that had run did not run before it ran again."""
    pause, has_run = 0.0, False
    for state, seconds in seen:
        if state != RUNNING:
            pause += seconds
            continue
        if has_run:
            yield pause
        pause, has_run = 0.0, True


def _failing(session: Session, seconds: float, **members: Any) -> JobRef:
    return session.submit(patch={"job": {"command": f"sleep {seconds:g}; exit 3", **members}})


@check("RAI-STM-001")
def ends_have_the_documented_words(session: Session) -> None:
    """Succeeded and Failed, not anything like them."""
    for shape, wanted in (("quick", "Succeeded"), ("fails", "Failed")):
        job = session.submit(shape)
        *_, state = session.watch(job, within=120)
        needed(session.phase_of(state) not in ("queued", "starting", "running"), f"the job is still {state}")
        expect(state == wanted, f"a job whose end should be told as {wanted} is {state or 'not listed'}", session.exchanges[-1])


@check("RAI-STM-002")
def a_workbench_runs_on(session: Session) -> None:
    """For minutes, hours, days."""
    job = session.submit(patch=WORKBENCH)
    session.until(job, "running")
    for pause in (60, 3600, 86_400):
        session.advance(pause)
        state = session.state(job)
        expect(state == RUNNING, f"a workbench that nobody deleted is {state or 'not listed'}", session.exchanges[-1])


@check("RAI-STM-003")
def a_failed_workbench_does_not_queue_again(session: Session) -> None:
    """It is Failed, or is restarted where it stands."""
    job = _failing(session, 3, interactive=True, backoffLimit=4)
    seen = [state for state, _ in _watched(session, job, step=1, within=60)]
    needed(RUNNING in seen, "the workbench never ran")
    after = seen[seen.index(RUNNING) :]
    expect(not {PENDING, "Succeeded"} & set(after), f"a workbench that failed went {' -> '.join(seen)}", session.exchanges[-1])


@check("RAI-STM-004")
def a_new_job_has_not_ended(session: Session) -> None:
    """Nor has one that nobody can place."""
    for shape in ("quick", "long"):
        state = session.state(session.submit(shape))
        expect(state and session.phase_of(state) not in TERMINAL, f"a new job is {state or 'not listed'}", session.exchanges[-1])


@check("RAI-STM-005")
def a_deleted_job_holds_nothing(session: Session) -> None:
    """Another one takes its GPU."""
    world(session, [machines(gpus=1)])
    first = ask(session, "first", gpu=1)
    ask(session, "second", gpu=1)
    given(session, first=RUNNING, second=PENDING)
    forget(session, first)
    session.advance(SETTLED)
    stand(session, second=RUNNING)


@check("RAI-STM-006")
def an_ended_job_holds_nothing(session: Session) -> None:
    """Whether it ended well or badly."""
    world(session, [machines(gpus=1)])
    ask(session, "good", gpu=1, command="sleep 30")
    ask(session, "bad", gpu=1, command="sleep 30; exit 3", backoffLimit=0)
    ask(session, "last", gpu=1)
    given(session, good=RUNNING, bad=PENDING, last=PENDING)
    session.advance(30)
    stand(session, good="Succeeded", bad=RUNNING, last=PENDING)
    session.advance(30)
    stand(session, bad="Failed", last=RUNNING)


@check("RAI-STM-007")
def a_job_without_its_node_starts_again(session: Session) -> None:
    """It waits while there is none, and runs when there is one."""
    world(session, [machines(gpus=1)])
    ask(session, "train", gpu=1, backoffLimit=0)
    given(session, train=RUNNING)
    control = session.target.ask_control
    needed(control("POST", "/nodes/node-0/fail", sandbox=session.name).is_success, "the control API takes no machine down")
    session.advance(SETTLED)
    state = str(item(session, "train").get("status"))
    expect(state != RUNNING and session.phase_of(state) not in TERMINAL, f"a job whose only machine is down is {state}", session.exchanges[-1])
    needed(control("POST", "/nodes/node-0/restore", sandbox=session.name).is_success, "the control API brings no machine back")
    session.advance(60)
    stand(session, train=RUNNING)


def _leaves(session: Session, job: JobRef, seconds: float) -> None:
    """Expect the job, which has just ended, to be listed until its time to live is over, and no longer."""
    session.advance(seconds - SPARE)
    expect(session.state(job), f"a job that should stay listed for {seconds:g} seconds has gone before", job.created, session.exchanges[-1])
    session.advance(2 * SPARE)
    state = session.state(job)
    expect(not state, f"a job that should stay listed for {seconds:g} seconds is there after them as {state}", job.created, session.exchanges[-1])


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
    """Two of the one, three of the other."""
    for text, seconds in (("2m", 120), ("3h", 10_800)):
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
        expect(state == wanted, f"a job with a time to live of 5 seconds that has not ended is {state or 'not listed'}", job.created, session.exchanges[-1])


@check("RAI-TMO-005")
def a_name_is_free_after_its_time(session: Session) -> None:
    """The same submission is granted again."""
    job = session.submit(patch={"job": {"ttlAfterFinish": "5s"}})
    session.until(job)
    session.advance(30)
    needed(not session.state(job), "the job is still listed")
    again = session.post(job.body)
    expect(again.response.is_success, f"the name of a job that has gone was refused with {again.response.status}", again)


@check("RAI-TMO-006")
def days_and_sums_count_in_full(session: Session) -> None:
    """A day; an hour and a half."""
    for text, seconds in (("1d", 86_400), ("1h30m", 5400)):
        job = session.submit(patch={"job": {"ttlAfterFinish": text}})
        session.until(job, step=FINE)
        _leaves(session, job, seconds)


@check("RAI-DEF-008")
def without_a_time_to_live_a_job_stays(session: Session) -> None:
    """For a month."""
    shapes = [shape for shape in ("quick", "fails") if shape == "quick" or shape in session.settings.shapes]
    jobs = [session.submit(shape) for shape in shapes]
    for job in jobs:
        session.until(job)
    session.advance(30 * 86_400)
    for job in jobs:
        expect(session.state(job), f"job {job.id} ended and is not listed any more", job.created, session.exchanges[-1])


@check("RAI-TMO-007")
def a_workbench_ends_at_its_projects_limit(session: Session) -> None:
    """Ten minutes of running, whatever it waited before."""
    world(session, [machines(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    ask(session, "bench", gpu=1, interactive=True)
    given(session, bench=RUNNING)
    session.advance(600 - SETTLED - SPARE)
    stand(session, bench=RUNNING)
    session.advance(2 * SPARE)
    stand(session, bench="TimedOut")


@check("RAI-TMO-008")
def training_knows_no_limit_of_its_project(session: Session) -> None:
    """Well beyond the ten minutes of a workbench."""
    world(session, [machines(gpus=1)], {"team-a": 1}, interactive_limit_s=600)
    ask(session, "train", gpu=1)
    given(session, train=RUNNING)
    session.advance(1300)
    stand(session, train=RUNNING)


@check("RAI-RTY-001")
def a_job_is_tried_as_often_as_asked(session: Session) -> None:
    """Once more than it may be tried again, for no retry, one, and three."""
    for retries in (0, 1, 3):
        job = _failing(session, 6, backoffLimit=retries)
        seen = _watched(session, job, step=2, within=900)
        expect(_runs(seen) == retries + 1, f"a job with backoffLimit {retries} that always fails ran {_runs(seen)} times", job.created, session.exchanges[-1])
        expect(seen[-1][0] == "Failed", f"a job that always fails is {seen[-1][0]} after {_runs(seen)} runs", job.created, session.exchanges[-1])


@check("RAI-RTY-002")
def a_job_that_succeeds_later_is_done(session: Session) -> None:
    """Its second attempt ends well."""
    job = session.submit("retried")
    seen = _watched(session, job, step=1, within=300)
    story = " -> ".join(state for state, _ in seen)
    expect(seen[-1][0] == "Succeeded" and _runs(seen) == 2, f"a job whose second attempt succeeds went {story}", job.created, session.exchanges[-1])
    session.advance(120)
    expect(session.state(job) == "Succeeded", "a job whose second attempt succeeded went on", job.created, session.exchanges[-1])


@check("RAI-RTY-003")
def a_job_that_succeeds_runs_once(session: Session) -> None:
    """It may be tried again, but need not."""
    job = session.submit(patch={"job": {"backoffLimit": 5}})
    seen = _watched(session, job, step=1, within=300)
    story = " -> ".join(state for state, _ in seen)
    expect(seen[-1][0] == "Succeeded" and _runs(seen) == 1, f"a job that succeeds went {story}", job.created, session.exchanges[-1])


@check("RAI-RTY-004")
def pauses_double(session: Session) -> None:
    """Ten seconds, twenty, forty, eighty; a little slack for preparation."""
    job = _failing(session, 6, backoffLimit=4)
    pauses = list(_pauses(_watched(session, job, step=2, within=900)))
    needed(len(pauses) == 4, f"the job was tried again {len(pauses)} times")
    for number, pause in enumerate(pauses):
        usual = 10 * 2**number
        told = f"the pauses were about {', '.join(f'{one:g}' for one in pauses)} seconds, expected 10, 20, 40, 80"
        expect(0.9 * usual - 2 <= pause <= 1.4 * usual + 6, told, job.created, session.exchanges[-1])


@check("RAI-RTY-005")
def no_pause_is_longer_than_six_minutes(session: Session) -> None:
    """The seventh would be."""
    job = _failing(session, 20, backoffLimit=7)
    pauses = list(_pauses(_watched(session, job, step=10, within=3600)))
    needed(len(pauses) >= 7, f"the job was tried again {len(pauses)} times")
    expect(max(pauses) <= 400, f"a pause before a retry was about {max(pauses):g} seconds", job.created, session.exchanges[-1])


@check("RAI-DEF-004")
def six_retries_are_usual(session: Session) -> None:
    """Seven runs in all."""
    job = _failing(session, 20)
    seen = _watched(session, job, step=8, within=3600)
    expect(_runs(seen) == 7, f"a job without backoffLimit that always fails ran {_runs(seen)} times", job.created, session.exchanges[-1])
