"""What tenants of ByteNite see of each other: nothing."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, NEWER, OLDER, events_during, events_of, ids, on, seen
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import Session

STRANGERS = (403, 404)


def _second(session: Session) -> None:
    if "second" not in session.settings.credentials:
        raise NotApplicable("the target file knows no second customer")


@check("BYT-ISO-001", strict=True)
def customers_do_not_see_each_others_jobs(session: Session) -> None:
    """Neither by id nor in a list; each sees its own."""
    _second(session)
    mine, other = session.submit(draft=True), session.submit(draft=True, credential="second")
    for job, own, stranger in ((mine, "good", "second"), (other, "second", "good")):
        accepted(session.on("read", job, credential=own), "reading one's own job")
        refused(session.on("read", job, credential=stranger), "reading the job of another customer", STRANGERS)
        refused(
            on(session, "Customer_GetJobResults", job, credential=stranger),
            "reading results of another customer",
            STRANGERS,
        )
        refused(
            session.call("Customer_GetLogs", body={"jobId": job.id}, credential=stranger),
            "reading logs of another customer",
            STRANGERS,
        )
        needed(job.id in ids(session.list_jobs(credential=own).response.json), "a customer does not see its own job")
        expect(
            job.id not in ids(session.list_jobs(credential=stranger).response.json),
            "the list of one customer holds the job of another",
        )
        expect(
            job.id not in ids(session.call("Customer_FilterJobs", body={}, credential=stranger).response.json),
            "the filtered list of one customer holds the job of another",
        )


@check("BYT-ISO-002", strict=True)
def customers_do_not_touch_each_others_jobs(session: Session) -> None:
    """Every call that would do something; the job is as it was."""
    _second(session)
    job = session.submit(draft=True)
    before = seen(session, job)
    for operation, body in [
        *NEWER.items(),
        ("Customer_RunJob", {}),
        ("Customer_AbortJob", {}),
        ("Customer_DeleteJob", {}),
    ]:
        options = {} if operation == "Customer_DeleteJob" else {"body": body}
        answer = refused(
            on(session, operation, job, credential="second", **options),
            f"{operation} of the job of another customer",
            STRANGERS,
        )
        after = session.view(job)
        expect(after == before, f"{operation} of another customer changed a job that is {NEW}", answer)


@check("BYT-ISO-003", strict=True)
def every_call_keeps_customers_apart(session: Session) -> None:
    """Older paths, configs, estimation and the end of an upload; tasks that run are counted for their owner only."""
    _second(session)
    job = session.submit(draft=True)
    before = seen(session, job)
    told = [(name, {"body": body}) for name, body in [*OLDER.items(), ("Customer_UploadCompleted", {})]]
    for operation, options in [*told, ("Customer_GetJobConfigs", {}), ("Customer_EstimateJob", {})]:
        answer = refused(
            on(session, operation, job, credential="second", **options),
            f"{operation} of the job of another customer",
            STRANGERS,
        )
        expect(session.view(job) == before, f"{operation} of another customer changed a job that is {NEW}", answer)
    running = session.submit("long" if "long" in session.settings.shapes else "quick", until="running")
    counts = [session.call("Customer_RunningTasks", body={}, credential=name) for name in ("good", "second")]
    expect(
        running.id.encode() not in counts[1].response.body,
        "the running tasks of one customer are reported to another",
        counts[1],
    )


@check("BYT-ISO-004", strict=True)
def events_are_told_to_their_customer(session: Session) -> None:
    """What one customer's job does, the other does not hear; its own it does."""
    if "second" not in session.settings.credentials:
        raise NotApplicable("the target file knows no second customer")
    mine, other = session.submit(draft=True), session.submit(draft=True, credential="second")

    def meanwhile() -> None:
        for job, credential in ((mine, "good"), (other, "second")):
            needed(session.start(job, credential=credential).response.is_success, "a draft cannot be run")
        session.advance(10)

    told = events_during(session, meanwhile, "second")
    needed(events_of(told, other), "a customer hears nothing of its own job")
    expect(not events_of(told, mine), "a customer hears of the job of another")
