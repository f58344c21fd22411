"""How often and when openYuanrong runs a failed job again."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.openyuanrong.steps import in_state
from conformance.session.expect import expect
from conformance.session.session import Session


@check("OYR-RTY-001")
def a_failed_job_is_not_run_again(session: Session) -> None:
    """Five minutes later it is as it was."""
    job = in_state(session, "fails", "failed")
    before = session.view(job)
    for _ in session.ticks(300, 60):
        after = session.view(job)
        expect(before == after, "a job that failed has changed since")
