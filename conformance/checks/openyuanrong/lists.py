"""openYuanrong's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.openyuanrong.steps import ended_jobs, in_state, without_room
from conformance.session.expect import accepted, expect, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


@check("OYR-LST-001")
def no_jobs_are_an_empty_list(session: Session) -> None:
    """Before the first submission, and after the last deletion."""
    answer = accepted(session.list_jobs(), "the list of no jobs")
    expect(answer.response.json == [], f"the list of no jobs is {answer.response.json!r}")
    job = in_state(session, "quick", "succeeded")
    if session.delete(job).response.json is True:
        session.advance(2)
        answer = accepted(session.list_jobs(), "the list of no jobs")
        expect(answer.response.json == [], "the list holds a job that was deleted")


@check("OYR-LST-002")
def the_list_holds_the_jobs_there_are(session: Session) -> None:
    """One in every status that can be had."""
    jobs = [*ended_jobs(session), in_state(session, "long", "running"), session.submit("waits")]
    told = {get(item, "/submission_id"): item for item in session.items()}
    listed = session.exchanges[-1]
    expect(told.keys() == {job.id for job in jobs}, f"the list holds {len(told)} jobs of {len(jobs)}")
    for job in jobs:
        same(session.view(job), told[job.id], f"the job {job.id} in the list", listed)


@check("OYR-LST-002")
def a_job_that_found_no_room_is_listed(session: Session) -> None:
    """As FAILED, where a job gives up."""
    if (job := without_room(session)) is not None:
        told = {get(item, "/submission_id"): get(item, "/status") for item in session.items()}
        expect(told.get(job.id) == session.state(job), f"a job that found no room is listed as {told.get(job.id)!r}")


@check("OYR-LST-003")
def the_list_is_whole(session: Session) -> None:
    """Whatever the query says, and beyond what any page is long."""
    count = 260
    for _ in range(count):
        session.submit()
    for query in ({}, {"limit": 1}, {"page": 2, "page_size": 1}, {"status": "FAILED"}):
        found = len(session.items(query=query))
        expect(found == count, f"the list with {query} holds {found} of {count} jobs")


@check("OYR-LST-004")
def a_rich_job_is_listed_as_it_is_read(session: Session) -> None:
    """With metadata, variables and packages; while it runs and when it was stopped."""
    rich = {
        "metadata": {"team": "vision", "Größe": " 1 "},
        "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"], "working_dir": "/opt/code"},
    }
    other = {
        "metadata": {"team": "speech"},
        "runtime_env": {"env_vars": {"A": "c", "D": ""}, "pip": ["scipy"], "working_dir": "/opt/other"},
    }
    session.submit("quick", other)
    job = session.submit("long", rich, until="running")
    for _ in range(2):
        read, listed = (
            session.view(job),
            next((item for item in session.items() if get(item, "/submission_id") == job.id), None),
        )
        same(read, listed, "the job in the list")
        session.cancel(job)
        session.until(job)
