"""What Ionworks takes in a submission, and what a submission makes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.common.submission import the_media_type_is_read_as_one
from conformance.checks.families.values import taken
from conformance.checks.ionworks.steps import TYPES, Query, behind, jobs_of_page, refused_as_invalid
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, shown

URL = "https://client.example/called"
NAMES: dict[str, Json] = {
    "priority": 9,
    "callback_url": "https://other.example/hook",
    "parent_job_id": "of-nobody",
    "project_id": "of-params",
    "job_type": "optimize",
    "status": "completed",
}
"""What a submission and a job call their members, as the names of params."""
LONGEST_URL = 2083
LARGE = 300_000
"""Characters: beyond what servers take by default, far below what they refuse."""


METADATA_VALUES: tuple[Json, ...] = (
    {f"m{number}": number for number in range(64)},
    {"deep": {"list": [{"a": [None, True]}]}},
    {"nothing": None},
    {"a.b": 1, "$c": 2, "": 3},
    {"big": 2**63},
    {"text": "x" * LARGE},
)
PARAMS_VALUES: tuple[Json, ...] = (
    {f"p{number}": number for number in range(64)},
    {"deep": json.loads('{"in": ' * 24 + "0" + "}" * 24)},
    {"n": None},
    {"a.b": 1, "$c": 2, "\u00e4 \U0001f50b": "\U0001f50b"},
    {"big": 2**70, "small": 1e-300, "negative": -1.5},
    {"text": "x" * LARGE},
)
ANSWERED: dict[str, Json] = {
    "job_id": NOBODY,
    "status": "completed",
    "is_terminal": True,
    "is_failed": True,
    "created_at": "2001-01-01T00:00:00Z",
    "user_id": "zz",
    "organization_id": "zz",
}
"""What an answer says of a job and a submission does not."""


def _belongs(session: Session, body: Json, query: Mapping[str, str], project: str | None) -> JobRef:
    """A job of this submission; the answer and reading it name the project."""
    exchange = need_success(session.post(body, query=query), f"a submission for the project {shown(project)}")
    for view in (exchange.response.json, session.view(session.job_of(exchange))):
        same(project, get(view, "/project_id") or None, "the project of a job")
    return session.job_of(exchange)


def _parts(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, parts.fragment


@check("ION-CRT-001")
@check("ION-CRT-002")
def a_job_is_what_its_submission_named(session: Session) -> None:
    """Every type and every priority; the oracles compare each view with its submission."""
    for priority in range(11):
        job = session.submit(patch={"job_type": TYPES[priority % len(TYPES)], "priority": priority})
        session.read(job)
    if "list" in session.roles:
        session.list_jobs()


@check("ION-CRT-003")
def a_job_reports_its_callback_url(session: Session) -> None:
    """In the answer to the submission and when read; upper case in the host and a missing path are no difference."""
    for url in ("https://client.example/Hooks/A?b=C&d=e", "https://Client.Example", "http://127.0.0.1:9/%7Ea#part"):
        exchange = session.post(session.body(patch={"callback_url": url}))
        need_success(exchange, "a submission with a callback_url")
        for view in (exchange.response.json, session.view(session.job_of(exchange))):
            value = get(view, "/callback_url")
            is_same = isinstance(value, str) and _parts(value) == _parts(url)
            expect(is_same, f"callback_url is {shown(value)}, submitted was {shown(url)}")


@check("ION-CRT-005")
def a_job_belongs_to_the_project_of_its_query(session: Session) -> None:
    """Whether it is a plain name or has letters of all kinds; the oracles look at the list."""
    for project in ("project-7", "Größe 1/2 & mehr"):
        _belongs(session, session.body(), {"project_id": project}, project)
    if "list" in session.roles:
        session.list_jobs()


@check("ION-CRT-007")
def projects_keep_their_names(session: Session) -> None:
    """Long, of capitals, with white space around; the next job does not inherit them, nor does a child."""
    for project in ("Project-" + "x" * 120, "ALL-Capitals", " padded ", "de\u0301compose\u0301"):
        job = _belongs(session, session.body(), {"project_id": project}, project)
        for patch in ({}, {"parent_job_id": job.id}):
            value = get(session.view(session.submit(patch=patch)), "/project_id")
            expect(value in (None, MISSING), f"a job for no project belongs to {shown(value)}")


@check("ION-DEF-001")
def no_type_has_a_priority_of_its_own(session: Session) -> None:
    """Of each type one, submitted with no more than must be there."""
    for name in TYPES:
        exchange = session.post({"job_type": name, "params": session.body()["params"]})
        view = session.view(session.job_of(accepted(exchange, f"a submission of {name}")))
        same(0, get(view, "/priority"), f"the priority of a job of the type {name} that names none")


@check("ION-DEF-006")
def only_what_has_metadata_says_where_it_is(session: Session) -> None:
    """With and without; an empty object is metadata."""
    for metadata, is_there in (({"a": 1}, True), (None, False), ({}, True)):
        job = session.submit(patch=None if metadata is None else {"metadata": metadata})
        value = get(session.view(job), "/metadata_path")
        expect(bool(value) is is_there, f"metadata_path is {shown(value)} for a job that was handed {shown(metadata)}")


@check("ION-DEF-007")
def a_page_of_the_usual_length(session: Session) -> None:
    """With three jobs more than fit on it."""
    for _ in range(103):
        session.submit("waits")
    queries: tuple[tuple[Query, int], ...] = (
        ([], 100),
        ([("status", "pending")], 100),
        ([("limit", 1000)], 103),
        (behind(session, 100), 3),
    )
    for query, length in queries:
        page, total = jobs_of_page(session, query)
        same(length, len(page), f"the number of jobs, of 103, on a page for {shown(query)}")
        expect(query or total in (None, 103), f"the total of 103 jobs is {total}")


@check("ION-DEF-010")
def a_child_does_not_inherit(session: Session) -> None:
    """Its parent names a URL, a priority and metadata, and the child does not."""
    parent = session.submit("long", {"callback_url": URL, "priority": 8, "metadata": {"a": 1}})
    for said in ({}, {"priority": 3}):
        view = session.view(session.submit(patch={"parent_job_id": parent.id, **said}))
        url = get(view, "/callback_url")
        expect(url in (None, MISSING), f"a child that names no callback_url has {shown(url)}")
        same(said.get("priority", 0), get(view, "/priority"), "the priority of a child")


@check("ION-REQ-013")
def a_callback_url_has_a_longest_length(session: Session) -> None:
    """One character more is too many; the length is reached in the path and in the query."""
    for stem in ("https://client.example/", "http://client.example/hook?key="):
        longest = stem + "a" * (LONGEST_URL - len(stem))
        taken(session, {"callback_url": longest}, f"a callback_url of {LONGEST_URL} characters")
        body = session.body(patch={"callback_url": longest + "a"})
        refused_as_invalid(session, body, f"a callback_url of {LONGEST_URL + 1} characters")


@check("ION-REQ-016", "metadata hold any values", "metadata", METADATA_VALUES)
@check("ION-REQ-027", "params hold any values", "params", PARAMS_VALUES)
def an_object_holds_any_values(session: Session, name: str, values: Sequence[Json]) -> None:
    """Many members, nested ones, nulls, numbers of all sizes, a long text."""
    for value in values:
        accepted(session.post({**session.body(), name: value}), f"{name} with {', '.join(list(value)[:3])}")


@check("ION-REQ-018")
def families_have_many_generations(session: Session) -> None:
    """A chain of five."""
    parent = session.submit("long")
    for generation in range(1, 5):
        what = f"a submission {generation} generations below the first"
        parent = taken(session, {"parent_job_id": parent.id}, what, shape="long")


@check("ION-REQ-018")
@check("ION-CRT-004")
def a_job_may_have_a_parent(session: Session) -> None:
    """A parent of any type, and a child of a child."""
    parent = session.submit(patch={"priority": 7})
    for said in ({}, {"job_type": "simple_pipeline", "priority": 3}):
        child = taken(session, {"parent_job_id": parent.id, **said}, "a submission under a parent")
        same(said.get("priority", 0), get(session.view(child), "/priority"), "the priority of a child")
    taken(session, {"parent_job_id": child.id}, "a submission under a child")


@check("ION-REQ-022")
def the_body_does_not_choose_the_project(session: Session) -> None:
    """Neither alone nor beside the query."""
    for project in (None, "project-of-the-query"):
        body = session.body(patch={"project_id": "project-of-the-body"})
        _belongs(session, body, {"project_id": project} if project else {}, project)


@check("ION-REQ-023")
def members_of_answers_have_no_effect_in_a_submission(session: Session) -> None:
    """A submission that says it is over is a new job like any other."""
    more = {"result": {"zz": 1}, "error": "zz", "access_level": "project"}
    exchange = need_success(session.post(session.body(patch={**ANSWERED, **more})), "a submission of unknown members")
    view = exchange.response.json
    taken_over = [name for name, value in ANSWERED.items() if get(view, f"/{name}") == value]
    expect(not taken_over, f"a submission chose {', '.join(taken_over)}")
    expect(get(view, "/access_level") in ("organization", None, MISSING), "a submission chose access_level")


@check("ION-REQ-024")
def a_slash_at_the_end_of_the_path_does_no_harm(session: Session) -> None:
    """Granted, or sent on to the path without it."""
    exchange = session.call("submit_job_jobs__post", body=session.body())
    expect(
        exchange.response.status in (202, 307, 308),
        f"a submission to the path with a slash was answered {exchange.response.status}",
    )


@check("ION-REQ-025")
def all_members_together_are_accepted(session: Session) -> None:
    """In both orders, and nulls where they may stand."""
    nothing = {"callback_url": None, "metadata": None, "parent_job_id": None}
    some = {"priority": 10, "callback_url": URL, "metadata": {"a": 1}, "parent_job_id": session.submit().id}
    body = session.body(patch=some)
    for one in (body, dict(reversed(body.items())), {**session.body(), **nothing}):
        exchange = accepted(session.post(one, query={"project_id": "project-1"}), f"a submission of {', '.join(one)}")
        session.read(session.job_of(exchange))


@check("ION-REQ-026")
def the_media_type_may_be_spelt_another_way(session: Session) -> None:
    """With a parameter, and in capitals."""
    the_media_type_is_read_as_one(session)


@check("ION-REQ-028")
def a_compressed_submission_is_read(session: Session) -> None:
    """As large as those that the public client compresses."""
    submit = session.spec.operations[session.role("submit").operation]
    path = session.directory.path(submit.id, {})
    for size in (1, LARGE * 2):
        body = session.body(patch={"priority": 7, "params": {"text": "x" * size}})
        raw = gzip.compress(json.dumps(body).encode(), mtime=0)
        exchange = session.send(submit.method, path, raw=raw, headers={"Content-Encoding": "gzip"})
        accepted(exchange, "a submission compressed with gzip")
        same(7, get(exchange.response.json, "/priority"), "the priority of a compressed submission")


@check("ION-REQ-029")
def a_parent_may_have_ended(session: Session) -> None:
    """Well, badly, or by a cancel."""
    for shape in ("quick", "fails", "waits"):
        parent = session.submit(shape)
        if shape == "waits":
            session.cancel(parent)
        session.until(parent)
        taken(session, {"parent_job_id": parent.id}, f"a submission under a parent that is {session.state(parent)}")


@check("ION-REQ-030")
def names_in_params_are_only_params(session: Session) -> None:
    """Where the submission says something else, and where it says nothing."""
    unsaid: dict[str, Json] = {"priority": 0, "callback_url": None, "parent_job_id": None, "project_id": None}
    for said in ({"priority": 2, "callback_url": URL}, {}):
        exchange = session.post(session.body(patch={**said, "params": NAMES}))
        need_success(exchange, "a submission whose params have the names of its members")
        view = session.view(session.job_of(exchange))
        for name, value in {**unsaid, **said}.items():
            found = get(view, f"/{name}")
            agrees = found == value or (value is None and found is MISSING)
            expect(agrees, f"{name} is {shown(found)}, params said {shown(NAMES[name])}")
