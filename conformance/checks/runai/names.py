"""Given and generated names of jobs of Run:AI."""

from __future__ import annotations

import re
from typing import Any

from conformance.checks import check
from conformance.checks.families.values import taken
from conformance.checks.runai.steps import TEAM_A, delete_jobs, item, names, project_of
from conformance.errors import NotApplicable
from conformance.session.expect import INVALID, accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get, put

TAKEN = (409, *INVALID)
"""How a name that is taken may be refused."""
LONGEST = 49
TTL = {"ttlAfterFinish": "30s"}


def _unnamed(session: Session, **members: Any) -> JobRef:
    """A job that is given no name."""
    return taken(session, {"job": {"name": None, **members}}, "a submission without a name")


def _expect_names(session: Session, wanted: list[str], **members: Any) -> None:
    for name in wanted:
        same(name, _unnamed(session, **members).id, "the generated name")


def _again(session: Session) -> tuple[JobRef, Exchange]:
    """A job, and the answer to a second one of its name with another image."""
    job = session.submit("long")
    return job, session.post(put(job.body, "/job/image", "busybox"))


@check("RAI-CRT-006")
def a_job_without_name_gets_one(session: Session) -> None:
    """Each its own, and they are listed so."""
    jobs = [_unnamed(session) for _ in range(3)]
    expect(len({job.id for job in jobs}) == len(jobs), "jobs without a name got the same one")
    listed = names(session)
    for job in jobs:
        expect(job.id in listed, f"a job that was answered as {job.id} is not listed so")


@check("RAI-CRT-007")
def a_generated_name_begins_with_the_prefix(session: Session) -> None:
    """A dash and a number follow."""
    for prefix in ("bench", "a-1"):
        job = _unnamed(session, jobNamePrefix=prefix)
        expect(re.fullmatch(rf"{prefix}-\d+", job.id), f"with the prefix {prefix} the name is {job.id}")


@check("RAI-CRT-008")
def numbers_begin_at_zero(session: Session) -> None:
    """And go up one by one, beyond nine."""
    _expect_names(session, [f"job-{number}" for number in range(12)])


@check("RAI-CRT-009")
def numbers_are_counted_per_project_and_prefix(session: Session) -> None:
    """Each begins at 0."""
    _expect_names(session, ["job-0", "job-1"])
    _expect_names(session, ["job-0"], project="team-b")
    _expect_names(session, ["bench-0", "bench-1"], jobNamePrefix="bench")
    _expect_names(session, ["job-2"])
    _expect_names(session, ["job-1"], project="team-b")


@check("RAI-CRT-010")
def a_number_that_is_free_is_given_again(session: Session) -> None:
    """Before those that nobody had."""
    jobs = [_unnamed(session) for _ in range(4)]
    needed([job.id for job in jobs] == [f"job-{number}" for number in range(4)], "the names are not counted from 0")
    accepted(delete_jobs(session, jobs[2], jobs[1]), "a deletion")
    _expect_names(session, ["job-1", "job-2", "job-4"])


@check("RAI-CRT-011")
def a_number_that_is_taken_is_skipped(session: Session) -> None:
    """Somebody called a job so."""
    session.submit(patch={"job": {"name": "job-1"}})
    _expect_names(session, ["job-0", "job-2"])


@check("RAI-CRT-012")
def a_name_counts_more_than_a_prefix(session: Session) -> None:
    """Both are given."""
    name = session.unique("train")
    job = session.submit(patch={"job": {"name": name, "jobNamePrefix": "bench"}})
    same(name, job.id, "the name of a job with a name and a prefix")


@check("RAI-CRT-013")
def a_name_is_a_projects_own(session: Session) -> None:
    """Two projects, one name, two jobs."""
    name = session.unique("train")
    for project in ("team-a", "team-b"):
        taken(session, {"job": {"name": name, "project": project}}, f"the name {name} in {project}")
    found = sorted(str(one.get("project")) for one in session.items() if one.get("name") == name)
    same(["team-a", "team-b"], found, f"the projects for which jobs {name} are listed")


@check("RAI-CRT-014")
def a_failed_job_keeps_its_name(session: Session) -> None:
    """And is reported as before."""
    if "fails" not in session.settings.shapes:
        return
    job = session.submit("fails")
    needed(session.phase_of(session.until(job)) == "failed", "the job did not fail")
    before = get(item(session, job.id), "/id")
    needed(before is not MISSING, "the failed job is not listed")
    refused(session.post(job.body), "the name of a failed job", TAKEN)
    same(before, get(item(session, job.id), "/id"), "the id of the failed job")


@check("RAI-CRT-014")
def a_name_is_taken_once(session: Session) -> None:
    """The job that has it stays as it is, running or ended."""
    job, again = _again(session)
    refused(again, f"a second job {job.id} of the project", TAKEN)
    images = [one.get("images") for one in session.items() if one.get("name") == job.id]
    same([job.body["job"]["image"]], images, f"the images of jobs {job.id} of one project", again)
    ended = session.submit(until="end")
    refused(session.post(ended.body), f"a second job {ended.id} while an ended one has the name", TAKEN)


@check("RAI-CRT-015")
def a_name_is_free_after_deletion(session: Session) -> None:
    """For the same submission."""
    job = session.submit("long")
    accepted(delete_jobs(session, job), "a deletion")
    needed(item(session, job.id, project_of(job)) is MISSING, "the deleted job is still listed")
    accepted(session.post(job.body), "the name of a deleted job")


@check("RAI-CRT-017")
def a_refused_submission_takes_no_number(session: Session) -> None:
    """The next one is the first."""
    if session.post(session.body(patch={"job": {"name": None, "image": None}})).response.is_success:
        raise NotApplicable("a submission without an image is granted")
    _expect_names(session, ["job-0"])


@check("RAI-CRT-018")
def a_taken_name_is_a_conflict(session: Session) -> None:
    """409."""
    refused(_again(session)[1], "a name that is taken", (409,))


@check("RAI-CRT-020")
def a_number_is_free_after_its_time(session: Session) -> None:
    """The second of three is gone."""
    made = [session.submit(patch={"job": {"name": None, "project": TEAM_A, **ttl}}).id for ttl in ({}, TTL, {})]
    needed(made == ["job-0", "job-1", "job-2"], f"the names are {made}")
    session.advance(120)
    needed("job-1" not in names(session), "a job whose time is over is still listed")
    _expect_names(session, ["job-1"], project=TEAM_A)


@check("RAI-DEF-003")
def the_usual_prefix_is_job(session: Session) -> None:
    """Where none is given."""
    job = _unnamed(session)
    expect(re.fullmatch(r"job-\d+", job.id), f"without name and prefix the name is {job.id}")


@check("RAI-REQ-041")
def a_name_has_at_most_49_characters(session: Session) -> None:
    """49 will do, 50 will not."""
    for length in (LONGEST, LONGEST + 1):
        name = f"{session.unique('n')}-{'x' * 80}"[:length]
        exchange = session.post(session.body(patch={"job": {"name": name}}))
        (refused if length > LONGEST else accepted)(exchange, f"a name of {length} characters")
