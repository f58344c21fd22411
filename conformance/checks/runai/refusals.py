"""How Run:AI refuses what it cannot do."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.runai.steps import LIST, control_twin, delete, delete_jobs, item, names, project_of
from conformance.session.expect import INVALID, accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown

RIGHT = {"name": "NAME", "project": "PROJECT"}
WRONG: tuple[dict[str, Any], ...] = (
    {"image": None},
    {"project": None},
    {"gpu": "one"},
    {"backoffLimit": 1.5},
    {"arguments": "-e"},
    {"imagePullPolicy": 7},
)
"""What the table excludes; null takes a member away."""


def _refused(session: Session, bodies: list[Json]) -> None:
    """Each is refused, the job stays; a right one then deletes it."""
    job = session.submit("long")
    for body in bodies:
        answer = session.call(session.role("delete").operation, body=_filled(body, job))
        refused(answer, f"the deletion {shown(body)}", INVALID)
        expect(item(session, job.id) is not MISSING, f"the refused deletion {shown(body)} deleted a job", answer)
    needed(delete_jobs(session, job).response.is_success, "a right deletion is refused too")


def _filled(body: Json, job: JobRef) -> Json:
    if isinstance(body, list):
        return [_filled(one, job) for one in body]
    words = {"NAME": job.id, "PROJECT": project_of(job)}
    return (
        {key: words.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
        if isinstance(body, dict)
        else body
    )


@check("RAI-ERR-001")
def a_deletion_is_a_list(session: Session) -> None:
    """Not one job, a name, a number, null."""
    _refused(session, [{}, RIGHT, {"data": [RIGHT]}, "NAME", 7, None])


@check("RAI-ERR-002")
def a_deletion_says_name_and_project(session: Session) -> None:
    """Of every job."""
    _refused(session, [[{"name": "NAME"}], [{"project": "PROJECT"}], [{}], [RIGHT, {"name": "NAME"}]])


@check("RAI-ERR-003")
def a_refusal_repeats_its_status(session: Session) -> None:
    """An unknown path and method, a wrong media type, a body that is not valid."""
    path = session.directory.path(LIST, {})
    told = [
        session.send("GET", f"{path}/zz-nowhere"),
        session.send("PUT", path),
        session.send("POST", path, raw=b"{}", media="text/plain"),
    ]
    for exchange in (*told, session.post({"job": {}})):
        status, body = exchange.response.status, exchange.response.json
        needed(status >= 400, f"{exchange.line} is no refusal")
        within = INVALID if status in INVALID else (status,)
        expect(get(body, "/status") in within, f"the body of an answer {status} says {get(body, '/status')}")


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
        refused(answer, f"the deletion {shown(raw)}", INVALID)
    expect(item(session, job.id) is not MISSING, "a refused deletion deleted a job")
    needed(delete_jobs(session, job).response.is_success, "a right deletion is refused too")


@check("RAI-ERR-006")
def a_deletion_of_nothing_does_nothing(session: Session) -> None:
    """An empty list."""
    job = session.submit("long")
    answer = accepted(delete_jobs(session), "a deletion of nothing")
    same([], get(answer.response.json, "/data"), "what is reported of no jobs")
    expect(item(session, job.id) is not MISSING, "a deletion of nothing deleted a job", answer)


@check("RAI-ERR-007")
def a_refused_submission_leaves_no_job(session: Session) -> None:
    """Something is missing, or of another type."""
    control_twin(session)
    for members in WRONG:
        body = session.body(patch={"job": members})
        told = session.post(body)
        needed(not told.response.is_success, f"a submission with {members} is granted")
        expect(body["job"]["name"] not in names(session), f"a submission with {members} was refused and made a job")


@check("RAI-ERR-008")
def a_deletion_takes_what_nobody_named(session: Session) -> None:
    """A member more beside name and project."""
    job = session.submit()
    pair = {"name": job.id, "project": job.body["job"]["project"], "judge": {"more": True}}
    answer = accepted(delete(session, [pair]), "a deletion with a member more")
    expect(not session.state(job), "a deletion with a member more deletes nothing", answer)
