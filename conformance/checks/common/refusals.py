"""How every API refuses what it cannot do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from conformance import catalogue as catalogues
from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.probes import required_pointers
from conformance.errors import Inconclusive
from conformance.session.expect import INVALID, expect, need_success, needed, refused
from conformance.session.paging import everything
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, put, shown


def _statuses(session: Session, kind: str, *usual: int) -> tuple[int, ...]:
    errors = catalogues.load(session.spec.name).errors or {}
    return tuple(errors.get(kind, usual))


def _submission(session: Session, *, twin: bool = True, **options: Any) -> Exchange:
    submit = session.spec.operations[session.role("submit").operation]
    if twin:
        need_success(session.post(session.body()), "the control twin")
    headers = {**session.settings.submit_headers, **options.pop("headers", {})}
    return session.send(submit.method, session.directory.path(submit.id, {}), headers=headers, **options)


def _says_no(exchange: Exchange) -> bool:
    """Whether an answer item by item reports a refusal."""
    return b"false" in exchange.response.body or b'"error"' in exchange.response.body


def _granted_before_a_refusal(session: Session) -> int:
    """Leave out one member after the other until a submission is refused; how many were granted.

    Inconclusive where none is refused.
    """
    for granted, name in enumerate(session.body()):
        body = {key: value for key, value in session.body().items() if key != name}
        if not session.post(body).response.is_success:
            return granted
    raise Inconclusive("no submission is refused for want of a member")


@check("JOB-ERR-011")
def whatever_a_submission_is_refused_for_it_leaves_nothing_behind(session: Session) -> None:
    """A demanded member of another type, null or a word that means nothing; a valid body with something behind it."""
    session.submit(draft=True)
    before = len(everything(session))
    bodies = list(_doubtful_bodies(session))
    granted = sum(_submission(session, raw=raw, twin=False).response.is_success for raw in bodies)
    needed(granted < len(bodies), "every submission is granted")
    session.advance(2)
    after = len(everything(session))
    others_leave = not session.target.has_virtual_time and after < before + granted
    message = f"of {len(bodies)} submissions {granted} were granted, and {after - before} more jobs are there"
    expect(after == before + granted or others_leave, message)


def _doubtful_bodies(session: Session) -> Iterator[bytes]:
    values: tuple[Json, ...] = (None, [], 7, {}, "zz-no-such-thing")
    for pointer in required_pointers(session):
        for value in values:
            yield json.dumps(put(session.body(), pointer, value)).encode()
    yield json.dumps(session.body()).encode() + b"x"


@check("JOB-ERR-003", "reading a job that never was is refused", "read")
@check("JOB-ERR-012", "stopping a job that never was is refused", "cancel")
@check("JOB-ERR-013", "deleting a job that never was is refused", "delete")
def an_unknown_job_is_refused(session: Session, role: str) -> None:
    """The id has the form of an id and names nothing."""
    job = session.submit()
    if "read" in session.roles:
        need_success(session.on("read", job), "reading a job that exists")
    exchange, what = session.on(role, NOBODY), f"the call to {role} a job that never was"
    if exchange.response.is_success and exchange.request.body and not exchange.values:
        expect(_says_no(exchange), f"{what} is answered as if it had been carried out")
        return
    refused(exchange, what, _statuses(session, "unknown", 404))


@check("JOB-ERR-004")
def what_is_not_json_is_refused(session: Session) -> None:
    """Cut off, with a comma too many, with NaN, in bytes that are no UTF-8."""
    for raw in (b'{"a": ', b'{"a": 1,}', b"not json", b'{"a": NaN}', b'{"a": "\xff"}'):
        refused(_submission(session, raw=raw), f"the body {shown(raw)}", _statuses(session, "malformed", *INVALID))


@check("JOB-ERR-005")
def a_body_that_is_no_object_is_refused(session: Session) -> None:
    """A list, a string, a number, null."""
    bodies: tuple[Json, ...] = ([], "text", 1, None, True)
    for body in bodies:
        refused(_submission(session, body=body), f"the body {shown(body)}", _statuses(session, "invalid", *INVALID))


@check("JOB-ERR-006")
def a_missing_body_is_refused(session: Session) -> None:
    """Nothing at all, declared as JSON."""
    refused(_submission(session, raw=b""), "a submission without a body", _statuses(session, "malformed", *INVALID))


@check("JOB-ERR-007")
def an_unknown_path_is_refused(session: Session) -> None:
    """A path beside the document's own."""
    refused(session.send("GET", f"{session.directory.base}/zz-nowhere"), "an unknown path", (404,))


@check("JOB-ERR-008")
def an_unknown_method_is_refused(session: Session) -> None:
    """A method that the path of the submission does not have; the answer lists those that it has."""
    submit = session.spec.operations[session.role("submit").operation]
    known = {one.method for one in session.spec.operations.values() if one.path == submit.path}
    path, headers = session.directory.path(submit.id, {}), session.settings.submit_headers
    for method in [one for one in ("PATCH", "PUT") if one not in known]:
        exchange = session.send(method, path, body=session.body(), headers=headers)
        refused(exchange, f"the method {method}", (405,))
        allowed = {word.strip() for word in re.split(",", exchange.response.header("allow") or "")}
        expect(known <= allowed, f"Allow is {sorted(allowed)}, the path knows {sorted(known)}")


@check("JOB-ERR-009")
def a_body_that_is_not_declared_as_json_is_refused(session: Session) -> None:
    """The same bytes as text and as a form."""
    for media in ("text/plain", "application/x-www-form-urlencoded"):
        raw = json.dumps(session.body()).encode()
        exchange = _submission(session, raw=raw, media=media)
        refused(exchange, f"a submission declared as {media}", _statuses(session, "media", 415, *INVALID))


@check("JOB-ERR-010")
def nothing_makes_the_server_fail(session: Session) -> None:
    """Odd but harmless requests; the oracles look at the statuses, and here none of them is for want of room."""
    large = (b"[" * 600 + b"]" * 600, b'{"a": ' * 60 + b"1" + b"}" * 60, b'{"a": "' + b"x" * 100_000 + b'"}')
    odd = (*large, b'{"a": 1e999}', b'{"a": "\\ud800"}', b'{"": ""}', b"\x00")
    twin = session.post(session.body())
    answers = [_submission(session, raw=raw) for raw in odd]
    if twin.response.is_success:
        deep: Json = 1
        for _ in range(60):
            deep = [deep]
        answers += [session.post(session.body(patch={"zz_unheard_of": value})) for value in (deep, "x" * 100_000)]
    for exchange in answers:
        status = exchange.response.status
        expect(status < 500 or status == 503, f"answered {status}")
    for id_ in ("%00", "..%2f..", "a" * 600, "%F0%9F%98%80", "null"):
        for name in ("read", "cancel", "delete"):
            if name in session.roles and session.spec.operations[session.roles[name].operation].method == "GET":
                path = session.directory.path(session.roles[name].operation, {})
                session.send("GET", re.sub(r"\{.+?\}", id_, path))


@check("JOB-ERR-011")
def a_refused_submission_leaves_nothing_behind(session: Session) -> None:
    """The list is as long as before; shorter where jobs of earlier checks may have left meanwhile."""
    session.submit(draft=True)
    before = len(session.items()) + _granted_before_a_refusal(session)
    session.advance(2)
    after = len(session.items())
    others_leave = not session.target.has_virtual_time and after < before
    expect(after == before or others_leave, f"there were {before} jobs and are {after} after a refused submission")
