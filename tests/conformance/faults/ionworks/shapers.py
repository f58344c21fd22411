"""Faults of Ionworks: what several files share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.faults import App, Apply, Asked, Fault, Json, Revision, Told, answers, patched, requests
from tests.conformance.faults.raw import passed_on, raw

API = "ionworks"
SUBMITS = ("submit_job_jobs_post", "submit_job_jobs__post")
READ = "get_job_jobs__job_id__get"
LIST = "list_jobs_jobs_get"
ARRAY = "list_jobs_jobs__get"
CANCEL = "cancel_job_jobs__job_id__cancel_post"
Change = Callable[[dict[str, Any]], object]
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"
WORLD = "mockserver.simulation.world:World"
ADAPTER = "mockserver.adapters.ionworks"
METADATA = "get_job_metadata_jobs__job_id__metadata_get"
WORDS = {
    "id": "job_id",
    "job": lambda body: body,
    "no": {"error_code": "NOT_FOUND", "message": "no", "detail": None},
    "done": lambda asked: {**asked.memory["job"], "job_id": asked.values["job_id"]},
}
INVALID_BODY = {"detail": [{"loc": ["body"], "msg": "no", "type": "value_error"}]}
PLOT = "get_plot_data_pipelines_datafits__job_id__plot_data_get"
HEALTH = "healthz_healthz_get"
UNKNOWN = {"error_code": "NOT_FOUND", "message": "no", "detail": None}
ORGANIZATION = "x-organization-id"
Query = list[tuple[str, str]]


def sent(change: Change) -> Apply:
    """Change submissions that are objects before the mock sees them."""
    return requests(API, SUBMITS, lambda asked: change(asked.body) and None if isinstance(asked.body, dict) else None)


def jobs_in(told: Told) -> list[dict[str, Any]]:
    """Every job that an answer shows."""
    found = (
        told.body
        if isinstance(told.body, list)
        else told.body.get("jobs", [told.body])
        if isinstance(told.body, dict)
        else []
    )
    return [job for job in found if isinstance(job, dict) and "job_id" in job] if told.status < 300 else []


def each(change: Callable[[dict[str, Any], Asked], object]) -> Apply:
    """Change every job that any answer shows."""

    def revise(asked: Asked, told: Told) -> None:
        for job in jobs_in(told):
            change(job, asked)

    return answers(API, "*", revise)


def when(holds: Callable[[dict[str, Any]], Any], **new: Any) -> Apply:
    """Set members of the jobs of which something holds; a function is told the job."""

    def change(job: dict[str, Any], _: Asked) -> None:
        if holds(job):
            job.update({name: value(job) if callable(value) else value for name, value in new.items()})

    return each(change)


def status(*states: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a job is in one of these states."""
    return lambda job: job["status"] in states


def always(_: object) -> bool:
    """Of every job."""
    return True


def shifted(value: str | None, seconds: float) -> str | None:
    """An instant, moved."""
    return (
        None
        if value is None
        else (datetime.fromisoformat(value) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    )


def refusal(status_code: int, body: Json, holds: Callable[[Asked], Any]) -> Revision:
    """Answer otherwise where a request is like that."""

    def revise(asked: Asked, told: Told) -> None:
        if holds(asked):
            told.status, told.body = status_code, body

    return revise


def once_around(make: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A function that gets the original and the arguments."""
    return lambda original: lambda *arguments, **named: make(original, arguments, **named)  # type: ignore[call-arg]


def cancel(also: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def cancel(world: Any, job: Any, *reason: Any) -> None:
            if also(world, job):
                original(world, job, *reason)

        return cancel

    return make


def keeps(phase: str) -> Apply:
    """Jobs that go into a phase keep what they hold."""

    def make(original: Any) -> Any:
        return lambda placement, job: None if job.stage.phase == phase else original(placement, job)

    return patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", make)


def values(asked: Asked, name: str) -> list[str]:
    return [value for key, value in asked.query if key == name]


def query(change: Callable[[str, str], str]) -> Callable[[Asked], None]:
    """Change values of the query."""

    def edit(asked: Asked) -> None:
        asked.query[:] = [(name, change(name, value)) for name, value in asked.query]

    return edit


def asks(where: str | tuple[str, ...], change: Callable[[Query], Query]) -> Apply:
    """Change the query of a request."""

    def edit(asked: Asked) -> None:
        asked.query[:] = change(list(asked.query))

    return requests(API, where, edit)


def of(query: Query, name: str) -> list[str]:
    return [value for key, value in query if key == name]


def without(query: Query, *names: str) -> Query:
    return [pair for pair in query if pair[0] not in names]


def value(name: str, old: str, new: str) -> Callable[[Query], Query]:
    return lambda query: [(key, new if (key, value) == (name, old) else value) for key, value in query]


def is_submission(scope: dict[str, Any]) -> bool:
    return bool(scope["method"] == "POST" and scope["path"] in ("/jobs", "/jobs/"))


def swapped(holds: Callable[[dict[str, Any], bytes], bool], new: bytes) -> Apply:
    """Another body for submissions of which something holds."""

    async def meddle(app: App, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
        swap = is_submission(scope) and holds(scope, body)
        await passed_on(app, scope, new if swap else body, receive, send)

    return raw(meddle)


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; `also` may notice it too."""
    return Fault(f"ionworks:{name}", "ionworks", requirement, describe, apply, also)
