"""What makes a job of Ionworks that job and no other."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import DAY
from conformance.checks.families.identity import ended_jobs_stay
from conformance.session.expect import expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


@check("ION-IDM-002")
def jobs_of_one_caller_belong_together(session: Session) -> None:
    """Three of different types."""
    jobs = [session.submit(patch={"job_type": name}) for name in ("dummy", "simulate", "ecm_fit")]
    for name in ("user_id", "organization_id"):
        names = {str(get(job.created.response.json, f"/{name}")) for job in jobs}
        expect(len(names) == 1 and names != {""}, f"one caller's jobs have as {name}: {', '.join(sorted(names))}")


@check("ION-IDM-003")
def two_jobs_share_no_place(session: Session) -> None:
    """Alike, and different."""
    jobs = [session.submit(patch={"metadata": {"a": 1}, "priority": priority}) for priority in (1, 1, 2)]
    for name in ("params_path", "metadata_path"):
        places = [get(job.created.response.json, f"/{name}") for job in jobs]
        given = [str(place) for place in places if place]
        expect(len(set(given)) == len(given), f"two jobs have the same {name}")


@check("ION-IDM-004")
def an_ended_job_is_kept(session: Session) -> None:
    """For a day: read and listed as it ended, result included."""
    jobs = [session.submit("fit", until="end"), session.submit("fails", until="end"), session.submit("waits")]
    session.cancel(jobs[2])
    needed(session.phase_of(session.stopped(jobs[2])) == "cancelled", "a job that waits cannot be stopped")
    ended_jobs_stay(session, jobs, (600.0, DAY), listed_whole=True)


@check("ION-IDM-005")
def two_keys_are_two_users(session: Session) -> None:
    """Where they stand for two organisations."""
    needed({"one-key", "other-key"} <= session.settings.credentials.keys(), "the target file does not give two keys")
    views = [session.post(session.body(), credential=name).response.json for name in ("one-key", "other-key")]
    organisations, users = ([get(view, f"/{name}") for view in views] for name in ("organization_id", "user_id"))
    needed(organisations[0] != organisations[1], "both keys stand for one organisation")
    expect(users[0] != users[1], f"jobs of two organisations name one user, {users[0]}")
