"""Checks of openYuanrong's jobs that say much, or that follow another: nothing of theirs is lost, and nothing is another's."""

from __future__ import annotations

import json
from typing import Any

from conformance.checks import check
from conformance.checks.openyuanrong_jobs import in_state, said, stopped
from conformance.checks.openyuanrong_placement import given, node
from conformance.errors import NotApplicable
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

TAKEN = (400, 403, 404, 409, 422, 500)
HOUR = 3600


def _read(session: Session, patch: Json, pointer: str) -> Json:
    """What is read there of a job that was submitted so."""
    exchange = accepted(session.post(session.body(patch=patch)), "a submission of much")
    return get(session.view(session.job_of(exchange)), pointer)


@check("OYR-REQ-016")
def metadata_are_whole(session: Session) -> None:
    """Many of them, and long ones."""
    for metadata in ({f"key-{number}": str(number) for number in range(40)}, {"long": "x" * 2000, "y" * 200: "long key"}):
        same(metadata, _read(session, {"metadata": metadata}, "/metadata"), "the metadata of a job", session.exchanges[-1])


@check("OYR-REQ-004")
def commands_are_whole(session: Session) -> None:
    """A long one, one with white space of every kind."""
    for command in ("sleep 1 # " + "x" * 3000, "  sleep  1 ;\n\tsleep 1  "):
        same(command, _read(session, {"entrypoint": command}, "/entrypoint"), "the command of a job", session.exchanges[-1])


@check("OYR-RSP-015")
def variables_are_whole(session: Session) -> None:
    """Empty ones, long ones, many."""
    variables = {"EMPTY": "", "LONG": "x" * 1500, "Mixed": " as it is "} | {f"V{number}": str(number) for number in range(30)}
    told = _read(session, {"runtime_env": {"env_vars": variables}}, "/runtime_env/envVars")
    needed(isinstance(told, str) and told, "the job tells no variables")
    try:
        found = json.loads(told)
    except ValueError:
        found = None
    same(variables, found, "the variables of a job", session.exchanges[-1])


@check("OYR-RSP-016")
def all_packages_are_read(session: Session) -> None:
    """Five of them."""
    packages = ["numpy==1.24", "scipy==1.11.0", "pandas", "torch[cuda]>=2", "tqdm"]
    told = _read(session, {"runtime_env": {"pip": packages}}, "/runtime_env/pip")
    expect(isinstance(told, str) and all(one in told for one in packages), f"the packages {packages} are read as {told!r}", session.exchanges[-1])


@check("OYR-IDM-021")
def a_second_job_has_nothing_of_the_first(session: Session) -> None:
    """Their ids are the same, the first was deleted."""
    first = session.submit(patch={"metadata": {"first": "yes"}, "submission_id": session.unique("app-cf")})
    session.until(first)
    needed(session.delete(first).response.json is True, "an ended job cannot be deleted")
    session.advance(30)
    exchange = session.post(session.body("long", {"submission_id": first.id, "metadata": {"second": "yes"}}))
    needed(exchange.response.is_success, f"the id of a deleted job was refused with {exchange.response.status}")
    job = session.job_of(exchange)
    session.until(job, "running")
    view = session.view(job)
    same({"second": "yes"}, get(view, "/metadata"), "the metadata of a job with the id of a deleted one", session.exchanges[-1])
    same(get(session.body("long"), "/entrypoint"), get(view, "/entrypoint"), "the command of a job with the id of a deleted one", session.exchanges[-1])
    expect(get(view, "/end_time") in ("", "0", None), f"a job that runs ended at {get(view, '/end_time')!r}", session.exchanges[-1])


@check("OYR-ISO-002")
def an_id_is_taken_for_every_tenant(session: Session) -> None:
    """Nor is the first job changed."""
    body = session.body("long", {"submission_id": session.unique("app-cf"), "metadata": {"tenant": "one"}})
    job = session.job_of(accepted(session.post(body, headers={"X-Tenant-Id": "cf-one"}), "a submission with an id of its own"))
    other = session.post({**body, "metadata": {"tenant": "two"}}, headers={"X-Tenant-Id": "cf-two"})
    refused(other, "the id of another tenant's job", TAKEN)
    same({"tenant": "one"}, get(session.view(job), "/metadata"), "the metadata of the first job", other, session.exchanges[-1])


def without_room(session: Session) -> JobRef | None:
    """A job that has failed since it found no room; none where such jobs wait for longer than a minute."""
    job = session.submit("waits")
    for _ in session.ticks(60, 5):
        if session.phase(job) == "failed":
            return job
    return None


@check("OYR-STM-006")
def a_job_that_found_no_room_is_deleted(session: Session) -> None:
    """It has failed, so it goes like any other that has; a server may also let it wait on."""
    if (job := without_room(session)) is None:
        return
    said(session.delete(job), "deleting a job that found no room", True)
    session.advance(2)
    refused(session.read(job), "reading a deleted job", (404,))


@check("OYR-TIM-011")
def a_job_that_found_no_room_never_started(session: Session) -> None:
    """So it tells of no start, and of no node."""
    if (job := without_room(session)) is None:
        raise NotApplicable("jobs that find no room wait on for more than a minute")
    view = session.view(job)
    for name in ("start_time", "driver_node_id"):
        expect(get(view, f"/{name}") in ("", "0", None), f"{name} of a job that never had a node is {get(view, f'/{name}')!r}", session.exchanges[-1])


@check("OYR-STM-002")
def a_stop_in_vain_does_not_linger(session: Session) -> None:
    """The job runs as soon as there is room, and runs on."""
    _runs_after(session, "cancel")


@check("OYR-STM-005")
def a_deletion_in_vain_does_not_linger(session: Session) -> None:
    """The job runs as soon as there is room, and runs on."""
    _runs_after(session, "delete")


def _runs_after(session: Session, role: str) -> None:
    staged(session, node("only"))
    first = given(session, "long", {"entrypoint_num_cpus": 3})
    session.until(first, "running")
    second = given(session, "long", {"entrypoint_num_cpus": 3})
    session.advance(2)
    needed(session.phase(second) == "queued", "the second job does not wait")
    answer = said(session.on(role, second), f"the call to {role} a job that waits", False)
    session.cancel(first)
    session.advance(8)
    for _ in session.ticks(60, 20):
        state = session.state(second)
        expect(session.phase_of(state) == "running", f"a job that a call to {role} left waiting is {state or 'unknown'}", answer, session.exchanges[-1])


@check("OYR-STM-004")
def a_running_job_runs_on_after_a_deletion_in_vain(session: Session) -> None:
    """For a minute, and tells what it told before."""
    job = in_state(session, "long", "running")
    session.advance(5)
    before = session.view(job)
    answer = said(session.delete(job), "deleting a running job", False)
    for _ in session.ticks(60, 20):
        same(before, session.view(job), "a job that was not deleted", answer, session.exchanges[-1])


@check("OYR-STM-015")
def what_has_ended_stays(session: Session) -> None:
    """For two hours, read and listed alike."""
    jobs = [stopped(session), in_state(session, "quick", "succeeded"), in_state(session, "fails", "failed")]
    before = [session.view(job) for job in jobs]
    for _ in session.ticks(2 * HOUR, HOUR):
        listed = {str(get(item, "/submission_id")) for item in session.items()}
        for job, view in zip(jobs, before, strict=True):
            same(view, session.view(job), "a job that has ended", session.exchanges[-1])
            expect(job.id in listed, "a job that has ended is listed no more", session.exchanges[-1])


@check("OYR-STM-016")
def a_long_run_goes_on(session: Session) -> None:
    """For a day."""
    job = session.submit("long", _lasting(session))
    session.until(job, "running")
    for _ in session.ticks(24 * HOUR, 6 * HOUR):
        state = session.state(job)
        expect(session.phase_of(state) == "running", f"a job whose command runs for two days is {state or 'unknown'}", session.exchanges[-1])


def _lasting(session: Session) -> Any:
    command = str(get(session.body("long"), "/entrypoint"))
    needed(command.startswith("sleep "), "the target file's long job is told otherwise than by sleep")
    return {"entrypoint": f"sleep {48 * HOUR}"}


@check("OYR-STM-017")
def a_rich_job_ends_as_any_other(session: Session) -> None:
    """The one that is stopped has run for a minute and a half."""
    rich: Json = {"metadata": {"owner": "judge"}, "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"]}, "entrypoint_num_cpus": 0.5}
    jobs = {word: session.submit(shape, rich) for word, shape in (("SUCCEEDED", "quick"), ("FAILED", "fails"), ("STOPPED", "long"))}
    session.until(jobs["STOPPED"], "running")
    session.advance(90)
    said(session.cancel(jobs["STOPPED"]), "stopping a running job", True)
    for word, job in jobs.items():
        state = session.until(job)
        expect(state == word, f"a job that should be {word} is {state or 'unknown'}", session.exchanges[-1])


@check("OYR-STM-012")
def parts_of_cores_and_mebibytes_count(session: Session) -> None:
    """Three of 1.3 cores fit on four; so do three of 1300 MiB on four gibibytes, and two of 1.5 of a resource on three."""
    for wish, fits in (({"entrypoint_num_cpus": 1.3}, 3), ({"entrypoint_memory": 1300 << 20}, 3), ({"entrypoint_resources": {"NPU": 1.5}}, 2)):
        staged(session, node("only", custom={"NPU": 3}))
        jobs = [given(session, "long", wish) for _ in range(fits + 1)]
        session.advance(10)
        running = sum(session.phase(job) == "running" for job in jobs)
        same(fits, running, f"the number of jobs that run together, each asking for {wish}", session.exchanges[-1])
