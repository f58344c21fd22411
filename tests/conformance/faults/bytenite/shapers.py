"""Faults of ByteNite: what several files share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Apply, Asked, Edit, Fault, Json, Told, answers, every_job, patched, requests

API = "bytenite"
SHOWN = ("submit", "read", "list")


def shows(pointer: str, change: Callable[[Json], Json]) -> Apply:
    """Every shown job tells something else at a pointer, where it tells anything."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        told = get(job, pointer)
        if told is not MISSING and told is not None:
            changed = put(job, pointer, change(told))
            job.clear()
            job.update(changed)

    return answers(API, SHOWN, every_job(API, revise))


def jobs(change: Callable[[dict[str, Any], Asked], None]) -> Apply:
    """Every job that is read or listed is changed."""
    return answers(API, ("read", "list"), every_job(API, change))


def answered(where: str | tuple[str, ...], change: Callable[[Asked, Told], None]) -> Apply:
    """Granted answers are changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(asked, told)

    return answers(API, where, revise)


def half_a_minute(date: str) -> str:
    """The same instant half a minute later, or earlier where that would pass the minute."""
    second = int(date[17:19])
    return f"{date[:17]}{(second + 30) % 60:02}{date[19:]}"


def set_member(
    name: str, value: Callable[[dict[str, Any]], Json], *states: str
) -> Callable[[dict[str, Any], Asked], None]:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if job.get("state", "").removeprefix("JOB_STATE_") in states:
            job[name] = value(job)

    return change


def code(was: int, becomes: int, where: str | tuple[str, ...] = "*") -> Apply:
    """Refusals of one code have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 400 and get(told.body, "/code") == was:
            told.body["code"] = becomes

    return answers(API, where, revise)


def undone(method: str, unless: Callable[[Any], bool]) -> Apply:
    """A method of the world does nothing to some jobs, and says nothing of it."""

    def make(original: Any) -> Any:
        def instead(world: Any, job: Any, *others: Any) -> Any:
            return None if unless(job) else original(world, job, *others)

        return instead

    return patched(f"mockserver.simulation.world:World.{method}", make)


def granted(asked: Asked, told: Told) -> None:
    if told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}


def asks(operation: str, change: Callable[[dict[str, Json]], object]) -> Apply:
    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            change(asked.body)

    return requests(API, operation, edit)


def queried(change: Callable[[dict[str, str]], object]) -> Edit:
    def edit(asked: Asked) -> None:
        query = dict(asked.query)
        change(query)
        asked.query[:] = list(query.items())

    return edit


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; `also` may notice it too."""
    return Fault(f"bytenite:{name}", "bytenite", requirement, describe, apply, also)
