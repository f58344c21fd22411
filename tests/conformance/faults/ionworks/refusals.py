"""Faults of Ionworks: refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.conformance.faults import App, Apply, Asked, Json, Told, answers
from tests.conformance.faults.common.shapers import stop_of_nobody
from tests.conformance.faults.ionworks.shapers import (
    API,
    CANCEL,
    PLOT,
    READ,
    SUBMITS,
    WORDS,
    fault,
    is_submission,
    sent,
    swapped,
)
from tests.conformance.faults.raw import passed_on, raw

VALID = {"job_type": "dummy", "params": {}}


def _violations_changed(change: Callable[[list[dict[str, Any]]], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 422 and isinstance(told.body, dict) and isinstance(told.body.get("detail"), list):
            told.body["detail"] = change(told.body["detail"])

    return answers(API, "*", revise)


def _wordless(asked: Asked, told: Any) -> None:
    if told.status == 422:
        for one in told.body["detail"]:
            one["msg"] = ""


def _not_json(scope: dict[str, Any], body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return bool(body)
    return False


async def _leaves_a_job(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    status: list[int] = []

    async def noted(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])
        await send(message)

    await passed_on(app, scope, body, receive, noted)

    async def unheard(message: dict[str, Any]) -> None:
        """Nobody hears of it."""

    if is_submission(scope) and status == [422]:
        await passed_on(app, scope, json.dumps(VALID).encode(), receive, unheard)


async def _everywhere_is_somewhere(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    if "nowhere" in scope["path"]:
        scope = {**scope, "path": "/healthz", "raw_path": b"/healthz"}
    await passed_on(app, scope, body, receive, send)


async def _methods_unsaid(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    async def without(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [pair for pair in message["headers"] if pair[0].lower() != b"allow"]}
        await send(message)

    await passed_on(app, scope, body, receive, without)


async def _any_media(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
    headers = [(name, b"application/json" if name == b"content-type" else value) for name, value in scope["headers"]]
    await passed_on(app, {**scope, "headers": headers}, body, receive, send)


def _violations(change: Callable[[dict[str, Any]], object]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 422 and isinstance(told.body, dict):
            for one in told.body.get("detail") or []:
                change(one)

    return answers(API, "*", revise)


FAULTS = [
    fault(
        "not-json-is-read",
        "JOB-ERR-004",
        "what is not JSON is taken for a job",
        swapped(_not_json, json.dumps(VALID).encode()),
    ),
    fault(
        "lists-are-jobs",
        "JOB-ERR-005",
        "a list is taken for a job",
        swapped(lambda scope, body: body == b"[]", json.dumps(VALID).encode()),
    ),
    fault(
        "nothing-is-a-job",
        "JOB-ERR-006",
        "no body is taken for a job",
        swapped(lambda scope, body: not body, json.dumps(VALID).encode()),
    ),
    fault("nowhere-is-somewhere", "JOB-ERR-007", "an unknown path is answered 200", raw(_everywhere_is_somewhere)),
    fault("methods-are-not-told", "JOB-ERR-008", "405 does not tell the methods there are", raw(_methods_unsaid)),
    fault("any-media", "JOB-ERR-009", "text is taken for JSON", raw(_any_media)),
    fault("refused-and-made", "JOB-ERR-011", "a refused submission leaves a job behind", raw(_leaves_a_job)),
    fault(
        "stop-of-nobody",
        "JOB-ERR-012",
        "a cancel of a job that nobody made is granted",
        stop_of_nobody(API, WORDS),
        "ION-ERR-004",
    ),
    fault(
        "cancel-of-nobody",
        "JOB-ERR-012",
        "a cancel of an unknown job is granted",
        answers(API, CANCEL, lambda a, t: setattr(t, "status", 200) if t.status == 404 else None),
        "ION-ERR-004",
    ),
    fault(
        "empty-refusal",
        "ION-ERR-001",
        "a refusal lists nothing",
        answers(API, SUBMITS, lambda a, t: t.body.clear() if t.status == 422 else None),
        "ION-ERR-002",
    ),
    fault(
        "wordless-refusal", "ION-ERR-001", "what is wrong is listed without a word", answers(API, SUBMITS, _wordless)
    ),
    fault(
        "place-is-body",
        "ION-ERR-002",
        "every violation is at the body",
        _violations_changed(lambda found: [{**one, "loc": ["body"]} for one in found]),
    ),
    fault(
        "only-the-first",
        "ION-ERR-003",
        "only the first violation is listed",
        _violations_changed(lambda found: found[:1]),
    ),
    fault(
        "another-code",
        "ION-ERR-004",
        "unknown jobs have another error code",
        answers(API, (READ, CANCEL), lambda a, t: t.body.update(error_code="MISSING") if t.status == 404 else None),
    ),
    fault(
        "unknown-is-broken",
        "ION-ERR-005",
        "the plot of an unknown job is answered 409",
        answers(API, PLOT, lambda a, t: setattr(t, "status", 409) if t.status == 404 else None),
    ),
    fault(
        "any-parent",
        "ION-ERR-006",
        "an unknown parent is passed over",
        sent(lambda b: b.pop("parent_job_id") if b.get("parent_job_id") in ("no-such-job", "") else None),
    ),
    fault(
        "bad-request",
        "ION-ERR-007",
        "an invalid submission is answered 400",
        answers(API, SUBMITS, lambda a, t: setattr(t, "status", 400) if t.status == 422 else None),
        "JOB-REQ-001",
    ),
    fault(
        "metadata-excuses",
        "ION-ERR-008",
        "beside metadata nobody looks at the priority",
        sent(lambda b: b.update(priority=0) if b.get("metadata") and b.get("priority") in (11, -1) else None),
    ),
    fault(
        "types-alike",
        "ION-ERR-010",
        "all violations have one type",
        _violations(lambda one: one.update(type="value_error")),
    ),
    fault(
        "types-of-pydantic-1",
        "ION-ERR-010",
        "types of violations are those of pydantic 1",
        _violations(lambda one: one.update(type=f"value_error.{one['type']}")),
    ),
    fault(
        "query-in-the-body",
        "ION-ERR-011",
        "violations in a query lead to the body",
        _violations(lambda one: one.update(loc=["body", *one["loc"][1:]])),
    ),
]
