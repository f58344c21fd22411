"""Checks of Run:AI's jobs that waited, were taken back, divided into runs or deleted before: what is theirs and what is not."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, forget, given, item, machines, stand, world
from conformance.errors import NotApplicable
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from specs.lifecycle import TERMINAL

TEAM_A, TEAM_B = "team-a", "team-b"
RUNNING, PENDING = "Running", "Pending"
DAY = 86_400


@check("RAI-TMO-009")
def a_workbench_that_waited_has_its_whole_limit(session: Session) -> None:
    """Five of its ten minutes it waits for the GPU."""
    world(session, [machines(gpus=1)], {TEAM_A: 1}, interactive_limit_s=600)
    first = ask(session, "first", gpu=1, interactive=True)
    ask(session, "bench", gpu=1, interactive=True)
    given(session, first=RUNNING, bench=PENDING)
    session.advance(300)
    forget(session, first)
    session.advance(SETTLED)
    given(session, bench=RUNNING)
    session.advance(600 - 3 * SETTLED)
    stand(session, bench=RUNNING)
    session.advance(4 * SETTLED)
    stand(session, bench="TimedOut")


@check("RAI-TMO-012")
def preparation_is_not_counted(session: Session) -> None:
    """It takes longer than the limit of ten minutes."""
    world(session, [machines(gpus=1)], {TEAM_A: 1}, facts={"startup": {"fixed": 900}}, interactive_limit_s=600)
    bench = ask(session, "bench", gpu=1, interactive=True)
    for pause in (700, 200, 500):
        session.advance(pause)
        state = session.state(bench)
        told = f"a workbench that was prepared for 900 seconds, and may run for 600, is {state or 'not listed'}"
        expect(state and session.phase_of(state) not in TERMINAL, told, session.exchanges[-1])
    session.advance(100 + SETTLED)
    stand(session, bench="TimedOut")


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
        expect(bool(state) is is_there, f"a job with a time to live of two days is {state or 'not listed'}", job, session.exchanges[-1])


@check("RAI-CRT-005")
def being_preemptible_is_no_type(session: Session) -> None:
    """Nor is being elastic, or having several runs."""
    for members, wanted in (
        ({"interactive": True, "preemptible": True}, "Interactive"),
        ({"preemptible": True}, "Train"),
        ({"interactive": False, "preemptible": False, "elastic": True, "gpu": 1}, "Train"),
        ({"completions": 2, "parallelism": 2}, "Train"),
    ):
        job = session.submit(patch={"job": members})
        found = item(session, job.id)
        needed(isinstance(found, dict), f"job {job.id} is not in the list")
        same(wanted, found.get("type"), f"the type of a job with {members}", job.created, session.exchanges[-1])


@check("RAI-STM-005")
def a_deleted_job_of_several_runs_holds_nothing(session: Session) -> None:
    """Both of its runs stop."""
    world(session, [machines(gpus=2)])
    first = ask(session, "first", gpu=1, completions=4, parallelism=2)
    ask(session, "second", gpu=2)
    given(session, first=RUNNING, second=PENDING)
    forget(session, first)
    session.advance(SETTLED)
    stand(session, second=RUNNING)


@check("RAI-STM-012")
def a_job_that_was_deleted_while_it_waited_takes_nothing(session: Session) -> None:
    """What it waited for goes to the next."""
    world(session, [machines(gpus=1)])
    first = ask(session, "first", gpu=1)
    second = ask(session, "second", gpu=1)
    ask(session, "third", gpu=1)
    given(session, first=RUNNING, second=PENDING, third=PENDING)
    forget(session, second)
    forget(session, first)
    session.advance(SETTLED)
    stand(session, third=RUNNING)


@check("RAI-RTY-006")
def to_be_taken_back_is_no_failure(session: Session) -> None:
    """A job that may be tried again once is taken back, fails once and runs well after that."""
    world(session, [machines(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    environment = {"MOCK_FAIL_ATTEMPTS": 2, "MOCK_RUN_SECONDS": 60}
    ask(session, "keeps", gpu=1)
    ask(session, "taken", gpu=1, command="sleep 60; exit 3", backoffLimit=1, environment=environment)
    given(session, keeps=RUNNING, taken=RUNNING)
    other = ask(session, "other", TEAM_B, gpu=1)
    session.advance(SETTLED)
    states = {str(one.get("name")): str(one.get("status")) for one in session.items()}
    needed(states.get("other") == RUNNING, "the other project did not get what it deserves")
    victim = next((name for name in ("taken", "keeps") if states.get(name) == PENDING), "")
    needed(victim == "taken", "another job was taken back")
    forget(session, other)
    session.advance(SETTLED)
    given(session, taken=RUNNING)
    session.advance(60)
    state = str(item(session, "taken").get("status"))
    expect(state != "Failed", "a job that was taken back once and failed once was not tried again though it may be", session.exchanges[-1])


@check("RAI-PRI-014")
def parts_of_cores_count(session: Session) -> None:
    """Halves fit together, three quarters do not."""
    world(session, [machines(cpu=1)])
    ask(session, "half", cpu=0.5)
    ask(session, "other-half", cpu=0.5)
    stand(session, **{"half": RUNNING, "other-half": RUNNING})
    world(session, [machines(cpu=1)])
    ask(session, "most", cpu=0.75)
    ask(session, "more", cpu=0.75)
    stand(session, most=RUNNING, more=PENDING)


@check("RAI-PRI-015")
def parts_of_units_count(session: Session) -> None:
    """One and a half of something is more than one."""
    world(session, [machines(memory_gib=2)])
    ask(session, "first", cpu=1, memory="1.5Gi")
    given(session, first=RUNNING)
    ask(session, "second", cpu=1, memory="0.75Gi")
    ask(session, "third", cpu=1, memory="0.4Gi")
    stand(session, second=PENDING, third=RUNNING)


@check("RAI-STM-013")
def runs_that_fail_add_up(session: Session) -> None:
    """Two failures are more than one that is borne, whichever runs they befall."""
    world(session, [machines(cpu=8)])
    failing: dict[str, Any] = {"command": "sleep 20; exit 3", "backoffLimit": 1}
    job = ask(session, "team", cpu=1, completions=4, parallelism=2, **failing)
    patient = ask(session, "patient", cpu=1, completions=2, **failing)
    session.advance(20 + SETTLED)
    early = session.state(patient)
    expect(early != "Failed", "a job that bears one failure has failed after the first", session.exchanges[-1])
    session.advance(SETTLED)
    state = session.state(job)
    expect(state == "Failed", f"a job two of whose runs failed, and that bears one failure, is {state or 'not listed'}", session.exchanges[-1])


@check("RAI-STM-013")
def a_late_failure_counts_as_much(session: Session) -> None:
    """Runs fail by chance, so a job of six that bears none has not succeeded before its six times twenty seconds."""
    world(session, [machines(cpu=64)], facts={"run": {"fixed": 20}, "failure_rate": 0.3})
    for number in range(4):
        ask(session, f"team-{number}", cpu=1, completions=6, backoffLimit=0, command="train")
    session.advance(6 * 20 - 8 * SETTLED)
    early = [one.get("name") for one in session.items() if one.get("status") == "Succeeded"]
    expect(not early, f"after less than six runs each have succeeded: {early}", session.exchanges[-1])


@check("RAI-TIM-003")
def creation_goes_up_over_projects(session: Session) -> None:
    """Whatever projects and jobs are called."""
    for project in ("zz", "mm", "aa"):
        session.submit(patch={"job": {"project": session.unique(project), "name": session.unique(project)}})
        session.advance(10)
    told = [one.get("createdAt") for one in session.items()]
    expect(told == sorted(told), f"createdAt along the list of all projects is {told}", session.exchanges[-1])
