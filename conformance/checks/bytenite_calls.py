"""Calls that only ByteNite's checks make: about one job by its id, pages of the list, purchases of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from conformance.errors import Inconclusive, NotApplicable
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.target.settings import secret
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put
from specs.lifecycle import TERMINAL

NOBODY = "00000000-0000-4000-8000-00000000dead"
"""The id of a job that never was."""
NEW = "JOB_STATE_NEW"

NEWER: dict[str, Json] = {
    "Customer_SetJobDatasource": {"dataSource": {"dataSourceDescriptor": "bypass"}},
    "Customer_SetJobParams": {"app": {"changed": True}},
    "Customer_SetJobName": {"name": "changed"},
    "Customer_SetJobConfigs": {"jobTimeout": 4321},
}
"""Changes of a draft that are valid, by operation."""
OLDER: dict[str, Json] = {
    "Customer_SetJobDatasourceLegacy": {"dataSource": {"dataSourceDescriptor": "bypass"}},
    "Customer_SetJobParamsLegacy": {"app": {"changed": True}},
    "Customer_PostJobConfigs": {"jobTimeout": 4321},
    "Customer_UploadCompletedLegacy": {},
    "Customer_RunJobLegacy": {},
}
"""The same on older paths."""


def on(session: Session, operation: str, job: JobRef | str, body: Json = MISSING, **options: Any) -> Exchange:
    """Make a call about a job."""
    return session.call(operation, {"jobId": job if isinstance(job, str) else job.id}, body=body, **options)


def change(session: Session, operation: str, job: JobRef, body: Json) -> Json:
    """Make a change that must be granted; the job as it is read afterwards."""
    accepted(on(session, operation, job, body), f"{operation} of a draft")
    return seen(session, job)


def seen(session: Session, job: JobRef) -> dict[str, Json]:
    """The job as it is read. Inconclusive where it is not known."""
    view = session.view(job)
    needed(isinstance(view, dict), "the job cannot be read")
    found: dict[str, Json] = view
    return found


def chunks(session: Session, count: int) -> Json:
    """The merge patch that has a job divided into so many chunks. NotApplicable where the target file does not say how."""
    pointer = session.settings.knobs.get("chunks")
    if not pointer:
        raise NotApplicable("the target file does not say how a job is divided into chunks")
    return put({}, pointer, count)


def templates(session: Session) -> list[str]:
    """Three templates that jobs can be made of, the usual one first. NotApplicable or Inconclusive where the target file names no others."""
    found = [str(session.body()["templateId"])]
    for shape in ("another-template", "third-template"):
        found.append(str(session.body(shape)["templateId"]))
        exchange = session.post(session.body(shape))
        needed(exchange.response.is_success, f"a job of the template {found[-1]!r} was answered {exchange.response.status}")
    return found


def has_code(exchange: Exchange, *wanted: int) -> None:
    """Expect one of these codes in a refusal, unless it has the shape of the vendor's generic answers, whose codes are others."""
    told = exchange.response.json
    if get(told, "/ok") is False and isinstance(get(told, "/error"), dict):
        return
    code = get(told, "/code")
    expect(code in wanted, f"the code is {code!r}, expected {' or '.join(map(str, wanted))}", exchange)


def stays(session: Session, before: str, after: str) -> bool:
    """Whether a job is where it was, or, where time passes by itself, has gone on by itself."""
    order: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    if session.target.has_virtual_time or before not in order or after not in order:
        return before == after
    return before == after or (session.phase_of(before) not in TERMINAL and order.index(after) > order.index(before))


def in_conditions(session: Session) -> list[tuple[str, JobRef]]:
    """Jobs that were run, as far as the target can make them: one that waits, one that runs, one complete, one failed."""
    found = []
    for shape, phases in (("waits", ("queued",)), ("long", ("running",)), ("quick", ("succeeded",)), ("fails", ("failed",))):
        if shape == "quick" or shape in session.settings.shapes:
            job = session.submit(shape)
            found.append((session.until(job, *phases), job))
    return found


def in_passing(session: Session) -> Iterator[tuple[str, JobRef]]:
    """Jobs in states that pass by themselves, one after the other, as far as they are seen: one that takes in its input, one that puts together its output."""
    for phase in ("starting", "finishing"):
        with suppress(Inconclusive):  # such a state may pass between two looks
            job = session.submit()
            yield session.until(job, phase, step=0.5), job


def page(session: Session, **query: Any) -> Json:
    """The answer to a list; an underscore of a name stands for its dot."""
    exchange = accepted(session.list_jobs(query={name.replace("_", "."): value for name, value in query.items()}), f"the list with {query}")
    return exchange.response.json


def ids(answer: Json) -> list[str]:
    """The ids of the jobs on a page, in its order."""
    data = get(answer, "/data")
    return [str(get(item, "/id")) for item in data] if isinstance(data, list) else []


def buy(session: Session, name: str = "good", **changes: str) -> Exchange:
    """Exchange a caller's API key for a token, without any credential. NotApplicable where callers buy no tokens."""
    raw = session.settings.credentials.get(name, {}).get("token")
    if not raw:
        raise NotApplicable(f"the target file does not say how the caller {name!r} buys a token")
    body = {key: secret(str(value)) for key, value in raw["body"].items()} | changes
    return session.call(raw["operation"], body=body, credential="none")


def running_tasks(session: Session) -> dict[str, Json]:
    """The running tasks that are told of, by the ids of their jobs."""
    told = get(accepted(session.call("Customer_RunningTasks", body={}), "the running tasks").response.json, "/runningTasks")
    return told if isinstance(told, dict) else {}


def token_of(exchange: Exchange) -> str:
    """The token that a purchase brought. Inconclusive where it brought none."""
    found = get(exchange.response.json, "/token")
    needed(exchange.response.is_success and isinstance(found, str) and found, f"no token was given: {exchange.line}")
    return str(found)
