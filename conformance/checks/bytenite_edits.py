"""Checks of ByteNite's drafts: what may be changed, until when, and how a draft is run, aborted or deleted."""

from __future__ import annotations

from itertools import chain

from conformance.checks import check
from conformance.checks.bytenite_calls import (
    NEW,
    NEWER,
    NOBODY,
    OLDER,
    change,
    has_code,
    in_conditions,
    in_passing,
    on,
    seen,
    stays,
)
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls
from specs.lifecycle import TERMINAL

REFUSALS = (400, 409, 412, 422)


@check("BYT-STM-001")
def a_job_passes_its_states_in_order(session: Session) -> None:
    """Looked at every half second; states may be missed, never taken back."""
    order: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    job = session.submit()
    passed: list[str] = []
    for state in session.watch(job, step=0.5):
        needed(state in order, f"{state!r} is no state")
        expect(not passed or order.index(state) >= order.index(passed[-1]), f"after {passed[-1] if passed else ''} came {state}", *session.exchanges[-2:])
        passed.append(state)
    expect(passed[-1] == "JOB_STATE_COMPLETE", f"a job that runs well ended as {passed[-1]}", session.exchanges[-1])


@check("BYT-STM-002")
def source_and_destination_of_a_draft_can_be_changed(session: Session) -> None:
    """One after the other."""
    job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "bypass"}, "dataDestination": {"dataSourceDescriptor": "bypass"}}, draft=True)
    view = change(session, "Customer_SetJobDatasource", job, {"dataSource": {"dataSourceDescriptor": "gcp", "params": {"bucketName": "mine"}}})
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "bypass"], f"after a change of the source to gcp, source and destination are {told}", *session.exchanges[-2:])
    expect(get(view, "/dataSource/params/bucketName") == "mine", "the changed source has lost its parameters", *session.exchanges[-2:])
    view = change(session, "Customer_SetJobDatasource", job, {"dataDestination": {"dataSourceDescriptor": "bucket"}})
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "bucket"], f"after a change of the destination to bucket, source and destination are {told}", *session.exchanges[-2:])


@check("BYT-STM-003")
def parameters_of_a_draft_can_be_changed(session: Session) -> None:
    """Each part."""
    job = session.submit(draft=True)
    for part in ("app", "partitioner", "assembler"):
        given = {"of": part, "list": [1, {"a": None}]}
        view = change(session, "Customer_SetJobParams", job, {part: given})
        told = get(view, f"/params/{part}")
        agrees = isinstance(told, dict) and all(same_value(without_nulls(value), without_nulls(told.get(name))) for name, value in given.items())
        expect(agrees, f"the changed {part} is {told!r}", *session.exchanges[-2:])


@check("BYT-STM-004")
def a_part_that_is_left_out_stays(session: Session) -> None:
    """Of three parts one is changed."""
    params = {"app": {"a": 1}, "partitioner": {"num_replicas": 2}, "assembler": {"c": 3}}
    job = session.submit(patch={"params": params}, draft=True)
    before = seen(session, job)["params"]
    view = change(session, "Customer_SetJobParams", job, {"assembler": {"c": 4}})
    same(before["app"], get(view, "/params/app"), "the app's part", *session.exchanges[-2:])
    same(before["partitioner"], get(view, "/params/partitioner"), "the partitioner's part", *session.exchanges[-2:])


@check("BYT-STM-005")
def a_draft_can_be_renamed(session: Session) -> None:
    """The new name is the one that is read."""
    job = session.submit(draft=True)
    view = change(session, "Customer_SetJobName", job, {"name": "cf-renamed"})
    same("cf-renamed", view.get("name"), "the name", *session.exchanges[-2:])


@check("BYT-STM-006")
def limits_of_a_draft_can_be_changed(session: Session) -> None:
    """One after the other."""
    job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 1000}}, draft=True)
    view = change(session, "Customer_SetJobConfigs", job, {"jobTimeout": 500})
    has_limits(session, view, {"taskTimeout": 100, "jobTimeout": 500})
    view = change(session, "Customer_SetJobConfigs", job, {"taskTimeout": 50, "isTestJob": True})
    has_limits(session, view, {"taskTimeout": 50, "jobTimeout": 500, "isTestJob": True})
    view = change(session, "Customer_SetJobConfigs", job, {"jobTimeout": 0, "isTestJob": False})
    for name in ("jobTimeout", "isTestJob"):
        told = get(view, f"/config/{name}")
        expect(not told or told == "0", f"{name} is {told!r} after it was taken back", *session.exchanges[-2:])


def has_limits(session: Session, view: Json, wanted: dict[str, Json]) -> None:
    """Expect that a job tells these limits."""
    for name, value in wanted.items():
        told = get(view, f"/config/{name}")
        expect(str(told) == str(value), f"{name} is {told!r}, expected {value!r}", *session.exchanges[-2:])


def _late(session: Session, operations: tuple[str, ...], members: tuple[str, ...]) -> None:
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation in operations:
            before = seen(session, job)
            answer = on(session, operation, job, NEWER[operation])
            after = seen(session, job)
            for name in members:
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}", answer, session.exchanges[-1])
            if session.phase_of(state) != "queued":
                message = f"{operation} took a job from {before['state']} to {after['state']}"
                expect(stays(session, before["state"], after["state"]), message, answer, session.exchanges[-1])


@check("BYT-STM-007")
def a_job_that_was_run_keeps_sources_and_parameters(session: Session) -> None:
    """Waiting, running, complete, failed, and in between."""
    _late(session, ("Customer_SetJobDatasource", "Customer_SetJobParams"), ("dataSource", "dataDestination", "params"))


@check("BYT-STM-008")
def a_job_that_was_run_keeps_name_and_limits(session: Session) -> None:
    """Waiting, running, complete, failed, and in between."""
    _late(session, ("Customer_SetJobName", "Customer_SetJobConfigs"), ("name", "config"))


@check("BYT-STM-009")
def a_late_change_is_refused(session: Session) -> None:
    """In every condition, each change; drafts take the same."""
    for operation, body in NEWER.items():
        twin = on(session, operation, session.submit(draft=True), body)
        needed(twin.response.is_success, f"the control twin was answered {twin.response.status}")
    for state, job in in_conditions(session):
        for operation, body in NEWER.items():
            exchange = refused(on(session, operation, job, body), f"{operation} of a job that is {state}", (400,))
            has_code(exchange, 9)


@check("BYT-STM-010")
def a_second_run_is_refused(session: Session) -> None:
    """Of jobs in every condition."""
    for state, job in in_conditions(session):
        refused(session.start(job), f"running a job that is {state}", REFUSALS)


@check("BYT-STM-011")
def a_second_run_does_not_set_back(session: Session) -> None:
    """Of jobs that run or have ended."""
    for state, job in in_conditions(session):
        before = seen(session, job)
        answer = session.start(job)
        after = seen(session, job)
        expect(stays(session, before["state"], after["state"]), f"a second run took a job from {state} to {after['state']}", answer, session.exchanges[-1])
        same(before.get("submittedAt"), after.get("submittedAt"), "the instant of submission after a second run", answer, session.exchanges[-1])


@check("BYT-STM-012")
def aborting_a_draft_deletes_it(session: Session) -> None:
    """It is unknown afterwards; another draft is not."""
    job, other = session.submit(draft=True), session.submit(draft=True)
    accepted(session.cancel(job), "aborting a draft")
    refused(session.read(job), "reading a draft that was aborted", (404, 410))
    accepted(session.read(other), "reading a draft that was not aborted")


@check("BYT-STM-013")
def an_aborted_job_ends(session: Session) -> None:
    """And is still known."""
    job = session.submit("long")
    session.until(job, "running")
    accepted(session.cancel(job), "aborting a running job")
    for _ in session.ticks(60, 5):
        view = session.view(job)
        expect(isinstance(view, dict), "a running job that was aborted is unknown", session.exchanges[-1])
        if session.phase_of(view["state"]) in TERMINAL:
            return
    expect(False, f"a minute after it was aborted a job is {session.state(job)}", session.exchanges[-1])


@check("BYT-STM-013")
def a_job_is_aborted_at_its_beginning(session: Session) -> None:
    """While it takes in its input, as soon as that is seen."""
    for job in (session.submit("long"), session.submit("waits") if "waits" in session.settings.shapes else session.submit("long")):
        state = session.until(job, "starting", "queued", "running", step=0.5)
        accepted(session.cancel(job), f"aborting a job that is {state}")
        ended = any(session.phase(job) in TERMINAL for _ in session.ticks(60, 5))
        expect(ended, f"a minute after it was aborted a job that was {state} is {session.state(job)}", session.exchanges[-1])


@check("BYT-STM-014")
def aborting_an_ended_job_is_refused(session: Session) -> None:
    """Complete or failed."""
    for shape in ("quick", "fails"):
        job = session.submit(shape)
        state = session.until(job)
        refused(session.cancel(job), f"aborting a job that is {state}", REFUSALS)


@check("BYT-STM-015")
def a_job_can_be_deleted_in_any_state(session: Session) -> None:
    """A draft, and jobs in every condition; afterwards no call knows it."""
    for state, job in [(NEW, session.submit(draft=True)), *in_conditions(session)]:
        accepted(session.delete(job), f"deleting a job that is {state}")
        for operation in ("Customer_GetJob", "Customer_GetJobResults", "Customer_RunJob", "Customer_AbortJob", "Customer_DeleteJob"):
            refused(on(session, operation, job), f"{operation} of a deleted job", (404,))
        session.advance(10)
        refused(session.read(job), "reading a deleted job later", (404,))


@check("BYT-STM-016")
def the_run_call_takes_every_form(session: Session) -> None:
    """Four drafts, four forms."""
    for body in ({"taskTimeout": 600, "jobTimeout": "3600", "isTestJob": True}, {"config": {"jobTimeout": 3600}}, {}):
        job = session.submit(draft=True)
        accepted(session.start(job, body=body), f"running a job with {body}")
        expect(session.state(job) != NEW, "a job that was run is still new", *session.exchanges[-2:])
    job = session.submit(draft=True)
    accepted(session.start(job), "running a job without a body")
    expect(session.state(job) != NEW, "a job that was run is still new", *session.exchanges[-2:])


@check("BYT-STM-017")
def limits_of_the_run_call_are_the_jobs(session: Session) -> None:
    """Flat and under config, on the older path too."""
    for body, operation in [
        (body, name) for body in ({"jobTimeout": 500}, {"config": {"jobTimeout": "500"}}) for name in ("Customer_RunJob", "Customer_RunJobLegacy")
    ]:
        job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 1000}}, draft=True)
        accepted(on(session, operation, job, body), f"running a job with {body}")
        has_limits(session, seen(session, job), {"taskTimeout": 100, "jobTimeout": 500})


@check("BYT-STM-018")
def older_paths_do_what_newer_ones_do(session: Session) -> None:
    """One draft, from its changes to its run."""
    job = session.submit(draft=True)
    for operation, body in OLDER.items():
        accepted(on(session, operation, job, body), operation)
        view = seen(session, job)
        told = [get(view, "/dataSource/dataSourceDescriptor"), get(view, "/params/app/changed"), str(get(view, "/config/jobTimeout"))]
        wanted = ["bypass", True, "4321"]
        done = list(OLDER).index(operation) + 1
        expect(told[:done] == wanted[:done], f"after {operation} the job tells {told}", *session.exchanges[-2:])
    expect(view["state"] != NEW, "a job that was run is still new", *session.exchanges[-2:])


@check("BYT-STM-019")
def a_job_without_input_fails(session: Session) -> None:
    """Before it has any chunks."""
    job = session.submit("unreadable")
    seen_states = list(session.watch(job))
    expect(session.phase_of(seen_states[-1]) == "failed", f"a job whose input cannot be read ended as {seen_states[-1]}", session.exchanges[-1])
    expect("JOB_STATE_PARTITIONED" not in seen_states, "a job whose input cannot be read was partitioned", session.exchanges[-1])
    expect(not seen(session, job).get("numChunks"), "a job whose input cannot be read has chunks", session.exchanges[-1])


@check("BYT-STM-020")
def a_job_that_was_run_is_not_new(session: Session) -> None:
    """At once, whether or not there is capacity."""
    for shape in ("quick", "waits"):
        job = session.submit(shape, draft=True)
        started = accepted(session.start(job), "running a draft")
        expect(session.state(job) != NEW, "a job that was run is still new", started, session.exchanges[-1])


@check("BYT-ERR-005")
def every_call_about_nobody_is_refused(session: Session) -> None:
    """Each with a twin about a draft."""
    bodies = {
        **NEWER,
        "Customer_UploadCompleted": {},
        "Customer_GetJobConfigs": None,
        "Customer_RunJob": {},
        "Customer_AbortJob": None,
        "Customer_DeleteJob": None,
        "Customer_GetJob": None,
    }
    _about_nobody(session, bodies)


@check("BYT-ERR-006")
def every_older_call_about_nobody_is_refused(session: Session) -> None:
    """And results, estimation and logs."""
    _about_nobody(session, {**OLDER, "Customer_GetJobResults": None, "Customer_EstimateJob": None})
    job = session.submit(draft=True)
    needed(session.call("Customer_GetLogs", body={"jobId": job.id}).response.is_success, "logs of a draft are refused")
    refused(session.call("Customer_GetLogs", body={"jobId": NOBODY}), "logs of a job that never was", (404,))


def _about_nobody(session: Session, bodies: dict[str, Json]) -> None:
    for operation, body in bodies.items():
        options = {} if body is None else {"body": body}
        twin = on(session, operation, session.submit(draft=True), **options)
        needed(twin.response.is_success, f"{operation} of a draft was answered {twin.response.status}")
        refused(on(session, operation, NOBODY, **options), f"{operation} of a job that never was", (404,))
