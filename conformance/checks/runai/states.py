"""The states that jobs of Run:AI pass, and what stops and deletes do to them."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.runai.steps import (
    DAY,
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    delete_jobs,
    expect_states,
    failing_job,
    item,
    need_states,
    node_class,
    staged_nodes,
    states_seen,
    submit_named,
)
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from specs.lifecycle import TERMINAL

WORKBENCH = {"job": {"interactive": True, "command": None}}


@check("RAI-STM-001")
def ends_have_the_documented_words(session: Session) -> None:
    """Succeeded and Failed, not anything like them."""
    for shape, wanted in (("quick", "Succeeded"), ("fails", "Failed")):
        job = session.submit(shape)
        *_, state = session.watch(job, within=120)
        needed(session.phase_of(state) not in ("queued", "starting", "running"), f"the job is still {state}")
        expect(state == wanted, f"a job whose end should be told as {wanted} is {state or 'not listed'}")


@check("RAI-STM-002")
def a_workbench_runs_on(session: Session) -> None:
    """For minutes, hours, days, weeks."""
    job = session.submit(patch=WORKBENCH, until="running")
    for pause in (60, 3600, 86_400, 30 * 86_400):
        session.advance(pause)
        state = session.state(job)
        expect(state == RUNNING, f"a workbench that nobody deleted is {state or 'not listed'}")


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
        state = session.state(session.submit(shape))
        expect(state and session.phase_of(state) not in TERMINAL, f"a new job is {state or 'not listed'}")


@check("RAI-STM-005")
def a_deleted_job_of_several_runs_holds_nothing(session: Session) -> None:
    """Both of its runs stop."""
    staged_nodes(session, [node_class(gpus=2)])
    first = submit_named(session, "first", gpu=1, completions=4, parallelism=2)
    submit_named(session, "second", gpu=2)
    need_states(session, first=RUNNING, second=PENDING)
    delete_jobs(session, first)
    session.advance(SETTLED)
    expect_states(session, second=RUNNING)


@check("RAI-STM-005")
def a_deleted_part_of_a_gpu_is_free(session: Session) -> None:
    """And no longer counts against the quota."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    for number in range(3):
        name = f"bench-{number}"
        job = submit_named(session, name, gpu=0.6, interactive=True)
        expect_states(session, **{name: RUNNING})
        delete_jobs(session, job)
        session.advance(SETTLED)


@check("RAI-STM-005")
def a_deleted_job_holds_nothing(session: Session) -> None:
    """Another one takes its GPU."""
    staged_nodes(session, [node_class(gpus=1)])
    first = submit_named(session, "first", gpu=1)
    submit_named(session, "second", gpu=1)
    need_states(session, first=RUNNING, second=PENDING)
    delete_jobs(session, first)
    session.advance(SETTLED)
    expect_states(session, second=RUNNING)


@check("RAI-STM-006")
def an_ended_job_holds_nothing(session: Session) -> None:
    """Whether it ended well or badly."""
    staged_nodes(session, [node_class(gpus=1)])
    submit_named(session, "good", gpu=1, command="sleep 30")
    submit_named(session, "bad", gpu=1, command="sleep 30; exit 3", backoffLimit=0)
    submit_named(session, "last", gpu=1)
    need_states(session, good=RUNNING, bad=PENDING, last=PENDING)
    session.advance(30)
    expect_states(session, good="Succeeded", bad=RUNNING, last=PENDING)
    session.advance(30)
    expect_states(session, bad="Failed", last=RUNNING)


@check("RAI-STM-007")
def a_job_without_its_node_starts_again(session: Session) -> None:
    """It waits while there is none, and runs when there is one."""
    staged_nodes(session, [node_class(gpus=1)])
    submit_named(session, "train", gpu=1, backoffLimit=0)
    need_states(session, train=RUNNING)
    control = session.target.ask_control
    needed(
        control("POST", "/nodes/node-0/fail", sandbox=session.name).is_success, "the control API takes no machine down"
    )
    session.advance(SETTLED)
    state = str(item(session, "train").get("status"))
    expect(state != RUNNING and session.phase_of(state) not in TERMINAL, f"a job whose only machine is down is {state}")
    needed(
        control("POST", "/nodes/node-0/restore", sandbox=session.name).is_success,
        "the control API brings no machine back",
    )
    session.advance(60)
    expect_states(session, train=RUNNING)


@check("RAI-STM-009")
def several_completions_are_several_runs(session: Session) -> None:
    """Three of twenty seconds, one after the other."""
    job = session.submit("lasts", {"job": {"completions": 3}}, seconds=20)
    session.advance(50)
    state = session.state(job)
    told = f"a job of three runs of 20 seconds is {state or 'not listed'} after 50"
    expect(state and session.phase_of(state) not in TERMINAL, told, job.created)
    ended = session.until(job)
    expect(ended == "Succeeded", f"a job of three good runs ended as {ended}", job.created)


@check("RAI-STM-010")
def many_runs_are_many(session: Session) -> None:
    """Twelve of twenty seconds, five at a time, take a minute."""
    job = session.submit("lasts", {"job": {"completions": 12, "parallelism": 5}}, seconds=20)
    session.advance(50)
    state = session.state(job)
    expect(state != "Succeeded", "a job of twelve runs of 20 seconds, 5 at a time, has succeeded after 50", job.created)
    session.until(job)
    same("Succeeded", session.state(job), "the end of a job of twelve good runs", job.created)


@check("RAI-STM-010")
def runs_go_on_at_once(session: Session) -> None:
    """Four of twenty seconds: two by two, and all together."""
    for parallel, least, most in ((2, 35, 60), (4, 15, 35)):
        job = session.submit("lasts", {"job": {"completions": 4, "parallelism": parallel}}, seconds=20)
        session.advance(least)
        early = session.state(job)
        session.advance(most - least)
        state = session.state(job)
        told = (
            f"a job of four runs of 20 seconds, {parallel} at a time, is {early or 'not listed'} after {least} and "
            f"{state or 'not listed'} after {most}"
        )
        expect(early != "Succeeded" and state == "Succeeded", told, job.created)


@check("RAI-STM-011")
def a_run_may_take_days(session: Session) -> None:
    """No page knows an end of training."""
    if "lasts" not in session.settings.shapes:
        return
    job = session.submit("lasts", seconds=10 * DAY, until="running")
    session.advance(9 * DAY)
    state = session.state(job)
    expect(state == RUNNING, f"a job whose run takes ten days is {state or 'not listed'} after nine", job.created)


@check("RAI-STM-011")
def a_run_has_the_documented_word(session: Session) -> None:
    """A training job and a workbench, given five minutes to begin."""
    for job in (session.submit("long"), session.submit(patch=WORKBENCH)):
        state = ""
        for _ in session.ticks(300, 10):
            state = session.state(job)
            if state == RUNNING:
                break
        expect(state == RUNNING, f"a job that runs for long is {state or 'not listed'}", job.created)


@check("RAI-STM-012")
def a_job_that_was_deleted_while_it_waited_takes_nothing(session: Session) -> None:
    """What it waited for goes to the next."""
    staged_nodes(session, [node_class(gpus=1)])
    first = submit_named(session, "first", gpu=1)
    second = submit_named(session, "second", gpu=1)
    submit_named(session, "third", gpu=1)
    need_states(session, first=RUNNING, second=PENDING, third=PENDING)
    delete_jobs(session, second)
    delete_jobs(session, first)
    session.advance(SETTLED)
    expect_states(session, third=RUNNING)


@check("RAI-STM-013")
def runs_that_fail_add_up(session: Session) -> None:
    """Two failures are more than one that is borne, whichever runs they befall."""
    staged_nodes(session, [node_class(cpu=8)])
    failing: dict[str, Any] = {"command": "sleep 20; exit 3", "backoffLimit": 1}
    job = submit_named(session, "team", cpu=1, completions=4, parallelism=2, **failing)
    patient = submit_named(session, "patient", cpu=1, completions=2, **failing)
    session.advance(20 + SETTLED)
    early = session.state(patient)
    expect(early != "Failed", "a job that bears one failure has failed after the first")
    session.advance(SETTLED)
    state = session.state(job)
    expect(state == "Failed", f"a job two of whose runs failed, and that bears one failure, is {state or 'not listed'}")


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
    for name, completions, parallelism, told in (("two", 2, 4, [2]), ("three", 3, 2, [2, 1])):
        job = submit_named(session, name, gpu=1, completions=completions, parallelism=parallelism, command="sleep 60")
        for wanted in told:
            found = item(session, job.id)
            same(
                wanted,
                found.get("currentAllocatedGPUs"),
                f"the GPUs of a job of {completions} runs, {parallelism} at once",
            )
            session.advance(60)
        delete_jobs(session, job)


@check("RAI-STM-015")
def a_failed_run_completes_nothing(session: Session) -> None:
    """The first of three runs of twenty seconds fails, two have to succeed."""
    staged_nodes(session, [node_class(cpu=8)])
    job = submit_named(
        session,
        "twice",
        cpu=1,
        command="sleep 20",
        completions=2,
        backoffLimit=4,
        environment={"MOCK_FAIL_ATTEMPTS": 1},
    )
    session.advance(55)
    state = session.state(job)
    expect(state != "Succeeded", "a job of two runs has succeeded with one good and one bad", job.created)
    session.advance(60)
    expect_states(session, twice="Succeeded")
