"""Faults that any job API can have, made for each from the roles of its lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import specs
from conformance.pointer import MISSING, get, put
from specs.lifecycle import TERMINAL
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job

Make = Callable[[str], Apply | None]


def _roles(api: str) -> Any:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    return lifecycle.roles


def _member(api: str, what: str) -> str:
    """The last part of the pointer to a job's id or status."""
    role = _roles(api).get("read") or _roles(api)["list"]
    return str((role.status if what == "status" else _roles(api)["submit"].id) or "").rpartition("/")[2]


def _status(asked: Asked, told: Told, status: int) -> None:
    if told.status < 300:
        told.status = status


def wrong_success_status(api: str) -> Apply:
    return answers(api, "submit", lambda asked, told: _status(asked, told, 299))


def no_id(api: str) -> Apply:
    pointer = _roles(api)["submit"].id or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = put(told.body, pointer, MISSING)

    return answers(api, "submit", revise)


def same_id_twice(api: str) -> Apply:
    pointer = _roles(api)["submit"].id or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = put(told.body, pointer, asked.memory.setdefault("id", get(told.body, pointer)))

    return answers(api, "submit", revise)


def invented_state(api: str) -> Apply | None:
    if api == "runai":  # its set of states is open
        return None
    name = _member(api, "status")

    def change(job: dict[str, Any], asked: Asked) -> None:
        if asked.role in ("read", "list"):
            job[name] = "dreaming"

    return answers(api, ("read", "list"), every_job(api, change))


def ended_jobs_come_back(api: str) -> Apply:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    name = _member(api, "status")

    def change(job: dict[str, Any], asked: Asked) -> None:
        key = f"{job.get('id', '')}{job.get(_member(api, 'id'), '')}"
        if lifecycle.states.get(job.get(name, "")) is None or lifecycle.states[job[name]].phase not in TERMINAL:
            return
        asked.memory[key] = asked.memory.get(key, 0) + 1
        if asked.memory[key] > 2:
            job[name] = lifecycle.initial

    return answers(api, ("read", "list"), every_job(api, change))


def born_ended(api: str) -> Apply | None:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    pointer = lifecycle.roles["submit"].status
    if pointer is None:
        return None
    over = next(name for name, state in lifecycle.states.items() if state.phase == "succeeded")

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = put(told.body, pointer, over)

    return answers(api, "submit", revise)


def list_forgets_one(api: str) -> Apply:
    pointer = _roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and isinstance(items, list) and len(items) > 1:
            told.body = put(told.body, pointer, items[:-1])

    return answers(api, "list", revise)


def list_repeats_one(api: str) -> Apply:
    pointer = _roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and isinstance(items, list) and items:
            told.body = put(told.body, pointer, [*items, items[0]])

    return answers(api, "list", revise)


def unknown_jobs_are_invented(api: str) -> Apply | None:
    if "read" not in _roles(api):
        return None

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            asked.memory["seen"] = told.body
        elif told.status == 404 and "seen" in asked.memory:
            told.status, told.body = 200, asked.memory["seen"]

    return answers(api, "read", revise)


def refusals_are_server_errors(api: str) -> Apply | None:
    if api == "openyuanrong":  # documents 500 for some refusals
        return None

    def revise(asked: Asked, told: Told) -> None:
        if told.status in (400, 422):
            told.status = 500

    return answers(api, "submit", revise)


def errors_are_plain_text(api: str) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 400:
            told.body = ["no"] if api == "openyuanrong" else "no"

    return answers(api, "submit", revise)


COMMON: dict[str, tuple[str, str, Make, tuple[str, ...]]] = {
    "wrong-success-status": ("JOB-RSP-001", "a submission is answered 299", wrong_success_status, ()),
    "no-id": ("JOB-CRT-002", "the answer to a submission has no id", no_id, ("JOB-RSP-002",)),
    "same-id-twice": ("JOB-IDM-001", "every submission is answered with the id of the first", same_id_twice, ("JOB-IDM-002",)),
    "born-ended": ("JOB-CRT-003", "the answer to a submission says that the job has succeeded", born_ended, ()),
    "invented-state": ("JOB-STM-001", "jobs are shown in a state that nobody lists", invented_state, ("JOB-RSP-002",)),
    "ended-jobs-come-back": ("JOB-STM-004", "a job that has ended is seen in its first state again", ended_jobs_come_back, ()),
    "list-forgets-one": ("JOB-LST-002", "the last job of every list is missing", list_forgets_one, ()),
    "list-repeats-one": ("JOB-LST-001", "the first job of every list is there twice", list_repeats_one, ()),
    "unknown-jobs-are-invented": ("JOB-ERR-003", "a job that never was is answered as another", unknown_jobs_are_invented, ("JOB-IDM-003",)),
    "refusals-are-server-errors": ("JOB-ERR-010", "an invalid submission is answered 500", refusals_are_server_errors, ()),
    "errors-are-plain-text": ("JOB-ERR-001", "refusals of submissions have no shape", errors_are_plain_text, ("JOB-ERR-002",)),
}


def _made() -> Iterator[Fault]:
    for api in specs.names():
        for name, (requirement, describe, make, also) in COMMON.items():
            apply = make(api)
            if apply is not None:
                yield Fault(f"{api}:{name}", api, requirement, describe, apply, also)


FAULTS = list(_made())
