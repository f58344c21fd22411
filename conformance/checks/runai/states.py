"""The states that jobs of Run:AI pass, and what stops and deletes do to them."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import DAY
from conformance.checks.families.capacity import Step
from conformance.checks.runai.steps import (
    BENCH,
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    TRAIN,
    delete_jobs,
    expect_states,
    failing_job,
    item,
    need_states,
    node_class,
    placement,
    staged_nodes,
    states_seen,
    submit_named,
)
from conformance.session.cluster import change_node
from conformance.session.expect import expect, needed, same
from conformance.session.phases import GOES_ON, expect_not, expect_phase
from conformance.session.session import Session
from conformance.traffic.json_pointer import get
from specs.lifecycle import TERMINAL

INTERACTIVE = {"job": {"interactive": True, "command": None}}
TEAM = {"gpu": 1, "completions": 4, "parallelism": 2}
PART = {**BENCH, "gpu": 0.6}
PARTS: tuple[Step, ...] = ((PART, "R"), (0, ""), (PART, "-R"), (1, ""), (PART, "--R"))
ENDS: tuple[Step, ...] = ((TRAIN, "rpp"), (30.0, "SRP"), (30.0, "-FR"))


def lasts(end: str) -> dict[str, Any]:
    """A job of half a minute that is not tried again."""
    return {**TRAIN, "command": f"sleep 30{end}", "backoffLimit": 0}


@check("RAI-STM-001")
def ends_have_the_documented_words(session: Session) -> None:
    """Succeeded and Failed, not anything like them."""
    for shape, wanted in (("quick", "Succeeded"), ("fails", "Failed")):
        job = session.submit(shape)
        *_, state = session.watch(job, within=120)
        needed(session.phase_of(state) not in GOES_ON.split(), f"the job is still {state}")
        same(wanted, state, "the state of a job that has ended")


@check("RAI-STM-002")
def a_workbench_runs_on(session: Session) -> None:
    """For minutes, hours, days, weeks."""
    job = session.submit(patch=INTERACTIVE, until="running")
    for pause in (60, 3600, 86_400, 30 * 86_400):
        session.advance(pause)
        same(RUNNING, session.state(job), "the state of a workbench that nobody deleted")


@check("RAI-STM-003")
def a_failed_workbench_does_not_queue_again(session: Session) -> None:
    """It is Failed, or is restarted where it stands."""
    job = failing_job(session, 3, interactive=True, backoffLimit=4)
    seen = [state for state, _ in states_seen(session, job, step=1, within=60)]
    needed(RUNNING in seen, "the workbench never ran")
    after = seen[seen.index(RUNNING) :]
    expect(not {PENDING, "Succeeded"} & set(after), f"a workbench that failed went {' -> '.join(seen)}")


@check("RAI-STM-004")
def a_new_job_has_not_ended(session: Session) -> None:
    """Nor has one that nobody can place."""
    for shape in ("quick", "long"):
        expect_phase(session, session.submit(shape), GOES_ON, "a new job")


@check("RAI-STM-005", "a deleted job holds nothing", 1, None, (TRAIN, ""), (TRAIN, "rp"), (0, "-R"))
@check("RAI-STM-005", "a deleted job of several runs holds nothing", 2, None, (TEAM, ""), ({"gpu": 2}, "rp"), (0, "-R"))
@check("RAI-STM-005", "a deleted part of a GPU is free, of the quota too", 1, {TEAM_A: 1}, *PARTS)
@check("RAI-STM-006", "an ended job holds nothing", 1, None, (lasts(""), ""), (lasts("; exit 3"), ""), *ENDS)
@check(
    "RAI-STM-012",
    "who was deleted waiting takes nothing",
    1,
    None,
    *[(TRAIN, "")] * 2,
    (TRAIN, "rpp"),
    (1, ""),
    (0, "--R"),
)
def what_has_gone_holds_nothing(session: Session, *row: Any) -> None:
    """Another job takes its place."""
    placement(session, *row)


@check("RAI-STM-007")
def a_job_without_its_node_starts_again(session: Session) -> None:
    """It waits while there is none, and runs when there is one."""
    staged_nodes(session, [node_class(gpus=1)])
    submit_named(session, "train", gpu=1, backoffLimit=0)
    need_states(session, train=RUNNING)
    change_node(session, "node-0", "fail")
    session.advance(SETTLED)
    state = str(get(item(session, "train"), "/status"))
    expect(state != RUNNING and session.phase_of(state) not in TERMINAL, f"a job whose only machine is down is {state}")
    change_node(session, "node-0", "restore")
    session.advance(60)
    expect_states(session, train=RUNNING)


@check("RAI-STM-009")
def several_completions_are_several_runs(session: Session) -> None:
    """Three of twenty seconds, one after the other."""
    job = session.submit("lasts", {"job": {"completions": 3}}, seconds=20)
    session.advance(50)
    expect_phase(session, job, GOES_ON, "a job of three runs of 20 seconds, after 50,")
    same("Succeeded", session.until(job), "the end of a job of three good runs")


@check("RAI-STM-010")
def many_runs_are_many(session: Session) -> None:
    """Twelve of twenty seconds, five at a time, take a minute."""
    job = session.submit("lasts", {"job": {"completions": 12, "parallelism": 5}}, seconds=20)
    session.advance(50)
    expect_not(session, job, "succeeded", "a job of twelve runs of 20 seconds, 5 at a time, after 50,")
    same("Succeeded", session.until(job), "the end of a job of twelve good runs")


@check("RAI-STM-010")
def runs_go_on_at_once(session: Session) -> None:
    """Four of twenty seconds: two by two, and all together."""
    for parallel, least, most in ((2, 35, 60), (4, 15, 35)):
        job = session.submit("lasts", {"job": {"completions": 4, "parallelism": parallel}}, seconds=20)
        what = f"a job of four runs of 20 seconds, {parallel} at a time,"
        session.advance(least)
        expect_not(session, job, "succeeded", f"{what} after {least}")
        session.advance(most - least)
        expect_phase(session, job, "succeeded", f"{what} after {most}")


@check("RAI-STM-011")
def a_run_may_take_days(session: Session) -> None:
    """No page knows an end of training."""
    if "lasts" not in session.settings.shapes:
        return
    job = session.submit("lasts", seconds=10 * DAY, until="running")
    session.advance(9 * DAY)
    same(RUNNING, session.state(job), "the state of a job whose run takes ten days after nine")


@check("RAI-STM-011")
def a_run_has_the_documented_word(session: Session) -> None:
    """A training job and a workbench, given five minutes to begin."""
    for job in (session.submit("long"), session.submit(patch=INTERACTIVE)):
        runs = any(session.state(job) == RUNNING for _ in session.ticks(300, 10))
        expect(runs, "a job that runs for long does not come to be Running")


@check("RAI-STM-013")
def runs_that_fail_add_up(session: Session) -> None:
    """Two failures are more than one that is borne, whichever runs they befall."""
    staged_nodes(session, [node_class(cpu=8)])
    failing: dict[str, Any] = {"command": "sleep 20; exit 3", "backoffLimit": 1}
    job = submit_named(session, "team", cpu=1, completions=4, parallelism=2, **failing)
    patient = submit_named(session, "patient", cpu=1, completions=2, **failing)
    session.advance(20 + SETTLED)
    expect_not(session, patient, "failed", "a job that bears one failure, after the first,")
    session.advance(SETTLED)
    same("Failed", session.state(job), "the state of a job two of whose runs failed and that bears one failure")


@check("RAI-STM-013")
def a_late_failure_counts_as_much(session: Session) -> None:
    """Runs fail by chance, so a job of six that bears none has not succeeded before its six times twenty seconds."""
    staged_nodes(session, [node_class(cpu=64)], facts={"run": {"fixed": 20}, "failure_rate": 0.3})
    for number in range(4):
        submit_named(session, f"team-{number}", cpu=1, completions=6, backoffLimit=0, command="train")
    session.advance(6 * 20 - 8 * SETTLED)
    early = [one.get("name") for one in session.items() if one.get("status") == "Succeeded"]
    expect(not early, f"after less than six runs each have succeeded: {early}")


@check("RAI-STM-014")
def no_run_is_begun_that_is_not_needed(session: Session) -> None:
    """Two completions, four at once allowed; then three, two at once, whose last is alone."""
    staged_nodes(session, [node_class(gpus=4)])
    for name, completions, parallelism, gpus in (("two", 2, 4, [2]), ("three", 3, 2, [2, 1])):
        job = submit_named(session, name, gpu=1, completions=completions, parallelism=parallelism, command="sleep 60")
        for wanted in gpus:
            found = get(item(session, job.id), "/currentAllocatedGPUs")
            same(wanted, found, f"the GPUs of a job of {completions} runs, {parallelism} at once")
            session.advance(60)
        delete_jobs(session, job)


@check("RAI-STM-015")
def a_failed_run_completes_nothing(session: Session) -> None:
    """The first of three runs of twenty seconds fails, two have to succeed."""
    staged_nodes(session, [node_class(cpu=8)])
    first_fails: dict[str, Any] = {"command": "sleep 20", "backoffLimit": 4, "environment": {"MOCK_FAIL_ATTEMPTS": 1}}
    job = submit_named(session, "twice", cpu=1, completions=2, **first_fails)
    session.advance(55)
    expect_not(session, job, "succeeded", "a job of two runs, with one good and one bad,")
    session.advance(60)
    same("Succeeded", session.state(job), "the state of a job of two runs")
