"""What tenants of ByteNite see of each other: nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from conformance.checks import check
from conformance.checks.bytenite.steps import NEWER, OLDER, events_during, events_of, ids, on
from conformance.checks.common.steps import STRANGERS
from conformance.checks.families.refusals import changes_nothing, view_of
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, need_success, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json

CHANGES: dict[str, Json] = {**NEWER, "Customer_RunJob": {}, "Customer_AbortJob": {}, "Customer_DeleteJob": MISSING}
OTHERS: dict[str, Json] = {
    **OLDER,
    "Customer_UploadCompleted": {},
    "Customer_GetJobConfigs": MISSING,
    "Customer_EstimateJob": MISSING,
}


def _second(session: Session) -> None:
    if "second" not in session.settings.credentials:
        raise NotApplicable("the target file knows no second customer")


def _two_drafts(session: Session) -> tuple[JobRef, JobRef]:
    _second(session)
    return session.submit(draft=True), session.submit(draft=True, credential="second")


@check("BYT-ISO-001", strict=True)
def customers_do_not_see_each_others_jobs(session: Session) -> None:
    """Neither by id nor in a list; each sees its own."""
    mine, other = _two_drafts(session)
    for job, own, stranger in ((mine, "good", "second"), (other, "second", "good")):
        accepted(session.on("read", job, credential=own), "reading one's own job")
        logs = session.call("Customer_GetLogs", body={"jobId": job.id}, credential=stranger)
        results = on(session, "Customer_GetJobResults", job, credential=stranger)
        for exchange in (session.on("read", job, credential=stranger), results, logs):
            refused(exchange, f"{exchange.operation} of the job of another customer", STRANGERS)
        needed(job.id in ids(session.list_jobs(credential=own).response.json), "a customer does not see its own job")
        lists = (session.list_jobs, partial(session.call, "Customer_FilterJobs", body={}))
        for ask in lists:
            found = ids(ask(credential=stranger).response.json)
            expect(job.id not in found, "a list of one customer holds the job of another")


@check("BYT-ISO-002", "customers do not touch each others jobs", CHANGES, strict=True)
@check("BYT-ISO-003", "every call keeps customers apart", OTHERS, strict=True)
def strangers_do_nothing(session: Session, bodies: Mapping[str, Json]) -> None:
    """Every call that would do something or show it is refused; the job is as it was."""
    _second(session)
    job = session.submit(draft=True)
    for operation, body in bodies.items():
        attempt = partial(on, session, operation, job, body, credential="second")
        changes_nothing(view_of(session, job), f"{operation} of another customer", attempt, STRANGERS)


@check("BYT-ISO-003", strict=True)
def running_tasks_are_their_customers(session: Session) -> None:
    """They are counted for their owner only."""
    _second(session)
    running = session.submit(session.shapes("long", "quick")[0], until="running")
    session.call("Customer_RunningTasks", body={})
    body = session.call("Customer_RunningTasks", body={}, credential="second").response.body
    expect(running.id.encode() not in body, "the running tasks of one customer are reported to another")


@check("BYT-ISO-004", strict=True)
def events_are_reported_to_their_customer(session: Session) -> None:
    """What one customer's job does, the other does not hear; its own it does."""
    mine, other = _two_drafts(session)

    def meanwhile() -> None:
        for job, credential in ((mine, "good"), (other, "second")):
            need_success(session.start(job, credential=credential), "running a draft")
        session.advance(10)

    events = events_during(session, meanwhile, "second")
    needed(events_of(events, other), "a customer hears nothing of its own job")
    expect(not events_of(events, mine), "a customer hears of the job of another")
