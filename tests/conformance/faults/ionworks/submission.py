"""Faults of Ionworks: what a submission may say and what it makes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mockserver.adapters.exchange import Refusal
from mockserver.simulation.errors import UnknownParent
from tests.conformance.faults import App, Apply, Asked, Edit, Json, Told, answers, both, patched, requests
from tests.conformance.faults.ionworks.shapers import (
    API,
    INVALID_BODY,
    LIST,
    READ,
    SUBMITS,
    UNKNOWN,
    always,
    asks,
    each,
    fault,
    jobs_in,
    of,
    query,
    refusal,
    sent,
    swapped,
    values,
    when,
)
from tests.conformance.faults.raw import passed_on, raw

SPOILT_HOST = "https://client.example/"
INVALID_PARAMS = {"detail": [{"loc": ["body", "params"], "msg": "no", "type": "value_error"}]}


def _if(name: str, holds: Callable[[Any], bool], new: Any = None) -> Apply:
    """Where a submission has such a value, replace it; None takes it away."""

    def change(body: dict[str, Any]) -> None:
        if name in body and holds(body[name]):
            if new is None:
                del body[name]
            else:
                body[name] = new

    return sent(change)


def _broken(holds: Callable[[dict[str, Any]], bool]) -> Edit:
    """Spoil submissions of which something holds."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and holds(asked.body):
            asked.body["params"] = "spoilt"

    return edit


def _without_query(job: dict[str, Any], _: Asked) -> None:
    if job["callback_url"]:
        job["callback_url"] = urlunsplit(urlsplit(job["callback_url"])._replace(query=""))


def _takes(*names: str) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 202 and isinstance(asked.body, dict):
            told.body.update({name: asked.body[name] for name in names if name in asked.body})

    return answers(API, SUBMITS, revise)


def _project_of_body(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("project_id"), str):
        asked.query[:] = [("project_id", asked.body["project_id"])]


def _order(asked: Asked) -> None:
    if isinstance(asked.body, dict) and list(asked.body)[:1] == ["params"]:
        asked.body["params"] = "spoilt"


def _no_ended_parent(original: Any) -> Any:
    def submit(world: Any, request: Any) -> Any:
        parent = world.jobs(API).get(request.parent)
        if parent is not None and parent.is_terminal:
            raise UnknownParent(request.parent)
        return original(world, request)

    return submit


def _five(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("job_type") == "simple_pipeline":
        asked.body.setdefault("priority", 5)


def _fifty(asked: Asked) -> None:
    if values(asked, "status") and not values(asked, "limit"):
        asked.query.append(("limit", "50"))


def _of_params(body: dict[str, Any]) -> None:
    if isinstance(body.get("params"), dict) and "priority" in body["params"]:
        body["priority"] = body["params"]["priority"]


def _inherits_callback(name: str) -> Apply:
    """What a parent said counts for its children."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and isinstance(asked.body.get("parent_job_id"), str):
            value = asked.memory.get(f"{asked.body['parent_job_id']} {name}")
            if value and name not in asked.body:
                asked.body[name] = value

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 202:
            asked.memory[f"{told.body['job_id']} {name}"] = told.body[name]

    return both(API, SUBMITS, edit, revise)


def _four_generations(asked: Asked, told: Told) -> None:
    if told.status == 202:
        depth = asked.memory.get(told.body["parent_job_id"], 0) + 1
        asked.memory[told.body["job_id"]] = depth
        if depth > 3:
            told.status, told.body = 422, INVALID_BODY


def _refuses(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    """Submissions of which something holds are refused."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and holds(asked.body):
            asked.body["params"] = "spoilt"

    return requests(API, SUBMITS, edit)


def _has_dots(value: Json) -> bool:
    return isinstance(value, dict) and any("." in name or name.startswith("$") for name in value)


async def _exact_media(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    headers = [
        (name, b"text/plain" if name == b"content-type" and b";" in value else value)
        for name, value in scope["headers"]
    ]
    await passed_on(app, {**scope, "headers": headers}, body, receive, send)


def _params(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    def is_refused(asked: Asked) -> bool:
        params = asked.body.get("params") if isinstance(asked.body, dict) else None
        return isinstance(params, dict) and holds(params)

    return answers(API, SUBMITS, refusal(422, INVALID_PARAMS, is_refused))


def _beside(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    def is_refused(asked: Asked) -> bool:
        told = asked.body.get("metadata") if isinstance(asked.body, dict) else None
        return isinstance(told, dict) and holds(told)

    return answers(API, SUBMITS, refusal(422, INVALID_PARAMS, is_refused))


def _uncompressed(original: Any) -> Any:
    def inflate(raw: bytes, coding: bytes) -> bytes:
        raise Refusal("media_type", "no Content-Encoding is taken here")

    return inflate


def _inherits_project(job: dict[str, Any], asked: Asked) -> None:
    asked.memory.setdefault(job["job_id"], job["project_id"])
    if job["parent_job_id"] and job["project_id"] is None:
        job["project_id"] = asked.memory.get(job["parent_job_id"])


FAULTS = [
    fault(
        "shape-is-refused",
        "JOB-CRT-001",
        "params of more than one member are refused",
        sent(lambda b: b.update(params=7) if isinstance(b.get("params"), dict) and len(b["params"]) == 2 else None),
    ),
    fault(
        "any-project",
        "JOB-CRT-004",
        "priority 7 beside metadata is refused",
        sent(lambda b: b.update(priority=11) if b.get("priority") == 7 and b.get("metadata") else None),
    ),
    fault(
        "gone-after-reading",
        "JOB-CRT-005",
        "a new job is not found when first read",
        answers(
            API,
            READ,
            lambda a, t: a.memory.setdefault(a.path, t.__dict__.update(status=404, body=UNKNOWN) or True) and None,
        ),
    ),
    fault(
        "type-may-be-a-list",
        "JOB-REQ-002",
        "a list as job_type is a dummy",
        sent(lambda b: b.update(job_type="dummy") if isinstance(b.get("job_type"), list) else None),
        "ION-REQ-003",
    ),
    fault(
        "unknown-members-are-refused",
        "JOB-REQ-003",
        "members that nobody knows are refused",
        sent(lambda b: b.update(params=7) if any(name.startswith("zz") for name in b) else None),
        "ION-REQ-023",
    ),
    fault(
        "order-matters",
        "JOB-REQ-004",
        "a submission that begins with params is refused",
        requests(API, SUBMITS, _order),
        "ION-REQ-025",
    ),
    fault(
        "escapes-are-refused",
        "JOB-REQ-005",
        "escapes in strings are refused",
        swapped(lambda scope, body: b"\\u00" in body, b"{}"),
    ),
    fault(
        "another-type",
        "ION-CRT-001",
        "validation becomes datafit",
        _if("job_type", lambda v: v == "validation", "datafit"),
    ),
    fault("nine-is-eight", "ION-CRT-002", "priority 9 becomes 8", _if("priority", lambda v: v == 9, 8)),
    fault("query-is-lost", "ION-CRT-003", "callback_url loses its query", each(_without_query)),
    fault(
        "parent-is-lost",
        "ION-CRT-004",
        "a job that is read has no parent",
        answers(API, READ, lambda a, t: [job.update(parent_job_id=None) for job in jobs_in(t)] and None),
    ),
    fault(
        "project-is-cut",
        "ION-CRT-005",
        "project_id ends at the first blank",
        when(lambda job: job["project_id"], project_id=lambda job: job["project_id"].split(" ")[0]),
    ),
    fault(
        "project-of-lists",
        "ION-CRT-005",
        "jobs in lists belong to no project",
        answers(API, LIST, lambda a, t: [job.update(project_id=None) for job in jobs_in(t)] and None),
    ),
    fault(
        "new-jobs-run",
        "ION-CRT-006",
        "a new job is said to be processing already",
        answers(API, SUBMITS, lambda a, t: [job.update(status="processing") for job in jobs_in(t)] and None),
    ),
    fault(
        "projects-composed",
        "ION-CRT-007",
        "names of projects are normalised",
        requests(API, SUBMITS, query(lambda _, value: unicodedata.normalize("NFC", value))),
        "ION-CRT-005",
    ),
    fault(
        "project-cut",
        "ION-CRT-007",
        "names of projects are cut",
        each(lambda job, _: job.update(project_id=(job["project_id"] or "")[:32] or None)),
        "ION-CRT-005",
    ),
    fault(
        "project-lowered",
        "ION-CRT-007",
        "names of projects are lowered",
        each(lambda job, _: job.update(project_id=(job["project_id"] or "").lower() or None)),
        "ION-CRT-005",
    ),
    fault("project-inherited", "ION-CRT-007", "a child belongs to the project of its parent", each(_inherits_project)),
    fault(
        "usual-priority-5",
        "ION-DEF-001",
        "the priority is 5 when left out",
        sent(lambda b: b.setdefault("priority", 5)),
    ),
    fault(
        "usual-priority-1",
        "ION-DEF-001",
        "the priority is told as 1 when left out",
        answers(API, "*", lambda a, t: [job.update(priority=1) for job in jobs_in(t) if not job["priority"]] and None),
        "ION-CRT-002",
    ),
    fault(
        "one-type-more-urgent",
        "ION-DEF-001",
        "the priority of one type is 5 when it is left out",
        requests(API, ("submit_job_jobs_post",), _five),
    ),
    fault("usual-access", "ION-DEF-002", "the access level is project", when(always, access_level="project")),
    fault(
        "usual-url",
        "ION-DEF-003",
        "every job has a callback_url",
        when(lambda job: job["callback_url"] is None, callback_url="https://client.example/usual"),
    ),
    fault(
        "usual-parent",
        "ION-DEF-004",
        "a job without a parent is its own",
        when(lambda job: job["parent_job_id"] is None, parent_job_id=lambda job: job["job_id"]),
    ),
    fault(
        "usual-project",
        "ION-DEF-005",
        "a job without a project belongs to one",
        when(lambda job: job["project_id"] is None, project_id="default", access_level="project"),
    ),
    fault(
        "path-without-metadata",
        "ION-DEF-006",
        "metadata_path is always told",
        when(always, metadata_path=lambda job: f"jobs/{job['job_id']}/metadata.json"),
    ),
    fault(
        "cut-to-a-hundred",
        "ION-DEF-007",
        "the total is never above 100",
        answers(API, LIST, lambda a, t: t.body.update(total=min(100, t.body["total"])) if t.status == 200 else None),
    ),
    fault(
        "clamped-pages",
        "ION-DEF-007",
        "no page holds more than 100 jobs",
        asks(
            LIST,
            lambda q: [
                (k, str(min(int(v), 100))) if k == "limit" and v.isdigit() and int(v) <= 1000 else (k, v) for k, v in q
            ],
        ),
    ),
    fault("shorter-by-status", "ION-DEF-007", "a page of one status holds fifty jobs", requests(API, LIST, _fifty)),
    fault(
        "usual-page-of-99",
        "ION-DEF-007",
        "a page holds 99 jobs",
        asks(LIST, lambda q: q if of(q, "limit") else [*q, ("limit", "99")]),
    ),
    fault(
        "usual-page-of-20",
        "ION-DEF-007",
        "a page holds 20 jobs",
        asks(LIST, lambda q: q if of(q, "limit") else [*q, ("limit", "20")]),
    ),
    fault("no-access", "ION-DEF-008", "the access level is null", when(lambda job: True, access_level=None)),
    fault(
        "params-nowhere", "ION-DEF-009", "a job does not tell where its params are kept", when(always, params_path=None)
    ),
    fault(
        "url-inherited", "ION-DEF-010", "a child has the callback_url of its parent", _inherits_callback("callback_url")
    ),
    fault(
        "type-may-be-missing",
        "ION-REQ-001",
        "a submission without job_type is a dummy",
        sent(lambda b: b.setdefault("job_type", "dummy")),
        "JOB-REQ-001",
        "ION-ERR-007",
    ),
    fault(
        "one-type-is-refused",
        "ION-REQ-002",
        "evaluate_variables is refused",
        _if("job_type", lambda v: v == "evaluate_variables", "gone"),
        "ION-LST-006",
    ),
    fault(
        "types-in-capitals",
        "ION-REQ-003",
        "types are read whatever their case",
        _if("job_type", lambda v: v == "DUMMY", "dummy"),
    ),
    fault(
        "params-may-be-missing",
        "ION-REQ-004",
        "a submission without params is accepted",
        sent(lambda b: b.setdefault("params", {})),
        "JOB-REQ-001",
        "ION-ERR-007",
    ),
    fault(
        "empty-params-are-refused",
        "ION-REQ-005",
        "an empty object as params is refused",
        _if("params", lambda v: v == {}, []),
    ),
    fault(
        "params-may-be-a-list",
        "ION-REQ-006",
        "a list is taken for params",
        _if("params", lambda v: isinstance(v, list), {}),
        "ION-ERR-007",
    ),
    fault(
        "ten-is-refused", "ION-REQ-007", "priority 10 is refused", _if("priority", lambda v: v == 10, 11), "ION-REQ-025"
    ),
    fault("zero-is-refused", "ION-REQ-007", "priority 0 is refused", _if("priority", lambda v: v == 0, -1)),
    fault(
        "eleven-is-accepted",
        "ION-REQ-008",
        "priority 11 is accepted",
        _if("priority", lambda v: v == 11, 10),
        "ION-ERR-007",
    ),
    fault(
        "minus-one-is-accepted",
        "ION-REQ-008",
        "priority -1 is accepted",
        _if("priority", lambda v: v == -1, 0),
        "ION-ERR-007",
    ),
    fault("fractions-are-cut", "ION-REQ-009", "priority 1.5 is 1", _if("priority", lambda v: isinstance(v, float), 1)),
    fault("digits-are-numbers", "ION-REQ-010", "priority may be text", _if("priority", lambda v: v == "7", 7)),
    fault(
        "null-is-no-url",
        "ION-REQ-011",
        "callback_url null is refused",
        _if("callback_url", lambda v: v is None, 7),
        "ION-REQ-025",
    ),
    fault(
        "plain-http-is-refused",
        "ION-REQ-011",
        "callback_url must be https",
        _if("callback_url", lambda v: str(v).startswith("http:"), ""),
        "JOB-WHK-001",
    ),
    fault(
        "no-address-of-six",
        "ION-REQ-011",
        "a callback_url with an IPv6 address is refused",
        _refuses(lambda body: "[" in str(body.get("callback_url"))),
    ),
    fault(
        "empty-url",
        "ION-REQ-012",
        "an empty callback_url is none",
        _if("callback_url", lambda v: v == ""),
        "ION-ERR-007",
    ),
    fault(
        "longer-url",
        "ION-REQ-013",
        "2084 characters are accepted",
        _if("callback_url", lambda v: len(str(v)) == 2084, SPOILT_HOST),
    ),
    fault(
        "shorter-url",
        "ION-REQ-013",
        "2083 characters are refused",
        _if("callback_url", lambda v: len(str(v)) == 2083, ""),
    ),
    fault(
        "any-text-is-a-url",
        "ION-REQ-014",
        "a callback_url may be any text",
        _if("callback_url", lambda v: "://" not in (str(v) or "://"), SPOILT_HOST),
    ),
    fault(
        "null-is-no-metadata",
        "ION-REQ-016",
        "metadata null is refused",
        _if("metadata", lambda v: v is None, 7),
        "ION-REQ-025",
    ),
    fault(
        "metadata-with-dots",
        "ION-REQ-016",
        "names in metadata hold no dots",
        _refuses(lambda body: _has_dots(body.get("metadata"))),
    ),
    fault("metadata-of-fifty", "ION-REQ-016", "metadata may have fifty members", _beside(lambda told: len(told) > 50)),
    fault(
        "metadata-one-deep",
        "ION-REQ-016",
        "metadata may not be nested",
        _beside(lambda told: any(isinstance(one, dict | list) for one in told.values())),
    ),
    fault(
        "metadata-may-be-a-list",
        "ION-REQ-017",
        "a list is taken for metadata",
        _if("metadata", lambda v: isinstance(v, list), {}),
        "ION-ERR-007",
    ),
    fault(
        "no-grandchildren",
        "ION-REQ-018",
        "a parent that is named twice is refused",
        requests(API, SUBMITS, _broken(lambda b: b.get("job_type") == "simple_pipeline" and b.get("parent_job_id"))),
    ),
    fault(
        "parents-priority",
        "ION-REQ-018",
        "a job with a parent has its priority",
        both(
            API,
            SUBMITS,
            lambda a: (
                a.body.setdefault("priority", a.memory.get("latest", 0)) and None
                if isinstance(a.body, dict) and a.body.get("parent_job_id")
                else None
            ),
            lambda a, t: a.memory.update(latest=t.body["priority"]) if t.status == 202 else None,
        ),
        "ION-DEF-001",
    ),
    fault(
        "no-great-grandchildren",
        "ION-REQ-018",
        "a fourth generation is refused",
        answers(API, SUBMITS, _four_generations),
    ),
    fault(
        "null-is-no-parent",
        "ION-REQ-019",
        "parent_job_id null is refused",
        _if("parent_job_id", lambda v: v is None, 7),
        "ION-REQ-025",
    ),
    fault(
        "parent-may-be-a-number",
        "ION-REQ-020",
        "a number as parent is passed over",
        _if("parent_job_id", lambda v: isinstance(v, int)),
        "ION-ERR-007",
    ),
    fault(
        "odd-projects-are-refused",
        "ION-REQ-021",
        "a project_id beyond ASCII is refused",
        both(
            API,
            SUBMITS,
            _broken(lambda b: False),
            refusal(422, {"detail": []}, lambda a: any(not v.isascii() for _, v in a.query)),
        ),
        "ION-CRT-005",
    ),
    fault(
        "project-of-the-body",
        "ION-REQ-022",
        "a project_id in the body counts",
        requests(API, SUBMITS, _project_of_body),
    ),
    fault(
        "status-is-taken",
        "ION-REQ-023",
        "a submission may say its own status",
        _takes("status", "is_terminal", "is_failed"),
    ),
    fault("id-is-taken", "ION-REQ-023", "a submission may say its own job_id", _takes("job_id")),
    fault(
        "no-slash",
        "ION-REQ-024",
        "the path with a slash is not known",
        answers(API, SUBMITS[1], refusal(404, {"error_code": "NOT_FOUND", "message": "no"}, always)),
    ),
    fault(
        "too-many-members",
        "ION-REQ-025",
        "six members are too many",
        requests(API, SUBMITS, _broken(lambda b: len(b) >= 6)),
    ),
    fault("exact-media", "ION-REQ-026", "a media type with a character set is refused", raw(_exact_media)),
    fault(
        "params-with-dots",
        "ION-REQ-027",
        "names in params hold no dots",
        _refuses(lambda body: _has_dots(body.get("params"))),
    ),
    fault(
        "params-without-nulls",
        "ION-REQ-027",
        "params may hold no null",
        _params(lambda params: None in params.values()),
    ),
    fault("params-of-fifty", "ION-REQ-027", "params may have fifty members", _params(lambda params: len(params) > 50)),
    fault(
        "params-of-64-bits",
        "ION-REQ-027",
        "numbers beyond 64 bits are refused",
        _params(lambda params: any(isinstance(one, int) and one > 2**63 for one in params.values())),
    ),
    fault(
        "params-short",
        "ION-REQ-027",
        "params may have a hundred thousand characters",
        _params(lambda params: len(str(params)) > 100_000),
        "ION-REQ-028",
    ),
    fault(
        "uncompressed",
        "ION-REQ-028",
        "no compressed body is read",
        patched("mockserver.http.contract.body:inflate", _uncompressed),
    ),
    fault(
        "ended-parent",
        "ION-REQ-029",
        "a parent that has ended is unknown",
        patched("mockserver.simulation.world:World.submit", _no_ended_parent),
        "ION-STM-013",
    ),
    fault("priority-of-params", "ION-REQ-030", "a priority among params counts", sent(_of_params)),
    fault(
        "five-point-nought",
        "ION-REQ-031",
        "the priority 5.0 is refused",
        _refuses(lambda body: isinstance(body.get("priority"), float)),
    ),
]
