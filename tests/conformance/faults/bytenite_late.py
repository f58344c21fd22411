"""Faults of ByteNite that show late or in one place only: after the run, in the list, in the answer to a change, with several tasks, for values that are false."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

from mockserver.adapters.bytenite.edits import draft
from mockserver.adapters.bytenite.views import answer
from mockserver.adapters.exchange import Reply
from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, patched, requests
from tests.conformance.faults.bytenite import API, SHOWN, fault

NEW = "JOB_STATE_NEW"


def _loses(name: str, *states: str) -> Apply:
    """A job that is in one of these states, or in any but the first, is shown without a member."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job["state"] in states or (not states and job["state"] != NEW):
            job.pop(name, None)

    return answers(API, SHOWN, every_job(API, revise))


def _unlisted(job: dict[str, Any], asked: Asked) -> None:
    job.pop("description", None)


def _nameless(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["job"].pop("name", None)


def _says_before(original: Any) -> Any:
    def call_(call: Any) -> Reply:
        before = copy.deepcopy(answer(call, draft(call)))
        original(call)
        return Reply(200, before)

    return call_


def _true_only(asked: Asked) -> None:
    for name in ("jobTimeout", "taskTimeout", "isTestJob"):
        if isinstance(asked.body, dict) and not asked.body.get(name, True):
            del asked.body[name]


def _filled_only(asked: Asked) -> None:
    for name in ("app", "partitioner", "assembler"):
        if isinstance(asked.body, dict) and asked.body.get(name) == {}:
            del asked.body[name]


def _shares(original: Any) -> Any:
    def team(config: Any, count: int) -> Any:
        limit = config.get("taskTimeout")
        return original({**config, "taskTimeout": max(1, limit // count)} if limit else config, count)

    return team


def _single_only(original: Any) -> Any:
    return lambda config, count: original(config if count == 1 else {}, count)


def _one_limit_only(original: Any) -> Any:
    return lambda config: original({} if config.get("taskTimeout") else config)


def _any_for_failed(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "JOB_STATE_FAILED" in (asked.body.get("states") or ()):
        asked.body["states"] = []


def _by_creation(asked: Asked) -> None:
    asked.query = [(name, value.replace("endedAt", "createdAt") if name == "orderBy" else value) for name, value in asked.query]


def _unstamped(job: dict[str, Any], asked: Asked) -> None:
    if (job.get("numChunks") or 0) > 1:
        job["stateTimestamps"] = {state: told for state, told in job["stateTimestamps"].items() if state != "JOB_STATE_TASKS_COMPLETED"}


def _first_asked(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("jobIds"):
        asked.body["jobIds"] = asked.body["jobIds"][:1]


def _guest(asked: Asked) -> None:
    if asked.body == {"apiKey": ""}:
        asked.body = {"apiKey": "mock-api-key"}


def _begun(job: dict[str, Any], asked: Asked) -> None:
    if job["state"] == "JOB_STATE_FAILED":
        job.setdefault("startedAt", job.get("submittedAt"))


def _untold(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = {"ok": True, "requestId": "", "message": "", "error": None}


def _unless(state: str) -> Any:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body["data"] = [job for job in told.body["data"] if job["state"] != state]

    return revise


def _no_failures(original: Any) -> Any:
    async def changes(world: Any, customer: str, *, seen: int) -> AsyncIterator[bytes]:
        async for said in original(world, customer, seen=seen):
            yield b"" if b"JOB_STATE_FAILED" in said else said

    return changes


def _lower(value: Json, depth: int = 0) -> Json:
    if isinstance(value, dict):
        return {name.lower() if depth else name: _lower(one, depth + 1) for name, one in value.items()}
    return value


def _lowered(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("params"), dict):
        asked.body["params"] = {name: _lower(part) for name, part in asked.body["params"].items()}


def _remembers(asked: Asked, told: Told) -> None:
    known, gone = asked.memory.setdefault("known", {}), asked.memory.setdefault("gone", [])
    if told.status == 200 and asked.role == "read":
        known[asked.values["jobId"]] = told.body["job"]
    elif told.status == 200 and asked.role == "delete":
        gone += [known[asked.values["jobId"]]] if asked.values["jobId"] in known else []
    elif told.status == 200:
        told.body["data"] += gone


def _bare_url(job: dict[str, Any], asked: Asked) -> None:
    params = (job.get("dataSource") or {}).get("params") or {}
    if "url" in params:
        params["url"] = params["url"].partition("?")[0]


def _first_only(original: Any) -> Any:
    return lambda allotment, job: None if job.stage.phase == "cancelled" and job.key.endswith("/1") else original(allotment, job)


FAULTS = [
    fault("run-forgets-description", "BYT-REQ-045", "a job that was run has no description", _loses("description")),
    fault("end-forgets-limits", "BYT-REQ-045", "a complete job has no limits", _loses("config", "JOB_STATE_COMPLETE")),
    fault("listed-in-short", "BYT-LST-020", "a list does not tell descriptions", answers(API, "list", every_job(API, _unlisted))),
    fault("created-nameless", "BYT-CRT-007", "the answer to a creation does not tell the name", answers(API, "submit", _nameless)),
    fault(
        "change-behind",
        "BYT-STM-036",
        "the answer to a renaming shows the job before it",
        patched("mockserver.adapters.bytenite:Customer_SetJobName", _says_before),
    ),
    fault("no-way-back", "BYT-STM-006", "limits that are changed to nought or false stay", requests(API, "Customer_SetJobConfigs", _true_only)),
    fault("empty-is-nothing", "BYT-STM-035", "a part that is changed to an empty one stays", requests(API, "Customer_SetJobParams", _filled_only)),
    fault("tasks-share-their-timeout", "BYT-TMO-008", "the tasks of a job share one timeout", patched("mockserver.adapters.bytenite.reading:team", _shares)),
    fault(
        "timeout-of-single-tasks",
        "BYT-TMO-007",
        "tasks of jobs that have several know no timeout",
        patched("mockserver.adapters.bytenite.reading:team", _single_only),
    ),
    fault(
        "one-limit-only",
        "BYT-TMO-001",
        "a job timeout beside a task timeout is not kept",
        patched("mockserver.adapters.bytenite.reading:limits", _one_limit_only),
    ),
    fault("filter-passes-failed", "BYT-LST-010", "a filter by failed jobs holds all", requests(API, "Customer_FilterJobs", _any_for_failed)),
    fault("ended-is-created", "BYT-LST-017", "an order by the end is one by the creation", requests(API, "list", _by_creation)),
    fault("unstamped-crowd", "BYT-TIM-023", "a job of several tasks does not tell when they were done", answers(API, SHOWN, every_job(API, _unstamped))),
    fault("first-asked", "BYT-RSP-021", "running tasks are told of the first job that is asked for", requests(API, "Customer_RunningTasks", _first_asked)),
    fault("started-by-an-abort", "BYT-TIM-025", "a job that is aborted while it waits has started", answers(API, "read", every_job(API, _begun))),
    fault("change-untold", "BYT-RSP-042", "the answer to a change of parameters does not show the job", answers(API, "Customer_SetJobParams", _untold)),
    fault("waiting-unlisted", "JOB-LST-002", "jobs that wait are not listed", answers(API, "list", _unless("JOB_STATE_STARTED"))),
    fault("silent-failures", "BYT-RSP-038", "failures are not told as events", patched("mockserver.adapters.bytenite.events:_changes", _no_failures)),
    fault("inner-names-lowered", "BYT-REQ-043", "names inside of parameters lose their capitals", requests(API, "submit", _lowered)),
    fault("filter-remembers", "BYT-LST-011", "a filtered list holds jobs that were deleted", answers(API, ("read", "delete", "Customer_FilterJobs"), _remembers)),
    fault("query-lost", "BYT-REQ-044", "the query of a source's URL is lost", answers(API, SHOWN, every_job(API, _bare_url))),
    fault("second-task-stays", "BYT-STM-021", "the second task of an aborted job keeps its capacity", patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", _first_only)),
    fault("guest-key", "BYT-AUT-003", "an empty API key is taken for the known one", requests(API, "Auth_GetAccessToken", _guest)),
]
