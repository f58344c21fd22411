"""Servers on which something is broken that nearly every check stands on, as wrappers of any server of an API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import specs
from tests.conformance.faults import Apply, Asked, Told, answers, every_job

Json = Any


def _members(api: str) -> str:
    """The member of a job that holds its state."""
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    return (lifecycle.roles["list"].status or "").rpartition("/")[2]


def _states(api: str, change: Callable[[str], str]) -> Apply:
    name = _members(api)

    def change_state(job: dict[str, Any], asked: Asked) -> None:
        if isinstance(job.get(name), str):
            job[name] = change(job[name])

    return answers(api, "*", every_job(api, change_state))


def in_another_case(api: str) -> Apply:
    """Every state is spelled in the other case."""
    return _states(api, str.swapcase)


def unknown_words(api: str) -> Apply:
    """Every state is a word that no page has."""
    return _states(api, lambda state: f"x_{state}")


def without_state(api: str) -> Apply:
    """No job is shown with its state."""
    name = _members(api)
    return answers(api, "*", every_job(api, lambda job, asked: job.pop(name, None) and None))


def never_on(api: str) -> Apply:
    """Every job is shown in the first state for ever."""
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    return _states(api, lambda state: lifecycle.initial)


def no_envelope(api: str) -> Apply:
    """The list is bare where it has an envelope, and has one where it is bare."""
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    pointer = lifecycle.roles["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300 and told.body is not None:
            found = told.body
            for key in pointer.split("/")[1:]:
                found = found.get(key, []) if isinstance(found, dict) else []
            told.body = found if pointer else {"a": told.body, "b": []}

    return answers(api, "list", revise)


def list_fails(api: str) -> Apply:
    """The list is answered 500."""
    return answers(api, "list", lambda asked, told: _instead(told, 500))


def list_unknown(api: str) -> Apply:
    """The list is answered 404."""
    return answers(api, "list", lambda asked, told: _instead(told, 404))


def read_unknown(api: str) -> Apply:
    """No job can be read; where the list is the only way, no job is in it."""
    if "read" in (specs.load(api).lifecycle or _none()).roles:
        return answers(api, "read", lambda asked, told: _instead(told, 404))
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    pointer = lifecycle.roles["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300 and isinstance(told.body, dict):
            told.body[pointer.rpartition("/")[2]] = []

    return answers(api, "list", revise)


def _none() -> Any:
    raise ValueError("the API has no lifecycle")


def _instead(told: Told, status: int) -> None:
    told.status, told.body = status, {"detail": "no"}
    told.headers["content-type"] = "application/json"


KINDS: dict[str, Callable[[str], Apply]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        in_another_case,
        unknown_words,
        without_state,
        never_on,
        no_envelope,
        list_fails,
        list_unknown,
        read_unknown,
    )
}
"""Eight kinds for each of five APIs."""
GROUND = {
    "in-another-case": "state",
    "unknown-words": "state",
    "without-state": "state",
    "never-on": "move",
    "no-envelope": "list",
    "list-fails": "list",
    "list-unknown": "list",
    "read-unknown": "read",
}
"""What of that on which checks stand each of them breaks."""
