"""Checks of openYuanrong's jobs: what a stop and a deletion answer, what is told of a job and when."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.checks import check
from conformance.oracles.job_views import items_of
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get

CODES = (1, 2, 126, 127, 128, 130, 137, 143, 255)
"""Exit codes of commands that failed, those of shells and of killed processes among them."""
NEAR = 1.1
"""Seconds by which two instants may differ that are one: they are told in whole seconds."""


def said(exchange: Exchange, what: str, expected: bool) -> Exchange:
    """The call was granted and answered so; the guide calls the answer a text, so a text that says it will do here."""
    accepted(exchange, what)
    told = exchange.response.json
    told = {"true": True, "false": False}.get(told, told) if isinstance(told, str) else told
    expect(told is expected, f"{what} was answered {told!r}, expected {expected}", exchange)
    return exchange


def in_state(session: Session, shape: str, *phases: str) -> JobRef:
    """A job of a shape, as soon as it is in one of these phases."""
    job = session.submit(shape)
    session.until(job, *phases)
    return job


def stopped(session: Session) -> JobRef:
    """A job that was stopped while it ran."""
    job = in_state(session, "long", "running")
    needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
    session.until(job)
    return job


def ended(session: Session) -> Iterator[JobRef]:
    """One job that succeeded, one that failed, one that was stopped."""
    yield in_state(session, "quick", "succeeded")
    yield in_state(session, "fails", "failed")
    yield stopped(session)


def _stays(session: Session, job: JobRef, state: str, answer: Exchange) -> None:
    now = session.state(job)
    expect(now == state, f"a job that was {state} is {now or 'unknown'} now", answer, session.exchanges[-1])


@check("OYR-STM-001")
def a_running_job_is_stopped(session: Session) -> None:
    """True, and it ends."""
    job = in_state(session, "long", "running")
    answer = said(session.cancel(job), "stopping a running job", True)
    session.advance(20)
    expect(session.phase(job) not in ("running", "queued"), "a job goes on although its stop was answered true", answer, session.exchanges[-1])


@check("OYR-STM-002")
def a_waiting_job_is_not_stopped(session: Session) -> None:
    """False, and it waits."""
    job = in_state(session, "waits", "queued")
    state = session.state(job)
    _stays(session, job, state, said(session.cancel(job), "stopping a job that waits", False))


@check("OYR-STM-003")
def an_ended_job_is_not_stopped(session: Session) -> None:
    """False, however it ended, and nothing of it changes."""
    for job in ended(session):
        before, state = session.view(job), session.state(job)
        session.advance(5)
        answer = said(session.cancel(job), f"stopping a job that is {state}", False)
        same(before, session.view(job), f"a job that was {state} before it was stopped in vain", answer, session.exchanges[-1])


@check("OYR-STM-004")
def a_running_job_is_not_deleted(session: Session) -> None:
    """False, and it runs."""
    job = in_state(session, "long", "running")
    state = session.state(job)
    _stays(session, job, state, said(session.delete(job), "deleting a running job", False))


@check("OYR-STM-005")
def a_waiting_job_is_not_deleted(session: Session) -> None:
    """False, and it waits."""
    job = in_state(session, "waits", "queued")
    state = session.state(job)
    _stays(session, job, state, said(session.delete(job), "deleting a job that waits", False))


@check("OYR-STM-006")
def an_ended_job_is_deleted(session: Session) -> None:
    """True, however it ended."""
    for job in ended(session):
        state = session.state(job)
        answer = said(session.delete(job), f"deleting a job that is {state}", True)
        session.advance(2)
        read = session.read(job)
        expect(read.response.status == 404, f"a deleted job is read with {read.response.status}", answer, read)
        listed = [get(item, "/submission_id") for item in session.items()]
        expect(job.id not in listed, f"a job that was {state} is listed although it was deleted", answer, session.exchanges[-1])


@check("OYR-STM-007")
def a_deleted_job_is_unknown(session: Session) -> None:
    """To every call."""
    job = in_state(session, "quick", "succeeded")
    said(session.delete(job), "deleting an ended job", True)
    session.advance(2)
    for name in ("read", "cancel", "delete"):
        refused(session.on(name, job), f"the call to {name} a deleted job", (404,))


@check("OYR-STM-008")
def a_stop_does_not_read_its_body(session: Session) -> None:
    """An object, an array."""
    bodies: tuple[Json, ...] = ({"force": True}, [])
    for body in bodies:
        job = in_state(session, "long", "running")
        said(session.on("cancel", job, body=body), f"a stop with the body {body}", True)


def _at_once(session: Session, name: str, job: JobRef, count: int = 4) -> list[Exchange]:
    role = session.role(name)
    operation = session.spec.operations[role.operation]
    path = session.directory.path(role.operation, {role.parameter or "": job.id})
    return session.together([session.request(operation.method, path) for _ in range(count)])


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
    ended, gone, running = in_state(session, "quick", "succeeded"), in_state(session, "quick", "succeeded"), in_state(session, "long", "running")
    before = [session.view(job) for job in (ended, running)]
    answer = said(session.delete(gone), "deleting an ended job", True)
    after = [session.view(job) for job in (ended, running)]
    expect(before == after, "deleting one job changed another", answer, *session.exchanges[-2:])


@check("OYR-RTY-001")
def a_failed_job_is_not_run_again(session: Session) -> None:
    """Five minutes later it is as it was."""
    job = in_state(session, "fails", "failed")
    before = session.view(job)
    for _ in session.ticks(300, 60):
        after = session.view(job)
        expect(before == after, "a job that failed has changed since", session.exchanges[-1])


@check("OYR-TMO-001")
def a_job_gives_up_after_eighteen_seconds(session: Session) -> None:
    """It waits a second before, and has failed a second after."""
    job = session.submit("waits")
    needed(session.phase(job) == "queued", "the job does not wait")
    session.advance(17)
    expect(session.phase(job) == "queued", f"after 17 seconds the job is {session.state(job)}", session.exchanges[-1])
    session.advance(2)
    expect(session.phase(job) == "failed", f"after 19 seconds the job is {session.state(job)}", session.exchanges[-1])


@check("OYR-RSP-004")
def the_drivers_id_is_the_jobs(session: Session) -> None:
    """While it runs and afterwards, read and listed."""
    job = session.submit()
    for _ in session.watch(job):
        same(job.id, get(session.exchanges[-1].response.json, "/driver_info/id"), "the driver's id", session.exchanges[-1])
    for item in items_of(session.role("list"), session.list_jobs().response.json):
        same(get(item, "/submission_id"), get(item, "/driver_info/id"), "the driver's id in the list", session.exchanges[-1])


@check("OYR-RSP-010")
def a_failed_command_has_an_exit_code(session: Session) -> None:
    """Not 0; and the one that the command gave, where the command is told to."""
    by_command = str(get(session.body("fails"), "/entrypoint")).startswith("exit ")
    for code in (0, *CODES) if by_command else (0,):
        job = session.submit("fails", {"entrypoint": f"exit {code}"} if code else None)
        state = session.until(job)
        expect(session.phase_of(state) == "failed", f"a job whose command exits with {code or 'an error'} is {state}", session.exchanges[-1])
        told = get(session.view(job), "/driver_exit_code")
        expect(told not in (0, None, MISSING), f"the exit code of a command that failed is {told!r}", session.exchanges[-1])
        if code:
            same(code, told, f"the exit code of a command that exits with {code}", session.exchanges[-1])


@check("OYR-RSP-015")
def variables_are_read_as_json(session: Session) -> None:
    """With all that JSON has to escape."""
    given = {"A": "b", "Q": 'say "x" & <y>', "U": "ü", "L": "one\ntwo\tthree", "B": "C:\\new\\"}
    job = session.submit(patch={"runtime_env": {"env_vars": given}})
    told = get(session.view(job), "/runtime_env/envVars")
    try:
        found = json.loads(told)
    except (TypeError, ValueError):
        found = MISSING
    expect(found == given, f"the environment variables {given} are read as {told!r}", session.exchanges[-1])


@check("OYR-RSP-016")
def packages_are_read_by_name(session: Session) -> None:
    """Two of them."""
    packages = ["numpy==1.24", "scipy==1.11.0"]
    told = get(session.view(session.submit(patch={"runtime_env": {"pip": packages}})), "/runtime_env/pip")
    expect(isinstance(told, str) and all(one in told for one in packages), f"the packages {packages} are read as {told!r}", session.exchanges[-1])


@check("OYR-DEF-001")
def no_metadata_is_read_as_none(session: Session) -> None:
    """Null, empty or left out."""
    told = get(session.view(session.submit()), "/metadata")
    expect(told in (MISSING, None, {}), f"the metadata of a job without any is {told!r}", session.exchanges[-1])


@check("OYR-DEF-002")
def no_environment_is_read_as_empty(session: Session) -> None:
    """Packages and variables."""
    view = session.view(session.submit())
    for name in ("pip", "envVars"):
        told = get(view, f"/runtime_env/{name}")
        expect(told in (MISSING, None, "", "{}", "[]"), f"{name} of a job without any is {told!r}", session.exchanges[-1])


@check("OYR-DEF-003")
def command_and_directory_are_enough(session: Session) -> None:
    """And nothing else."""
    body = session.body()
    for command in (body["entrypoint"], "true"):
        least = {"entrypoint": command, "runtime_env": {"working_dir": body["runtime_env"]["working_dir"]}}
        accepted(session.post(least), "a submission of a command and a working directory")


def told_instant(session: Session, job: JobRef, name: str) -> float:
    """An instant that a job tells, in seconds."""
    found = instant(get(session.view(job), f"/{name}"))
    needed(found, f"the job does not tell its {name}")
    assert found is not None
    return found


@check("OYR-TIM-007")
def the_start_is_when_it_was(session: Session) -> None:
    """Two jobs that start more than a hundred seconds apart, by what was seen of them from second to second."""
    first, began = in_state(session, "long", "running"), session.now or 0.0
    session.advance(100)
    second, lies = in_state(session, "long", "running"), (session.now or 0.0) - began
    apart = told_instant(session, second, "start_time") - told_instant(session, first, "start_time")
    expect(abs(apart - lies) <= NEAR, f"jobs that started {lies:g} seconds apart tell {apart:g}", *session.exchanges[-2:])


@check("OYR-TIM-008")
def the_end_is_when_it_was(session: Session) -> None:
    """Of a job that is stopped after forty seconds, and of one that ends by itself."""
    job = in_state(session, "long", "running")
    session.advance(40)
    needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
    session.until(job)
    apart = told_instant(session, job, "end_time") - told_instant(session, job, "start_time")
    expect(abs(apart - 40) <= NEAR, f"a job that was stopped after 40 seconds tells {apart:g}", session.exchanges[-1])
    began = session.now or 0.0
    other = in_state(session, "quick", "succeeded")
    apart, lived = told_instant(session, other, "end_time") - told_instant(session, job, "end_time"), (session.now or 0.0) - began
    expect(lived - 1 - NEAR <= apart <= lived + NEAR, f"a job that ended {lived:g} seconds after another tells {apart:g}", *session.exchanges[-2:])
