"""openYuanrong's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import expect, needed
from conformance.session.session import Session


@check("OYR-TMO-001")
def a_job_gives_up_after_eighteen_seconds(session: Session) -> None:
    """It waits a second before, and has failed a second after."""
    job = session.submit("waits")
    needed(session.phase(job) == "queued", "the job does not wait")
    session.advance(17)
    expect(session.phase(job) == "queued", f"after 17 seconds the job is {session.state(job)}")
    session.advance(2)
    expect(session.phase(job) == "failed", f"after 19 seconds the job is {session.state(job)}")
