"""The states that jobs of openYuanrong pass, and what stops and deletes do to them."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.families.identity import ended_jobs_stay
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
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get

HOUR = 3600


def _stays(session: Session, job: JobRef, state: str, answer: Exchange) -> None:
    now = session.state(job)
    expect(now == state, f"a job that was {state} is {now or 'unknown'} now", answer)


def _at_once(session: Session, name: str, job: JobRef, count: int = 4) -> list[Exchange]:
    role = session.role(name)
    operation = session.spec.operations[role.operation]
    path = session.directory.path(role.operation, {role.parameter or "": job.id})
    return session.together([session.request(operation.method, path) for _ in range(count)])


def _sleeps(session: Session) -> None:
    command = str(get(session.body(), "/entrypoint"))
    needed(command.startswith("sleep "), "the target file's job runs another command than sleep")


def _runs_after(session: Session, role: str) -> None:
    staged(session, node("only"))
    first = submit_one(session, "long", {"entrypoint_num_cpus": 3})
    session.until(first, "running")
    second = submit_one(session, "long", {"entrypoint_num_cpus": 3})
    session.advance(2)
    needed(session.phase(second) == "queued", "the second job does not wait")
    answer = answered(session.on(role, second), f"the call to {role} a job that waits", False)
    session.cancel(first)
    session.advance(8)
    for _ in session.ticks(60, 20):
        state = session.state(second)
        expect(
            session.phase_of(state) == "running",
            f"a job that a call to {role} left waiting is {state or 'unknown'}",
            answer,
        )


def _lasting(session: Session) -> Any:
    command = str(get(session.body("long"), "/entrypoint"))
    needed(command.startswith("sleep "), "the target file's long job runs another command than sleep")
    return {"entrypoint": f"sleep {48 * HOUR}"}


@check("OYR-STM-001")
def a_running_job_is_stopped(session: Session) -> None:
    """True, and it ends."""
    job = in_state(session, "long", "running")
    answer = answered(session.cancel(job), "stopping a running job", True)
    session.advance(20)
    expect(session.phase(job) not in ("running", "queued"), "a job goes on although its stop was answered true", answer)


@check("OYR-STM-002")
def a_waiting_job_is_not_stopped(session: Session) -> None:
    """False, and it waits."""
    job = in_state(session, "waits", "queued")
    state = session.state(job)
    _stays(session, job, state, answered(session.cancel(job), "stopping a job that waits", False))


@check("OYR-STM-002")
def a_stop_in_vain_does_not_linger(session: Session) -> None:
    """The job runs as soon as there is room, and runs on."""
    _runs_after(session, "cancel")


@check("OYR-STM-003")
def an_ended_job_is_not_stopped(session: Session) -> None:
    """False, however it ended, and nothing of it changes."""
    for job in ended_jobs(session):
        before, state = session.view(job), session.state(job)
        session.advance(5)
        answer = answered(session.cancel(job), f"stopping a job that is {state}", False)
        same(before, session.view(job), f"a job that was {state} before it was stopped in vain", answer)


@check("OYR-STM-004")
def a_running_job_is_not_deleted(session: Session) -> None:
    """False, and it runs."""
    job = in_state(session, "long", "running")
    state = session.state(job)
    _stays(session, job, state, answered(session.delete(job), "deleting a running job", False))


@check("OYR-STM-004")
def a_running_job_runs_on_after_a_deletion_in_vain(session: Session) -> None:
    """For a minute, and reports what it told before."""
    job = in_state(session, "long", "running")
    session.advance(5)
    before = session.view(job)
    answer = answered(session.delete(job), "deleting a running job", False)
    for _ in session.ticks(60, 20):
        same(before, session.view(job), "a job that was not deleted", answer)


@check("OYR-STM-005")
def a_waiting_job_is_not_deleted(session: Session) -> None:
    """False, and it waits."""
    job = in_state(session, "waits", "queued")
    state = session.state(job)
    _stays(session, job, state, answered(session.delete(job), "deleting a job that waits", False))


@check("OYR-STM-005")
def a_deletion_in_vain_does_not_linger(session: Session) -> None:
    """The job runs as soon as there is room, and runs on."""
    _runs_after(session, "delete")


@check("OYR-STM-006")
def an_ended_job_is_deleted(session: Session) -> None:
    """True, however it ended."""
    for job in ended_jobs(session):
        state = session.state(job)
        answer = answered(session.delete(job), f"deleting a job that is {state}", True)
        session.advance(2)
        read = session.read(job)
        expect(read.response.status == 404, f"a deleted job is read with {read.response.status}", answer, read)
        listed = [get(item, "/submission_id") for item in session.items()]
        expect(job.id not in listed, f"a job that was {state} is listed although it was deleted", answer)


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
        answered(session.on("cancel", job, body=body), f"a stop with the body {body}", True)


@check("OYR-STM-009")
def one_of_many_stops_is_true(session: Session) -> None:
    """Four at once; where stopping takes its time, the job still runs, and may be stopped again."""
    job = in_state(session, "long", "running")
    told = _at_once(session, "cancel", job)
    count = sum(1 for one in told if one.response.json is True)
    expect(count, "of four stops at once none was answered true", *told)
    runs_on = count > 1 and (not session.target.has_virtual_time or session.phase(job) == "running")
    expect(count == 1 or runs_on, f"of four stops at once {count} were answered true", *told)


@check("OYR-STM-010")
def one_of_many_deletions_is_true(session: Session) -> None:
    """Four at once."""
    told = _at_once(session, "delete", in_state(session, "quick", "succeeded"))
    expect(
        sorted(one.response.status for one in told) == [200, 404, 404, 404],
        f"four deletions at once were answered {[one.response.status for one in told]}",
        *told,
    )


@check("OYR-STM-011")
def a_deletion_leaves_the_neighbours(session: Session) -> None:
    """One that ended, one that runs."""
    ended, gone, running = (
        in_state(session, "quick", "succeeded"),
        in_state(session, "quick", "succeeded"),
        in_state(session, "long", "running"),
    )
    before = [session.view(job) for job in (ended, running)]
    answer = answered(session.delete(gone), "deleting an ended job", True)
    after = [session.view(job) for job in (ended, running)]
    expect(before == after, "deleting one job changed another", answer)


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
    expect(
        session.phase(job) == "running",
        f"a job that waited and runs for ten seconds is {session.state(job)} after nine",
    )


@check("OYR-STM-016")
def a_long_run_goes_on(session: Session) -> None:
    """For a day."""
    job = session.submit("long", _lasting(session), until="running")
    for _ in session.ticks(24 * HOUR, 6 * HOUR):
        state = session.state(job)
        expect(session.phase_of(state) == "running", f"a job whose command runs for two days is {state or 'unknown'}")


@check("OYR-STM-017")
def commands_that_end_well_have_succeeded(session: Session) -> None:
    """One that takes no time, one that says so."""
    _sleeps(session)
    for command in ("sleep 0", "exit 0"):
        job = session.submit("quick", {"entrypoint": command})
        for _ in session.ticks(120, 1):
            if session.phase(job) not in ("queued", "running"):
                break
        state = session.state(job)
        expect(state == "SUCCEEDED", f"a job whose command is {command!r} is {state}")


@check("OYR-STM-017")
def a_rich_job_ends_as_any_other(session: Session) -> None:
    """The one that is stopped has run for a minute and a half."""
    rich: Json = {
        "metadata": {"owner": "judge"},
        "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"]},
        "entrypoint_num_cpus": 0.5,
    }
    jobs = {
        word: session.submit(shape, rich)
        for word, shape in (("SUCCEEDED", "quick"), ("FAILED", "fails"), ("STOPPED", "long"))
    }
    session.until(jobs["STOPPED"], "running")
    session.advance(90)
    answered(session.cancel(jobs["STOPPED"]), "stopping a running job", True)
    for word, job in jobs.items():
        state = session.until(job)
        expect(state == word, f"a job that should be {word} is {state or 'unknown'}")
