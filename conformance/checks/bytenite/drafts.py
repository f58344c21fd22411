"""How drafts of ByteNite are changed and run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, product

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
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.phases import expect_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, shown, without_nulls
from specs.lifecycle import TERMINAL

MINE: Json = {"dataSourceDescriptor": "gcp", "params": {"bucketName": "mine"}}
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
        same(str(value), str(get(view, f"/config/{name}")), name)


def _keeps(session: Session, job: JobRef, state: str, call: tuple[str, Json], *members: str) -> tuple[Json, Json]:
    """Expect that a call leaves these members of a job as they were; the job before and after."""
    before = seen(session, job)
    on(session, call[0], job, call[1])
    after = seen(session, job)
    for name in members:
        same(before.get(name), after.get(name), f"after {call[0]} of a job that was {state} its {name}")
    return before, after


def _descriptors(view: Json) -> list[Json]:
    return [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]


@check("BYT-STM-002")
def source_and_destination_of_a_draft_can_be_changed(session: Session) -> None:
    """One after the other."""
    bypass = {"dataSourceDescriptor": "bypass"}
    job = session.submit(patch={"dataSource": bypass, "dataDestination": bypass}, draft=True)
    view = change(session, "Customer_SetJobDatasource", job, {"dataSource": MINE})
    same(["gcp", "bypass"], _descriptors(view), "source and destination after a change of the source")
    same("mine", get(view, "/dataSource/params/bucketName"), "the bucket of the changed source")
    view = change(session, "Customer_SetJobDatasource", job, {"dataDestination": {"dataSourceDescriptor": "bucket"}})
    same(["gcp", "bucket"], _descriptors(view), "source and destination after a change of the destination")


@check("BYT-STM-003")
def parameters_of_a_draft_can_be_changed(session: Session) -> None:
    """Each part."""
    job = session.submit(draft=True)
    for part in ("app", "partitioner", "assembler"):
        given = {"of": part, "list": [1, {"a": None}]}
        view = change(session, "Customer_SetJobParams", job, {part: given})
        for name, value in given.items():
            same(without_nulls(value), without_nulls(get(view, f"/params/{part}/{name}")), f"{name} of the {part}")


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
        same(name, seen(session, job).get("name"), "the name after its change")
    listed = next((get(one, "/name") for one in session.items() if get(one, "/id") == job.id), None)
    same(name, listed, "the name in the list after its change")


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
        value = get(view, f"/config/{name}")
        expect(not value or value == "0", f"{name} is {shown(value)} after it was taken back")


@check(
    "BYT-STM-007", "sources of a job that was run stay", "SetJobDatasource", "dataSource", "dataDestination", "params"
)
@check(
    "BYT-STM-007", "parameters of a job that was run stay", "SetJobParams", "dataSource", "dataDestination", "params"
)
@check("BYT-STM-008", "the name of a job that was run stays", "SetJobName", "name", "config")
@check("BYT-STM-008", "the limits of a job that was run stay", "SetJobConfigs", "name", "config")
def a_late_change_changes_nothing(session: Session, change: str, *members: str) -> None:
    """Waiting, running, complete, failed, and in between."""
    operation = f"Customer_{change}"
    for state, job in chain(in_conditions(session), in_passing(session)):
        before, after = _keeps(session, job, state, (operation, NEWER[operation]), *members)
        if session.phase_of(state) != "queued":
            message = f"{operation} took a job from {before['state']} to {after['state']}"
            expect(stays(session, before["state"], after["state"]), message)


@check("BYT-STM-009")
def a_late_change_is_refused(session: Session) -> None:
    """In every condition, each change; drafts take the same."""
    for operation, body in NEWER.items():
        need_success(on(session, operation, session.submit(draft=True), body), "the control twin")
    for state, job in in_conditions(session):
        for operation, body in NEWER.items():
            exchange = refused(on(session, operation, job, body), f"{operation} of a job that is {state}", (400,))
            has_code(exchange, 9)


@check("BYT-STM-010", "a second run is refused", "Customer_RunJob", MISSING)
@check("BYT-STM-010", "a second run on the older path is refused", "Customer_RunJobLegacy", {})
def a_second_run_is_refused(session: Session, operation: str, body: Json) -> None:
    """Of jobs in every condition."""
    for state, job in in_conditions(session):
        refused(on(session, operation, job, body), f"running a job that is {state}", REFUSALS)


@check("BYT-STM-011")
def a_second_run_does_not_set_back(session: Session) -> None:
    """Of jobs that run or have ended."""
    for state, job in in_conditions(session):
        before, after = _keeps(session, job, state, ("Customer_RunJob", MISSING), "submittedAt")
        is_there = stays(session, before["state"], after["state"])
        expect(is_there, f"a second run took a job from {state} to {after['state']}")


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
    flat = {"taskTimeout": 600, "jobTimeout": "3600", "isTestJob": True}
    for body in (flat, {"config": {"jobTimeout": 3600}}, {}, MISSING):
        job = session.submit(draft=True)
        accepted(on(session, "Customer_RunJob", job, body), f"running a job with the body {shown(body)}")
        expect(session.state(job) != NEW, "a job that was run is still new")


@check("BYT-STM-017")
def limits_of_the_run_call_are_the_jobs(session: Session) -> None:
    """Flat and under config, on the older path too."""
    bodies: tuple[Json, ...] = ({"jobTimeout": 500}, {"config": {"jobTimeout": "500"}})
    for body, operation in product(bodies, ("Customer_RunJob", "Customer_RunJobLegacy")):
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
        changed = [get(view, "/dataSource/dataSourceDescriptor"), get(view, "/params/app/changed")]
        changed.append(str(get(view, "/config/jobTimeout")))
        done = list(OLDER).index(operation) + 1
        same(["bypass", True, "4321"][:done], changed[:done], f"what the job reports after {operation}")
    expect(view["state"] != NEW, "a job that was run is still new")


@check("BYT-STM-025")
def a_finished_upload_needs_no_address(session: Session) -> None:
    """It is withdrawn; whatever else was said of the file stays."""
    for operation in ("Customer_UploadCompleted", "Customer_UploadCompletedLegacy"):
        params = {"@type": "type.googleapis.com/bytenite.data_source.LocalFileDataSource", "name": "in.zip"}
        job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "file", "params": params}}, draft=True)
        needed(get(seen(session, job), "/dataSource/params/tempUrl"), "no address is reported")
        accepted(on(session, operation, job, {}), operation)
        source = get(seen(session, job), "/dataSource/params")
        expect(not source.get("tempUrl"), "after the upload the job still reports where to upload")
        same("in.zip", source.get("name"), "the name of the source after the upload")


@check("BYT-STM-026")
def a_change_changes_what_it_says(session: Session) -> None:
    """Half a minute after the creation; all else stays as it was, its instant too. The older paths do the same."""
    bucket = {"dataDestination": {"dataSourceDescriptor": "bucket"}}
    whole = {"description": "cf", "params": {"app": {"a": 1}}, "config": {"taskTimeout": 77}, **bucket}
    members = {"Datasource": {"dataSource"}, "JobName": {"name"}, "onfigs": {"config"}}
    members["Params"] = {"params", "numUnitsEstimation"}
    for operation, body in [*NEWER.items(), *OLDER.items()]:
        mine = next((names for word, names in members.items() if word in operation), None)
        if mine is None:
            continue
        job = session.submit(patch=whole, draft=True)
        session.advance(30)
        before = seen(session, job)
        accepted(on(session, operation, job, body), f"{operation} of a draft")
        after = seen(session, job)
        pairs = {name: (before.get(name), after.get(name)) for name in before.keys() | after.keys()}
        changed = {name for name, both in pairs.items() if not same_value(*map(without_nulls, both))}
        expect(mine & changed, f"{operation} changes nothing")
        expect(not changed - mine, f"{operation} also changes {', '.join(sorted(changed - mine))}")


@check("BYT-STM-027")
def a_late_change_on_an_older_path_changes_nothing(session: Session) -> None:
    """In every condition."""
    for state, job in chain(in_conditions(session), in_passing(session)):
        for call in list(OLDER.items())[:2]:
            _keeps(session, job, state, call, "dataSource", "params")


@check("BYT-STM-029")
def a_job_reads_the_input_that_was_set_last(session: Session) -> None:
    """Made readable before its run it is complete; made unreadable, it fails."""
    unreadable = {"dataSource": session.settings.shapes["unreadable"]["dataSource"]}
    for first, then, ends in ((unreadable, READABLE, "succeeded"), (READABLE, unreadable, "failed")):
        job = session.submit(patch=first, draft=True)
        accepted(on(session, "Customer_SetJobDatasource", job, then), "a change of the data source")
        need_success(session.start(job), "running a draft")
        session.until(job)
        expect_phase(session, job, ends, "a job whose input was changed")


@check("BYT-STM-032")
def other_spellings_and_members_do_no_harm(session: Session) -> None:
    """Sources in snake case, and members that nobody knows, in changes of a draft and in its run."""
    job = session.submit(patch=READABLE, draft=True)
    for body in ({"data_source": MINE, "jobId": job.id}, {"data_destination": MINE}):
        accepted(on(session, "Customer_SetJobDatasource", job, body), f"a change of a draft by {shown(body)}")
    same(["gcp", "gcp"], _descriptors(seen(session, job)), "source and destination, changed in snake case,")
    for operation, body in (*NEWER.items(), ("Customer_RunJob", {"jobTimeout": 600})):
        answer = on(session, operation, job, {**body, "cfUnknown": {"a": 1}})
        accepted(answer, f"{operation} with a member that nobody knows")


@check("BYT-STM-033")
def a_late_change_on_an_older_path_is_refused(session: Session) -> None:
    """In every condition; limits too, and a second run."""
    late = {operation: body for operation, body in OLDER.items() if operation != "Customer_UploadCompletedLegacy"}
    for state, job in chain(in_conditions(session), in_passing(session)):
        for operation, body in late.items():
            _keeps(session, job, state, (operation, body), "name", "config", "submittedAt")
            refused(on(session, operation, job, body), f"{operation} of a job that is {state}", REFUSALS)


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
        part = get(change(session, "Customer_SetJobParams", job, {"app": given}), "/params/app")
        same(given, without_nulls(part or {}), "the app's part after its change")


@check("BYT-STM-036")
def a_change_shows_the_changed_job(session: Session) -> None:
    """Each change, on either path."""
    job = session.submit(draft=True)
    for operation, body in (*NEWER.items(), *list(OLDER.items())[:3]):
        expect_job_shown(session, accepted(on(session, operation, job, body), operation), f"the answer to {operation}")
