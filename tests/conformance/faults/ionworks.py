"""Faults of Ionworks' submissions and of what jobs tell of themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.conformance.faults import Apply, Asked, Edit, Fault, Revision, Told, answers, both, requests

Json = Any
API = "ionworks"
SUBMITS = ("submit_job_jobs_post", "submit_job_jobs__post")
READ, LIST, ARRAY, CANCEL = "get_job_jobs__job_id__get", "list_jobs_jobs_get", "list_jobs_jobs__get", "cancel_job_jobs__job_id__cancel_post"
FAILED, ENDED = ("failed", "canceled"), ("completed", "failed", "canceled")
Change = Callable[[dict[str, Any]], object]


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; requirements are its own unless they begin with JOB."""
    full = [one if one.startswith("JOB") else f"ION-{one}" for one in (requirement, *also)]
    return Fault(f"{API}:{name}", API, full[0], describe, apply, tuple(full[1:]))


def sent(change: Change) -> Apply:
    """Change submissions that are objects before the mock sees them."""
    return requests(API, SUBMITS, lambda asked: change(asked.body) and None if isinstance(asked.body, dict) else None)


def _if(name: str, holds: Callable[[Any], bool], new: Any = None) -> Apply:
    """Where a submission has such a value, replace it; None takes it away."""

    def change(body: dict[str, Any]) -> None:
        if name in body and holds(body[name]):
            if new is None:
                del body[name]
            else:
                body[name] = new

    return sent(change)


def jobs_in(told: Told) -> list[dict[str, Any]]:
    """Every job that an answer shows."""
    found = told.body if isinstance(told.body, list) else told.body.get("jobs", [told.body]) if isinstance(told.body, dict) else []
    return [job for job in found if isinstance(job, dict) and "job_id" in job] if told.status < 300 else []


def each(change: Callable[[dict[str, Any], Asked], object]) -> Apply:
    """Change every job that any answer shows."""

    def revise(asked: Asked, told: Told) -> None:
        for job in jobs_in(told):
            change(job, asked)

    return answers(API, "*", revise)


def when(holds: Callable[[dict[str, Any]], Any], **new: Any) -> Apply:
    """Set members of the jobs of which something holds; a function is told the job."""

    def change(job: dict[str, Any], _: Asked) -> None:
        if holds(job):
            job.update({name: value(job) if callable(value) else value for name, value in new.items()})

    return each(change)


def status(*states: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a job is in one of these states."""
    return lambda job: job["status"] in states


def always(_: object) -> bool:
    """Of every job."""
    return True


def shifted(value: str | None, seconds: float) -> str | None:
    """An instant, moved."""
    return None if value is None else (datetime.fromisoformat(value) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def refusal(status_code: int, body: Json, holds: Callable[[Asked], Any]) -> Revision:
    """Answer otherwise where a request is like that."""

    def revise(asked: Asked, told: Told) -> None:
        if holds(asked):
            told.status, told.body = status_code, body

    return revise


def _broken(holds: Callable[[dict[str, Any]], bool]) -> Edit:
    """Spoil submissions of which something holds."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and holds(asked.body):
            asked.body["params"] = "spoilt"

    return edit


def _violations(change: Callable[[list[dict[str, Any]]], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 422 and isinstance(told.body, dict) and isinstance(told.body.get("detail"), list):
            told.body["detail"] = change(told.body["detail"])

    return answers(API, "*", revise)


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


SPOILT_HOST = "https://client.example/"
FAULTS = [
    # what a submission may say
    fault(
        "type-may-be-missing",
        "REQ-001",
        "a submission without job_type is a dummy",
        sent(lambda b: b.setdefault("job_type", "dummy")),
        "JOB-REQ-001",
        "ERR-007",
    ),
    fault("one-type-is-refused", "REQ-002", "evaluate_variables is refused", _if("job_type", lambda v: v == "evaluate_variables", "gone"), "LST-006"),
    fault("types-in-capitals", "REQ-003", "types are read whatever their case", _if("job_type", lambda v: v == "DUMMY", "dummy")),
    fault("params-may-be-missing", "REQ-004", "a submission without params is accepted", sent(lambda b: b.setdefault("params", {})), "JOB-REQ-001", "ERR-007"),
    fault("empty-params-are-refused", "REQ-005", "an empty object as params is refused", _if("params", lambda v: v == {}, [])),
    fault("params-may-be-a-list", "REQ-006", "a list is taken for params", _if("params", lambda v: isinstance(v, list), {}), "ERR-007"),
    fault("ten-is-refused", "REQ-007", "priority 10 is refused", _if("priority", lambda v: v == 10, 11), "REQ-025"),
    fault("zero-is-refused", "REQ-007", "priority 0 is refused", _if("priority", lambda v: v == 0, -1)),
    fault("eleven-is-accepted", "REQ-008", "priority 11 is accepted", _if("priority", lambda v: v == 11, 10), "ERR-007"),
    fault("minus-one-is-accepted", "REQ-008", "priority -1 is accepted", _if("priority", lambda v: v == -1, 0), "ERR-007"),
    fault("fractions-are-cut", "REQ-009", "priority 1.5 is 1", _if("priority", lambda v: isinstance(v, float), 1)),
    fault("digits-are-numbers", "REQ-010", "priority may be text", _if("priority", lambda v: v == "7", 7)),
    fault("null-is-no-url", "REQ-011", "callback_url null is refused", _if("callback_url", lambda v: v is None, 7), "REQ-025"),
    fault("plain-http-is-refused", "REQ-011", "callback_url must be https", _if("callback_url", lambda v: str(v).startswith("http:"), ""), "JOB-WHK-001"),
    fault("empty-url", "REQ-012", "an empty callback_url is none", _if("callback_url", lambda v: v == ""), "ERR-007"),
    fault("longer-url", "REQ-013", "2084 characters are accepted", _if("callback_url", lambda v: len(str(v)) == 2084, SPOILT_HOST)),
    fault("shorter-url", "REQ-013", "2083 characters are refused", _if("callback_url", lambda v: len(str(v)) == 2083, "")),
    fault("any-text-is-a-url", "REQ-014", "a callback_url may be any text", _if("callback_url", lambda v: "://" not in (str(v) or "://"), SPOILT_HOST)),
    fault("null-is-no-metadata", "REQ-016", "metadata null is refused", _if("metadata", lambda v: v is None, 7), "REQ-025"),
    fault("metadata-may-be-a-list", "REQ-017", "a list is taken for metadata", _if("metadata", lambda v: isinstance(v, list), {}), "ERR-007"),
    fault(
        "no-grandchildren",
        "REQ-018",
        "a parent that is named twice is refused",
        requests(API, SUBMITS, _broken(lambda b: b.get("job_type") == "simple_pipeline" and b.get("parent_job_id"))),
    ),
    fault("null-is-no-parent", "REQ-019", "parent_job_id null is refused", _if("parent_job_id", lambda v: v is None, 7), "REQ-025"),
    fault("parent-may-be-a-number", "REQ-020", "a number as parent is passed over", _if("parent_job_id", lambda v: isinstance(v, int)), "ERR-007"),
    fault(
        "odd-projects-are-refused",
        "REQ-021",
        "a project_id beyond ASCII is refused",
        both(API, SUBMITS, _broken(lambda b: False), refusal(422, {"detail": []}, lambda a: any(not v.isascii() for _, v in a.query))),
        "CRT-005",
    ),
    fault("project-of-the-body", "REQ-022", "a project_id in the body counts", requests(API, SUBMITS, _project_of_body)),
    fault("status-is-taken", "REQ-023", "a submission may say its own status", _takes("status", "is_terminal", "is_failed")),
    fault("id-is-taken", "REQ-023", "a submission may say its own job_id", _takes("job_id")),
    fault(
        "no-slash",
        "REQ-024",
        "the path with a slash is not known",
        answers(API, SUBMITS[1], refusal(404, {"error_code": "NOT_FOUND", "message": "no"}, always)),
    ),
    fault("too-many-members", "REQ-025", "six members are too many", requests(API, SUBMITS, _broken(lambda b: len(b) >= 6))),
    # what was said, and what is true when nothing was said
    fault("another-type", "CRT-001", "validation becomes datafit", _if("job_type", lambda v: v == "validation", "datafit")),
    fault("nine-is-eight", "CRT-002", "priority 9 becomes 8", _if("priority", lambda v: v == 9, 8)),
    fault("query-is-lost", "CRT-003", "callback_url loses its query", each(_without_query)),
    fault(
        "parent-is-lost",
        "CRT-004",
        "a job that is read has no parent",
        answers(API, READ, lambda a, t: [job.update(parent_job_id=None) for job in jobs_in(t)] and None),
    ),
    fault(
        "project-is-cut",
        "CRT-005",
        "project_id ends at the first blank",
        when(lambda job: job["project_id"], project_id=lambda job: job["project_id"].split(" ")[0]),
    ),
    fault("usual-priority-5", "DEF-001", "the priority is 5 when left out", sent(lambda b: b.setdefault("priority", 5))),
    fault(
        "usual-priority-1",
        "DEF-001",
        "the priority is told as 1 when left out",
        answers(API, "*", lambda a, t: [job.update(priority=1) for job in jobs_in(t) if not job["priority"]] and None),
        "CRT-002",
    ),
    fault("usual-access", "DEF-002", "the access level is project", when(always, access_level="project")),
    fault("usual-url", "DEF-003", "every job has a callback_url", when(lambda job: job["callback_url"] is None, callback_url="https://client.example/usual")),
    fault(
        "usual-parent", "DEF-004", "a job without a parent is its own", when(lambda job: job["parent_job_id"] is None, parent_job_id=lambda job: job["job_id"])
    ),
    fault(
        "usual-project",
        "DEF-005",
        "a job without a project belongs to one",
        when(lambda job: job["project_id"] is None, project_id="default", access_level="project"),
    ),
    fault("path-without-metadata", "DEF-006", "metadata_path is always told", when(always, metadata_path=lambda job: f"jobs/{job['job_id']}/metadata.json")),
    # identity, and what is around an answer
    fault("priority-sinks", "IDM-001", "a job that has started has priority 0", when(lambda job: job["started_at"], priority=0), "CRT-002"),
    fault("user-per-job", "IDM-002", "every job has a user of its own", when(always, user_id=lambda job: f"user-{job['job_id'][:8]}")),
    fault("one-place-for-all", "IDM-003", "all parameters are kept in one place", when(always, params_path="jobs/params.json")),
    fault(
        "charset",
        "RSP-001",
        "the media type names a charset",
        answers(API, "*", lambda a, t: t.headers.__setitem__("content-type", "application/json; charset=utf-8")),
    ),
    fault(
        "no-correlation",
        "RSP-002",
        "refusals carry no correlation id",
        answers(API, "*", lambda a, t: t.headers.pop("x-correlation-id", None) and None if t.status >= 400 else None),
    ),
    # refusals
    fault("empty-refusal", "ERR-001", "a refusal lists nothing", answers(API, SUBMITS, lambda a, t: t.body.clear() if t.status == 422 else None), "ERR-002"),
    fault("place-is-body", "ERR-002", "every violation is at the body", _violations(lambda found: [{**one, "loc": ["body"]} for one in found])),
    fault("only-the-first", "ERR-003", "only the first violation is listed", _violations(lambda found: found[:1])),
    fault(
        "another-code",
        "ERR-004",
        "unknown jobs have another error code",
        answers(API, (READ, CANCEL), lambda a, t: t.body.update(error_code="MISSING") if t.status == 404 else None),
    ),
    fault(
        "any-parent",
        "ERR-006",
        "an unknown parent is passed over",
        sent(lambda b: b.pop("parent_job_id") if b.get("parent_job_id") in ("no-such-job", "") else None),
    ),
    fault(
        "bad-request",
        "ERR-007",
        "an invalid submission is answered 400",
        answers(API, SUBMITS, lambda a, t: setattr(t, "status", 400) if t.status == 422 else None),
        "JOB-REQ-001",
    ),
    fault(
        "metadata-excuses",
        "ERR-008",
        "beside metadata nobody looks at the priority",
        sent(lambda b: b.update(priority=0) if b.get("metadata") and b.get("priority") in (11, -1) else None),
    ),
]
