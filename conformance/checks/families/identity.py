"""Jobs that stay the jobs they are."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.session.expect import accepted, expect
from conformance.session.paging import everything
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, shown, without_nulls


def two_of_equal_submissions(session: Session) -> list[JobRef]:
    """Send one submission twice, byte for byte the same: two jobs."""
    body = session.body()
    jobs = [session.job_of(accepted(session.post(body), "one of two equal submissions")) for _ in range(2)]
    expect(jobs[0].id != jobs[1].id, "two equal submissions made one job")
    return jobs


def ended_jobs_stay(session: Session, jobs: list[JobRef], pauses: Iterable[float], *, listed_whole: bool) -> None:
    """Long after their ends jobs are read as they were, and listed; as a whole, or at least by their id."""
    before = [session.view(job) for job in jobs]
    passed = 0.0
    for pause in pauses:
        session.advance(pause)
        passed += pause
        id_ = session.role("list").id or ""
        items = {get(item, id_): item for item in everything(session)}
        for job, then in zip(jobs, before, strict=True):
            expect(job.id in items, f"{passed:g} seconds after its end a job is not in the list")
            _same(then, session.view(job), f"{passed:g} seconds after its end a job is read as")
            if listed_whole:
                _same(then, items[job.id], f"{passed:g} seconds after its end a job is listed as")


def _same(then: Json, now: Json, what: str) -> None:
    is_same = isinstance(now, dict) and same_value(without_nulls(then), without_nulls(now))
    expect(is_same, f"{what} {shown(now)}, it ended as {shown(then)}")
