"""Checks of what ByteNite keeps of jobs over a day, of inputs and addresses that are changed before a job is run, and of how late failures and aborts count."""

from __future__ import annotations

from contextlib import suppress

from conformance.checks import check
from conformance.checks.bytenite_calls import NEWER, OLDER, change, chunks, on, seen, templates
from conformance.checks.bytenite_edits import has_limits
from conformance.errors import Inconclusive, NotApplicable
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, without_nulls
from specs.lifecycle import TERMINAL

DAY = 86_400.0
READABLE: dict[str, Json] = {"dataSource": {"dataSourceDescriptor": "bypass"}}


@check("BYT-IDM-004")
def jobs_are_kept_as_they_are(session: Session) -> None:
    """A draft, a complete job and a failed one, read and listed after ten minutes and after a day."""
    jobs = [session.submit(draft=True), session.submit(), session.submit("fails")]
    for job in jobs[1:]:
        session.until(job)
    before = [seen(session, job) for job in jobs]
    for pause in (600.0, DAY):
        session.advance(pause)
        listed = {get(one, "/id"): one for one in session.items()}
        for job, then in zip(jobs, before, strict=True):
            for now, where in ((listed.get(job.id), "listed"), (session.view(job), "read")):
                is_same = isinstance(now, dict) and same_value(without_nulls(then), without_nulls(now))
                expect(is_same, f"after {pause:g} seconds a job that was {then['state']} is {where} as {now!r}, it was {then!r}", session.exchanges[-1])


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
        expect(session.phase_of(state) == ends, message, *session.exchanges[-1:])


@check("BYT-RSP-040")
def every_upload_has_its_own_address(session: Session) -> None:
    """Which no submission chooses."""
    params = {"@type": "type.googleapis.com/bytenite.data_source.LocalFileDataSource", "name": "in.zip", "tempUrl": "https://example.com/mine"}
    told = []
    for _ in range(2):
        job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "file", "params": params}}, draft=True)
        told.append(get(seen(session, job), "/dataSource/params/tempUrl"))
    needed(all(isinstance(one, str) and one for one in told), "no address is told")
    expect(params["tempUrl"] not in told, "a submission has chosen where it is uploaded to", *session.exchanges[-1:])
    expect(told[0] != told[1], f"two jobs are uploaded to one address, {told[0]!r}", *session.exchanges[-1:])


@check("BYT-STM-005")
def a_draft_can_bear_any_name(session: Session) -> None:
    """Long, of all alphabets, and changed twice; the list tells the last."""
    job = session.submit(draft=True)
    for name in ("cf " + "x" * 197, "  cf Größe ☃ "):
        accepted(on(session, "Customer_SetJobName", job, {"name": name}), f"a new name of {len(name)} characters")
        told = seen(session, job).get("name")
        expect(told == name, f"the name is {told!r}, it was changed to {name!r}", *session.exchanges[-2:])
    listed = next((get(one, "/name") for one in session.items() if get(one, "/id") == job.id), None)
    expect(listed == name, f"the name is {listed!r} in the list, it was changed to {name!r}", *session.exchanges[-1:])


@check("BYT-STM-030")
def a_job_is_aborted_while_it_ends(session: Session) -> None:
    """While its output is put together: no other state follows but an end."""
    job = session.submit()
    state = session.until(job, "finishing", step=0.5)
    answer = accepted(session.cancel(job), f"aborting a job that is {state}")
    for told in session.watch(job, within=60, step=0.5):
        stays = told == state or session.phase_of(told) in TERMINAL
        expect(stays, f"a job that was aborted while it was {state} went on to {told}", answer, session.exchanges[-1])


@check("BYT-STM-031")
def one_failed_task_of_several_is_enough(session: Session) -> None:
    """The others do well."""
    job = session.submit("partly-fails")
    *_, state = session.watch(job, within=300)
    expect(session.phase_of(state) == "failed", f"a job of which one task failed is {state}", job.created, session.exchanges[-1])


@check("BYT-STM-032")
def other_spellings_and_members_do_no_harm(session: Session) -> None:
    """Sources in snake case, and members that nobody knows, in changes of a draft and in its run."""
    source = {"dataSourceDescriptor": "gcp", "params": {"bucketName": "mine"}}
    job = session.submit(patch={"dataSource": {"dataSourceDescriptor": "bypass"}}, draft=True)
    for body in ({"data_source": source, "jobId": job.id}, {"data_destination": source}):
        accepted(on(session, "Customer_SetJobDatasource", job, body), f"a change of a draft by {body}")
    view = seen(session, job)
    told = [get(view, f"/{name}/dataSourceDescriptor") for name in ("dataSource", "dataDestination")]
    expect(told == ["gcp", "gcp"], f"source and destination, changed in snake case, are {told}", *session.exchanges[-3:])
    for operation, body in (*NEWER.items(), ("Customer_RunJob", {"jobTimeout": 600})):
        accepted(on(session, operation, job, {**body, "cfUnknown": {"a": 1}}), f"{operation} with a member that nobody knows")


@check("BYT-RSP-041")
def a_test_job_has_one_chunk(session: Session) -> None:
    """Though its partitioner was asked for four."""
    job = session.submit(patch={"config": {"isTestJob": True}, **chunks(session, 4)})
    session.until(job)
    told = get(seen(session, job), "/numChunks")
    expect(told == 1, f"a test job has {told!r} chunks", session.exchanges[-1])


@check("BYT-REQ-003")
def a_job_bears_its_template(session: Session) -> None:
    """The usual one, and others if the target has any."""
    known = [session.body()["templateId"]]
    with suppress(Inconclusive, NotApplicable):
        known = templates(session)
    for template in known:
        job = session.job_of(accepted(session.post(session.body(patch={"templateId": template})), f"a submission of the template {template!r}"))
        same(template, seen(session, job).get("templateId"), "the template", job.created, session.exchanges[-1])


@check("BYT-STM-034")
def limits_of_a_draft_can_be_wrapped(session: Session) -> None:
    """Under config, as in a submission."""
    job = session.submit(patch={"config": {"taskTimeout": 100, "jobTimeout": 500}}, draft=True)
    view = change(session, "Customer_SetJobConfigs", job, {"config": {"taskTimeout": 50, "isTestJob": True}})
    has_limits(session, view, {"taskTimeout": 50, "jobTimeout": 500, "isTestJob": True})


@check("BYT-STM-035")
def a_changed_part_is_another(session: Session) -> None:
    """Nothing is left of the old one, be the new one empty."""
    job = session.submit(patch={"params": {"app": {"a": 1}}}, draft=True)
    for given in ({"b": {"c": 2}}, {"b": {"d": 3}}, {}):
        told = get(change(session, "Customer_SetJobParams", job, {"app": given}), "/params/app")
        expect(same_value(given, without_nulls(told or {})), f"the app's part, changed to {given}, is {told!r}", *session.exchanges[-2:])


@check("BYT-LST-020")
def a_list_tells_whole_jobs(session: Session) -> None:
    """A draft of which much was said, and jobs that have ended well and badly."""
    said: Json = {"description": "cf", "config": {"taskTimeout": 900}, "dataDestination": {"dataSourceDescriptor": "bucket"}}
    jobs = [session.submit(patch=said, draft=True), *[session.submit(shape) for shape in ("quick", "fails") if shape in (*session.settings.shapes, "quick")]]
    for job in jobs[1:]:
        session.until(job)
    listed = {get(one, "/id"): one for one in session.items()}
    for job in jobs:
        item, view = listed.get(job.id), seen(session, job)
        needed(isinstance(item, dict), "the job is not in the list")
        missing = [name for name, value in view.items() if value not in (None, "") and get(item, f"/{name}") in (MISSING, None, "")]
        expect(not missing, f"the list does not tell {', '.join(missing)}", session.exchanges[-1])


@check("BYT-STM-028")
def a_late_abort_changes_nothing(session: Session) -> None:
    """Of a job that is complete, and of one that has failed; twice."""
    for shape in ("quick", "fails"):
        job = session.submit(shape)
        session.until(job)
        before = seen(session, job)
        for _ in range(2):
            session.advance(20)
            answer, after = session.cancel(job), seen(session, job)
            changed = [name for name in before if not same_value(without_nulls(before[name]), without_nulls(after.get(name)))]
            expect(not changed, f"aborting a job that is {before['state']} changed {', '.join(changed)}", answer, session.exchanges[-1])


def _tells(session: Session, answer: Exchange, what: str) -> None:
    """Expect that an answer, where it shows the job, shows it as reading it right afterwards does."""
    told = get(answer.response.json, "/job")
    if not isinstance(told, dict):
        return
    view = get(session.call("Customer_GetJob", {"jobId": get(told, "/id")}).response.json, "/job")
    needed(isinstance(view, dict), "the job cannot be read")
    named = session.spec.document["components"]["schemas"]["jobJob"]["properties"]
    others = [name for name, value in view.items() if name in named and not same_value(without_nulls(value), without_nulls(told.get(name)))]
    expect(not others, f"{what} does not show {', '.join(others)} as reading the job does", answer, session.exchanges[-1])


@check("BYT-CRT-007")
def a_creation_shows_the_whole_job(session: Session) -> None:
    """As reading it does."""
    said: Json = {"description": "cf", "config": {"taskTimeout": 900}, "dataDestination": {"dataSourceDescriptor": "bucket"}}
    _tells(session, session.submit(patch=said, draft=True).created, "the answer to a creation")


@check("BYT-STM-036")
def a_change_shows_the_changed_job(session: Session) -> None:
    """Each change, on either path."""
    job = session.submit(draft=True)
    for operation, body in (*NEWER.items(), *list(OLDER.items())[:3]):
        _tells(session, accepted(on(session, operation, job, body), operation), f"the answer to {operation}")


@check("BYT-REQ-045")
def a_job_bears_what_was_said_to_its_end(session: Session) -> None:
    """In every state of one that ends well, and of one that fails."""
    said: Json = {
        "description": "cf",
        "config": {"jobTimeout": 9000},
        "dataSource": {"dataSourceDescriptor": "bypass"},
        "dataDestination": {"dataSourceDescriptor": "bucket"},
    }
    for shape in [shape for shape in ("quick", "fails") if shape in (*session.settings.shapes, "quick")]:
        job = session.submit(shape, said, draft=True)
        before = {name: value for name, value in seen(session, job).items() if name in (*said, "name", "params", "templateId")}
        session.start(job)
        for state in session.watch(job):
            view = get(session.exchanges[-1].response.json, "/job")
            lost = [name for name, value in before.items() if not same_value(without_nulls(value), without_nulls(get(view, f"/{name}")))]
            expect(not lost, f"a job that is {state} no longer tells {', '.join(lost)} as it did before it was run", job.created, session.exchanges[-1])


@check("BYT-TIM-025")
def what_never_began_has_no_start(session: Session) -> None:
    """A job that is aborted while it waits."""
    job = session.submit("waits")
    session.until(job, "queued")
    session.advance(20)
    accepted(session.cancel(job), "aborting a job that waits")
    session.until(job)
    view = seen(session, job)
    for name in ("startedAt", "duration", "numChunks"):
        expect(not view.get(name), f"a job that was aborted while it waited tells {name} {view.get(name)!r}", session.exchanges[-1])


@check("BYT-RSP-042")
def changes_of_a_draft(session: Session) -> None:
    """The oracles look at their answers."""
    job = session.submit(draft=True)
    for operation in ("Customer_SetJobDatasource", "Customer_SetJobParams"):
        accepted(on(session, operation, job, NEWER[operation]), operation)
