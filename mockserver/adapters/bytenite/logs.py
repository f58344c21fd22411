"""Logs of a job, made from its history: lines of the partitioner, of each task and of the assembler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mockserver.adapters.bytenite.credentials import tenant
from mockserver.adapters.bytenite.jobs import API
from mockserver.adapters.bytenite.views import body_of
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.simulation.job import Job
from mockserver.simulation.request import Outcome
from mockserver.simulation.world import World

SAID = {
    "JOB_STATE_PARTITIONING": [("partitioner", "partitioning starts")],
    "JOB_STATE_PARTITIONED": [("partitioner", "partitioning is done")],
    "JOB_STATE_MERGING": [("assembler", "merging starts")],
    "JOB_STATE_MERGED": [("assembler", "merging is done")],
}
AT_WORK = {
    "JOB_STATE_UPLOADING": "partitioner",
    "JOB_STATE_PARTITIONING": "partitioner",
    "JOB_STATE_MERGING": "assembler",
    "JOB_STATE_MERGED": "assembler",
}
TASK_SAID = {
    "allocated": ("INFO", "task starts"),
    "succeeded": ("INFO", "task is done"),
    "failed": ("ERROR", "task failed"),
    "timed_out": ("ERROR", "task failed"),
    "displaced": ("WARN", "task lost its worker and waits for another"),
    "cancelled": ("WARN", "task is given up"),
}
"""Level and text by what happened to a task."""


def Customer_GetLogs(call: Call) -> Reply:
    """The lines of a job that fit the tasks, levels and services asked for; nothing asked for means all."""
    body, world = call.body, call.world
    job = world.job(API, body["jobId"], owner=tenant(call))
    levels, services, tasks = body.get("levels"), body.get("services"), body.get("taskIds")

    def wanted(service: str, lines: Iterable[Json]) -> list[Json]:
        return [
            line for line in lines if (not levels or line["level"] in levels) and (not services or service in services)
        ]

    own = list(_lines(world, job))
    told = {
        service: wanted(service, [line for line in own if line["container"] == service])
        for service in ("partitioner", "assembler")
    }
    runner = {}
    for number, member in enumerate(job.crew.members if job.crew is not None else ()):
        lines = wanted("taskrunner", _task_lines(world, member))
        if lines and (not tasks or f"{job.key}-{number}" in tasks):
            runner[f"{job.key}-{number}"] = {"logs": lines}
    return Reply(200, {**told, "taskrunner": runner})


def _task_lines(world: World, member: Job) -> Iterator[Json]:
    for instant, _, event, detail in member.steps():
        if event in TASK_SAID:
            level, text = TASK_SAID[event]
            reason = f": {detail.reason}" if isinstance(detail, Outcome) and detail.reason else ""
            yield {"log": text + reason, "timestamp": iso(world, instant), "level": level, "container": "taskrunner"}


def _lines(world: World, job: Job) -> Iterator[Json]:
    before = ""
    for instant, stage, _, _ in job.steps():
        date = iso(world, instant)
        for service, text in SAID.get(stage.name, ()):
            yield {"log": text, "timestamp": date, "level": "INFO", "container": service}
        if stage.phase == "failed" and before in AT_WORK:
            service = AT_WORK[before]
            yield {
                "log": body_of(world, job)["errorMessage"],
                "timestamp": date,
                "level": "ERROR",
                "container": service,
            }
        before = stage.name
