"""How Run:AI refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from conformance.checks import check
from conformance.checks.families.refusals import changes_nothing
from conformance.checks.runai.steps import LIST, control_twin, delete, delete_jobs, is_listed, item, project_of
from conformance.session.expect import INVALID, accepted, expect, need_success, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get, mapped, shown

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
NO_LISTS: tuple[Json, ...] = ({}, RIGHT, {"data": [RIGHT]}, "NAME", 7, None)
INCOMPLETE: tuple[Json, ...] = ([{"name": "NAME"}], [{"project": "PROJECT"}], [{}], [RIGHT, {"name": "NAME"}])
NO_STRINGS: tuple[Json, ...] = (
    ["NAME"],
    [{**RIGHT, "name": 7}],
    [{**RIGHT, "project": ["team-a"]}],
    [{**RIGHT, "name": None}],
)
"""Deletions that are not valid, of a job of that name and project."""


@check("RAI-ERR-001", "a deletion is a list", NO_LISTS)
@check("RAI-ERR-002", "a deletion says name and project", INCOMPLETE)
@check("RAI-ERR-004", "names in a deletion are strings", NO_STRINGS)
def a_wrong_deletion_deletes_nothing(session: Session, bodies: Sequence[Json]) -> None:
    """Each is refused, the job stays; a right one then deletes it."""
    job = session.submit("long")
    words = {"NAME": job.id, "PROJECT": project_of(job)}
    for body in bodies:
        filled = mapped(body, lambda text: words.get(text, text))
        attempt = partial(session.call, session.role("delete").operation, body=filled)
        changes_nothing(partial(is_listed, session, job.id), f"the deletion {shown(body)}", attempt, INVALID)
    need_success(delete_jobs(session, job), "a right deletion")


@check("RAI-ERR-003")
def a_refusal_repeats_its_status(session: Session) -> None:
    """An unknown path and method, a wrong media type, a body that is not valid."""
    path = session.directory.path(LIST, {})
    for exchange in (
        session.send("GET", f"{path}/zz-nowhere"),
        session.send("PUT", path),
        session.send("POST", path, raw=b"{}", media="text/plain"),
        session.post({"job": {}}),
    ):
        status, body = exchange.response.status, exchange.response.json
        needed(status >= 400, f"{exchange.line} is no refusal")
        within = INVALID if status in INVALID else (status,)
        expect(get(body, "/status") in within, f"the body of an answer {status} says {get(body, '/status')}")


@check("RAI-ERR-005")
def a_deletion_is_json(session: Session) -> None:
    """Nothing at all, half of it, a text."""
    job = session.submit("long")
    operation = session.spec.operations[session.role("delete").operation]
    path = session.directory.path(operation.id, {})
    for raw in (b"", b"[", b'[{"name": "x", "project": "y"},]', b"not json"):
        attempt = partial(session.send, operation.method, path, raw=raw)
        changes_nothing(partial(is_listed, session, job.id), f"the deletion {shown(raw)}", attempt, INVALID)
    need_success(delete_jobs(session, job), "a right deletion")


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
        look = partial(is_listed, session, body["job"]["name"])
        changes_nothing(look, f"a submission with {shown(members)}", partial(session.post, body))


@check("RAI-ERR-008")
def a_deletion_takes_what_nobody_named(session: Session) -> None:
    """A member more beside name and project."""
    job = session.submit()
    pair = {"name": job.id, "project": job.body["job"]["project"], "judge": {"more": True}}
    answer = accepted(delete(session, [pair]), "a deletion with a member more")
    expect(not session.state(job), "a deletion with a member more deletes nothing", answer)
