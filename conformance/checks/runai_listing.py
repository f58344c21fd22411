"""Checks of Run:AI's list: which jobs are there, in what order, and what is told of them."""

from __future__ import annotations

import time
from typing import Any

from conformance.checks import check
from conformance.checks.runai_cluster import ask, forget, item, machines, names, project_of, world
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, get

MANY = 260
SKEW = 2.0
"""Seconds by which two clocks may differ."""


def _in(session: Session, project: str) -> JobRef:
    return session.submit(patch={"job": {"project": project}})


def _projects(session: Session) -> tuple[str, str]:
    """Two projects of this check alone, the name of one the beginning of the other's."""
    stem = session.unique("team")
    return stem, f"{stem}-b"


def _told(session: Session, job: JobRef) -> dict[str, Any]:
    found = item(session, job.id, project_of(job))
    needed(found is not MISSING, f"job {job.id} is not in the list")
    return dict(found)


@check("RAI-LST-001")
def a_list_of_a_project_holds_its_jobs(session: Session) -> None:
    """All of them, and none of another."""
    mine, other = session.unique("team"), session.unique("crew")
    jobs = [_in(session, mine), _in(session, other), _in(session, mine)]
    session.until(jobs[0])
    told = names(session, project=mine)
    wanted = {jobs[0].id, jobs[2].id}
    expect(set(told) == wanted, f"the list of one project holds {sorted(told)}, expected {sorted(wanted)}", session.exchanges[-1])


@check("RAI-LST-002")
def a_list_of_no_project_holds_all(session: Session) -> None:
    """Two projects."""
    jobs = [_in(session, project) for project in _projects(session)]
    told = names(session)
    for job in jobs:
        expect(job.id in told, f"job {job.id} of {project_of(job)} is not in the list of all", session.exchanges[-1])


@check("RAI-LST-003")
def projects_are_told_apart_by_their_whole_name(session: Session) -> None:
    """One name is the beginning of the other."""
    short, long = _projects(session)
    jobs = {short: _in(session, short), long: _in(session, long)}
    for project, job in jobs.items():
        told = names(session, project=project)
        expect(told == [job.id], f"the list of {project} holds {told}, expected {[job.id]}", session.exchanges[-1])
    for other in (short.upper(), short[:-1], f"{short} "):
        exchange = session.list_jobs(query={"project": other})
        told = [str(one.get("name")) for one in get(exchange.response.json, "/data") or [] if isinstance(one, dict)] if exchange.response.is_success else []
        expect(jobs[short].id not in told, f"the list of {other!r} holds a job of {short!r}", exchange)


@check("RAI-LST-004")
def a_project_without_jobs_has_an_empty_list(session: Session) -> None:
    """Or is said not to exist."""
    _in(session, session.unique("team"))
    exchange = session.list_jobs(query={"project": session.unique("nobody")})
    if exchange.response.is_success:
        same([], get(exchange.response.json, "/data"), "the list of a project without jobs", exchange)
    else:
        refused(exchange, "the list of a project without jobs", (400, 403, 404))


@check("RAI-LST-005")
def a_list_without_jobs_is_empty(session: Session) -> None:
    """Before the first job, and after the last."""
    for exchange in (session.list_jobs(), _emptied(session)):
        accepted(exchange, "a list without jobs")
        same([], get(exchange.response.json, "/data"), "the list without jobs", exchange)


def _emptied(session: Session) -> Exchange:
    forget(session, session.submit())
    return session.list_jobs()


@check("RAI-LST-006")
def all_jobs_are_listed_however_many(session: Session) -> None:
    """More than any page usually holds, of one project."""
    made = {session.submit().id for _ in range(MANY)}
    for query in ({}, {"project": str(session.body()["job"]["project"])}):
        told = names(session, **query)
        expect(made <= set(told), f"of {MANY} jobs {len(made & set(told))} are listed", session.exchanges[-1])


@check("RAI-LST-007")
def a_projects_list_is_in_order(session: Session) -> None:
    """The oldest first."""
    project = session.unique("team")
    made = []
    for stem in ("zz", "mm", "aa"):
        made.append(session.submit(patch={"job": {"project": project, "name": session.unique(stem)}}).id)
        session.advance(2)
    told = names(session, project=project)
    expect(told == made, f"the list is {told}, made were {made}", session.exchanges[-1])


@check("RAI-LST-016")
def ended_jobs_are_listed_with_the_others(session: Session) -> None:
    """Ended well, ended badly, running, waiting."""
    jobs = [session.submit(shape) for shape in ("quick", "fails", "long", "waits")]
    session.until(jobs[0])
    session.advance(10)
    told = names(session)
    for job in jobs:
        expect(job.id in told, f"job {job.id} is not in the list", job.created, session.exchanges[-1])


@check("RAI-LST-018")
def both_lists_tell_the_same(session: Session) -> None:
    """Of a job that has ended and of one that runs."""
    project = session.unique("team")
    jobs = [session.submit(shape, {"job": {"project": project}}, headers={"RA-USER": "john"}) for shape in ("quick", "long")]
    session.until(jobs[0])
    session.until(jobs[1], "running")
    whole = {one.get("name"): one for one in session.items()}
    for one in session.items(query={"project": project}):
        same(whole.get(one.get("name"), MISSING), one, f"what the list of a project tells of {one.get('name')}", session.exchanges[-2], session.exchanges[-1])


@check("RAI-LST-017")
def an_empty_project_is_none(session: Session) -> None:
    """All jobs are listed."""
    jobs = [_in(session, project) for project in _projects(session)]
    told = names(session, project="")
    expect({job.id for job in jobs} <= set(told), f"the list of an empty project holds {told}", session.exchanges[-1])


@check("RAI-RSP-003")
@check("RAI-RSP-004")
@check("RAI-RSP-005")
@check("RAI-RSP-006")
def jobs_with_gpus_are_watched(session: Session) -> None:
    """From waiting to their ends; the oracles look at what they occupy."""
    shapes = [shape for shape in ("quick", "fails", "waits", "retried") if shape == "quick" or shape in session.settings.shapes]
    jobs = {shape: session.submit(shape, {"job": {"gpu": 1}}) for shape in shapes}
    for shape, job in jobs.items():
        if shape != "waits":
            session.until(job, step=0.5)


@check("RAI-RSP-008")
def a_job_that_is_made_ready_occupies_its_gpus(session: Session) -> None:
    """From the first look at it to its running."""
    job = session.submit("long", {"job": {"gpu": 1}})
    for state in session.watch(job, within=60, step=0.25):
        if state == "ContainerCreating":
            same(1, _told(session, job).get("currentAllocatedGPUs"), "currentAllocatedGPUs of a job in ContainerCreating", session.exchanges[-1])
        if state == "Running":
            break


@check("RAI-RSP-007")
def a_running_job_occupies_what_it_asked_for(session: Session) -> None:
    """One GPU, two, half a one, a quarter."""
    for gpus in (1, 2, 0.5, 0.25):
        _occupies(session, session.submit("long", {"job": {"gpu": gpus}}), gpus)


@check("RAI-RSP-011")
def a_job_of_several_runs_occupies_for_all(session: Session) -> None:
    """Two at once, of one GPU each."""
    job = session.submit("long", {"job": {"gpu": 1, "completions": 2, "parallelism": 2}})
    session.until(job, "running")
    session.advance(10)
    same(2, _told(session, job).get("currentAllocatedGPUs"), "currentAllocatedGPUs of a job with two runs", job.created, session.exchanges[-1])


@check("RAI-RSP-011")
def a_job_of_several_runs_tells_all_of_its_nodes(session: Session) -> None:
    """Two runs, each of which has a machine to itself."""
    world(session, [machines(2, gpus=1)])
    job = ask(session, "team", gpu=1, completions=2, parallelism=2)
    nodes = _told(session, job).get("nodes")
    if isinstance(nodes, list):
        same(2, len(set(nodes)), "the number of nodes of a job with two runs on two machines", session.exchanges[-1])


@check("RAI-DEF-002")
def a_job_that_asks_for_no_gpu_occupies_none(session: Session) -> None:
    """While it runs."""
    _occupies(session, session.submit("long"), 0)


def _occupies(session: Session, job: JobRef, gpus: float) -> None:
    session.until(job, "running")
    same(gpus, _told(session, job).get("currentAllocatedGPUs"), "currentAllocatedGPUs of a running job", job.created, session.exchanges[-1])


def _now(session: Session) -> float:
    """The target's clock in seconds since 1970."""
    if not session.target.has_virtual_time:
        return time.time()
    answer = session.target.ask_control("GET", "/clock", sandbox=session.name)
    found = instant(get(answer.json, "/time"))
    if found is None:
        raise NotApplicable("the control API does not tell what time it is")
    return found


def _created(session: Session, job: JobRef) -> float:
    found = _told(session, job).get("createdAt")
    needed(isinstance(found, int | float), f"createdAt is {found!r}")
    return float(found or 0) / 1000


@check("RAI-TIM-001")
def a_job_is_created_when_it_is_submitted(session: Session) -> None:
    """At first, and more than an hour later; whether it runs by then does not matter."""
    for pause in (0, 4000):
        session.advance(pause)
        began = _now(session)
        job = session.submit("long")
        session.advance(30)
        told = _created(session, job)
        expect(abs(told - began) <= SKEW, f"createdAt is {told - began:g} seconds after the submission", job.created, session.exchanges[-1])


@check("RAI-TIM-002")
def creation_follows_the_clock(session: Session) -> None:
    """Ninety seconds apart, and an hour."""
    earlier = _created(session, session.submit("long"))
    for pause in (90, 3600):
        session.advance(pause)
        job = session.submit("long")
        later = _created(session, job)
        told = f"createdAt differs by {later - earlier:g} seconds, the submissions by {pause}"
        expect(abs(later - earlier - pause) <= SKEW, told, job.created, session.exchanges[-1])
        earlier = later


@check("RAI-TIM-003")
def creation_goes_up_along_the_list(session: Session) -> None:
    """The oldest first."""
    for _ in range(3):
        session.submit()
        session.advance(10)
    told = [one.get("createdAt") for one in session.items()]
    expect(told == sorted(told), f"createdAt along the list is {told}", session.exchanges[-1])


@check("RAI-IDM-001")
def no_id_is_there_twice(session: Session) -> None:
    """Nor for jobs of one name in two projects."""
    name = session.unique("train")
    for body in ({"name": name, "project": "team-a"}, {"name": name, "project": "team-b"}, {}, {"name": None}, {"name": None}):
        session.submit(patch={"job": body})
    told = [str(one.get("id")) for one in session.items()]
    expect(len(set(told)) == len(told), f"of {len(told)} ids {len(set(told))} differ", session.exchanges[-1])


@check("RAI-IDM-002")
def an_id_never_changes(session: Session) -> None:
    """From waiting to the end, and whether all are listed or one project."""
    jobs = [session.submit(), session.submit("long")]
    first = [_told(session, job).get("id") for job in jobs]
    session.until(jobs[0])
    session.submit()
    for query in ({}, {"project": project_of(jobs[0])}):
        found = {one.get("name"): one.get("id") for one in session.items(query=query)}
        for job, id_ in zip(jobs, first, strict=True):
            expect(found.get(job.id, id_) == id_, f"the id of {job.id} was {id_} and is {found.get(job.id)}", session.exchanges[-1])


@check("RAI-IDM-003")
def a_namesake_has_an_id_of_its_own(session: Session) -> None:
    """The first one is deleted."""
    job = session.submit()
    first = _told(session, job).get("id")
    accepted(forget(session, job), "a deletion")
    again = accepted(session.post(job.body), "the name of a deleted job")
    second = _told(session, session.job_of(again)).get("id")
    expect(first != second, f"a new job has the id {second} of a deleted one", again, session.exchanges[-1])
