"""Faults of openYuanrong: what several files share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import App, Apply, Asked, Fault, Json, Told, answers, every_job, patched, requests

API = "openyuanrong"
LOOKS = ("read", "list")
TYPES = "JOB-REQ-002"
WORLD = "mockserver.simulation.world:World"
ADAPTER = f"mockserver.adapters.{API}"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"


def forgives(pointer: str, wrong: Callable[[Json], bool], instead: Json = MISSING) -> Apply:
    """A wrong value at a pointer of a submission is taken for another, or for none."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and wrong(get(asked.body, pointer)):
            asked.body = put(asked.body, pointer, instead)

    return requests(API, "submit", edit)


def kinds(*allowed: type) -> Callable[[Json], bool]:
    """Whether a value is there and of none of these types; true and false are no numbers."""
    return lambda value: (
        value is not MISSING and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed))
    )


def refuses(wrong: Callable[[Asked], bool], status: int = 400) -> Apply:
    """Submissions that the vendor takes are refused."""

    def revise(asked: Asked, told: Told) -> None:
        if wrong(asked):
            told.status, told.body = status, "no"

    return answers(API, "submit", revise)


def refuses_at(pointer: str, *values: Json) -> Apply:
    """Some values at a pointer are refused."""
    return refuses(
        lambda asked: any(json.dumps(get(asked.body, pointer), default=str) == json.dumps(value) for value in values)
    )


def restated(
    was: int, becomes: int, when: Callable[[Asked], bool] = lambda asked: True, where: str = "submit"
) -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was and when(asked):
            told.status = becomes

    return answers(API, where, revise)


def shows(name: str, change: Callable[[dict[str, Any]], Json], *states: str) -> Apply:
    """A member is shown otherwise, in some states or in all."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if not states or job.get("status") in states:
            job[name] = change(job)

    return answers(API, LOOKS, every_job(API, revise))


def undone(method: str, unless: Callable[[Any], bool]) -> Apply:
    """A method of the world does nothing to some jobs, and says nothing of it."""

    def make(original: Any) -> Any:
        return lambda world, job, *others: None if unless(job) else original(world, job, *others)

    return patched(f"{WORLD}.{method}", make)


def status(where: str | tuple[str, ...], was: int, becomes: int, body: Json = None) -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was:
            told.status, told.body = becomes, told.body if body is None else body

    return answers(API, where, revise)


def labels(change: Callable[[str], str]) -> Any:
    """The header with the labels reaches the mock changed."""

    def edit(asked: Asked) -> None:
        if "x-pool-label" in asked.headers:
            asked.headers["x-pool-label"] = change(asked.headers["x-pool-label"])

    return requests(API, "submit", edit)


def shown(change: Callable[[dict[str, Any]], None]) -> Any:
    """Jobs are shown changed."""
    return answers(API, ("read", "list"), every_job(API, lambda job, asked: change(job)))


def told(change: Callable[[dict[str, Any]], None]) -> Apply:
    """Jobs are shown changed, read and listed."""
    return answers(API, ("read", "list"), every_job(API, lambda job, asked: change(job)))


def asks(change: Callable[[dict[str, Any]], None]) -> Apply:
    """Submissions reach the mock changed."""
    return requests(API, "submit", lambda asked: change(asked.body) if isinstance(asked.body, dict) else None)


def rerouted(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """Requests reach the mock by another method or path."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        async def other(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await app(scope | change(scope) if scope["type"] == "http" else scope, receive, send)

        yield other

    return apply


def environment(change: Callable[[dict[str, Any]], None]) -> Apply:
    return told(lambda job: change(job["runtime_env"]))


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; `also` may notice it too."""
    return Fault(f"openyuanrong:{name}", "openyuanrong", requirement, describe, apply, also)
