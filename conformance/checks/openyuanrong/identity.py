"""What makes a job of openYuanrong that job and no other."""

from __future__ import annotations

import re
from functools import partial

from conformance.checks import check
from conformance.checks.families.calls import one_is_granted, submissions_at_once
from conformance.checks.families.identity import two_of_equal_submissions
from conformance.checks.families.instants import reports_nothing
from conformance.checks.families.refusals import changes_nothing, view_of
from conformance.checks.openyuanrong.steps import TAKEN, answered, submit_named
from conformance.session.expect import accepted, expect, need_success, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, shown

PREFIX = "app-"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _with(session: Session, id_: Json, shape: str = "quick", **patch: Json) -> Exchange:
    return session.post(session.body(shape, {"submission_id": id_, **patch}))


def _free(session: Session, *, prefix: str = PREFIX, length: int = 0) -> str:
    """An id that nobody has, with that prefix, filled up to that length."""
    return (prefix + session.unique("cf")).ljust(length, "x")


def _brings(session: Session, id_: str, *names: str) -> JobRef:
    """A submission brings an id, which must be granted; the job has one of these names."""
    job = submit_named(session, id_)
    expect(job.id in names, f"a job that brought the id {shown(id_)} has the id {shown(job.id)}")
    return job


def _deleted(session: Session, job: JobRef) -> None:
    session.until(job)
    needed(session.delete(job).response.json is True, "an ended job cannot be deleted")


@check("OYR-IDM-001", "a made id begins with app", f"{PREFIX}.*")
@check("OYR-IDM-002", "a made id has a uuid", f"{PREFIX}{UUID}")
def a_made_id_has_its_form(session: Session, pattern: str) -> None:
    """Twice."""
    for _ in range(2):
        id_ = session.submit().id
        expect(re.fullmatch(pattern, id_), f"the id that the server made is {shown(id_)}")


@check("OYR-IDM-003")
def an_id_with_app_is_kept(session: Session) -> None:
    """Answered, and read under it."""
    id_ = _free(session)
    accepted(session.read(_brings(session, id_, id_)), "reading a job by the id that it brought")


@check("OYR-IDM-004")
def an_id_without_app_is_kept_or_completed(session: Session) -> None:
    """Either way it names the job."""
    id_ = _free(session, prefix="")
    accepted(session.read(_brings(session, id_, id_, PREFIX + id_)), "reading a job by the id that was answered")
    for length in (61, 64):
        long = _free(session, prefix="", length=length)
        exchange = _with(session, long)
        if exchange.response.is_success:
            found = session.job_of(exchange).id
            expect(found in (long, PREFIX + long), f"a job that brought the id {shown(long)} has the id {shown(found)}")


@check("OYR-IDM-005")
def an_id_without_app_is_completed(session: Session) -> None:
    """Also where app stands elsewhere in it."""
    for prefix in ("", "my-app-", "app"):
        id_ = _free(session, prefix=prefix)
        _brings(session, id_, PREFIX + id_)


@check("OYR-IDM-006")
def ids_within_the_pattern_are_taken(session: Session) -> None:
    """As long as may be, and of every kind of character."""
    full = (_free(session, length=64), _free(session, length=63), _free(session, prefix="", length=60))
    for id_ in (*full, f"{_free(session)}-0-9-", f"{_free(session)}--a"):
        _brings(session, id_, id_, PREFIX + id_)


@check("OYR-IDM-006")
def odd_ids_are_taken(session: Session) -> None:
    """Short ones, digits, hyphens; these are no names for a world that others use too."""
    odd = ("7", "2026", "a", "-", "-a", "app-", "app-0", "stop", "app-jobs")
    for id_ in odd if session.target.has_virtual_time else (f"-{session.unique('cf')}",):
        accepted(session.read(_brings(session, id_, id_, PREFIX + id_)), f"reading the job that brought {shown(id_)}")


@check("OYR-IDM-007")
def longer_ids_are_refused(session: Session) -> None:
    """With the longest one that is right as a twin."""
    need_success(_with(session, _free(session, length=64)), "an id of 64 characters")
    for length in (65, 66, 200):
        refused(_with(session, _free(session, length=length)), f"an id of {length} characters")
    refused(_with(session, _free(session, prefix="", length=65)), "an id of 65 characters without app-")


@check("OYR-IDM-008")
def other_characters_are_refused(session: Session) -> None:
    """At the end, in the middle, at the beginning."""
    for wrong in ("A", "_", ".", " ", "/", "ü", "é", "\n", "%41", ":", "٣"):
        need_success(_with(session, _free(session)), "an id within the pattern")
        refused(_with(session, _free(session) + wrong), f"an id that ends with {shown(wrong)}")
        refused(_with(session, f"{PREFIX}a{wrong}{session.unique('b')}"), f"an id with {shown(wrong)} in it")
    refused(_with(session, f"App-{session.unique('a')}"), "an id that begins with App-")


@check("OYR-IDM-010")
def an_empty_id_is_none(session: Session) -> None:
    """One is made."""
    one, other = (submit_named(session, "").id for _ in range(2))
    expect(len(one) > len(PREFIX), f"the id made for an empty one is {shown(one)}")
    expect(other != one, "the ids made for two empty ones are the same")


@check("OYR-IDM-011")
def the_word_driver_is_refused(session: Session) -> None:
    """Wherever it stands; half of it is fine."""
    for id_ in (f"app-driver-{session.unique('a')}", f"{session.unique('a')}xdriverx"):
        need_success(_with(session, id_.replace("driver", "river")), "an id with half of the word")
        refused(_with(session, id_), f"the id {shown(id_)}")


@check("OYR-IDM-012")
def a_taken_id_is_refused(session: Session) -> None:
    """Of a job that waits, runs or has ended; that job stays as it is."""
    phases = {"waits": ("queued",), "long": ("running",), "quick": (), "fails": ()}
    for shape in session.shapes(*phases):
        made = _with(session, _free(session), shape)
        if shape in session.settings.may_refuse and not made.response.is_success:
            continue
        job = session.job_of(accepted(made, "a submission with an id of its own"))
        what = f"a second submission of the id of a job that is {session.until(job, *phases[shape])}"
        attempt = partial(_with, session, job.id, entrypoint="sleep 1")
        changes_nothing(view_of(session, job), what, attempt, TAKEN)


@check("OYR-IDM-013")
def a_taken_id_is_refused_with_400(session: Session) -> None:
    """Byte for byte the same submission."""
    body = session.body(patch={"submission_id": _free(session)})
    accepted(session.post(body), "a submission with an id of its own")
    refused(session.post(body), "the same submission again", (400,))


@check("OYR-IDM-014")
def an_id_with_and_without_app_is_one(session: Session) -> None:
    """Either may come first."""
    for first, then in (("", PREFIX), (PREFIX, "")):
        id_ = session.unique("cf")
        accepted(_with(session, first + id_), "a submission with an id of its own")
        refused(_with(session, then + id_), f"the id {shown(then + id_)} after {shown(first + id_)}", TAKEN)


@check("OYR-IDM-015")
def the_id_of_a_deleted_job_is_free(session: Session) -> None:
    """And names the new job then, the second time as the first."""
    job = submit_named(session, _free(session))
    _deleted(session, job)
    _deleted(session, submit_named(session, job.id))
    again = submit_named(session, job.id, "long")
    expect(session.phase(again) != "succeeded", "a new job is shown as the deleted one")


@check("OYR-IDM-016")
def one_of_many_with_one_id_is_granted(session: Session) -> None:
    """Six at once."""
    id_ = _free(session)
    bodies = [session.body("long", {"submission_id": id_}) for _ in range(6)]
    one_is_granted(submissions_at_once(session, bodies), "submissions of one id")


@check("OYR-IDM-017")
def equal_submissions_make_a_job_each(session: Session) -> None:
    """Without an id; both can be read."""
    for job in two_of_equal_submissions(session):
        accepted(session.read(job), "reading one of two equal jobs")


@check("OYR-IDM-018")
def a_refused_submission_does_not_take_its_id(session: Session) -> None:
    """It lacked its command."""
    id_ = _free(session)
    body = session.body(patch={"submission_id": id_})
    answer = session.post({key: value for key, value in body.items() if key != "entrypoint"})
    needed(400 <= answer.response.status < 500, "a submission without a command is not refused")
    accepted(session.post(body), "the id of a refused submission")


@check("OYR-IDM-020")
def a_part_of_an_id_is_no_id(session: Session) -> None:
    """Without the prefix, without the last character, in capitals."""
    job = session.submit()
    for part in (job.id.removeprefix(PREFIX), job.id[:-1], job.id.upper()):
        refused(session.read(part), f"reading {shown(part)} of {shown(job.id)}", (404, 400, 410, 422))


@check("OYR-IDM-021")
def a_second_job_has_nothing_of_the_first(session: Session) -> None:
    """Their ids are the same, the first was deleted."""
    first = session.submit(patch={"metadata": {"first": "yes"}, "submission_id": session.unique("app-cf")})
    _deleted(session, first)
    session.advance(30)
    said: Json = {"submission_id": first.id, "metadata": {"second": "yes"}}
    view = session.view(session.submit("long", said, until="running"))
    what = "of a job with the id of a deleted one"
    same(said["metadata"], get(view, "/metadata"), f"the metadata {what}")
    same(get(session.body("long"), "/entrypoint"), get(view, "/entrypoint"), f"the command {what}")
    reports_nothing(view, ["/end_time"], "a job that runs", ("0",))


@check("OYR-IDM-022")
def ids_that_begin_alike_are_two(session: Session) -> None:
    """Stopped, then deleted: the one with the shorter id."""
    stem = session.unique("app-cf")
    short, longer = (submit_named(session, f"{stem}{tail}", "long") for tail in ("", "-b"))
    ended = submit_named(session, f"{stem}0")
    for job in (short, longer):
        session.until(job, "running")
    session.until(ended)
    before = [session.view(longer), session.view(ended)]
    for name in ("cancel", "delete"):
        answer = answered(session.on(name, short), f"the call to {name} the job", True)
        session.until(short) if name == "cancel" else session.advance(2)
        for job, view in zip((longer, ended), before, strict=True):
            same(view, session.view(job), f"the job {job.id} after the call to {name} {short.id}", answer)


@check("OYR-IDM-023")
def an_encoded_id_is_the_same(session: Session) -> None:
    """Its first hyphen."""
    job = session.submit()
    path = session.directory.path(session.role("read").operation, {"submissionId": job.id})
    exchange = accepted(
        session.send("GET", path.replace("app-", "app%2D")), "reading a job by its id with an encoded hyphen"
    )
    same(job.id, get(exchange.response.json, "/submission_id"), "the job that was read")
