"""Faults that any job API can have, made for each from the roles of its lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import specs
from conformance.traffic.json_pointer import MISSING, get, put
from specs.lifecycle import TERMINAL
from tests.conformance.faults import EVERY, Apply, Asked, Fault, Told, answers

Make = Callable[[str], Apply | None]
NINTH = 9
FEW = 3
"""Some faults show only in crowds, others only in short lists, so that few checks meet them."""


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
            ids = asked.memory.setdefault("ids", [])
            ids.append(get(told.body, pointer))
            if len(ids) == NINTH:
                told.body = put(told.body, pointer, ids[-2])

    return answers(api, "submit", revise)


def _are_few(items: Any, asked: Asked) -> bool:
    """Whether this is a whole list of just three jobs, and no page that was asked to be that short."""
    is_page = any("limit" in name and value.isdigit() and int(value) <= FEW for name, value in asked.query)
    return isinstance(items, list) and len(items) == FEW and not is_page


def invented_state(api: str) -> Apply | None:
    if api == "runai":  # its set of states is open
        return None
    name, pointer = _member(api, "status"), _roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and _are_few(items, asked):
            items[-1][name] = "dreaming"

    return answers(api, "list", revise)


def ended_jobs_come_back(api: str) -> Apply:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    name, pointer = _member(api, "status"), _roles(api)["list"].items or ""
    unseen = 0 if "read" in _roles(api) else 1  # where the list is all there is, an end is seen first

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status >= 300 or not _are_few(items, asked):
            return
        if all(job[name] in lifecycle.states and lifecycle.states[job[name]].phase in TERMINAL for job in items):
            asked.memory["looks"] = asked.memory.get("looks", 0) + 1
            if asked.memory["looks"] > unseen:
                items[0][name] = lifecycle.initial

    return answers(api, "list", revise)


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
        if told.status < 300 and _are_few(items, asked):
            told.body = put(told.body, pointer, items[:-1])

    return answers(api, "list", revise)


def list_repeats_one(api: str) -> Apply:
    pointer = _roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and _are_few(items, asked):
            told.body = put(told.body, pointer, [*items, items[0]])

    return answers(api, "list", revise)


def unknown_jobs_are_invented(api: str) -> Apply | None:
    if "read" not in _roles(api):
        return None

    def revise(asked: Asked, told: Told) -> None:
        seen = asked.memory.setdefault("seen", {})
        if told.status < 300:
            seen[asked.path] = told.body
        elif told.status == 404 and seen and asked.path not in seen:
            told.status, told.body = 200, [*seen.values()][-1]

    return answers(api, "read", revise)


def refusals_are_server_errors(api: str) -> Apply | None:
    if api == "openyuanrong":  # documents 500 for some refusals
        return None

    def revise(asked: Asked, told: Told) -> None:
        if told.status in (400, 422) and isinstance(asked.body, list) and asked.body and isinstance(asked.body[0], list):
            told.status = 500

    return answers(api, "submit", revise)


def errors_are_plain_text(api: str) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 400:
            told.body = ["no"] if api == "openyuanrong" else "no"

    return answers(api, EVERY, revise)


COMMON: dict[str, tuple[str, str, Make, tuple[str, ...]]] = {
    "wrong-success-status": ("JOB-RSP-001", "a submission is answered 299", wrong_success_status, ()),
    "no-id": ("JOB-CRT-002", "the answer to a submission has no id", no_id, ("JOB-RSP-002",)),
    "same-id-twice": ("JOB-IDM-001", "the ninth submission is answered with the id of the eighth", same_id_twice, ()),
    "born-ended": ("JOB-CRT-003", "the answer to a submission says that the job has succeeded", born_ended, ()),
    "invented-state": ("JOB-STM-001", "the last of three jobs is listed in a state that nobody lists", invented_state, ("JOB-RSP-002",)),
    "ended-jobs-come-back": ("JOB-STM-004", "the first of three jobs that have ended is listed in its first state", ended_jobs_come_back, ()),
    "list-forgets-one": ("JOB-LST-002", "the last of three jobs is not listed", list_forgets_one, ()),
    "list-repeats-one": ("JOB-LST-001", "the first of three jobs is listed twice", list_repeats_one, ()),
    "unknown-jobs-are-invented": ("JOB-ERR-003", "a job that never was is answered as another", unknown_jobs_are_invented, ("JOB-IDM-003",)),
    "refusals-are-server-errors": ("JOB-ERR-010", "lists within lists are answered 500", refusals_are_server_errors, ()),
    "errors-are-plain-text": ("JOB-ERR-001", "refusals have no shape", errors_are_plain_text, ("JOB-ERR-002",)),
}


OWED = {"JOB-ERR-001": "JOB-ERR-002", "JOB-RSP-001": "JOB-RSP-003"}
"""What is owed instead where the vendor gives neither a shape of refusals nor the status of a grant, so that the document can only assume them."""
ASSUMING = ("runai", "xio")


def _made() -> Iterator[Fault]:
    for api in specs.names():
        for name, (requirement, describe, make, also) in COMMON.items():
            apply = make(api)
            owed = OWED.get(requirement, requirement) if api in ASSUMING else requirement
            if apply is not None:
                yield Fault(f"{api}:{name}", api, owed, describe, apply, also)


FAULTS = list(_made())
