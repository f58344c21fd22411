"""Faults of what every job API owes, in ways that Ionworks' mock can have, and subtle ones beside those of the other files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Fault, Told, answers, both, patched, requests
from tests.conformance.faults.ionworks import API, ARRAY, CANCEL, LIST, READ, SUBMITS, each, fault, jobs_in, sent, shifted, when
from tests.conformance.faults.ionworks_course import WORLD, _only
from tests.conformance.faults.ionworks_lists import HEALTH, INVALID, METADATA, UNKNOWN, _of, asks

Json = Any


def _order(asked: Asked) -> None:
    if isinstance(asked.body, dict) and list(asked.body)[:1] == ["params"]:
        asked.body["params"] = "spoilt"


def _looks(name: str, least: int, holds: Callable[[dict[str, Any]], bool], **new: Any) -> Apply:
    """After so many looks in one condition, a job is shown otherwise."""

    def change(job: dict[str, Any], asked: Asked) -> None:
        if holds(job):
            key = f"{name} {job['job_id']}"
            asked.memory[key] = asked.memory.get(key, 0) + 1
            if asked.memory[key] > least:
                job.update(new)

    return each(change)


def _twice_canceled(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation == CANCEL and asked.memory.get(job["job_id"]) == "canceled":
            asked.memory[f"{job['job_id']} twice"] = True
        if asked.memory.get(f"{job['job_id']} twice"):
            job["status"] = "failed"
        asked.memory[job["job_id"]] = job["status"]


def _cancels_completed(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation == CANCEL and job["status"] == "completed":
            asked.memory[job["job_id"]] = True
        if asked.memory.get(job["job_id"]):
            job.update(status="canceled", is_failed=True, result=None)


def _latest(asked: Asked, told: Told) -> None:
    if asked.operation in SUBMITS and told.status == 202:
        asked.memory["latest"] = told.body["job_id"]
    elif asked.operation == READ and told.status == 200:
        told.body["job_id"] = asked.memory.get("latest", told.body["job_id"])


def _counted(asked: Asked, told: Told) -> None:
    count = asked.memory["count"] = asked.memory.get("count", 0) + 1
    for job in jobs_in(told):
        job["updated_at"] = shifted(job["updated_at"], count / 1000)


def _no_beyond(asked: Asked, told: Told) -> None:
    if told.status == 200 and not told.body["jobs"] and told.body["total"]:
        told.status, told.body = 404, UNKNOWN


def _neighbour(original: Any) -> Any:
    def cancel(world: Any, job: Any, *reason: Any) -> None:
        original(world, job, *reason)
        for other in [one for one in world.everybody() if one.serial == job.serial + 1 and not one.is_terminal]:
            original(world, other, *reason)

    return cancel


def _failed_among_canceled(asked: Asked, told: Told) -> None:
    if told.status == 200:
        for job in jobs_in(told):
            asked.memory.setdefault("failed", {}).update({job["job_id"]: job} if job["status"] == "failed" else {})
        if _of(asked.query, "status") == ["canceled"]:
            told.body["jobs"] += asked.memory.get("failed", {}).values()
            told.body["total"] = len(told.body["jobs"])


def _fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return fault(name, f"JOB-{requirement}", describe, apply, *also)


FAULTS = [
    _fault(
        "shape-is-refused",
        "CRT-001",
        "params of more than one member are refused",
        sent(lambda b: b.update(params=7) if isinstance(b.get("params"), dict) and len(b["params"]) == 2 else None),
    ),
    _fault(
        "new-jobs-are-queued",
        "STM-001",
        "a new job is shown in a state that nobody lists",
        answers(API, SUBMITS, lambda a, t: [job.update(status="queued") for job in jobs_in(t)] and None),
    ),
    fault(
        "new-jobs-run",
        "CRT-006",
        "a new job is said to be processing already",
        answers(API, SUBMITS, lambda a, t: [job.update(status="processing") for job in jobs_in(t)] and None),
    ),
    _fault(
        "any-project",
        "CRT-004",
        "priority 7 beside metadata is refused",
        sent(lambda b: b.update(priority=11) if b.get("priority") == 7 and b.get("metadata") else None),
    ),
    _fault(
        "type-may-be-a-list",
        "REQ-002",
        "a list as job_type is a dummy",
        sent(lambda b: b.update(job_type="dummy") if isinstance(b.get("job_type"), list) else None),
        "REQ-003",
    ),
    _fault("order-matters", "REQ-004", "a submission that begins with params is refused", requests(API, SUBMITS, _order), "REQ-025"),
    _fault("jobs-without-user", "RSP-002", "jobs do not tell their user", each(lambda job, asked: job.pop("user_id"))),
    _fault(
        "page-without-total", "RSP-003", "a page does not tell the total", answers(API, LIST, lambda a, t: t.body.pop("total", None) and None), "JOB-LST-005"
    ),
    _fault(
        "job-as-text",
        "RSP-004",
        "a job that is read says that it is text",
        answers(API, READ, lambda a, t: t.headers.__setitem__("content-type", "text/plain")),
    ),
    _fault(
        "back-to-the-queue",
        "STM-002",
        "a job that runs is seen as pending again",
        _looks("back", 2, lambda job: job["status"] == "processing", status="pending", started_at=None),
        "JOB-STM-010",
    ),
    _fault("second-cancel-fails-job", "STM-003", "a second cancel makes the job a failure", answers(API, (READ, CANCEL), _twice_canceled), "JOB-STM-004"),
    _fault("good-runs-fail", "STM-005", "a completed job is shown as failed", when(lambda job: job["status"] == "completed", status="failed")),
    _fault("canceled-fails", "STM-007", "a canceled job is shown as failed", when(lambda job: job["status"] == "canceled", status="failed")),
    _fault(
        "completed-is-canceled",
        "STM-008",
        "a cancel of a completed job cancels it",
        answers(API, (READ, CANCEL, LIST), _cancels_completed),
        "JOB-STM-004",
        "STM-008",
    ),
    _fault(
        "room-for-all",
        "STM-009",
        "a job that cannot be placed runs",
        sent(lambda b: b["params"].pop("MOCK_STAY_QUEUED", None) and None if isinstance(b.get("params"), dict) else None),
    ),
    _fault(
        "short-runs",
        "STM-010",
        "no run takes more than 30 seconds",
        sent(lambda b: b["params"].update(MOCK_RUN_SECONDS=30) if isinstance(b.get("params"), dict) and b["params"].get("MOCK_RUN_SECONDS") == 600 else None),
    ),
    _fault("neighbour-goes-too", "STM-013", "a cancel takes the next job along", patched(f"{WORLD}.cancel", _neighbour)),
    _fault("another-is-told", "IDM-003", "reading a job shows the id of the latest", answers(API, (*SUBMITS, READ), _latest)),
    _fault("reading-updates", "IDM-004", "reading a job updates it", answers(API, READ, _counted)),
    _fault("right-key-is-refused", "AUT-003", "metadata refuse every key", requests(API, METADATA, lambda a: a.headers.update({"x-api-key": "not-a-key"}))),
    _fault(
        "closed-health",
        "AUT-004",
        "the health asks for a credential",
        answers(API, HEALTH, lambda a, t: setattr(t, "status", 401) if "x-api-key" not in a.headers else None),
    ),
    _fault(
        "other-in-lists",
        "LST-003",
        "jobs in lists have no callback_url and no result",
        answers(API, LIST, lambda a, t: [job.update(result=None) for job in jobs_in(t)] and None),
        "STM-006",
        "LST-010",
    ),
    _fault(
        "one-more-per-page",
        "LST-006",
        "a page holds one job more than asked for",
        asks(LIST, lambda q: [(k, str(int(v) + 1)) if k == "limit" and v.isdigit() and 0 < int(v) < 1000 else (k, v) for k, v in q]),
        "JOB-LST-004",
        "LST-007",
    ),
    _fault("nothing-beyond", "LST-008", "a page beyond the last is answered 404", answers(API, LIST, _no_beyond)),
    _fault(
        "status-is-ignored",
        "LST-010",
        "status does not filter",
        asks(LIST, lambda q: [one for one in q if one[0] != "status" or one[1] not in ("processing", "completed")]),
        "LST-005",
    ),
    # subtle ones
    fault(
        "one-correlation",
        "RSP-018",
        "all answers have one correlation id",
        answers(
            API,
            "*",
            lambda a, t: t.headers.__setitem__("x-correlation-id", "11111111-0000-4000-8000-000000000001") if "x-correlation-id" in t.headers else None,
        ),
    ),
    fault("no-access", "DEF-008", "the access level is null", when(lambda job: True, access_level=None)),
    fault(
        "parents-priority",
        "REQ-018",
        "a job with a parent has its priority",
        both(
            API,
            SUBMITS,
            lambda a: a.body.setdefault("priority", a.memory.get("latest", 0)) and None if isinstance(a.body, dict) and a.body.get("parent_job_id") else None,
            lambda a, t: a.memory.update(latest=t.body["priority"]) if t.status == 202 else None,
        ),
        "DEF-001",
    ),
    fault(
        "canceled-completes",
        "STM-023",
        "a canceled job completes when its run would have ended",
        _looks("done", 3, lambda job: job["status"] == "canceled" and job["started_at"], status="completed", is_failed=False, result={}),
        "JOB-STM-004",
        "JOB-STM-007",
    ),
    fault(
        "failures-have-no-length", "TIM-014", "compute_time is told of completed jobs only", when(lambda job: job["status"] != "completed", compute_time=None)
    ),
    fault(
        "cut-to-a-hundred",
        "DEF-007",
        "the total is never above 100",
        answers(API, LIST, lambda a, t: t.body.update(total=min(100, t.body["total"])) if t.status == 200 else None),
    ),
    fault(
        "failed-an-hour-later",
        "TIM-012",
        "a failed job tells an end an hour later",
        when(
            lambda job: job["status"] == "failed",
            completed_at=lambda job: shifted(job["completed_at"], 3600),
            updated_at=lambda job: shifted(job["updated_at"], 3600),
            compute_time=lambda job: job["compute_time"] + 3600,
        ),
    ),
    fault(
        "array-oldest-first",
        "LST-008",
        "the array has the oldest job first",
        answers(API, ARRAY, lambda a, t: t.body.reverse() if isinstance(t.body, list) else None),
    ),
    fault(
        "total-without-canceled",
        "LST-015",
        "canceled jobs are not counted",
        answers(
            API,
            LIST,
            lambda a, t: t.body.update(total=t.body["total"] - sum(1 for job in jobs_in(t) if job["status"] == "canceled")) if t.status == 200 else None,
        ),
    ),
    fault("cancel-is-not-told", "JOB-WHK-001", "the end of a canceled job is not told", _only(lambda job: job.stage.name != "canceled"), "WHK-003"),
    fault("refused-limits", "LST-011", "a limit that is no number is passed over", asks(LIST, lambda q: [one for one in q if one != ("limit", "ten")])),
    fault(
        "no-second-page",
        "LST-012",
        "an offset of 1000 is refused",
        answers(API, LIST, lambda a, t: t.__dict__.update(status=422, body=INVALID) if "1000" in _of(a.query, "offset") else None),
    ),
    fault(
        "canceled-starts-later",
        "STM-022",
        "a job canceled in the queue tells a start later",
        _looks("later", 2, lambda job: job["status"] == "canceled" and not job["started_at"], params_path=None, started_at="2026-01-01T00:00:00Z"),
        "TIM-018",
        "TIM-001",
    ),
    fault("failed-among-canceled", "LST-016", "status=canceled holds failed jobs as well", answers(API, LIST, _failed_among_canceled), "LST-013"),
    fault(
        "pending-among-processing",
        "LST-016",
        "status=pending is read as processing",
        asks(LIST, lambda q: [(k, "processing") if (k, v) == ("status", "pending") else (k, v) for k, v in q]),
        "JOB-LST-010",
    ),
    fault(
        "clamped-pages",
        "DEF-007",
        "no page holds more than 100 jobs",
        asks(LIST, lambda q: [(k, str(min(int(v), 100))) if k == "limit" and v.isdigit() and int(v) <= 1000 else (k, v) for k, v in q]),
    ),
]
