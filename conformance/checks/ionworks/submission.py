"""What Ionworks takes in a submission, and what a submission makes."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urlsplit

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.ionworks.steps import TYPES, behind, jobs_of_page, refused_as_invalid
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, put

URL = "https://client.example/told"
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
"""Characters: beyond what servers take without being told to, far below what they refuse."""


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
def a_job_tells_its_callback_url(session: Session) -> None:
    """In the answer to the submission and when read; upper case in the host and a missing path are no difference."""
    for url in ("https://client.example/Hooks/A?b=C&d=e", "https://Client.Example", "http://127.0.0.1:9/%7Ea#part"):
        exchange = session.post(session.body(patch={"callback_url": url}))
        needed(exchange.response.is_success, "the control submission was refused")
        for view in (exchange.response.json, session.view(session.job_of(exchange))):
            told = get(view, "/callback_url")
            expect(
                isinstance(told, str) and _parts(told) == _parts(url),
                f"callback_url is {told!r}, submitted was {url!r}",
                exchange,
            )


@check("ION-CRT-005")
def a_job_belongs_to_the_project_of_its_query(session: Session) -> None:
    """Whether it is a plain name or has letters of all kinds; the oracles look at the list."""
    for project in ("project-7", "Größe 1/2 & mehr"):
        exchange = session.post(session.body(), query={"project_id": project})
        needed(exchange.response.is_success, "the control submission was refused")
        for view in (exchange.response.json, session.view(session.job_of(exchange))):
            expect(
                get(view, "/project_id") == project,
                f"project_id is {get(view, '/project_id')!r}, submitted was {project!r}",
                exchange,
            )
    if "list" in session.roles:
        session.list_jobs()


@check("ION-CRT-007")
def projects_keep_their_names(session: Session) -> None:
    """Long, of capitals, with white space around; the next job does not inherit them, nor does a child."""
    for project in ("Project-" + "x" * 120, "ALL-Capitals", " padded ", "de\u0301compose\u0301"):
        exchange = session.post(session.body(), query={"project_id": project})
        needed(exchange.response.is_success, f"a submission for the project {project!r} was refused")
        job: JobRef = session.job_of(exchange)
        told = get(session.view(job), "/project_id")
        expect(told == project, f"project_id is {told!r}, submitted was {project!r}", exchange)
        for patch in ({}, {"parent_job_id": job.id}):
            other = session.submit(patch=patch)
            told = get(session.view(other), "/project_id")
            expect(told in (None, MISSING), f"a job for no project belongs to {told!r}")


@check("ION-DEF-001")
def no_type_has_a_priority_of_its_own(session: Session) -> None:
    """Of each type one, submitted with no more than must be there."""
    for name in TYPES:
        job = session.job_of(
            accepted(session.post({"job_type": name, "params": session.body()["params"]}), f"a submission of {name}")
        )
        told = get(session.view(job), "/priority")
        expect(told == 0, f"the priority of a job of the type {name} is {told!r} when it is left out")


@check("ION-DEF-006")
def only_what_has_metadata_says_where_it_is(session: Session) -> None:
    """With and without; an empty object is metadata."""
    for metadata, is_there in (({"a": 1}, True), (None, False), ({}, True)):
        job = session.submit(patch=None if metadata is None else {"metadata": metadata})
        told = get(session.view(job), "/metadata_path")
        expect(bool(told) is is_there, f"metadata_path is {told!r} for a job that was handed {metadata!r}")


@check("ION-DEF-007")
def a_page_of_the_usual_length(session: Session) -> None:
    """With three jobs more than fit on it."""
    for _ in range(103):
        session.submit("waits")
    page, total = jobs_of_page(session, [])
    expect(len(page) == 100, f"a page of 103 jobs holds {len(page)} unless a number is asked for")
    expect(total in (None, 103), f"the total of 103 jobs is {total}")
    page, _ = jobs_of_page(session, [("status", "pending")])
    expect(len(page) == 100, f"a page of 103 pending jobs holds {len(page)} unless a number is asked for")
    page, _ = jobs_of_page(session, [("limit", 1000)])
    expect(len(page) == 103, f"a page of at most 1000 of 103 jobs holds {len(page)}")
    page, _ = jobs_of_page(session, behind(session, 100))
    expect(len(page) == 3, f"behind 100 of 103 jobs are {len(page)}")


@check("ION-DEF-010")
def a_child_does_not_inherit(session: Session) -> None:
    """Its parent names a URL, a priority and metadata, and the child does not."""
    parent = session.submit("long", {"callback_url": URL, "priority": 8, "metadata": {"a": 1}})
    for child in (
        session.submit(patch={"parent_job_id": parent.id}),
        session.submit(patch={"parent_job_id": parent.id, "priority": 3}),
    ):
        view = session.view(child)
        told, priority = get(view, "/callback_url"), get(view, "/priority")
        expect(told in (None, MISSING), f"a child that names no callback_url has {told!r}")
        right = child.body.get("priority", 0)
        expect(priority == right, f"the priority of a child is {priority!r}, it asked for {right}")


@check("ION-REQ-013")
def a_callback_url_has_a_longest_length(session: Session) -> None:
    """One character more is too many; the length is reached in the path and in the query."""
    for stem in ("https://client.example/", "http://client.example/hook?key="):
        longest = stem + "a" * (LONGEST_URL - len(stem))
        accepted(
            session.post(session.body(patch={"callback_url": longest})), f"a callback_url of {LONGEST_URL} characters"
        )
        refused_as_invalid(
            session,
            put(session.body(), "/callback_url", longest + "a"),
            f"a callback_url of {LONGEST_URL + 1} characters",
        )


@check("ION-REQ-016")
def metadata_hold_any_values(session: Session) -> None:
    """Many members, nested ones, nulls, large numbers, a long text."""
    many: dict[str, Json] = {f"m{number}": number for number in range(64)}
    for metadata in (
        many,
        {"deep": {"list": [{"a": [None, True]}]}},
        {"nothing": None},
        {"a.b": 1, "$c": 2, "": 3},
        {"big": 2**63},
        {"text": "x" * LARGE},
    ):
        accepted(
            session.post(session.body(patch={"metadata": None}) | {"metadata": metadata}),
            f"metadata with {', '.join(list(metadata)[:3])}",
        )


@check("ION-REQ-018")
def families_have_many_generations(session: Session) -> None:
    """A chain of five."""
    parent = session.submit("long")
    for generation in range(4):
        exchange = accepted(
            session.post(session.body("long", {"parent_job_id": parent.id})),
            f"a submission {generation + 1} generations below the first",
        )
        parent = session.job_of(exchange)


@check("ION-REQ-018")
@check("ION-CRT-004")
def a_job_may_have_a_parent(session: Session) -> None:
    """A parent of any type, and a child of a child."""
    parent = session.submit(patch={"priority": 7})
    bodies: tuple[dict[str, Json], ...] = (
        {"parent_job_id": parent.id},
        {"parent_job_id": parent.id, "job_type": "simple_pipeline", "priority": 3},
    )
    for body in bodies:
        child = session.job_of(accepted(session.post(session.body(patch=body)), "a submission under a parent"))
        told = get(session.view(child), "/priority")
        expect(told == body.get("priority", 0), f"the priority of a child is {told!r}")
    accepted(session.post(session.body(patch={"parent_job_id": child.id})), "a submission under a child")


@check("ION-REQ-022")
def the_body_does_not_choose_the_project(session: Session) -> None:
    """Neither alone nor beside the query."""
    for query, expected in ({}, None), ({"project_id": "project-of-the-query"}, "project-of-the-query"):
        exchange = session.post(session.body(patch={"project_id": "project-of-the-body"}), query=query)
        needed(exchange.response.is_success, "an unknown member makes a submission fail")
        told = get(session.view(session.job_of(exchange)), "/project_id") or None
        expect(told == expected, f"the job belongs to the project {told!r}, its query named {expected!r}", exchange)


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
    expect(not taken, f"a submission chose {', '.join(taken)}")
    expect(get(told, "/access_level") in ("organization", None, MISSING), "a submission chose access_level")


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
    parent = session.submit()
    body = session.body(
        patch={
            "priority": 10,
            "callback_url": "https://client.example/hook",
            "metadata": {"a": 1},
            "parent_job_id": parent.id,
        }
    )
    for one in (
        body,
        dict(reversed(body.items())),
        {**session.body(), "callback_url": None, "metadata": None, "parent_job_id": None},
    ):
        exchange = accepted(session.post(one, query={"project_id": "project-1"}), f"a submission of {', '.join(one)}")
        session.read(session.job_of(exchange))


@check("ION-REQ-026")
def the_media_type_may_be_spelt_another_way(session: Session) -> None:
    """With a parameter, and in capitals."""
    submit = session.spec.operations[session.role("submit").operation]
    for media in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        raw = json.dumps(session.body()).encode()
        exchange = session.send(
            submit.method,
            session.directory.path(submit.id, {}),
            raw=raw,
            media=media,
            headers=session.settings.submit_headers,
        )
        accepted(exchange, f"a submission declared as {media}")


@check("ION-REQ-027")
def params_hold_any_values(session: Session) -> None:
    """Nulls, many members, numbers of all sizes, deep nesting, a long text."""
    many: dict[str, Json] = {f"p{number}": number for number in range(64)}
    deep: Json = 0
    for _ in range(24):
        deep = {"in": deep}
    names: dict[str, Json] = {"a.b": 1, "$c": 2, "\u00e4 \U0001f50b": "\U0001f50b"}
    for params in (
        {"n": None},
        many,
        names,
        {"big": 2**70, "small": 1e-300, "negative": -1.5},
        {"deep": deep},
        {"text": "x" * LARGE},
    ):
        accepted(
            session.post(session.body(patch={"params": None}) | {"params": params}),
            f"a submission whose params hold {', '.join(list(params)[:3])}",
        )


@check("ION-REQ-028")
def a_compressed_submission_is_read(session: Session) -> None:
    """As large as those that the public client compresses."""
    submit = session.spec.operations[session.role("submit").operation]
    path = session.directory.path(submit.id, {})
    for size in (1, LARGE * 2):
        body = session.body(patch={"priority": 7, "params": {"text": "x" * size}})
        raw = gzip.compress(json.dumps(body).encode(), mtime=0)
        exchange = accepted(
            session.send(submit.method, path, raw=raw, headers={"Content-Encoding": "gzip"}),
            "a submission compressed with gzip",
        )
        told = get(exchange.response.json, "/priority")
        expect(told == 7, f"a compressed submission asked for the priority 7 and was given {told!r}")


@check("ION-REQ-029")
def a_parent_may_have_ended(session: Session) -> None:
    """Well, badly, or by a cancel."""
    for shape in ("quick", "fails", "waits"):
        parent = session.submit(shape)
        if shape == "waits":
            session.cancel(parent)
        session.until(parent)
        accepted(
            session.post(session.body(patch={"parent_job_id": parent.id})),
            f"a submission under a parent that is {session.state(parent)}",
        )


@check("ION-REQ-030")
def names_in_params_are_only_params(session: Session) -> None:
    """Where the submission says something else, and where it says nothing."""
    for said in ({"priority": 2, "callback_url": URL}, {}):
        exchange = session.post(session.body(patch={**said, "params": NAMES}))
        needed(exchange.response.is_success, "params with the names of a submission's members are refused")
        view = session.view(session.job_of(exchange))
        right: dict[str, Json] = {
            "priority": 0,
            "callback_url": None,
            "parent_job_id": None,
            "project_id": None,
            **said,
        }
        for name, value in right.items():
            told = get(view, f"/{name}")
            expect(
                told == value or (value is None and told is MISSING),
                f"{name} is {told!r}, params said {NAMES[name]!r}",
                exchange,
            )
