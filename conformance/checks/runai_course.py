"""Checks of the course of Run:AI's jobs: how they end, how often they run and are tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, forget, given, item, machines, stand, world
from conformance.errors import NotApplicable
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from specs.lifecycle import TERMINAL

RUNNING, PENDING = "Running", "Pending"
WORKBENCH = {"job": {"interactive": True, "command": None}}


def _watched(session: Session, job: JobRef, *, step: float, within: float) -> list[tuple[str, float]]:
    """The states of a job one after the other, and for how long each was seen."""
    told = list(session.watch(job, step=step, within=within))
    return [(state, step * len(list(group))) for state, group in groupby(told)]


def _runs(seen: list[tuple[str, float]]) -> int:
    return sum(1 for state, _ in seen if state == RUNNING)


def _tries(seen: list[tuple[str, float]], seconds: float, wanted: int) -> int:
    """How often a job ran, each time for so long: as often as it was seen to begin, unless the pauses were too short to be seen."""
    return wanted if _runs(seen) == wanted else round(sum(lasted for state, lasted in seen if state == RUNNING) / seconds)


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
    return session.submit("breaks", {"job": members}, seconds=seconds)


@check("RAI-STM-001")
def ends_have_the_documented_words(session: Session) -> None:
    """Succeeded and Failed, not anything like them."""
    for shape, wanted in (("quick", "Succeeded"), ("fails", "Failed")):
        job = session.submit(shape)
        *_, state = session.watch(job, within=120)
        needed(session.phase_of(state) not in ("queued", "starting", "running"), f"the job is still {state}")
        expect(state == wanted, f"a job whose end should be told as {wanted} is {state or 'not listed'}", session.exchanges[-1])


@check("RAI-STM-011")
def a_run_has_the_documented_word(session: Session) -> None:
    """A training job and a workbench, given five minutes to begin."""
    for job in (session.submit("long"), session.submit(patch=WORKBENCH)):
        state = ""
        for _ in session.ticks(300, 10):
            state = session.state(job)
            if state == RUNNING:
                break
        expect(state == RUNNING, f"a job that runs for long is {state or 'not listed'}", job.created, session.exchanges[-1])


@check("RAI-CRT-019")
def arguments_reach_the_command(session: Session) -> None:
    """It sleeps as long as they say, where it is commands that make jobs last."""
    usual = session.body()["job"].get("command", "")
    if not str(usual).startswith("sleep "):
        raise NotApplicable(f"jobs are made with the command {usual!r} here, which does not sleep")
    job = session.submit(patch={"job": {"command": "sleep", "arguments": ["40"]}})
    session.until(job, "running")
    for pause, wanted in ((30, RUNNING), (20, "Succeeded")):
        session.advance(pause)
        state = session.state(job)
        expect(state == wanted, f"a job that sleeps as its arguments say is {state or 'not listed'}, expected {wanted}", job.created, session.exchanges[-1])


@check("RAI-STM-002")
def a_workbench_runs_on(session: Session) -> None:
    """For minutes, hours, days, weeks."""
    job = session.submit(patch=WORKBENCH)
    session.until(job, "running")
    for pause in (60, 3600, 86_400, 30 * 86_400):
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


@check("RAI-STM-009")
def several_completions_are_several_runs(session: Session) -> None:
    """Three of twenty seconds, one after the other."""
    job = session.submit("lasts", {"job": {"completions": 3}}, seconds=20)
    session.advance(50)
    state = session.state(job)
    told = f"a job of three runs of 20 seconds is {state or 'not listed'} after 50"
    expect(state and session.phase_of(state) not in TERMINAL, told, job.created, session.exchanges[-1])
    ended = session.until(job)
    expect(ended == "Succeeded", f"a job of three good runs ended as {ended}", job.created, session.exchanges[-1])


@check("RAI-STM-010")
def runs_go_on_at_once(session: Session) -> None:
    """Four of twenty seconds: two by two, and all together."""
    for parallel, least, most in ((2, 35, 60), (4, 15, 35)):
        job = session.submit("lasts", {"job": {"completions": 4, "parallelism": parallel}}, seconds=20)
        session.advance(least)
        early = session.state(job)
        session.advance(most - least)
        state = session.state(job)
        told = f"a job of four runs of 20 seconds, {parallel} at a time, is {early or 'not listed'} after {least} and {state or 'not listed'} after {most}"
        expect(early != "Succeeded" and state == "Succeeded", told, job.created, session.exchanges[-1])


@check("RAI-DEF-013")
def a_job_is_one_run(session: Session) -> None:
    """One node, one run, and it is done."""
    job = session.submit("lasts", seconds=20)
    session.until(job, "running")
    where = item(session, job.id).get("nodes")
    expect(isinstance(where, str) or len(where) == 1, f"a job of one run is on {where}", job.created, session.exchanges[-1])
    session.advance(25)
    state = session.state(job)
    expect(state == "Succeeded", f"a job of one run of 20 seconds is {state or 'not listed'} after 25", job.created, session.exchanges[-1])


@check("RAI-RTY-001")
def a_job_is_tried_as_often_as_asked(session: Session) -> None:
    """Once more than it may be tried again, for no retry, one, three, and more than are usual."""
    for retries, seconds, step in ((0, 6, 2), (1, 6, 2), (3, 6, 2), (8, 20, 5)):
        job = _failing(session, seconds, backoffLimit=retries)
        seen = _watched(session, job, step=step, within=3600)
        tries = _tries(seen, seconds, retries + 1)
        expect(tries == retries + 1, f"a job with backoffLimit {retries} that always fails ran {tries} times", job.created, session.exchanges[-1])
        expect(seen[-1][0] == "Failed", f"a job that always fails is {seen[-1][0]} after {tries} runs", job.created, session.exchanges[-1])


@check("RAI-RTY-002")
def a_job_that_succeeds_later_is_done(session: Session) -> None:
    """Its second attempt ends well; a run may be over before it is seen."""
    job = session.submit("retried")
    seen = _watched(session, job, step=1, within=300)
    story = " -> ".join(state for state, _ in seen)
    expect(seen[-1][0] == "Succeeded" and _runs(seen) <= 2, f"a job whose second attempt succeeds went {story}", job.created, session.exchanges[-1])
    session.advance(120)
    expect(session.state(job) == "Succeeded", "a job whose second attempt succeeded went on", job.created, session.exchanges[-1])


@check("RAI-RTY-003")
def a_job_that_succeeds_runs_once(session: Session) -> None:
    """It may be tried again, but need not."""
    job = session.submit(patch={"job": {"backoffLimit": 5}})
    seen = _watched(session, job, step=1, within=300)
    story = " -> ".join(state for state, _ in seen)
    expect(seen[-1][0] == "Succeeded" and _runs(seen) <= 1, f"a job that succeeds went {story}", job.created, session.exchanges[-1])


@check("RAI-RTY-004")
def pauses_double(session: Session) -> None:
    """Ten seconds, twenty, forty; a little slack for preparation."""
    job = _failing(session, 6, backoffLimit=3)
    pauses = list(_pauses(_watched(session, job, step=0.5, within=600)))
    needed(len(pauses) == 3, f"the job was tried again {len(pauses)} times")
    for number, pause in enumerate(pauses):
        usual = 10 * 2**number
        told = f"the pauses were about {', '.join(f'{one:g}' for one in pauses)} seconds, expected 10, 20, 40"
        expect(0.9 * usual - 2 <= pause <= 1.4 * usual + 6, told, job.created, session.exchanges[-1])


@check("RAI-RTY-005")
def no_pause_is_longer_than_six_minutes(session: Session) -> None:
    """The seventh would be."""
    job = _failing(session, 20, backoffLimit=7)
    seen = _watched(session, job, step=10, within=3600)
    needed(_tries(seen, 20, 8) >= 8, "the job was not tried again seven times")
    pauses = [*_pauses(seen), 0.0]
    expect(max(pauses) <= 400, f"a pause before a retry was about {max(pauses):g} seconds", job.created, session.exchanges[-1])


@check("RAI-DEF-004")
def six_retries_are_usual(session: Session) -> None:
    """Seven runs in all."""
    job = _failing(session, 20)
    tries = _tries(_watched(session, job, step=5, within=3600), 20, 7)
    expect(tries == 7, f"a job without backoffLimit that always fails ran {tries} times", job.created, session.exchanges[-1])
