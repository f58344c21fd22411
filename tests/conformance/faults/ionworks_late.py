"""Faults of Ionworks that came to mind late: of seldom asked lists, of families, of what stands in params, of callers, and of what is told of the end."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, both, patched, requests
from tests.conformance.faults.ionworks import API, ARRAY, CANCEL, LIST, SUBMITS, each, fault, jobs_in, sent, status, when
from tests.conformance.faults.ionworks_course import ADAPTER, _rank

Json = Any
ME = "get_current_user_users_me_get"
INVALID = {"detail": [{"loc": ["body"], "msg": "no", "type": "value_error"}]}
SECRET = f"{ADAPTER}.credentials:_secret"


def _tells_the_last(asked: Asked, told: Told) -> None:
    if told.status == 200:
        last, asked.memory["canceled"] = asked.memory.get("canceled", told.body["job_id"]), told.body["job_id"]
        told.body["job_id"] = last


def _first_caller(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = asked.memory.setdefault("me", told.body)


def _values(asked: Asked, name: str) -> list[str]:
    return [value for key, value in asked.query if key == name]


def _query(change: Callable[[str, str], str]) -> Callable[[Asked], None]:
    """Change values of the query."""

    def edit(asked: Asked) -> None:
        asked.query[:] = [(name, change(name, value)) for name, value in asked.query]

    return edit


def _type_twice(asked: Asked, told: Told) -> None:
    types = _values(asked, "job_types")
    if len(types) != len(set(types)):
        told.status, told.body = 422, INVALID


def _fifty(asked: Asked) -> None:
    if _values(asked, "status") and not _values(asked, "limit"):
        asked.query.append(("limit", "50"))


def _one_further(asked: Asked) -> None:
    if _values(asked, "status"):
        _query(lambda name, value: str(int(value) + 1) if name == "offset" and value.isdigit() and value != "0" else value)(asked)


def _unlimited(asked: Asked) -> None:
    if _values(asked, "status"):
        asked.query[:] = [one for one in asked.query if one[0] != "limit"]


def _merged(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("metadata"), dict):
        asked.body["metadata"] = asked.memory["all"] = asked.memory.get("all", {}) | asked.body["metadata"]


def _of_params(body: dict[str, Any]) -> None:
    if isinstance(body.get("params"), dict) and "priority" in body["params"]:
        body["priority"] = body["params"]["priority"]


def _inherits(name: str) -> Apply:
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
            told.status, told.body = 422, INVALID


def _refuses(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    """Submissions of which something holds are refused."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and holds(asked.body):
            asked.body["params"] = "spoilt"

    return requests(API, SUBMITS, edit)


def _has_dots(value: Json) -> bool:
    return isinstance(value, dict) and any("." in name or name.startswith("$") for name in value)


def _other_code(job: dict[str, Any], asked: Asked) -> None:
    if job["status"] == "failed":
        looks = asked.memory[job["job_id"]] = asked.memory.get(job["job_id"], 0) + 1
        if looks > 1:
            job["error_code"] = "CONFIGURATION_ERROR"


def _since_submission(job: dict[str, Any]) -> float:
    return (datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds()


def _told(change: dict[str, Any]) -> Apply:
    """Callbacks tell something else."""
    return patched(f"{ADAPTER}:callback_body", lambda original: lambda world, job: original(world, job) | change)


def _without_children(asked: Asked, told: Told) -> None:
    if isinstance(told.body, list):
        told.body = [job for job in told.body if job["parent_job_id"] is None]


def _stored_until(*ends: str) -> Apply:
    """Metadata of jobs that ended so are lost."""
    return patched(f"{ADAPTER}.records:stored", lambda original: lambda world, job: None if job.stage.name in ends else original(world, job))


def _well_in_the_array(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        job["is_failed"] = False


def _exact_scheme(asked: Asked) -> None:
    if not asked.headers.get("authorization", "Bearer ").startswith("Bearer"):
        del asked.headers["authorization"]


def _any_scheme(asked: Asked) -> None:
    if "authorization" in asked.headers:
        asked.headers["authorization"] = "Bearer " + asked.headers["authorization"].partition(" ")[2]


def _secrets(read: Callable[[str], str]) -> Apply:
    """A secret is read otherwise."""
    return patched(SECRET, lambda original: lambda headers: read(original(headers)))


def _turn(job: Any) -> int:
    return -job.serial if job.request.priority > 5 else int(job.serial)


KEY = "mock-api-key"
FAULTS = [
    fault("cancel-tells-another", "STM-007", "the answer to a cancel tells of the job that was canceled before", answers(API, CANCEL, _tells_the_last)),
    fault("me-for-all", "RSP-012", "all callers are told that they are the first", answers(API, ME, _first_caller)),
    fault("no-type-twice", "LST-003", "one type named twice is refused", answers(API, LIST, _type_twice)),
    fault("shorter-by-status", "DEF-007", "a page of one status holds fifty jobs", requests(API, LIST, _fifty)),
    fault("further-by-status", "LST-007", "the offset of a list of one status is one too many", requests(API, LIST, _one_further)),
    fault("unlimited-by-status", "LST-007", "the limit of a list of one status is ignored", requests(API, LIST, _unlimited)),
    fault("metadata-merged", "RSP-003", "metadata of earlier jobs comes along", requests(API, SUBMITS, _merged)),
    fault("priority-of-params", "REQ-030", "a priority among params counts", sent(_of_params)),
    fault(
        "projects-composed",
        "CRT-007",
        "names of projects are normalised",
        requests(API, SUBMITS, _query(lambda _, value: unicodedata.normalize("NFC", value))),
        "CRT-005",
    ),
    fault("url-inherited", "DEF-010", "a child has the callback_url of its parent", _inherits("callback_url")),
    fault("no-great-grandchildren", "REQ-018", "a fourth generation is refused", answers(API, SUBMITS, _four_generations)),
    fault("urgent-last-come", "PRI-003", "jobs above priority 5 are served last come first", _rank(lambda job: (-job.request.priority, _turn(job)))),
    fault("five-point-nought", "REQ-031", "the priority 5.0 is refused", _refuses(lambda body: isinstance(body.get("priority"), float))),
    fault("params-with-dots", "REQ-027", "names in params hold no dots", _refuses(lambda body: _has_dots(body.get("params")))),
    fault("metadata-with-dots", "REQ-016", "names in metadata hold no dots", _refuses(lambda body: _has_dots(body.get("metadata")))),
    fault("other-code", "IDM-006", "the error code of a failed job changes at the second look", each(_other_code)),
    fault(
        "pipelines-go-on",
        "STM-029",
        "jobs of one type never end",
        when(
            lambda job: job["job_type"] == "simple_pipeline" and job["status"] == "completed",
            status="processing",
            is_terminal=False,
            completed_at=None,
            result=None,
            compute_time=None,
        ),
    ),
    fault(
        "computed-while-waiting",
        "TIM-014",
        "compute_time of a canceled job counts its wait",
        when(lambda job: status("canceled")(job) and job["compute_time"] is not None, compute_time=_since_submission),
    ),
    fault("told-without-family", "WHK-010", "a callback names no parent and no project", _told({"parent_job_id": None, "project_id": None})),
    fault("well-in-the-array", "STM-002", "no job of the array has failed", answers(API, ARRAY, _well_in_the_array)),
    fault("array-without-children", "LST-008", "the array leaves children out", answers(API, ARRAY, _without_children)),
    fault("metadata-until-canceled", "RSP-003", "metadata of canceled jobs are lost", _stored_until("canceled")),
    fault("metadata-until-failed", "RSP-003", "metadata of failed jobs are lost", _stored_until("failed")),
    fault("start-until-canceled", "TIM-009", "a canceled job no longer tells when it started", when(status("canceled"), started_at=None)),
    fault("no-address-of-six", "REQ-011", "a callback_url with an IPv6 address is refused", _refuses(lambda body: "[" in str(body.get("callback_url")))),
    fault("exact-scheme", "AUT-005", "the scheme must be spelt Bearer", requests(API, "*", _exact_scheme)),
    fault("any-scheme", "AUT-002", "the scheme of a token is ignored", requests(API, "*", _any_scheme)),
    fault("keys-in-any-letters", "AUT-006", "keys are read whatever their case", _secrets(str.lower)),
    fault("keys-with-a-tail", "AUT-006", "a key may have more behind it", _secrets(lambda said: KEY if said.startswith(KEY) else said)),
    fault("keys-in-part", "AUT-006", "the beginning of a key is enough", _secrets(lambda said: KEY if said and KEY.startswith(said) else said)),
]
