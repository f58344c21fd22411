"""What makes a job of ByteNite that job and no other."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, NEWER, on, seen
from conformance.checks.common.steps import DAY
from conformance.checks.families.calls import at_once, one_is_granted
from conformance.checks.families.identity import ended_jobs_stay, two_of_equal_submissions
from conformance.session.expect import expect, need_success
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, shown


@check("BYT-IDM-001")
def one_of_many_runs_is_granted(session: Session) -> None:
    """Four at once."""
    job = session.submit("long", draft=True)
    one_is_granted(at_once(session, "start", job, body={}), "calls that run a job")
    expect(session.state(job) != NEW, "a job that was run is still new")


@check("BYT-IDM-002")
def neighbours_stay_as_they_were(session: Session) -> None:
    """A draft before, a draft behind and a job at work, while another is changed, run and deleted."""
    first = session.submit(draft=True)
    working = session.submit("long", until="running")
    job, last = session.submit("long", draft=True), session.submit(draft=True)
    before = [seen(session, one) for one in (first, working, last)]
    steps = [(operation, body) for operation, body in NEWER.items()] + [
        ("Customer_RunJob", {}),
        ("Customer_DeleteJob", MISSING),
    ]
    for operation, body in steps:
        answer = on(session, operation, job, body)
        if operation == "Customer_DeleteJob" and not answer.response.is_success:  # perhaps it has to be over first
            session.cancel(job)
            answer = session.delete(job)
        need_success(answer, f"{operation}")
        after = [session.view(one) for one in (first, working, last)]
        expect(after == before, f"{operation} of one job changed another", answer, *session.exchanges[-3:])


@check("BYT-IDM-003")
def equal_submissions_make_a_job_each(session: Session) -> None:
    """Of two equal drafts one is run, the other stays."""
    jobs = two_of_equal_submissions(session)
    session.start(jobs[0])
    states = [session.state(job) for job in jobs]
    expect(states[0] != NEW and states[1] == NEW, f"of two equal jobs one was run; they are {shown(states)}")


@check("BYT-IDM-004")
def jobs_are_kept_as_they_are(session: Session) -> None:
    """A draft, a complete job and a failed one, read and listed after ten minutes and after a day."""
    jobs = [session.submit(draft=True), session.submit(until="end"), session.submit("fails", until="end")]
    ended_jobs_stay(session, jobs, (600.0, DAY), listed_whole=True)
