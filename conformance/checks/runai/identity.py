"""What makes a job of Run:AI that job and no other."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.calls import one_is_granted, submissions_at_once
from conformance.checks.runai.steps import RUNNING, TEAM_A, TEAM_B, delete_jobs, item, listed_job, names, project_of
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import get, shown


@check("RAI-IDM-001")
def no_id_is_there_twice(session: Session) -> None:
    """Nor for jobs of one name in two projects."""
    name = session.unique("train")
    twins = ({"name": name, "project": project} for project in (TEAM_A, TEAM_B))
    for body in (*twins, {}, {"name": None}, {"name": None}):
        session.submit(patch={"job": body})
    ids = [str(one.get("id")) for one in session.items()]
    expect(len(set(ids)) == len(ids), f"of {len(ids)} ids {len(set(ids))} differ")


@check("RAI-IDM-002")
def an_id_outlives_a_try(session: Session) -> None:
    """The first try fails, the second does not."""
    for shape in session.shapes("retried"):
        job = session.submit(shape)
        ids = {state: get(item(session, job.id), "/id") for state in session.watch(job, within=300)}
        expect(len(set(ids.values())) == 1, f"the id of a job that is tried twice is, by state, {shown(ids)}")


@check("RAI-IDM-002")
def an_id_never_changes(session: Session) -> None:
    """From waiting to the end, and whether all are listed or one project."""
    jobs = [session.submit(), session.submit("long")]
    first = [listed_job(session, job).get("id") for job in jobs]
    session.until(jobs[0])
    session.submit()
    for query in ({}, {"project": project_of(jobs[0])}):
        found = {one.get("name"): one.get("id") for one in session.items(query=query)}
        for job, id_ in zip(jobs, first, strict=True):
            expect(found.get(job.id, id_) == id_, f"the id of {job.id} was {id_} and is {found.get(job.id)}")


@check("RAI-IDM-003")
def a_namesake_has_an_id_of_its_own(session: Session) -> None:
    """The first one is deleted."""
    job = session.submit()
    first = listed_job(session, job).get("id")
    accepted(delete_jobs(session, job), "a deletion")
    again = accepted(session.post(job.body), "the name of a deleted job")
    second = listed_job(session, session.job_of(again)).get("id")
    expect(first != second, f"a new job has the id {second} of a deleted one")


@check("RAI-IDM-004")
def names_made_at_the_same_time_differ(session: Session) -> None:
    """Eight submissions at once."""
    exchanges = submissions_at_once(session, [session.body(patch={"job": {"name": None}}) for _ in range(8)])
    for one in exchanges:
        need_success(one, "a submission without a name")
    found = [session.job_of(one).id for one in exchanges]
    expect(len(set(found)) == len(found), f"submissions at the same time got the names {sorted(found)}", *exchanges)
    missing = set(found) - set(names(session))
    expect(not missing, f"of {sorted(found)} are not listed {sorted(missing)}")


@check("RAI-IDM-005")
def a_name_is_taken_once_at_the_same_time(session: Session) -> None:
    """Six submissions at once."""
    body = session.body()
    one_is_granted(submissions_at_once(session, [body] * 6), "submissions with one name")
    same(1, names(session).count(body["job"]["name"]), "the number of jobs that are listed by that name")


@check("RAI-IDM-006")
def a_deleted_job_leaves_nothing_to_its_namesake(session: Session) -> None:
    """Neither the end of its run nor that of its time to live."""
    short = session.submit("lasts", seconds=30)
    fading = session.submit(patch={"job": {"ttlAfterFinish": "60s"}})
    session.until(short, "running")
    session.until(fading)
    accepted(delete_jobs(session, short, fading), "a deletion")
    running = session.submit("lasts", {"job": {"name": short.id}}, seconds=600)
    ended = session.submit(patch={"job": {"name": fading.id}})
    session.until(running, "running")
    session.advance(120)
    for job, wanted in ((running, RUNNING), (ended, "Succeeded")):
        same(wanted, session.state(job), "the state of a job with the name of a deleted one")


@check("RAI-IDM-007")
def a_namesake_is_listed_as_itself(session: Session) -> None:
    """The deleted job, which was listed, had another user, image and type."""
    name = session.unique("twin")
    said = {"name": name, "image": "busybox", "interactive": True}
    first = session.submit(patch={"job": said}, headers={"RA-USER": "john"})
    before = listed_job(session, first)
    session.advance(10)
    delete_jobs(session, first)
    second = session.submit(patch={"job": {"name": name, "image": "alpine"}}, headers={"RA-USER": "jane"})
    after = listed_job(session, second)
    for member, wanted in (("user", "jane"), ("images", "alpine"), ("type", "Train")):
        same(wanted, after.get(member), f"{member} of a job with the name of a deleted one")
    if session.target.has_virtual_time:
        later = after.get("createdAt", 0) - before.get("createdAt", 0)
        expect(later >= 9000, f"a job made 10 seconds after its namesake has a createdAt {later} ms later")
