"""The results of complete jobs of ByteNite."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import on
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown

BUCKET = {"dataDestination": {"dataSourceDescriptor": "bucket"}}


def _results(session: Session, job: JobRef, *, known: bool = False) -> list[Json]:
    """The results that are reported; none where they are null, left out or, unless they must be `known`, unknown."""
    exchange = on(session, "Customer_GetJobResults", job)
    if exchange.response.status == 404 and not known:
        return []
    found = get(accepted(exchange, "reading results").response.json, "/results")
    return found if isinstance(found, list) else []


@check("BYT-RSP-015")
def a_complete_job_has_results(session: Session) -> None:
    """In a bucket."""
    job = session.submit(patch=BUCKET, until="succeeded")
    found = _results(session, job)
    expect(found, "a complete job has no results")
    for one in found:
        for name in ("name", "link"):
            value = get(one, f"/{name}")
            expect(isinstance(value, str) and value, f"a result's {name} is {shown(value)}")


@check("BYT-RSP-016")
def no_results_before_completion(session: Session) -> None:
    """A draft, a job at work, a failed one."""
    jobs = [session.submit(patch=BUCKET, draft=True), session.submit("long", BUCKET, until="running")]
    for job in (*jobs, session.submit("fails", BUCKET, until="end")):
        found = _results(session, job)
        expect(not found, f"a job that is {session.state(job)} has results")
    passing = session.submit(patch=BUCKET)
    for state in session.watch(passing, step=0.5):
        found = [] if state == "JOB_STATE_COMPLETE" else _results(session, passing)
        expect(not found or session.state(passing) == "JOB_STATE_COMPLETE", f"a job that is {state} has results")


@check("BYT-RSP-035")
def results_are_each_jobs_own_and_stay(session: Session) -> None:
    """Two jobs share no link; a day later they are the same; each is there once and is a URL."""
    jobs = [session.submit(patch=BUCKET, until="succeeded") for _ in range(2)]
    before = [_results(session, job, known=True) for job in jobs]
    links = [str(get(one, "/link")) for found in before for one in found]
    needed(links, "there are no results")
    expect(len(set(links)) == len(links), "a link stands twice among the results of two jobs")
    expect(all("://" in link for link in links), f"the links are {shown(links)}")
    session.advance(86_400)
    same(before, [_results(session, job, known=True) for job in jobs], "the results of two jobs a day later")


@check("BYT-RSP-036")
def a_bypassed_destination_has_no_results(session: Session) -> None:
    """Though the job is complete."""
    job = session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bypass"}}, until="succeeded")
    exchange = on(session, "Customer_GetJobResults", job)
    has_none = not exchange.response.is_success or not _results(session, job)
    expect(has_none, "a job whose destination is bypassed has results")
