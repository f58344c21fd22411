"""openYuanrong's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.limits import keeps_limit
from conformance.session.phases import submit_waiting
from conformance.session.session import Session


@check("OYR-TMO-001")
def a_job_gives_up_after_eighteen_seconds(session: Session) -> None:
    """It waits a second before, and has failed a second after."""
    job = submit_waiting(session, after=0)
    keeps_limit(session, job, "queued", 18, "a job waits for 18 seconds", ending="failed")
