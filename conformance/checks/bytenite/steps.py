"""Steps that checks of ByteNite share."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from conformance.errors import Inconclusive, NotApplicable
from conformance.session.expect import accepted, expect, need_success, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put, same_value, shown, without_nulls

NEW = "JOB_STATE_NEW"
DESCRIBED: dict[str, Json] = {
    "description": "cf",
    "config": {"taskTimeout": 900},
    "dataDestination": {"dataSourceDescriptor": "bucket"},
}
"""What a submission may say of a job beside its template."""
SOURCE: Json = {"dataSource": {"dataSourceDescriptor": "bypass"}}
PARAMS: Json = {"app": {"changed": True}}
LIMITS: Json = {"jobTimeout": 4321}
NEWER: dict[str, Json] = {
    "Customer_SetJobDatasource": SOURCE,
    "Customer_SetJobParams": PARAMS,
    "Customer_SetJobName": {"name": "changed"},
    "Customer_SetJobConfigs": LIMITS,
}
"""Changes of a draft that are valid, by operation."""
OLDER: dict[str, Json] = {
    "Customer_SetJobDatasourceLegacy": SOURCE,
    "Customer_SetJobParamsLegacy": PARAMS,
    "Customer_PostJobConfigs": LIMITS,
    "Customer_UploadCompletedLegacy": {},
    "Customer_RunJobLegacy": {},
}
"""The same on older paths."""
MOST = 40
PATIENCE = 30.0
"""Seconds within which a job that finds room has begun, or there is none."""
REFUSALS = (400, 409, 412, 422)
EVENTS = "Customer_Events"
EMPTY = (MISSING, None, "", 0, False)
"""How proto3 JSON may say that nothing was set."""


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
    """The merge patch that has a job divided into so many chunks.

    NotApplicable where the target file does not say how.
    """
    pointer = session.settings.knobs.get("chunks")
    if not pointer:
        raise NotApplicable("the target file does not say how a job is divided into chunks")
    return put({}, pointer, count)


def templates(session: Session) -> list[str]:
    """Three templates that jobs can be made of, the usual one first.

    NotApplicable or Inconclusive where the target file names no others.
    """
    found = [str(session.body()["templateId"])]
    for shape in ("another-template", "third-template"):
        found.append(str(session.body(shape)["templateId"]))
        exchange = session.post(session.body(shape))
        need_success(exchange, f"a job of the template {shown(found[-1])}")
    return found


def has_code(exchange: Exchange, *wanted: int) -> None:
    """Expect one of these codes in a refusal, unless it has the shape of the vendor's generic answers, whose codes are
    others."""
    answer = exchange.response.json
    if get(answer, "/ok") is False and isinstance(get(answer, "/error"), dict):
        return
    code = get(answer, "/code")
    expect(code in wanted, f"the code is {shown(code)}, expected {' or '.join(map(str, wanted))}", exchange)


def in_conditions(session: Session) -> list[tuple[str, JobRef]]:
    """Jobs that were run, as far as the target can make them.

    One that waits, one that runs, one complete, one failed.
    """
    phases = {"waits": "queued", "long": "running", "quick": "succeeded", "fails": "failed"}
    found = []
    for shape in session.shapes(*phases):
        job = session.submit(shape)
        found.append((session.until(job, phases[shape]), job))
    return found


def ids(answer: Json) -> list[str]:
    """The ids of the jobs on a page, in its order."""
    data = get(answer, "/data")
    return [str(get(item, "/id")) for item in data] if isinstance(data, list) else []


def running_tasks(session: Session, *jobs: JobRef) -> dict[str, Json]:
    """The running tasks that are reported, of these jobs or of all, by the ids of their jobs."""
    body = {"jobIds": [job.id for job in jobs]} if jobs else {}
    exchange = accepted(session.call("Customer_RunningTasks", body=body), "the running tasks")
    found = get(exchange.response.json, "/runningTasks")
    return found if isinstance(found, dict) else {}


def is_waiting(session: Session, job: JobRef) -> bool:
    """Whether a job waits for room."""
    return session.phase(job) == "queued"


def begins_within(session: Session, job: JobRef, within: float = PATIENCE) -> bool:
    """Whether a job leaves the queue within so many seconds."""
    return any(not is_waiting(session, job) for _ in session.ticks(within))


def crowd(session: Session) -> tuple[list[JobRef], JobRef]:
    """Jobs whose tasks leave no room for another one, and one more that waits behind them."""
    fillers: list[JobRef] = []
    while len(fillers) < MOST:
        job = session.submit("long")
        if not begins_within(session, job, PATIENCE if not fillers else 10.0):
            needed(fillers, "there is no capacity at all")
            return fillers, job
        session.until(job, "running")
        fillers.append(job)
    raise Inconclusive(f"{MOST} jobs did not use up all capacity")


def events_during(session: Session, meanwhile: Callable[[], None], credential: str = "good") -> list[Json]:
    """The data of all events that are reported while something goes on."""
    answer = session.listen(EVENTS, meanwhile, credential=credential)
    needed(answer.is_success, f"the stream of events was answered {answer.status}")
    found = []
    for line in answer.body.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            found.append(get(json.loads(line.removeprefix("data:").strip() or "null"), "/result/data"))
    return [one for one in found if isinstance(one, dict)]


def events_of(events: list[Json], job: JobRef) -> list[Json]:
    """The events of one job."""
    return [one for one in events if job.id in one.values()]


def expect_job_shown(session: Session, answer: Exchange, what: str) -> None:
    """Expect that an answer, where it shows the job, shows it as reading it right afterwards does."""
    job_in_answer = get(answer.response.json, "/job")
    if not isinstance(job_in_answer, dict):
        return
    view = get(session.call("Customer_GetJob", {"jobId": get(job_in_answer, "/id")}).response.json, "/job")
    needed(isinstance(view, dict), "the job cannot be read")
    named = session.spec.document["components"]["schemas"]["jobJob"]["properties"]
    pairs = [
        (name, without_nulls(view[name]), without_nulls(job_in_answer.get(name))) for name in view if name in named
    ]
    others = [name for name, its, mine in pairs if not same_value(its, mine)]
    expect(not others, f"{what} does not show {', '.join(others)} as reading the job does", answer)


def list_with_token(session: Session, value: str) -> Exchange:
    """The list, asked for with that Authorization."""
    return session.list_jobs(headers={"Authorization": value}, credential="none")
