"""How drafts of ByteNite are changed and run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from conformance.checks import check
from conformance.checks.bytenite.steps import (
    NEW,
    NEWER,
    OLDER,
    REFUSALS,
    change,
    expect_job_shown,
    has_code,
    in_conditions,
    on,
    seen,
)
from conformance.errors import Inconclusive
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, shown, without_nulls
from specs.lifecycle import TERMINAL

READABLE: dict[str, Json] = {"dataSource": {"dataSourceDescriptor": "bypass"}}


def stays(session: Session, before: str, after: str) -> bool:
    """Whether a job is where it was, or, where time passes by itself, has gone on by itself."""
    order: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    if session.target.has_virtual_time or before not in order or after not in order:
        return before == after
    return before == after or (session.phase_of(before) not in TERMINAL and order.index(after) > order.index(before))


def in_passing(session: Session) -> Iterator[tuple[str, JobRef]]:
    """Jobs in states that pass by themselves, one after the other, as far as they are seen.

    One that takes in its input, one that puts together its output.
    """
    for phase in ("starting", "finishing"):
        with suppress(Inconclusive):  # such a state may pass between two looks
            job = session.submit()
            yield session.until(job, phase, step=0.5), job


def has_limits(view: Json, wanted: dict[str, Json]) -> None:
    """Expect that a job reports these limits."""
    for name, value in wanted.items():
        told = get(view, f"/config/{name}")
        expect(str(told) == str(value), f"{name} is {shown(told)}, expected {shown(value)}")


def _late(session: Session, operations: tuple[str, ...], members: tuple[str, ...]) -> None:
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation in operations:
            before = seen(session, job)
            answer = on(session, operation, job, NEWER[operation])
            after = seen(session, job)
            for name in members:
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}")
            if session.phase_of(state) != "queued":
                message = f"{operation} took a job from {before['state']} to {after['state']}"
                expect(stays(session, before["state"], after["state"]), message, answer)


@check("BYT-STM-002")
def source_and_destination_of_a_draft_can_be_changed(session: Session) -> None:
    """One after the other."""
    job = session.submit(
        patch={"dataSource": {"dataSourceDescriptor": "bypass"}, "dataDestination": {"dataSourceDescriptor": "bypass"}},
        draft=True,
    )
    view = change(
        session,
        "Customer_SetJobDatasource",
        job,
        {"dataSource": {"dataSourceDescriptor": "gcp", "params": {"bucketName": "mine"}}},
    )
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "bypass"], f"after a change of the source to gcp, source and destination are {shown(told)}")
    expect(get(view, "/dataSource/params/bucketName") == "mine", "the changed source has lost its parameters")
    view = change(session, "Customer_SetJobDatasource", job, {"dataDestination": {"dataSourceDescriptor": "bucket"}})
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "bucket"], f"after a change of the destination, source and destination are {shown(told)}")


@check("BYT-STM-003")
def parameters_of_a_draft_can_be_changed(session: Session) -> None:
    """Each part."""
    job = session.submit(draft=True)
    for part in ("app", "partitioner", "assembler"):
        given = {"of": part, "list": [1, {"a": None}]}
        view = change(session, "Customer_SetJobParams", job, {part: given})
        told = get(view, f"/params/{part}")
        agrees = isinstance(told, dict) and all(
            same_value(without_nulls(value), without_nulls(told.get(name))) for name, value in given.items()
        )
        expect(agrees, f"the changed {part} is {shown(told)}")


@check("BYT-STM-004")
def a_part_that_is_left_out_stays(session: Session) -> None:
    """Of three parts one is changed."""
    params = {"app": {"a": 1}, "partitioner": {"num_replicas": 2}, "assembler": {"c": 3}}
    job = session.submit(patch={"params": params}, draft=True)
    before = seen(session, job)["params"]
    view = change(session, "Customer_SetJobParams", job, {"assembler": {"c": 4}})
    same(before["app"], get(view, "/params/app"), "the app's part")
    same(before["partitioner"], get(view, "/params/partitioner"), "the partitioner's part")


@check("BYT-STM-005")
def a_draft_can_be_renamed(session: Session) -> None:
    """The new name is the one that is read."""
    job = session.submit(draft=True)
    view = change(session, "Customer_SetJobName", job, {"name": "cf-renamed"})
    same("cf-renamed", view.get("name"), "the name")


@check("BYT-STM-005")
def a_draft_can_bear_any_name(session: Session) -> None:
    """Long, of all alphabets, and changed twice; the list reports the last."""
    job = session.submit(draft=True)
    for name in ("cf " + "x" * 197, "  cf Größe ☃ "):
        accepted(on(session, "Customer_SetJobName", job, {"name": name}), f"a new name of {len(name)} characters")
        told = seen(session, job).get("name")
        expect(told == name, f"the name is {shown(told)}, it was changed to {shown(name)}")
    listed = next((get(one, "/name") for one in session.items() if get(one, "/id") == job.id), None)
    expect(listed == name, f"the name is {shown(listed)} in the list, it was changed to {shown(name)}")


@check("BYT-STM-006")
def limits_of_a_draft_can_be_changed(session: Session) -> None:
    """One after the other."""
    job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 1000}}, draft=True)
    view = change(session, "Customer_SetJobConfigs", job, {"jobTimeout": 500})
    has_limits(view, {"taskTimeout": 100, "jobTimeout": 500})
    view = change(session, "Customer_SetJobConfigs", job, {"taskTimeout": 50, "isTestJob": True})
    has_limits(view, {"taskTimeout": 50, "jobTimeout": 500, "isTestJob": True})
    view = change(session, "Customer_SetJobConfigs", job, {"jobTimeout": 0, "isTestJob": False})
    for name in ("jobTimeout", "isTestJob"):
        told = get(view, f"/config/{name}")
        expect(not told or told == "0", f"{name} is {shown(told)} after it was taken back")


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


@check("BYT-STM-010")
def a_second_run_on_the_older_path_is_refused(session: Session) -> None:
    """Of jobs in every condition."""
    for state, job in in_conditions(session):
        refused(on(session, "Customer_RunJobLegacy", job, {}), f"running a job that is {state}", (400, 409, 412, 422))


@check("BYT-STM-011")
def a_second_run_does_not_set_back(session: Session) -> None:
    """Of jobs that run or have ended."""
    for state, job in in_conditions(session):
        before = seen(session, job)
        answer = session.start(job)
        after = seen(session, job)
        expect(
            stays(session, before["state"], after["state"]),
            f"a second run took a job from {state} to {after['state']}",
            answer,
        )
        same(before.get("submittedAt"), after.get("submittedAt"), "the instant of submission after a second run")


@check("BYT-STM-012")
def aborting_a_draft_deletes_it(session: Session) -> None:
    """It is unknown afterwards; another draft is not."""
    job, other = session.submit(draft=True), session.submit(draft=True)
    accepted(session.cancel(job), "aborting a draft")
    refused(session.read(job), "reading a draft that was aborted", (404, 410))
    accepted(session.read(other), "reading a draft that was not aborted")


@check("BYT-STM-016")
def the_run_call_takes_every_form(session: Session) -> None:
    """Four drafts, four forms."""
    for body in ({"taskTimeout": 600, "jobTimeout": "3600", "isTestJob": True}, {"config": {"jobTimeout": 3600}}, {}):
        job = session.submit(draft=True)
        accepted(session.start(job, body=body), f"running a job with {shown(body)}")
        expect(session.state(job) != NEW, "a job that was run is still new")
    job = session.submit(draft=True)
    accepted(session.start(job), "running a job without a body")
    expect(session.state(job) != NEW, "a job that was run is still new")


@check("BYT-STM-017")
def limits_of_the_run_call_are_the_jobs(session: Session) -> None:
    """Flat and under config, on the older path too."""
    for body, operation in [
        (body, name)
        for body in ({"jobTimeout": 500}, {"config": {"jobTimeout": "500"}})
        for name in ("Customer_RunJob", "Customer_RunJobLegacy")
    ]:
        job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 1000}}, draft=True)
        accepted(on(session, operation, job, body), f"running a job with {shown(body)}")
        has_limits(seen(session, job), {"taskTimeout": 100, "jobTimeout": 500})


@check("BYT-STM-018")
def older_paths_do_what_newer_ones_do(session: Session) -> None:
    """One draft, from its changes to its run."""
    job = session.submit(draft=True)
    for operation, body in OLDER.items():
        accepted(on(session, operation, job, body), operation)
        view = seen(session, job)
        told = [
            get(view, "/dataSource/dataSourceDescriptor"),
            get(view, "/params/app/changed"),
            str(get(view, "/config/jobTimeout")),
        ]
        wanted = ["bypass", True, "4321"]
        done = list(OLDER).index(operation) + 1
        expect(told[:done] == wanted[:done], f"after {operation} the job reports {shown(told)}")
    expect(view["state"] != NEW, "a job that was run is still new")


@check("BYT-STM-025")
def a_finished_upload_needs_no_address(session: Session) -> None:
    """It is withdrawn; whatever else was said of the file stays."""
    for operation in ("Customer_UploadCompleted", "Customer_UploadCompletedLegacy"):
        params = {"@type": "type.googleapis.com/bytenite.data_source.LocalFileDataSource", "name": "in.zip"}
        job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "file", "params": params}}, draft=True)
        needed(get(seen(session, job), "/dataSource/params/tempUrl"), "no address is reported")
        accepted(on(session, operation, job, {}), operation)
        view = seen(session, job)
        told = get(view, "/dataSource/params")
        expect(not get(told, "/tempUrl"), "after the upload the job still reports where to upload")
        expect(get(told, "/name") == "in.zip", f"after the upload the source's parameters are {shown(told)}")


@check("BYT-STM-026")
def a_change_changes_what_it_says(session: Session) -> None:
    """Half a minute after the creation; all else stays as it was, its instant too. The older paths do the same."""
    whole: dict[str, Json] = {
        "description": "cf",
        "params": {"app": {"a": 1}},
        "config": {"taskTimeout": 77},
        "dataDestination": {"dataSourceDescriptor": "bucket"},
    }
    members = {
        "Datasource": {"dataSource"},
        "Params": {"params", "numUnitsEstimation"},
        "JobName": {"name"},
        "onfigs": {"config"},
    }
    for operation, body in [*NEWER.items(), *OLDER.items()]:
        mine = next((names for word, names in members.items() if word in operation), None)
        if mine is None:
            continue
        job = session.submit(patch=whole, draft=True)
        session.advance(30)
        before = seen(session, job)
        accepted(on(session, operation, job, body), f"{operation} of a draft")
        after = seen(session, job)
        changed = {
            name
            for name in before.keys() | after.keys()
            if not same_value(without_nulls(before.get(name)), without_nulls(after.get(name)))
        }
        expect(mine & changed, f"{operation} changes nothing")
        expect(not changed - mine, f"{operation} also changes {', '.join(sorted(changed - mine))}")


@check("BYT-STM-027")
def a_late_change_on_an_older_path_changes_nothing(session: Session) -> None:
    """In every condition."""
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation, body in list(OLDER.items())[:2]:
            before = seen(session, job)
            on(session, operation, job, body)
            after = seen(session, job)
            for name in ("dataSource", "params"):
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}")


@check("BYT-STM-029")
def a_job_reads_the_input_that_was_set_last(session: Session) -> None:
    """Made readable before its run it is complete; made unreadable, it fails."""
    unreadable = {"dataSource": session.settings.shapes["unreadable"]["dataSource"]}
    for first, then, ends in ((unreadable, READABLE, "succeeded"), (READABLE, unreadable, "failed")):
        job = session.submit(patch=first, draft=True)
        accepted(on(session, "Customer_SetJobDatasource", job, then), "a change of the data source")
        needed(session.start(job).response.is_success, "a draft cannot be run")
        state = session.until(job)
        message = f"a job whose input was {'made readable' if ends == 'succeeded' else 'made unreadable'} is {state}"
        expect(session.phase_of(state) == ends, message)


@check("BYT-STM-032")
def other_spellings_and_members_do_no_harm(session: Session) -> None:
    """Sources in snake case, and members that nobody knows, in changes of a draft and in its run."""
    source = {"dataSourceDescriptor": "gcp", "params": {"bucketName": "mine"}}
    job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "bypass"}}, draft=True)
    for body in ({"data_source": source, "jobId": job.id}, {"data_destination": source}):
        accepted(on(session, "Customer_SetJobDatasource", job, body), f"a change of a draft by {shown(body)}")
    view = seen(session, job)
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "gcp"], f"source and destination, changed in snake case, are {shown(told)}")
    for operation, body in (*NEWER.items(), ("Customer_RunJob", {"jobTimeout": 600})):
        accepted(
            on(session, operation, job, {**body, "cfUnknown": {"a": 1}}), f"{operation} with a member that nobody knows"
        )


@check("BYT-STM-033")
def a_late_change_on_an_older_path_is_refused(session: Session) -> None:
    """In every condition; limits too, and a second run."""
    late = {operation: body for operation, body in OLDER.items() if operation != "Customer_UploadCompletedLegacy"}
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation, body in late.items():
            before = seen(session, job)
            refused(on(session, operation, job, body), f"{operation} of a job that is {state}", (400, 409, 412, 422))
            after = seen(session, job)
            for name in ("name", "config", "submittedAt"):
                expect(before.get(name) == after.get(name), f"{operation} of a job that was {state} changed its {name}")


@check("BYT-STM-034")
def limits_of_a_draft_can_be_wrapped(session: Session) -> None:
    """Under config, as in a submission."""
    job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 500}}, draft=True)
    view = change(session, "Customer_SetJobConfigs", job, {"config": {"taskTimeout": 50, "isTestJob": True}})
    has_limits(view, {"taskTimeout": 50, "jobTimeout": 500, "isTestJob": True})


@check("BYT-STM-035")
def a_changed_part_is_another(session: Session) -> None:
    """Nothing is left of the old one, be the new one empty."""
    job = session.submit(patch={"params": {"app": {"a": 1}}}, draft=True)
    for given in ({"b": {"c": 2}}, {"b": {"d": 3}}, {}):
        told = get(change(session, "Customer_SetJobParams", job, {"app": given}), "/params/app")
        expect(
            same_value(given, without_nulls(told or {})), f"the app's part, changed to {shown(given)}, is {shown(told)}"
        )


@check("BYT-STM-036")
def a_change_shows_the_changed_job(session: Session) -> None:
    """Each change, on either path."""
    job = session.submit(draft=True)
    for operation, body in (*NEWER.items(), *list(OLDER.items())[:3]):
        expect_job_shown(session, accepted(on(session, operation, job, body), operation), f"the answer to {operation}")
