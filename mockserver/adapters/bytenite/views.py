"""A job as its customer sees it: one body per job, updated when its history has grown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json
from mockserver.simulation.clock import seconds
from mockserver.simulation.job import Job
from mockserver.simulation.request import Outcome
from mockserver.simulation.world import World

STARTED = "JOB_STATE_STARTED"
UPLOADING = "JOB_STATE_UPLOADING"
PARTITIONED = "JOB_STATE_PARTITIONED"
COMPLETE = "JOB_STATE_COMPLETE"

PRICE = 0.0001
"""Paid per chunk and second. Source: specs/bytenite/sources.md#derived"""

TIMED_OUT = {"total_timeout": "the job timeout has passed", "run_timeout": "the task timeout has passed"}


@dataclass(slots=True)
class Record:
    """What the adapter keeps with a job: body, facts of the template, chunks, and how many steps the body shows."""

    body: dict[str, Json]
    template: dict[str, str]
    chunks: int = 1
    seen: int = 0


def record(job: Job) -> Record:
    """What the adapter keeps with `job`."""
    kept = job.payload
    assert isinstance(kept, Record)
    return kept


def body_of(world: World, job: Job) -> dict[str, Json]:
    """The job's body as it is now; the address of an upload lacks scheme and host. Not to be changed."""
    kept = record(job)
    if kept.seen != job.step_count:
        _catch_up(world, job, kept)
    return kept.body


def upload_source(body: dict[str, Json]) -> dict[str, Json] | None:
    """The data source of a job that shows an address to upload its input to, if it is such a one."""
    source: dict[str, Json] = body.get("dataSource") or {}
    has_address = isinstance(source.get("params", {}).get("tempUrl"), str)
    return source if has_address and source.get("dataSourceDescriptor") == "file" else None


def view(call: Call, job: Job) -> dict[str, Json]:
    """The job's body as this caller sees it: the address of an upload is complete. Not to be changed."""
    body = body_of(call.world, job)
    source = upload_source(body)
    if source is None:
        return body
    params = {**source["params"], "tempUrl": call.origin() + source["params"]["tempUrl"]}
    return {**body, "dataSource": {**source, "params": params}}


def answer(call: Call, job: Job) -> dict[str, Json]:
    """The job beside its template, as most calls answer."""
    return {"job": view(call, job), "templateInfo": record(job).template}


def _catch_up(world: World, job: Job, kept: Record) -> None:
    body = kept.body
    stamps = body["stateTimestamps"]
    for instant, stage, event, detail in islice(job.steps(), kept.seen, None):
        kept.seen += 1
        date = iso(world, instant)
        stamps.setdefault(stage.name, date)
        if stage.name == STARTED:
            body["submittedAt"] = date
        elif stage.name == UPLOADING:
            body["startedAt"] = date
        elif stage.name == PARTITIONED:
            body["numChunks"] = kept.chunks
        if stage.is_terminal:
            body["endedAt"] = date
            _close(job, kept, instant, event=event, detail=detail)
    body["state"] = job.state


def _close(job: Job, kept: Record, ended: int, *, event: str, detail: object) -> None:
    started = job.entered(UPLOADING)
    if started is not None:
        span = seconds(ended - started)
        is_test = kept.body.get("config", {}).get("isTestJob", False)
        kept.body["duration"] = span
        kept.body["paymentAmount"] = 0.0 if is_test else round(span * kept.chunks * PRICE, 6)
    if job.state != COMPLETE:
        kept.body["errorMessage"] = _why(job, event, detail.reason if isinstance(detail, Outcome) else "")


def _why(job: Job, event: str, reason: str) -> str:
    if event == "displaced":
        return "a worker was lost"
    if reason in TIMED_OUT:
        return TIMED_OUT[reason]
    return f"a task failed: {reason}" if event == "failed" and job.crew is not None else reason
