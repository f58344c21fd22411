"""What makes a job of compute.x.io that job and no other."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.calls import at_once
from conformance.checks.families.identity import two_of_equal_submissions
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.phases import expect_phase
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


@check("XIO-IDM-001")
def equal_submissions_make_two_jobs(session: Session) -> None:
    """The vendor has no keys that would tell them apart."""
    jobs = two_of_equal_submissions(session)
    if "read" not in session.roles:
        raise NotApplicable("jobs cannot be read")
    for job in jobs:
        same(job.id, get(session.read(job).response.json, "/uuid"), "the job of one of two equal submissions")


@check("XIO-IDM-004")
def several_stops_at_once_stop_once(session: Session) -> None:
    """One of them is granted, and the job stays stopped."""
    job = session.submit("long", until="running")
    answers = at_once(session, "cancel", job)
    expect(any(one.response.is_success for one in answers), "none of four stops at once was granted", *answers)
    has_failed = any(one.response.status >= 500 for one in answers)
    expect(not has_failed, "one of four stops at once made the server fail", *answers)
    session.until(job)
    session.advance(30)
    expect_phase(session, job, "cancelled", "a job that was stopped four times at once")


@check("XIO-IDM-005")
def a_uuid_may_come_in_capitals(session: Session) -> None:
    """When the job is read, and in a filter."""
    job = session.submit()
    needed(job.id != job.id.upper(), "the id has no letters")
    read = session.read(job.id.upper())
    accepted(read, "a job whose id comes in capitals")
    found = [get(item, "/uuid") for item in session.items(query={"filter[uuid]": job.id.upper()})]
    same([job.id], found, "the jobs of a filter by a uuid in capitals")
