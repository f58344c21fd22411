"""Checks of Run:AI's deletion: what becomes of each job that is named, and which deletions are refused."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai_cluster import LIST, forget, item, names, project_of
from conformance.session.expect import INVALID, accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get

GONE_SECONDS = 60.0
"""Seconds after which a deleted job that would come back has done so."""


@check("RAI-LST-008")
def a_deleted_job_leaves_whatever_it_did(session: Session) -> None:
    """Waiting, running, ended well or badly; and it does not come back."""
    jobs = {shape: session.submit(shape) for shape in ("waits", "long", "quick", "fails") if shape == "quick" or shape in session.settings.shapes}
    for shape, job in jobs.items():
        if shape == "long":
            session.until(job, "running")
        elif shape != "waits":
            session.until(job)
    for shape, job in jobs.items():
        answer = accepted(forget(session, job), "a deletion")
        expect(item(session, job.id) is MISSING, f"a deleted job of the shape {shape!r} is still listed", answer, session.exchanges[-1])
    session.advance(GONE_SECONDS)
    back = {job.id for job in jobs.values()} & set(names(session))
    expect(not back, f"deleted jobs are listed again: {sorted(back)}", session.exchanges[-1])


@check("RAI-LST-009")
def a_deletion_deletes_what_it_names(session: Session) -> None:
    """Three of five."""
    jobs = [session.submit() for _ in range(5)]
    answer = accepted(forget(session, jobs[0], jobs[2], jobs[4]), "a deletion of three jobs")
    left = {job.id for job in jobs} & set(names(session))
    wanted = {jobs[1].id, jobs[3].id}
    expect(left == wanted, f"left are {sorted(left)}, expected {sorted(wanted)}", answer, session.exchanges[-1])


@check("RAI-LST-010")
def a_deletion_means_one_project(session: Session) -> None:
    """Another one has a job of the same name, made before or after."""
    name = session.unique("train")
    for doomed, spared in (("team-a", "team-b"), ("team-b", "team-a")):
        jobs = {project: session.submit(patch={"job": {"name": name, "project": project}}) for project in ("team-a", "team-b")}
        answer = accepted(forget(session, jobs[doomed]), "a deletion")
        expect(item(session, name, doomed) is MISSING, f"the deleted job of {doomed} is still listed", answer, session.exchanges[-1])
        expect(item(session, name, spared) is not MISSING, f"the job of {spared} is gone with its namesake", answer, session.exchanges[-1])
        forget(session, jobs[spared])


@check("RAI-LST-011")
def a_deletion_tells_of_each_job(session: Session) -> None:
    """Name and success, in the order asked."""
    one, two, three = (session.submit() for _ in range(3))
    answer = accepted(forget(session, three, one, two), "a deletion of three jobs")
    told = [(each.get("name"), each.get("ok")) for each in get(answer.response.json, "/data") or []]
    same([[job.id, True] for job in (three, one, two)], [list(pair) for pair in told], "what is told of the jobs", answer)


def _verdict(answer: Exchange, number: int) -> tuple[Json, Json]:
    """What a deletion tells of the job at a place: success, and the status of its error."""
    return get(answer.response.json, f"/data/{number}/ok"), get(answer.response.json, f"/data/{number}/error/status")


@check("RAI-LST-012")
def a_job_that_is_not_there_hinders_no_other(session: Session) -> None:
    """It stands first in the deletion."""
    job = session.submit()
    answer = accepted(forget(session, (session.unique("nobody"), "team-a"), job), "a deletion of two jobs of which one is there")
    expect(_verdict(answer, 0) == (False, 404), f"of a job that never was is told {get(answer.response.json, '/data/0')}", answer)
    expect(_verdict(answer, 1)[0] is True, f"of a job that is there is told {get(answer.response.json, '/data/1')}", answer)
    expect(item(session, job.id) is MISSING, "the job that is there was not deleted", answer, session.exchanges[-1])


@check("RAI-LST-013")
def a_job_is_deleted_once(session: Session) -> None:
    """The second time it is not there."""
    job = session.submit()
    needed(_verdict(forget(session, job), 0)[0] is True, "the job was not deleted")
    again = forget(session, job)
    expect(not again.response.is_success or _verdict(again, 0)[0] is False, "a job was deleted twice", again)


@check("RAI-LST-014")
def a_job_is_not_deleted_under_another_project(session: Session) -> None:
    """It stays listed."""
    job = session.submit("long")
    answer = forget(session, (job.id, "team-nobody"))
    expect(item(session, job.id) is not MISSING, "a job was deleted under the name of another project", answer, session.exchanges[-1])
    expect(not answer.response.is_success or _verdict(answer, 0)[0] is not True, "a job of another project is told to be deleted", answer)


@check("RAI-LST-015")
def a_deletion_that_repeats_itself_deletes_once(session: Session) -> None:
    """The second time it is not there."""
    job = session.submit()
    answer = forget(session, job, job)
    expect([_verdict(answer, 0)[0], _verdict(answer, 1)] == [True, (False, 404)], "a job was deleted twice in one call", answer)


@check("RAI-IDM-006")
def a_deleted_job_leaves_nothing_to_its_namesake(session: Session) -> None:
    """Neither the end of its run nor that of its time to live."""
    short = session.submit("lasts", seconds=30)
    fading = session.submit(patch={"job": {"ttlAfterFinish": "60s"}})
    session.until(short, "running")
    session.until(fading)
    accepted(forget(session, short, fading), "a deletion")
    later = [session.submit("lasts", {"job": {"name": short.id}}, seconds=600), session.submit(patch={"job": {"name": fading.id}})]
    session.until(later[0], "running")
    session.advance(120)
    for job, wanted in zip(later, ("Running", "Succeeded"), strict=True):
        state = session.state(job)
        expect(state == wanted, f"a job with the name of a deleted one is {state or 'not listed'}, expected {wanted}", job.created, session.exchanges[-1])


def _refused(session: Session, bodies: list[Json]) -> None:
    """Each is refused, the job stays; a right one then deletes it."""
    job = session.submit("long")
    for body in bodies:
        answer = session.call(session.role("delete").operation, body=_filled(body, job))
        refused(answer, f"the deletion {body!r}", INVALID)
        expect(item(session, job.id) is not MISSING, f"the refused deletion {body!r} deleted a job", answer, session.exchanges[-1])
    needed(forget(session, job).response.is_success, "a right deletion is refused too")


def _filled(body: Json, job: JobRef) -> Json:
    if isinstance(body, list):
        return [_filled(one, job) for one in body]
    words = {"NAME": job.id, "PROJECT": project_of(job)}
    return {key: words.get(value, value) if isinstance(value, str) else value for key, value in body.items()} if isinstance(body, dict) else body


RIGHT = {"name": "NAME", "project": "PROJECT"}


@check("RAI-ERR-001")
def a_deletion_is_a_list(session: Session) -> None:
    """Not one job, a name, a number, null."""
    _refused(session, [{}, RIGHT, {"data": [RIGHT]}, "NAME", 7, None])


@check("RAI-ERR-002")
def a_deletion_says_name_and_project(session: Session) -> None:
    """Of every job."""
    _refused(session, [[{"name": "NAME"}], [{"project": "PROJECT"}], [{}], [RIGHT, {"name": "NAME"}]])


@check("RAI-ERR-004")
def names_in_a_deletion_are_strings(session: Session) -> None:
    """Not numbers, lists, null."""
    _refused(session, [["NAME"], [{**RIGHT, "name": 7}], [{**RIGHT, "project": ["team-a"]}], [{**RIGHT, "name": None}]])


@check("RAI-ERR-005")
def a_deletion_is_json(session: Session) -> None:
    """Nothing at all, half of it, a text."""
    job = session.submit("long")
    operation = session.spec.operations[session.role("delete").operation]
    for raw in (b"", b"[", b'[{"name": "x", "project": "y"},]', b"not json"):
        answer = session.send(operation.method, session.directory.path(operation.id, {}), raw=raw)
        refused(answer, f"the deletion {raw!r}", INVALID)
    expect(item(session, job.id) is not MISSING, "a refused deletion deleted a job", *session.exchanges[-2:])
    needed(forget(session, job).response.is_success, "a right deletion is refused too")


@check("RAI-ERR-006")
def a_deletion_of_nothing_does_nothing(session: Session) -> None:
    """An empty list."""
    job = session.submit("long")
    answer = accepted(forget(session), "a deletion of nothing")
    same([], get(answer.response.json, "/data"), "what is told of no jobs", answer)
    expect(item(session, job.id) is not MISSING, "a deletion of nothing deleted a job", answer, session.exchanges[-1])


@check("RAI-ERR-003")
def a_refusal_repeats_its_status(session: Session) -> None:
    """An unknown path and method, a wrong media type, a body that is not valid."""
    path = session.directory.path(LIST, {})
    told = [session.send("GET", f"{path}/zz-nowhere"), session.send("PUT", path), session.send("POST", path, raw=b"{}", media="text/plain")]
    for exchange in (*told, session.post({"job": {}})):
        status, body = exchange.response.status, exchange.response.json
        needed(status >= 400, f"{exchange.line} is no refusal")
        within = INVALID if status in INVALID else (status,)
        expect(get(body, "/status") in within, f"the body of an answer {status} says {get(body, '/status')}", exchange)
