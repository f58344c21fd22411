"""openYuanrong's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.lists import by_id, holds, ids_of, listed_as_read
from conformance.checks.openyuanrong.steps import ended_jobs, without_room
from conformance.session.expect import accepted, expect, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, shown

RICH: Json = {
    "metadata": {"team": "vision", "Größe": " 1 "},
    "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"], "working_dir": "/opt/code"},
}
OTHER: Json = {
    "metadata": {"team": "speech"},
    "runtime_env": {"env_vars": {"A": "c", "D": ""}, "pip": ["scipy"], "working_dir": "/opt/other"},
}


@check("OYR-LST-001")
def no_jobs_are_an_empty_list(session: Session) -> None:
    """Before the first submission, and after the last deletion."""
    same([], accepted(session.list_jobs(), "the list of no jobs").response.json, "the list of no jobs")
    if session.delete(session.submit(until="succeeded")).response.json is True:
        session.advance(2)
        same([], accepted(session.list_jobs(), "the list of no jobs").response.json, "the list of no jobs")


@check("OYR-LST-002")
def the_list_holds_the_jobs_there_are(session: Session) -> None:
    """One in every status that can be had."""
    jobs = [*ended_jobs(session), session.submit("long", until="running"), session.submit("waits")]
    holds(ids_of(session, session.items()), jobs, "the list")
    listed_as_read(session, jobs, whole=True)


@check("OYR-LST-002")
def a_job_that_found_no_room_is_listed(session: Session) -> None:
    """As FAILED, where a job gives up."""
    if (job := without_room(session)) is not None:
        item = by_id(session, session.items()).get(job.id)
        same(session.state(job), get(item, "/status"), "the status in the list of a job that found no room")


@check("OYR-LST-003")
def the_list_is_whole(session: Session) -> None:
    """Whatever the query says, and beyond what any page is long."""
    count = 260
    for _ in range(count):
        session.submit()
    for query in ({}, {"limit": 1}, {"page": 2, "page_size": 1}, {"status": "FAILED"}):
        found = len(session.items(query=query))
        expect(found == count, f"the list with {shown(query)} holds {found} of {count} jobs")


@check("OYR-LST-004")
def a_rich_job_is_listed_as_it_is_read(session: Session) -> None:
    """With metadata, variables and packages; while it runs and when it was stopped."""
    session.submit("quick", OTHER)
    job = session.submit("long", RICH, until="running")
    for _ in range(2):
        listed_as_read(session, [job], whole=True)
        session.cancel(job)
        session.until(job)
