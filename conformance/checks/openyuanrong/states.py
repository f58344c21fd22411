"""The states that jobs of openYuanrong pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import HOUR
from conformance.checks.families.calls import at_once
from conformance.checks.families.identity import ended_jobs_stay
from conformance.checks.families.stops import late_stop_changes_nothing
from conformance.checks.openyuanrong.steps import (
    PATIENCE,
    ROOM,
    answered,
    ended_jobs,
    in_state,
    node,
    stopped_job,
    submit_one,
    without_room,
)
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed, refused, same
from conformance.session.phases import expect_not, expect_phase, leaves, need_phase, stays
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, shown


def _sleeps(session: Session, shape: str = "quick") -> None:
    command = str(get(session.body(shape), "/entrypoint"))
    needed(command.startswith("sleep "), f"the target file's {shape} job runs another command than sleep")


@check("OYR-STM-001")
def a_running_job_is_stopped(session: Session) -> None:
    """True, and it ends."""
    job = in_state(session, "long", "running")
    answered(session.cancel(job), "stopping a running job", True)
    session.advance(20)
    expect_not(session, job, "running queued", "although its stop was answered true a job")


@check("OYR-STM-002", "a waiting job is not stopped", "cancel", "waits", "queued")
@check("OYR-STM-004", "a running job is not deleted", "delete", "long", "running")
@check("OYR-STM-005", "a waiting job is not deleted", "delete", "waits", "queued")
def what_is_asked_in_vain_changes_nothing(session: Session, role: str, shape: str, phase: str) -> None:
    """It is answered false, and the job is as it was."""
    job = in_state(session, shape, phase)
    state = session.state(job)
    answered(session.on(role, job), f"the call to {role} a job that is {state}", False)
    same(state, session.state(job), f"the state of a job after a refused call to {role} it")


@check("OYR-STM-002", "a refused stop has no later effect", "cancel")
@check("OYR-STM-005", "a refused deletion has no later effect", "delete")
def what_was_asked_in_vain_does_not_linger(session: Session, role: str) -> None:
    """The job runs as soon as there is room, and runs on."""
    staged(session, node("only"))
    first, second = submit_one(session, "long", ROOM), submit_one(session, "long", ROOM)
    session.until(first, "running")
    session.advance(2)
    need_phase(session, second, "queued")
    answered(session.on(role, second), f"the call to {role} a job that waits", False)
    session.cancel(first)
    session.advance(8)
    stays(session, second, "running", f"a job that a call to {role} left waiting", within=60, step=20)


@check("OYR-STM-003")
def an_ended_job_is_not_stopped(session: Session) -> None:
    """False, however it ended, and nothing of it changes."""
    for job in ended_jobs(session):
        answered(late_stop_changes_nothing(session, job, pause=5), "stopping a job that has ended", False)


@check("OYR-STM-004")
def a_running_job_runs_on_after_a_deletion_in_vain(session: Session) -> None:
    """For a minute, and reports what it reported before."""
    job = in_state(session, "long", "running")
    session.advance(5)
    before = session.view(job)
    answered(session.delete(job), "deleting a running job", False)
    for _ in session.ticks(60, 20):
        same(before, session.view(job), "a job that was not deleted")


@check("OYR-STM-006")
def an_ended_job_is_deleted(session: Session) -> None:
    """True, however it ended."""
    for job in ended_jobs(session):
        state = session.state(job)
        answered(session.delete(job), f"deleting a job that is {state}", True)
        session.advance(2)
        refused(session.read(job), "reading a deleted job", (404,))
        listed = [get(item, "/submission_id") for item in session.items()]
        expect(job.id not in listed, f"a job that was {state} is listed although it was deleted")


@check("OYR-STM-006")
def a_job_that_found_no_room_is_deleted(session: Session) -> None:
    """It has failed, so it goes like any other that has; a server may also let it wait on."""
    if (job := without_room(session)) is None:
        return
    answered(session.delete(job), "deleting a job that found no room", True)
    session.advance(2)
    refused(session.read(job), "reading a deleted job", (404,))


@check("OYR-STM-007")
def a_deleted_job_is_unknown(session: Session) -> None:
    """To every call."""
    job = in_state(session, "quick", "succeeded")
    answered(session.delete(job), "deleting an ended job", True)
    session.advance(2)
    for name in ("read", "cancel", "delete"):
        refused(session.on(name, job), f"the call to {name} a deleted job", (404,))


@check("OYR-STM-008")
def a_stop_does_not_read_its_body(session: Session) -> None:
    """An object, an array."""
    bodies: tuple[Json, ...] = ({"force": True}, [])
    for body in bodies:
        job = in_state(session, "long", "running")
        answered(session.on("cancel", job, body=body), f"a stop with the body {shown(body)}", True)


@check("OYR-STM-009")
def one_of_many_stops_is_true(session: Session) -> None:
    """Four at once; where stopping takes its time, the job still runs, and may be stopped again."""
    job = in_state(session, "long", "running")
    answers = at_once(session, "cancel", job)
    count = sum(1 for one in answers if one.response.json is True)
    expect(count, "of four stops at once none was answered true", *answers)
    runs_on = count > 1 and (not session.target.has_virtual_time or session.phase(job) == "running")
    expect(count == 1 or runs_on, f"of four stops at once {count} were answered true", *answers)


@check("OYR-STM-010")
def one_of_many_deletions_is_true(session: Session) -> None:
    """Four at once."""
    answers = at_once(session, "delete", in_state(session, "quick", "succeeded"))
    statuses = sorted(one.response.status for one in answers)
    same([200, 404, 404, 404], statuses, "what four deletions at once were answered", *answers)


@check("OYR-STM-011")
def a_deletion_leaves_the_neighbours(session: Session) -> None:
    """One that ended, one that runs."""
    gone = in_state(session, "quick", "succeeded")
    others = in_state(session, "quick", "succeeded"), in_state(session, "long", "running")
    before = [session.view(job) for job in others]
    answered(session.delete(gone), "deleting an ended job", True)
    expect(before == [session.view(job) for job in others], "deleting one job changed another")


@check("OYR-STM-015")
def what_has_ended_stays(session: Session) -> None:
    """For two hours, read and listed alike."""
    jobs = [stopped_job(session), in_state(session, "quick", "succeeded"), in_state(session, "fails", "failed")]
    ended_jobs_stay(session, jobs, (HOUR, HOUR), listed_whole=False)


@check("OYR-STM-016")
def a_run_is_as_long_after_waiting(session: Session) -> None:
    """Ten seconds, after eight in which another job had its room."""
    _sleeps(session)
    staged(session, node("only"))
    session.until(submit_one(session, "quick", {"entrypoint": "sleep 8", **ROOM}), "running")
    job = submit_one(session, "quick", {"entrypoint": "sleep 10", **ROOM})
    session.until(job, "running", within=PATIENCE)
    session.advance(8)
    expect_phase(session, job, "running", "after eight seconds a job that waited and runs for ten")


@check("OYR-STM-016")
def a_long_run_goes_on(session: Session) -> None:
    """For a day."""
    _sleeps(session, "long")
    job = session.submit("long", {"entrypoint": f"sleep {48 * HOUR}"}, until="running")
    stays(session, job, "running", "a job whose command runs for two days", within=24 * HOUR, step=6 * HOUR)


@check("OYR-STM-017")
def commands_that_end_well_have_succeeded(session: Session) -> None:
    """One that takes no time, one that says so."""
    _sleeps(session)
    for command in ("sleep 0", "exit 0"):
        job = session.submit("quick", {"entrypoint": command})
        leaves(session, job, "queued running", within=120)
        same("SUCCEEDED", session.state(job), f"the state of a job whose command is {shown(command)}")


@check("OYR-STM-017")
def a_rich_job_ends_as_any_other(session: Session) -> None:
    """The one that is stopped has run for a minute and a half."""
    environment = {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"]}
    rich: Json = {"metadata": {"owner": "judge"}, "runtime_env": environment, "entrypoint_num_cpus": 0.5}
    shapes = {"SUCCEEDED": "quick", "FAILED": "fails", "STOPPED": "long"}
    jobs = {word: session.submit(shape, rich) for word, shape in shapes.items()}
    session.until(jobs["STOPPED"], "running")
    session.advance(90)
    answered(session.cancel(jobs["STOPPED"]), "stopping a running job", True)
    for word, job in jobs.items():
        same(word, session.until(job), "the end of a job with much besides its command")
