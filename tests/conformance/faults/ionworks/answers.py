"""Faults of Ionworks: what answers say of a job."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults import Apply, Asked, Json, Told, answers, patched, requests
from tests.conformance.faults.ionworks.shapers import (
    ADAPTER,
    API,
    HEALTH,
    LIST,
    METADATA,
    READ,
    SUBMITS,
    each,
    fault,
    when,
)

ME = "get_current_user_users_me_get"


def _traceless(asked: Asked, told: Told) -> None:
    if isinstance(told.body, dict):
        told.body.pop("intermediate_results", None)


def _first_caller(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = asked.memory.setdefault("me", told.body)


def _merged(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("metadata"), dict):
        asked.body["metadata"] = asked.memory["all"] = asked.memory.get("all", {}) | asked.body["metadata"]


def _stored_until(*ends: str) -> Apply:
    """Metadata of jobs that ended so are lost."""
    return patched(
        f"{ADAPTER}.records:stored",
        lambda original: lambda world, job: None if job.stage.name in ends else original(world, job),
    )


def _flat(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = {name: value for name, value in told.body.items() if not isinstance(value, dict)}


def _empty_metadata(asked: Asked, told: Told) -> None:
    if told.status == 404:
        told.status, told.body = 200, {}


def _everywhere(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return {key: _everywhere(item, change) for key, item in value.items()}
    return [_everywhere(item, change) for item in value] if isinstance(value, list) else change(value)


def _metadata(change: Callable[[Json], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body = _everywhere(told.body, change)

    return answers(API, METADATA, revise)


def _doubles_within(asked: Asked, told: Told) -> None:
    """Whole numbers within objects of the metadata have passed through a float."""
    if told.status == 200 and isinstance(told.body, dict):
        for name, value in told.body.items():
            if isinstance(value, dict):
                told.body[name] = _everywhere(value, lambda item: int(float(item)) if type(item) is int else item)


FAULTS = [
    fault(
        "jobs-without-user", "JOB-RSP-002", "jobs do not tell their user", each(lambda job, asked: job.pop("user_id"))
    ),
    fault(
        "page-without-total",
        "JOB-RSP-003",
        "a page does not tell the total",
        answers(API, LIST, lambda a, t: t.body.pop("total", None) and None),
        "JOB-LST-005",
    ),
    fault(
        "job-as-text",
        "JOB-RSP-004",
        "a job that is read says that it is text",
        answers(API, READ, lambda a, t: t.headers.__setitem__("content-type", "text/plain")),
    ),
    fault(
        "charset",
        "ION-RSP-001",
        "the media type names a charset",
        answers(API, "*", lambda a, t: t.headers.__setitem__("content-type", "application/json; charset=utf-8")),
    ),
    fault(
        "no-correlation",
        "ION-RSP-002",
        "refusals carry no correlation id",
        answers(API, "*", lambda a, t: t.headers.pop("x-correlation-id", None) and None if t.status >= 400 else None),
    ),
    fault("metadata-merged", "ION-RSP-003", "metadata of earlier jobs comes along", requests(API, SUBMITS, _merged)),
    fault("metadata-until-canceled", "ION-RSP-003", "metadata of canceled jobs are lost", _stored_until("canceled")),
    fault("metadata-until-failed", "ION-RSP-003", "metadata of failed jobs are lost", _stored_until("failed")),
    fault("flat-metadata", "ION-RSP-003", "metadata loses its objects", answers(API, METADATA, _flat)),
    fault(
        "metadata-of-nothing",
        "ION-RSP-004",
        "missing metadata is an empty object",
        answers(API, METADATA, _empty_metadata),
        "ION-ERR-005",
    ),
    fault("me-for-all", "ION-RSP-012", "all callers are told that they are the first", answers(API, ME, _first_caller)),
    fault(
        "somebody-else",
        "ION-RSP-012",
        "the caller is told another user",
        answers(API, ME, lambda a, t: t.body.update(id="user-0") if t.status == 200 else None),
    ),
    fault(
        "not-up",
        "ION-RSP-013",
        "the health is answered 204",
        answers(API, HEALTH, lambda a, t: setattr(t, "status", 204)),
        "JOB-RSP-001",
    ),
    fault(
        "one-correlation",
        "ION-RSP-018",
        "all answers have one correlation id",
        answers(
            API,
            "*",
            lambda a, t: (
                t.headers.__setitem__("x-correlation-id", "11111111-0000-4000-8000-000000000001")
                if "x-correlation-id" in t.headers
                else None
            ),
        ),
    ),
    fault(
        "metadata-of-doubles",
        "ION-RSP-019",
        "numbers in metadata are doubles",
        _metadata(lambda value: float(value) if type(value) is int else value),
    ),
    fault(
        "metadata-of-doubles-within",
        "ION-RSP-019",
        "whole numbers within objects in metadata are doubles",
        answers(API, METADATA, _doubles_within),
    ),
    fault(
        "metadata-rounded",
        "ION-RSP-019",
        "numbers in metadata have two decimals",
        _metadata(lambda value: round(value, 2) if isinstance(value, float) else value),
        "ION-RSP-003",
    ),
    fault(
        "metadata-as-numbers",
        "ION-RSP-019",
        "digits in metadata become numbers",
        _metadata(lambda value: int(value) if isinstance(value, str) and value.isdigit() else value),
    ),
    fault(
        "metadata-stripped",
        "ION-RSP-020",
        "texts in metadata lose their margins",
        _metadata(lambda value: value.strip() if isinstance(value, str) else value),
    ),
    fault(
        "metadata-in-ascii",
        "ION-RSP-020",
        "texts in metadata lose what is not ASCII",
        _metadata(lambda value: value.encode("ascii", "replace").decode() if isinstance(value, str) else value),
        "ION-RSP-003",
    ),
    fault("traceless", "ION-RSP-021", "a fit leaves no trace", answers(API, METADATA, _traceless)),
    fault(
        "circuit-without-error",
        "ION-RSP-026",
        "the result of a fit of an equivalent circuit has no rmse_mV",
        when(lambda job: job["job_type"] == "ecm_fit" and job["result"], result=lambda job: {"num_rcs": 2}),
    ),
]
