"""What makes a job of ByteNite that job and no other."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, NEWER, on, seen
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, get, same_value, without_nulls

DAY = 86_400.0


@check("BYT-IDM-001")
def one_of_many_runs_is_granted(session: Session) -> None:
    """Four at once."""
    job = session.submit("long", draft=True)
    path = session.directory.path("Customer_RunJob", {"jobId": job.id})
    told = session.together([session.request("POST", path, body={}) for _ in range(4)])
    granted = sum(1 for one in told if one.response.is_success)
    expect(granted == 1, f"of four calls at once that run a job {granted} were granted", *told)
    expect(session.state(job) != NEW, "a job that was run is still new")


@check("BYT-IDM-002")
def neighbours_stay_as_they_were(session: Session) -> None:
    """A draft before, a draft behind and a job at work, while another is changed, run and deleted."""
    first = session.submit(draft=True)
    working = session.submit("long")
    session.until(working, "running")
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
        needed(answer.response.is_success, f"{operation} was answered {answer.response.status}")
        after = [session.view(one) for one in (first, working, last)]
        expect(after == before, f"{operation} of one job changed another", answer, *session.exchanges[-3:])


@check("BYT-IDM-003")
def equal_submissions_make_a_job_each(session: Session) -> None:
    """Byte for byte the same, twice."""
    body = session.body()
    jobs = [session.job_of(accepted(session.post(body), "one of two equal submissions")) for _ in range(2)]
    expect(jobs[0].id != jobs[1].id, "two equal submissions made one job", *(job.created for job in jobs))
    session.start(jobs[0])
    states = [session.state(job) for job in jobs]
    expect(states[0] != NEW and states[1] == NEW, f"of two equal jobs one was run; they are {states}")


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
                expect(
                    is_same,
                    f"after {pause:g} seconds a job that was {then['state']} is {where} as {now!r}, it was {then!r}",
                )
