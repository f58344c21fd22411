"""The results of complete jobs of ByteNite."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import on
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown


def _results(session: Session, job: JobRef) -> list[Json]:
    """The results that are reported; none where they are null, left out or unknown."""
    exchange = on(session, "Customer_GetJobResults", job)
    if exchange.response.status == 404:
        return []
    accepted(exchange, "reading results")
    found = get(exchange.response.json, "/results")
    return found if isinstance(found, list) else []


def _links(session: Session, job: JobRef) -> list[Json]:
    told = accepted(on(session, "Customer_GetJobResults", job), "reading results")
    found = get(told.response.json, "/results")
    return found if isinstance(found, list) else []


@check("BYT-RSP-015")
def a_complete_job_has_results(session: Session) -> None:
    """In a bucket."""
    job = session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bucket"}}, until="succeeded")
    found = _results(session, job)
    expect(found, "a complete job has no results")
    for one in found:
        for name in ("name", "link"):
            told = get(one, f"/{name}")
            expect(isinstance(told, str) and told, f"a result's {name} is {shown(told)}")


@check("BYT-RSP-016")
def no_results_before_completion(session: Session) -> None:
    """A draft, a job at work, a failed one."""
    bucket = {"dataDestination": {"dataSourceDescriptor": "bucket"}}
    draft, running, failed = (
        session.submit(patch=bucket, draft=True),
        session.submit("long", bucket),
        session.submit("fails", bucket),
    )
    session.until(running, "running")
    session.until(failed)
    for job in (draft, running, failed):
        found = _results(session, job)
        expect(not found, f"a job that is {session.state(job)} has results")
    passing = session.submit(patch=bucket)
    for state in session.watch(passing, step=0.5):
        found = [] if state == "JOB_STATE_COMPLETE" else _results(session, passing)
        expect(not found or session.state(passing) == "JOB_STATE_COMPLETE", f"a job that is {state} has results")


@check("BYT-RSP-035")
def results_are_each_jobs_own_and_stay(session: Session) -> None:
    """Two jobs share no link; a day later they are the same; each is there once and is a URL."""
    jobs = [session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bucket"}}) for _ in range(2)]
    for job in jobs:
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    told = [_links(session, job) for job in jobs]
    links = [str(get(one, "/link")) for found in told for one in found]
    needed(links, "there are no results")
    expect(len(set(links)) == len(links), "a link stands twice among the results of two jobs")
    expect(all("://" in link for link in links), f"the links are {links}")
    session.advance(86_400)
    expect([_links(session, job) for job in jobs] == told, "a day later the results of two jobs are others")


@check("BYT-RSP-036")
def a_bypassed_destination_has_no_results(session: Session) -> None:
    """Though the job is complete."""
    job = session.submit(patch={"dataDestination": {"dataSourceDescriptor": "bypass"}})
    needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
    exchange = on(session, "Customer_GetJobResults", job)
    expect(
        not exchange.response.is_success or not _links(session, job), "a job whose destination is bypassed has results"
    )
