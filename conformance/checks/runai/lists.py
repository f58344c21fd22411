"""Run:AI's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai.steps import (
    RUNNING,
    TEAM_A,
    TEAM_B,
    delete,
    delete_jobs,
    ending_shapes,
    item,
    names,
    project_of,
)
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get

GONE_SECONDS = 60.0
"""Seconds after which a deleted job that would come back has done so."""
MANY = 260


def _verdict(answer: Exchange, number: int) -> tuple[Json, Json]:
    """What a deletion reports of the job at a place: success, and the status of its error."""
    return get(answer.response.json, f"/data/{number}/ok"), get(answer.response.json, f"/data/{number}/error/status")


def _in(session: Session, project: str) -> JobRef:
    return session.submit(patch={"job": {"project": project}})


def _projects(session: Session) -> tuple[str, str]:
    """Two projects of this check alone, the name of one the beginning of the other's."""
    stem = session.unique("team")
    return stem, f"{stem}-b"


def _emptied(session: Session) -> Exchange:
    delete_jobs(session, session.submit())
    return session.list_jobs()


@check("RAI-LST-001")
def a_project_is_asked_for_as_it_is_written(session: Session) -> None:
    """Signs in its name may be refused; a project that is taken has its list."""
    for stem in ("Team-", "team.", "team_", "team "):
        project = f"{stem}{session.unique('x')}"
        exchange = session.post(session.body(patch={"job": {"project": project}}))
        if exchange.response.is_success:
            job = session.job_of(exchange)
            expect(job.id in names(session, project=project), f"the list of {project!r} lacks its job", exchange)


@check("RAI-LST-001")
def a_list_of_a_project_holds_its_jobs(session: Session) -> None:
    """All of them, and none of another."""
    mine, other = session.unique("team"), session.unique("crew")
    jobs = [_in(session, mine), _in(session, other), _in(session, mine)]
    session.until(jobs[0])
    told = names(session, project=mine)
    wanted = {jobs[0].id, jobs[2].id}
    expect(set(told) == wanted, f"the list of one project holds {sorted(told)}, expected {sorted(wanted)}")


@check("RAI-LST-002")
def a_list_of_no_project_holds_all(session: Session) -> None:
    """Two projects."""
    jobs = [_in(session, project) for project in _projects(session)]
    told = names(session)
    for job in jobs:
        expect(job.id in told, f"job {job.id} of {project_of(job)} is not in the list of all")


@check("RAI-LST-003")
def projects_are_told_apart_by_their_whole_name(session: Session) -> None:
    """One name is the beginning of the other."""
    short, long = _projects(session)
    jobs = {short: _in(session, short), long: _in(session, long)}
    for project, job in jobs.items():
        told = names(session, project=project)
        expect(told == [job.id], f"the list of {project} holds {told}, expected {[job.id]}")
    for other in (short.upper(), short[:-1], f"{short} "):
        exchange = session.list_jobs(query={"project": other})
        told = (
            [str(one.get("name")) for one in get(exchange.response.json, "/data") or [] if isinstance(one, dict)]
            if exchange.response.is_success
            else []
        )
        expect(jobs[short].id not in told, f"the list of {other!r} holds a job of {short!r}")


@check("RAI-LST-004")
def a_project_without_jobs_has_an_empty_list(session: Session) -> None:
    """Or is said not to exist."""
    _in(session, session.unique("team"))
    exchange = session.list_jobs(query={"project": session.unique("nobody")})
    if exchange.response.is_success:
        same([], get(exchange.response.json, "/data"), "the list of a project without jobs")
    else:
        refused(exchange, "the list of a project without jobs", (400, 403, 404))


@check("RAI-LST-005")
def a_list_without_jobs_is_empty(session: Session) -> None:
    """Before the first job, and after the last."""
    for exchange in (session.list_jobs(), _emptied(session)):
        accepted(exchange, "a list without jobs")
        same([], get(exchange.response.json, "/data"), "the list without jobs")


@check("RAI-LST-006")
def all_jobs_are_listed_however_many(session: Session) -> None:
    """More than any page usually holds, of one project."""
    made = {session.submit().id for _ in range(MANY)}
    for query in ({}, {"project": str(session.body()["job"]["project"])}):
        told = names(session, **query)
        expect(made <= set(told), f"of {MANY} jobs {len(made & set(told))} are listed")


@check("RAI-LST-007")
def a_projects_list_is_in_order(session: Session) -> None:
    """The oldest first."""
    project = session.unique("team")
    made = []
    for stem in ("zz", "mm", "aa"):
        made.append(session.submit(patch={"job": {"project": project, "name": session.unique(stem)}}).id)
        session.advance(2)
    told = names(session, project=project)
    expect(told == made, f"the list is {told}, made were {made}")


@check("RAI-LST-008")
def a_job_leaves_between_two_tries(session: Session) -> None:
    """It has failed once and waits for the next try, where that can be seen."""
    if "breaks" not in session.settings.shapes:
        return
    job = session.submit("breaks", {"job": {"backoffLimit": 5}}, seconds=5)
    has_run = False
    for state in session.watch(job, within=120):
        has_run = has_run or state == RUNNING
        if has_run and state != RUNNING:
            break
    answer = delete_jobs(session, job)
    expect(item(session, job.id) is MISSING, "a job that was deleted between two tries is still listed", answer)


@check("RAI-LST-008")
def a_deleted_job_leaves_whatever_it_did(session: Session) -> None:
    """Waiting, running, ended well or badly; and it does not come back."""
    jobs = {shape: session.submit(shape) for shape in session.shapes("waits", "long", "quick", "fails")}
    for shape, job in jobs.items():
        if shape == "long":
            session.until(job, "running")
        elif shape != "waits":
            session.until(job)
    for shape, job in jobs.items():
        answer = accepted(delete_jobs(session, job), "a deletion")
        expect(item(session, job.id) is MISSING, f"a deleted job of the shape {shape!r} is still listed", answer)
    session.advance(GONE_SECONDS)
    back = {job.id for job in jobs.values()} & set(names(session))
    expect(not back, f"deleted jobs are listed again: {sorted(back)}")


@check("RAI-LST-009")
def a_name_is_not_a_beginning(session: Session) -> None:
    """A job whose name only begins like that of the deleted one stays, and none is deleted in other letters."""
    name = session.unique("train")
    jobs = [session.submit(patch={"job": {"name": one}}) for one in (name, f"{name}-1", f"{name}x")]
    delete_jobs(session, (name.upper(), TEAM_A))
    told = names(session)
    expect(name in told, f"a deletion of {name.upper()} deleted {name}")
    answer = delete_jobs(session, jobs[0])
    left = {job.id for job in jobs} & set(names(session))
    expect(left == {jobs[1].id, jobs[2].id}, f"left are {sorted(left)} after {name} was deleted", answer)


@check("RAI-LST-009")
def a_long_deletion_is_done_to_its_end(session: Session) -> None:
    """The hundred and thirtieth of its items is there."""
    job = session.submit()
    pairs = [{"name": f"nobody-{number}", "project": job.body["job"]["project"]} for number in range(129)]
    answer = delete(session, [*pairs, {"name": job.id, "project": job.body["job"]["project"]}])
    if not answer.response.is_success:
        raise NotApplicable("a deletion of so many jobs is refused")
    expect(not session.state(job), "the last of many jobs that a deletion names is still there", answer)


@check("RAI-LST-009")
def a_deletion_deletes_what_it_names(session: Session) -> None:
    """Three of five."""
    jobs = [session.submit() for _ in range(5)]
    answer = accepted(delete_jobs(session, jobs[0], jobs[2], jobs[4]), "a deletion of three jobs")
    left = {job.id for job in jobs} & set(names(session))
    wanted = {jobs[1].id, jobs[3].id}
    expect(left == wanted, f"left are {sorted(left)}, expected {sorted(wanted)}", answer)


@check("RAI-LST-010")
def an_ended_namesake_stays(session: Session) -> None:
    """Of another project; it has succeeded by then."""
    name = session.unique("twin")
    session.submit(patch={"job": {"name": name, "project": TEAM_B}}, until="end")
    job = session.submit("long", {"job": {"name": name, "project": TEAM_A}})
    answer = delete_jobs(session, job)
    needed(answer.response.is_success, "a deletion was refused")
    listed = [one.get("project") for one in session.items() if one.get("name") == name]
    same([TEAM_B], listed, "the projects of the jobs of that name after one was deleted", answer)


@check("RAI-LST-010")
def a_deletion_means_one_project(session: Session) -> None:
    """Another one has a job of the same name, made before or after."""
    name = session.unique("train")
    for doomed, spared in (("team-a", "team-b"), ("team-b", "team-a")):
        jobs = {
            project: session.submit(patch={"job": {"name": name, "project": project}})
            for project in ("team-a", "team-b")
        }
        answer = accepted(delete_jobs(session, jobs[doomed]), "a deletion")
        expect(item(session, name, doomed) is MISSING, f"the deleted job of {doomed} is still listed", answer)
        expect(item(session, name, spared) is not MISSING, f"the job of {spared} is gone with its namesake", answer)
        delete_jobs(session, jobs[spared])


@check("RAI-LST-011")
def a_deletion_of_ended_jobs_tells_of_success(session: Session) -> None:
    """One that succeeded, one that failed."""
    jobs = [session.submit(shape) for shape in ending_shapes(session)]
    for job in jobs:
        session.until(job)
    answer = accepted(delete_jobs(session, *jobs), "a deletion of ended jobs")
    told = [one.get("ok") for one in get(answer.response.json, "/data") or []]
    same([True] * len(jobs), told, "what is reported of ended jobs that were deleted")


@check("RAI-LST-011")
def a_deletion_tells_of_each_job(session: Session) -> None:
    """Name and success, in the order asked."""
    one, two, three = (session.submit() for _ in range(3))
    answer = accepted(delete_jobs(session, three, one, two), "a deletion of three jobs")
    told = [(each.get("name"), each.get("ok")) for each in get(answer.response.json, "/data") or []]
    same([[job.id, True] for job in (three, one, two)], [list(pair) for pair in told], "what is reported of the jobs")


@check("RAI-LST-012")
def a_job_that_is_not_there_hinders_no_other(session: Session) -> None:
    """It stands first in the deletion."""
    job = session.submit()
    answer = accepted(
        delete_jobs(session, (session.unique("nobody"), "team-a"), job), "a deletion of two jobs of which one is there"
    )
    expect(
        _verdict(answer, 0) == (False, 404),
        f"for a job that never was the answer says {get(answer.response.json, '/data/0')}",
    )
    expect(
        _verdict(answer, 1)[0] is True, f"for a job that exists the answer says {get(answer.response.json, '/data/1')}"
    )
    expect(item(session, job.id) is MISSING, "the job that is there was not deleted", answer)


@check("RAI-LST-013")
def a_job_is_deleted_once(session: Session) -> None:
    """The second time it is not there."""
    job = session.submit()
    needed(_verdict(delete_jobs(session, job), 0)[0] is True, "the job was not deleted")
    again = delete_jobs(session, job)
    expect(not again.response.is_success or _verdict(again, 0)[0] is False, "a job was deleted twice")


@check("RAI-LST-014")
def a_job_is_not_deleted_under_another_project(session: Session) -> None:
    """It stays listed."""
    job = session.submit("long")
    answer = delete_jobs(session, (job.id, "team-nobody"))
    expect(item(session, job.id) is not MISSING, "a job was deleted under the name of another project", answer)
    expect(
        not answer.response.is_success or _verdict(answer, 0)[0] is not True,
        "a job of another project is reported as deleted",
        answer,
    )


@check("RAI-LST-015")
def a_deletion_that_repeats_itself_deletes_once(session: Session) -> None:
    """The second time it is not there."""
    job = session.submit()
    answer = delete_jobs(session, job, job)
    expect([_verdict(answer, 0)[0], _verdict(answer, 1)] == [True, (False, 404)], "a job was deleted twice in one call")


@check("RAI-LST-016")
def ended_jobs_are_listed_with_the_others(session: Session) -> None:
    """Ended well, ended badly, running, waiting."""
    jobs = [session.submit(shape) for shape in ("quick", "fails", "long", "waits")]
    session.until(jobs[0])
    session.advance(10)
    told = names(session)
    for job in jobs:
        expect(job.id in told, f"job {job.id} is not in the list")


@check("RAI-LST-017")
def an_empty_project_is_none(session: Session) -> None:
    """All jobs are listed."""
    jobs = [_in(session, project) for project in _projects(session)]
    told = names(session, project="")
    expect({job.id for job in jobs} <= set(told), f"the list of an empty project holds {told}")


@check("RAI-LST-018")
def a_projects_list_tells_all_of_its_jobs(session: Session) -> None:
    """One that waits, one that has a GPU, one that succeeded, one that failed."""
    project = session.unique("team")
    shapes: tuple[tuple[str, Json], ...] = (("waits", {}), ("long", {"gpu": 1}), ("quick", {}), ("fails", {}))
    jobs = [session.submit(shape, {"job": {"project": project, **members}}) for shape, members in shapes]
    session.until(jobs[1], "running")
    for job in jobs[2:]:
        session.until(job)
    told = {str(one.get("name")): one for one in session.items(query={"project": project})}
    of_all = session.exchanges[-1]
    for one in session.items():
        if one.get("project") == project:
            same(
                one,
                told.get(str(one.get("name"))),
                f"what the project's list reports a job that is {one.get('status')}",
                of_all,
            )
    same(sorted(job.id for job in jobs), sorted(told), "the names in the project's list", of_all)


@check("RAI-LST-018")
def both_lists_tell_the_same(session: Session) -> None:
    """Of a job that has ended and of one that runs."""
    project = session.unique("team")
    jobs = [
        session.submit(shape, {"job": {"project": project}}, headers={"RA-USER": "john"}) for shape in ("quick", "long")
    ]
    session.until(jobs[0])
    session.until(jobs[1], "running")
    whole = {one.get("name"): one for one in session.items()}
    for one in session.items(query={"project": project}):
        same(whole.get(one.get("name"), MISSING), one, f"what the list of a project reports {one.get('name')}")
