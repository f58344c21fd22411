"""Run:AI's lists of jobs: complete, filtered, ordered, paged."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.checks import check
from conformance.checks.families.lists import by_id, holds
from conformance.checks.runai.steps import RUNNING, TEAM_A, TEAM_B, delete_jobs, item, names, project_of
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, shown

GONE_SECONDS = 60.0
"""Seconds after which a deleted job that would come back has done so."""
MANY = 260


def _verdict(answer: Exchange, number: int) -> list[Json]:
    """What a deletion reports of the job at a place: success, and the status of its error."""
    return [get(answer.response.json, f"/data/{number}/{name}") for name in ("ok", "error/status")]


def _in(session: Session, project: str) -> JobRef:
    return session.submit(patch={"job": {"project": project}})


def _projects(session: Session) -> tuple[str, str]:
    """Two projects of this check alone, the name of one the beginning of the other's."""
    stem = session.unique("team")
    return stem, f"{stem}-b"


def _projects_of(session: Session, name: str) -> list[Json]:
    return [one.get("project") for one in session.items() if one.get("name") == name]


def _lists_agree(session: Session, project: str) -> None:
    """The list of a project shows of each of its jobs what the list of all shows."""
    of_project = by_id(session, session.items(query={"project": project}))
    of_all = by_id(session, (one for one in session.items() if one.get("project") == project))
    holds(of_project, of_all, "the list of a project, as in that of all")
    for name, one in of_all.items():
        same(one, of_project[name], f"what the list of its project shows of a job that is {one.get('status')}")


def _emptied(session: Session) -> Exchange:
    delete_jobs(session, session.submit())
    return session.list_jobs()


def _left(session: Session, jobs: Iterable[JobRef]) -> list[str]:
    """Those of these jobs that are still listed."""
    listed = names(session)
    return [job.id for job in jobs if job.id in listed]


@check("RAI-LST-001")
def a_project_is_asked_for_as_it_is_written(session: Session) -> None:
    """Signs in its name may be refused; a project that is taken has its list."""
    for stem in ("Team-", "team.", "team_", "team "):
        project = f"{stem}{session.unique('x')}"
        exchange = session.post(session.body(patch={"job": {"project": project}}))
        if exchange.response.is_success:
            holds(names(session, project=project), [session.job_of(exchange)], f"the list of {shown(project)}")


@check("RAI-LST-001")
def a_list_of_a_project_holds_its_jobs(session: Session) -> None:
    """All of them, and none of another."""
    mine, other = session.unique("team"), session.unique("crew")
    jobs = [_in(session, mine), _in(session, other), _in(session, mine)]
    session.until(jobs[0])
    holds(names(session, project=mine), jobs[::2], "the list of one project")


@check("RAI-LST-002", "a list of no project holds all", {})
@check("RAI-LST-017", "an empty project is none", {"project": ""})
def all_projects_are_listed(session: Session, query: dict[str, str]) -> None:
    """Two projects."""
    jobs = [_in(session, project) for project in _projects(session)]
    listed = set(names(session, **query))
    expect({job.id for job in jobs} <= listed, f"the list with {shown(query)} lacks jobs of two projects")


@check("RAI-LST-003")
def projects_are_distinguished_by_their_whole_name(session: Session) -> None:
    """One name is the beginning of the other."""
    short, long = _projects(session)
    jobs = {short: _in(session, short), long: _in(session, long)}
    for project, job in jobs.items():
        holds(names(session, project=project), [job], f"the list of {project}")
    for other in (short.upper(), short[:-1], f"{short} "):
        exchange = session.list_jobs(query={"project": other})
        listed = get(exchange.response.json, "/data") or [] if exchange.response.is_success else []
        found = [one.get("name") for one in listed if isinstance(one, dict)]
        expect(jobs[short].id not in found, f"the list of {shown(other)} holds a job of {shown(short)}")


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
        same(MANY, len(made & set(names(session, **query))), f"how many of {MANY} jobs are listed")


@check("RAI-LST-007")
def a_projects_list_is_in_order(session: Session) -> None:
    """The oldest first."""
    project = session.unique("team")
    made = []
    for stem in ("zz", "mm", "aa"):
        made.append(session.submit(patch={"job": {"project": project, "name": session.unique(stem)}}))
        session.advance(2)
    holds(names(session, project=project), made, "a project's list, the oldest first", in_order=True)


@check("RAI-LST-008")
def a_job_leaves_between_two_tries(session: Session) -> None:
    """It has failed once and waits for the next try, where that can be seen."""
    for shape in session.shapes("breaks"):
        job = session.submit(shape, {"job": {"backoffLimit": 5}}, seconds=5)
        has_run = False
        for state in session.watch(job, within=120):
            has_run = has_run or state == RUNNING
            if has_run and state != RUNNING:
                break
        delete_jobs(session, job)
        expect(item(session, job.id) is MISSING, "a job that was deleted between two tries is still listed")


@check("RAI-LST-008")
def a_deleted_job_leaves_whatever_it_did(session: Session) -> None:
    """Waiting, running, ended well or badly; and it does not come back."""
    until = {"waits": "", "long": "running", "quick": "end", "fails": "end"}
    jobs = {shape: session.submit(shape) for shape in session.shapes(*until)}
    for shape, job in jobs.items():
        if until[shape]:
            session.until(job, *([] if until[shape] == "end" else [until[shape]]))
    for shape, job in jobs.items():
        accepted(delete_jobs(session, job), "a deletion")
        expect(item(session, job.id) is MISSING, f"a deleted job of the shape {shown(shape)} is still listed")
    session.advance(GONE_SECONDS)
    holds(_left(session, jobs.values()), [], "the list, of those that were deleted")


@check("RAI-LST-009")
def a_name_is_not_a_beginning(session: Session) -> None:
    """A job whose name only begins like that of the deleted one stays, and none is deleted in other letters."""
    name = session.unique("train")
    jobs = [session.submit(patch={"job": {"name": one}}) for one in (name, f"{name}-1", f"{name}x")]
    delete_jobs(session, (name.upper(), TEAM_A))
    holds(_left(session, jobs), jobs, f"the list after a deletion of {name.upper()}")
    delete_jobs(session, jobs[0])
    holds(_left(session, jobs), jobs[1:], f"the list after a deletion of {name}")


@check("RAI-LST-009")
def a_long_deletion_is_done_to_its_end(session: Session) -> None:
    """The hundred and thirtieth of its items is there."""
    job = session.submit()
    answer = delete_jobs(session, *((f"nobody-{number}", project_of(job)) for number in range(129)), job)
    if not answer.response.is_success:
        raise NotApplicable("a deletion of so many jobs is refused")
    expect(not session.state(job), "the last of many jobs that a deletion names is still there", answer)


@check("RAI-LST-009")
def a_deletion_deletes_what_it_names(session: Session) -> None:
    """Three of five."""
    jobs = [session.submit() for _ in range(5)]
    accepted(delete_jobs(session, *jobs[::2]), "a deletion of three jobs")
    holds(_left(session, jobs), jobs[1::2], "the list after a deletion of three of five")


@check("RAI-LST-010")
def an_ended_namesake_stays(session: Session) -> None:
    """Of another project; it has succeeded by then."""
    name = session.unique("twin")
    session.submit(patch={"job": {"name": name, "project": TEAM_B}}, until="end")
    job = session.submit("long", {"job": {"name": name, "project": TEAM_A}})
    need_success(delete_jobs(session, job), "a deletion")
    same([TEAM_B], _projects_of(session, name), "the projects of the jobs of that name after one was deleted")


@check("RAI-LST-010")
def a_deletion_means_one_project(session: Session) -> None:
    """Another one has a job of the same name, made before or after."""
    name = session.unique("train")
    for doomed, spared in ((TEAM_A, TEAM_B), (TEAM_B, TEAM_A)):
        for project in (TEAM_A, TEAM_B):
            session.submit(patch={"job": {"name": name, "project": project}})
        accepted(delete_jobs(session, (name, doomed)), "a deletion")
        same([spared], _projects_of(session, name), f"the projects of the jobs {name} after a deletion in {doomed}")
        delete_jobs(session, (name, spared))


@check("RAI-LST-011")
def a_deletion_of_ended_jobs_reports_success(session: Session) -> None:
    """One that succeeded, one that failed."""
    jobs = [session.submit(shape, until="end") for shape in session.shapes("quick", "fails")]
    answer = accepted(delete_jobs(session, *jobs), "a deletion of ended jobs")
    verdicts = [one.get("ok") for one in get(answer.response.json, "/data") or []]
    same([True] * len(jobs), verdicts, "what is reported of ended jobs that were deleted")


@check("RAI-LST-011")
def a_deletion_reports_each_job(session: Session) -> None:
    """Name and success, in the order asked."""
    one, two, three = (session.submit() for _ in range(3))
    answer = accepted(delete_jobs(session, three, one, two), "a deletion of three jobs")
    verdicts = [[each.get("name"), each.get("ok")] for each in get(answer.response.json, "/data") or []]
    same([[job.id, True] for job in (three, one, two)], verdicts, "what is reported of the jobs")


@check("RAI-LST-012")
def a_job_that_is_not_there_hinders_no_other(session: Session) -> None:
    """It stands first in the deletion."""
    job = session.submit()
    answer = delete_jobs(session, (session.unique("nobody"), TEAM_A), job)
    accepted(answer, "a deletion of two jobs of which one is there")
    same([False, 404], _verdict(answer, 0), "success and status for a job that never was")
    same(True, _verdict(answer, 1)[0], "success for a job that exists")
    expect(item(session, job.id) is MISSING, "the job that is there was not deleted")


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
    expect(item(session, job.id) is not MISSING, "a job was deleted under the name of another project")
    is_denied = not answer.response.is_success or _verdict(answer, 0)[0] is not True
    expect(is_denied, "a job of another project is reported as deleted")


@check("RAI-LST-015")
def a_deletion_that_repeats_itself_deletes_once(session: Session) -> None:
    """The second time it is not there."""
    job = session.submit()
    answer = delete_jobs(session, job, job)
    verdicts = [_verdict(answer, 0)[0], *_verdict(answer, 1)]
    same([True, False, 404], verdicts, "success, then success and status, of a job that a deletion names twice")


@check("RAI-LST-016")
def ended_jobs_are_listed_with_the_others(session: Session) -> None:
    """Ended well, ended badly, running, waiting."""
    jobs = [session.submit(shape) for shape in ("quick", "fails", "long", "waits")]
    session.until(jobs[0])
    session.advance(10)
    holds(_left(session, jobs), jobs, "the list, of those that were made")


@check("RAI-LST-018")
def a_projects_list_shows_all_of_its_jobs(session: Session) -> None:
    """One that waits, one that has a GPU, one that succeeded, one that failed."""
    project = session.unique("team")
    shapes: tuple[tuple[str, Json], ...] = (("waits", {}), ("long", {"gpu": 1}), ("quick", {}), ("fails", {}))
    jobs = [session.submit(shape, {"job": {"project": project, **members}}) for shape, members in shapes]
    session.until(jobs[1], "running")
    for job in jobs[2:]:
        session.until(job)
    _lists_agree(session, project)
    holds(names(session, project=project), jobs, "the project's list")


@check("RAI-LST-018")
def both_lists_show_the_same(session: Session) -> None:
    """Of a job that has ended and of one that runs."""
    project = session.unique("team")
    for shape, until in (("quick", "end"), ("long", "running")):
        session.submit(shape, {"job": {"project": project}}, headers={"RA-USER": "john"}, until=until)
    _lists_agree(session, project)
