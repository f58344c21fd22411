"""Checks of how Ionworks reads submissions, what jobs tell of them afterwards, and how refusals name what is wrong."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from conformance.checks import check
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put

LONGEST_URL = 2083
TYPES = ("dummy", "datafit", "validation", "simulate", "evaluate_variables", "optimize", "ecm_fit", "simple_pipeline")
NOBODY = "00000000-0000-4000-8000-00000000dead"


def _refused(session: Session, body: Json, what: str) -> Exchange:
    """A submission that is refused with 422, after a valid twin."""
    twin = session.post(session.body())
    needed(twin.response.is_success, f"the control twin was answered {twin.response.status}")
    return refused(session.post(body), what, (422,))


@check("ION-REQ-013")
def a_callback_url_has_a_longest_length(session: Session) -> None:
    """One character more is too many; the length is reached in the path and in the query."""
    for stem in ("https://client.example/", "http://client.example/hook?key="):
        longest = stem + "a" * (LONGEST_URL - len(stem))
        accepted(session.post(session.body(patch={"callback_url": longest})), f"a callback_url of {LONGEST_URL} characters")
        _refused(session, put(session.body(), "/callback_url", longest + "a"), f"a callback_url of {LONGEST_URL + 1} characters")


@check("ION-REQ-018")
@check("ION-CRT-004")
def a_job_may_have_a_parent(session: Session) -> None:
    """A parent of any type, and a child of a child."""
    parent = session.submit(patch={"priority": 7})
    bodies: tuple[dict[str, Json], ...] = ({"parent_job_id": parent.id}, {"parent_job_id": parent.id, "job_type": "simple_pipeline", "priority": 3})
    for body in bodies:
        child = session.job_of(accepted(session.post(session.body(patch=body)), "a submission under a parent"))
        told = get(session.view(child), "/priority")
        expect(told == body.get("priority", 0), f"the priority of a child is {told!r}", child.created, session.exchanges[-1])
    accepted(session.post(session.body(patch={"parent_job_id": child.id})), "a submission under a child")


@check("ION-REQ-022")
def the_body_does_not_choose_the_project(session: Session) -> None:
    """Neither alone nor beside the query."""
    for query, expected in ({}, None), ({"project_id": "project-of-the-query"}, "project-of-the-query"):
        exchange = session.post(session.body(patch={"project_id": "project-of-the-body"}), query=query)
        needed(exchange.response.is_success, "an unknown member makes a submission fail")
        told = get(session.view(session.job_of(exchange)), "/project_id") or None
        expect(told == expected, f"the job belongs to the project {told!r}, its query named {expected!r}", exchange, session.exchanges[-1])


@check("ION-REQ-023")
def members_of_answers_have_no_effect_in_a_submission(session: Session) -> None:
    """A submission that says it is over is a new job like any other."""
    said = {
        "job_id": NOBODY,
        "status": "completed",
        "is_terminal": True,
        "is_failed": True,
        "created_at": "2001-01-01T00:00:00Z",
        "user_id": "zz",
        "organization_id": "zz",
    }
    exchange = session.post(session.body(patch={**said, "result": {"zz": 1}, "error": "zz", "access_level": "project"}))
    needed(exchange.response.is_success, "an unknown member makes a submission fail")
    told = exchange.response.json
    taken = [name for name, value in said.items() if get(told, f"/{name}") == value]
    expect(not taken, f"a submission chose {', '.join(taken)}", exchange)
    expect(get(told, "/access_level") in ("organization", None, MISSING), "a submission chose access_level", exchange)


def is_taken_here(exchange: Exchange) -> None:
    """Leave the check where a submission to the path with a slash is only sent on to the other path."""
    if exchange.response.status in (307, 308):
        raise NotApplicable("a submission to the path with a slash is sent on to the path without")
    needed(exchange.response.is_success, f"a submission to the path with a slash was answered {exchange.response.status}")


@check("ION-REQ-024")
def a_slash_at_the_end_of_the_path_does_no_harm(session: Session) -> None:
    """Granted, or sent on to the path without it."""
    exchange = session.call("submit_job_jobs__post", body=session.body())
    expect(exchange.response.status in (202, 307, 308), f"a submission to the path with a slash was answered {exchange.response.status}", exchange)


@check("ION-REQ-025")
def all_members_together_are_accepted(session: Session) -> None:
    """In both orders, and nulls where they may stand."""
    parent = session.submit()
    body = session.body(patch={"priority": 10, "callback_url": "https://client.example/hook", "metadata": {"a": 1}, "parent_job_id": parent.id})
    for one in (body, dict(reversed(body.items())), {**session.body(), "callback_url": None, "metadata": None, "parent_job_id": None}):
        exchange = accepted(session.post(one, query={"project_id": "project-1"}), f"a submission of {', '.join(one)}")
        session.read(session.job_of(exchange))


@check("ION-REQ-026")
def the_media_type_may_be_spelt_another_way(session: Session) -> None:
    """With a parameter, and in capitals."""
    submit = session.spec.operations[session.role("submit").operation]
    for media in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        raw = json.dumps(session.body()).encode()
        exchange = session.send(submit.method, session.directory.path(submit.id, {}), raw=raw, media=media, headers=session.settings.submit_headers)
        accepted(exchange, f"a submission declared as {media}")


@check("ION-RSP-018")
def each_answer_has_its_own_correlation(session: Session) -> None:
    """Two submissions, two readings of one job, and a cancel of each."""
    jobs = [session.submit(), session.submit()]
    asked = [jobs[0].created, jobs[1].created, session.read(jobs[0]), session.read(jobs[0])]
    asked += [one for one in (session.cancel(job) for job in jobs) if one.response.is_success]
    told = [one.response.header("x-correlation-id") for one in asked]
    needed(all(told), "answers carry no x-correlation-id")
    expect(len(set(told)) == len(told), "two answers have the same x-correlation-id", *asked)


@check("ION-RSP-002")
def what_no_operation_serves_has_a_correlation(session: Session) -> None:
    """An unknown path, and a method that a path does not have."""
    needed(session.submit().created.response.header("x-correlation-id"), "answers carry no x-correlation-id")
    base = session.directory.base
    for method, path in (("GET", f"{base}/jobs/{NOBODY}/zz-nowhere"), ("DELETE", f"{base}/jobs"), ("PUT", f"{base}/jobs/{NOBODY}")):
        exchange = session.send(method, path)
        expect(exchange.response.header("x-correlation-id"), f"{method} {path} is answered {exchange.response.status} without x-correlation-id", exchange)


@check("ION-CRT-001")
@check("ION-CRT-002")
def a_job_is_what_its_submission_named(session: Session) -> None:
    """Every type and every priority; the oracles compare each view with its submission."""
    for priority in range(11):
        job = session.submit(patch={"job_type": TYPES[priority % len(TYPES)], "priority": priority})
        session.read(job)
    if "list" in session.roles:
        session.list_jobs()


@check("ION-RSP-001")
@check("ION-RSP-002")
def answers_of_every_kind(session: Session) -> None:
    """Granted and refused; the oracles look at their headers."""
    job = session.submit()
    session.post(put(session.body(), "/priority", 11))
    for name in ("read", "cancel"):
        if name in session.roles:
            session.on(name, job)
            session.on(name, NOBODY)
    if "list" in session.roles:
        session.list_jobs()
        session.list_jobs(query={"limit": "none"})


@check("ION-CRT-003")
def a_job_tells_its_callback_url(session: Session) -> None:
    """In the answer to the submission and when read; upper case in the host and a missing path are no difference."""
    for url in ("https://client.example/Hooks/A?b=C&d=e", "https://Client.Example", "http://127.0.0.1:9/%7Ea#part"):
        exchange = session.post(session.body(patch={"callback_url": url}))
        needed(exchange.response.is_success, "the control submission was refused")
        for view in (exchange.response.json, session.view(session.job_of(exchange))):
            told = get(view, "/callback_url")
            expect(isinstance(told, str) and _parts(told) == _parts(url), f"callback_url is {told!r}, submitted was {url!r}", exchange, session.exchanges[-1])


def _parts(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, parts.fragment


@check("ION-CRT-005")
def a_job_belongs_to_the_project_of_its_query(session: Session) -> None:
    """Whether it is a plain name or has letters of all kinds; the oracles look at the list."""
    for project in ("project-7", "Größe 1/2 & mehr"):
        exchange = session.post(session.body(), query={"project_id": project})
        needed(exchange.response.is_success, "the control submission was refused")
        for view in (exchange.response.json, session.view(session.job_of(exchange))):
            expect(
                get(view, "/project_id") == project, f"project_id is {get(view, '/project_id')!r}, submitted was {project!r}", exchange, session.exchanges[-1]
            )
    if "list" in session.roles:
        session.list_jobs()


@check("ION-DEF-006")
def only_what_has_metadata_says_where_it_is(session: Session) -> None:
    """With and without; an empty object is metadata."""
    for metadata, is_there in (({"a": 1}, True), (None, False), ({}, True)):
        job = session.submit(patch=None if metadata is None else {"metadata": metadata})
        told = get(session.view(job), "/metadata_path")
        expect(bool(told) is is_there, f"metadata_path is {told!r} for a job that was handed {metadata!r}", job.created, session.exchanges[-1])


@check("ION-IDM-002")
def jobs_of_one_caller_belong_together(session: Session) -> None:
    """Three of different types."""
    jobs = [session.submit(patch={"job_type": name}) for name in ("dummy", "simulate", "ecm_fit")]
    for name in ("user_id", "organization_id"):
        told = {str(get(job.created.response.json, f"/{name}")) for job in jobs}
        expect(len(told) == 1 and told != {""}, f"one caller's jobs have as {name}: {', '.join(sorted(told))}", *(job.created for job in jobs))


@check("ION-IDM-003")
def two_jobs_share_no_place(session: Session) -> None:
    """Alike, and different."""
    jobs = [session.submit(patch={"metadata": {"a": 1}, "priority": priority}) for priority in (1, 1, 2)]
    for name in ("params_path", "metadata_path"):
        told = [str(get(job.created.response.json, f"/{name}")) for job in jobs if get(job.created.response.json, f"/{name}")]
        expect(len(set(told)) == len(told), f"two jobs have the same {name}", *(job.created for job in jobs))


Break = tuple[str, Json, list[Any]]
BREAKS: tuple[Break, ...] = (
    ("/job_type", MISSING, ["body", "job_type"]),
    ("/params", MISSING, ["body", "params"]),
    ("/job_type", "none-of-these", ["body", "job_type"]),
    ("/params", [], ["body", "params"]),
    ("/priority", 11, ["body", "priority"]),
    ("/priority", -1, ["body", "priority"]),
    ("/callback_url", "", ["body", "callback_url"]),
    ("/metadata", [], ["body", "metadata"]),
    ("/parent_job_id", 7, ["body", "parent_job_id"]),
)


def _places(exchange: Exchange) -> list[list[Any]]:
    told = get(exchange.response.json, "/detail")
    return [one["loc"] for one in told if isinstance(one, dict) and isinstance(one.get("loc"), list)] if isinstance(told, list) else []


@check("ION-ERR-002")
def a_violation_leads_to_the_place(session: Session) -> None:
    """Each member once, and a parameter of the list; the place may go deeper than the member."""
    for pointer, value, place in BREAKS:
        exchange = _refused(session, put(session.body(), pointer, value), f"a submission with a broken {pointer}")
        expect(any(loc[:2] == place for loc in _places(exchange)), f"no violation is at {place}: {_places(exchange)}", exchange)
        others = [loc for loc in _places(exchange) if loc[:2] != place]
        expect(not others, f"only {place} is wrong, but told is {others}", exchange)


@check("ION-ERR-003")
def all_violations_are_listed(session: Session) -> None:
    """Three members are wrong at once."""
    exchange = _refused(session, {"job_type": "none-of-these", "priority": 11}, "a submission with three violations")
    missing = [place for place in (["body", "job_type"], ["body", "priority"], ["body", "params"]) if place not in [loc[:2] for loc in _places(exchange)]]
    expect(not missing, f"nothing is said of {missing}", exchange)


@check("ION-ERR-006")
def an_unknown_parent_is_refused(session: Session) -> None:
    """Whatever its id looks like; no job is left behind."""
    control: JobRef = session.submit()
    for unknown in (NOBODY, "no-such-job", ""):
        before = len(session.items()) if "list" in session.roles else 0
        refused(session.post(session.body(patch={"parent_job_id": unknown})), f"a submission under the parent {unknown!r}", (404, 422))
        expect(not before or len(session.items()) == before, "a refused submission left a job behind", session.exchanges[-1])
    accepted(session.post(session.body(patch={"parent_job_id": control.id})), "a submission under a parent")


@check("ION-ERR-007")
def a_broken_submission_is_answered_422(session: Session) -> None:
    """Each member broken once."""
    for pointer, value, _ in BREAKS:
        _refused(session, put(session.body(), pointer, value), f"a submission with a broken {pointer}")


@check("ION-ERR-008")
def one_wrong_member_spoils_a_submission(session: Session) -> None:
    """Beside every other member, each of them right."""
    whole = session.body(patch={"priority": 3, "callback_url": "https://client.example/hook", "metadata": {"a": 1}})
    accepted(session.post(whole), "a submission of all members")
    for pointer, value, _ in BREAKS:
        refused(session.post(put(whole, pointer, value)), f"a submission with a broken {pointer} beside right members", (422,))
