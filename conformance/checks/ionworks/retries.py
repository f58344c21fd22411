"""How often and when Ionworks runs a failed job again."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


@check("ION-RTY-001")
def a_failed_job_is_not_tried_again(session: Session) -> None:
    """For a quarter of an hour it stays as it ended."""
    job = session.submit("fails", until="end")
    ended = session.view(job)
    needed(get(ended, "/status") == "failed", "the job has not failed")
    for _ in session.ticks(900, 30):
        view = session.view(job)
        for name in ("status", "started_at", "completed_at"):
            same(get(ended, f"/{name}"), get(view, f"/{name}"), f"{name} of a failed job")
