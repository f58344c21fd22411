"""Faults of compute.x.io: what several files share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import get
from tests.conformance.faults import Apply, Asked, Fault, Json, Told, answers, every_job, patched, requests

SHOWN = ("submit", "read", "list", "cancel")
COOK = "xio_cook_job_recipe"
API = "xio"
JOBS_MODULE = "mockserver.adapters.xio.jobs"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"
RUNS = ("xio_list_job_runs", "xio_get_job_run")
FAIL = "mockserver.simulation.scheduler:Scheduler._fail"
SCHEDULER_MODULE = "mockserver.simulation.scheduler"
LIST_JOBS, RUN_LIST, RUN = "xio_list_jobs", *RUNS
NODES = "xio_list_nodes"
GPUS = "xio_list_gpu_registry"


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def submitted(change: Callable[[dict[str, Json]], None]) -> Apply:
    """Submissions are changed before the mock sees them."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            change(asked.body)

    return requests("xio", "submit", edit)


def shown(change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = SHOWN) -> Apply:
    """Every job that these answers show is changed."""
    return answers("xio", where, every_job("xio", lambda job, asked: change(job)))


def container_shown(change: Callable[[dict[str, Json]], None]) -> Callable[[dict[str, Json]], None]:
    def inner(job: dict[str, Json]) -> None:
        container = get(job, "/parameters/parameters")
        if isinstance(container, dict):
            change(container)

    return inner


def demanded(change: Callable[[Any], None]) -> Any:
    """Jobs ask the scheduler for something else than they should."""

    def make(original: Any) -> Any:
        def request(call: Any, told: dict[str, Any]) -> Any:
            found = original(call, told)
            change(found)
            return found

        return request

    return patched("mockserver.adapters.xio.reading:_request", make)


def with_query(operation: str, change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    """Queries reach the mock changed."""

    def edit(asked: Asked) -> None:
        asked.query[:] = list(change(dict(asked.query)).items())

    return requests(API, operation, edit)


def without(told: dict[str, str], prefix: str, others: str) -> dict[str, str]:
    """Without what begins with `prefix`, where anything begins with `others`."""
    return (
        {name: value for name, value in told.items() if not name.startswith(prefix)}
        if any(name.startswith(others) for name in told)
        else told
    )


def asked(change: Callable[[Any, Json, Any], None]) -> Apply:
    """What the simulation is asked for differs from what the client is told.

    The call, the job's members, the request.
    """

    def make(original: Callable[[Any, Json], Any]) -> Callable[[Any, Json], Any]:
        def request(call: Any, members: Json) -> Any:
            wanted = original(call, members)
            change(call, members, wanted)
            return wanted

        return request

    return patched("mockserver.adapters.xio.reading:_request", make)


def stops(instead: Callable[[Any, Any, Any], None]) -> Apply:
    """A stop does something else: the original, the world, the job."""
    return patched(
        "mockserver.simulation.world:World.cancel",
        lambda original: lambda self, job, reason="": instead(lambda: original(self, job, reason), self, job),
    )


def runs(change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = RUNS) -> Apply:
    """Every run that is shown is changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            for run in told.body.get("data", [told.body]):
                change(run)

    return answers("xio", where, revise)


def edited_query(where: str, edit: Callable[[dict[str, str]], None]) -> Apply:
    """The parameters of a list are changed before the mock sees them."""

    def change(asked: Asked) -> None:
        told = dict(asked.query)
        edit(told)
        asked.query = list(told.items())

    return requests("xio", where, change)


def drops(where: str, name: str) -> Apply:
    return edited_query(where, lambda told: told.pop(name, None) and None)


def clamps(where: str, name: str, least: int, most: int) -> Apply:
    """What is out of bounds is moved to the nearest bound."""

    def edit(told: dict[str, str]) -> None:
        if told.get(name, "").lstrip("-").isdigit():
            told[name] = str(min(max(int(told[name]), least), most))

    return edited_query(where, edit)


def page(where: str, change: Callable[[Asked, dict[str, Json]], None]) -> Apply:
    """The answers of a list are changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(asked, told.body)

    return answers("xio", where, revise)


def told(change: Callable[[dict[str, Json]], None], where: str = "list") -> Apply:
    """A list's answer is changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(told.body)

    return answers("xio", where, revise)


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; `also` may notice it too."""
    return Fault(f"xio:{name}", "xio", requirement, describe, apply, also)
