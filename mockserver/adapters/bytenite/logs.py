"""Logs of a job, told from its history: lines of the partitioner, of each task and of the assembler."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.adapters.bytenite.jobs import API
from mockserver.adapters.bytenite.sheet import sheet, shown
from mockserver.adapters.bytenite.tokens import owner
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

SAID = {
    "JOB_STATE_PARTITIONING": [("partitioner", "partitioning starts")],
    "JOB_STATE_PARTITIONED": [("partitioner", "partitioning is done"), ("taskrunner", "task starts")],
    "JOB_STATE_TASKS_COMPLETED": [("taskrunner", "task is done")],
    "JOB_STATE_MERGING": [("assembler", "merging starts")],
    "JOB_STATE_MERGED": [("assembler", "merging is done")],
}
AT_WORK = {"JOB_STATE_PARTITIONING": "partitioner", "JOB_STATE_PARTITIONED": "taskrunner", "JOB_STATE_MERGING": "assembler"}


def Customer_GetLogs(call: Call) -> Reply:
    """The lines of a job that fit the tasks, levels and services asked for; nothing asked for means all."""
    body, world = call.body, call.world
    job = world.job(API, body["jobId"], owner=owner(call))
    levels, services = body.get("levels"), body.get("services")
    lines: dict[str, list[Json]] = {"partitioner": [], "taskrunner": [], "assembler": []}
    for service, line in _lines(world, job):
        if (not levels or line["level"] in levels) and (not services or service in services):
            lines[service].append(line)
    tasks = [f"{job.key}-{number}" for number in range(sheet(job).chunks)] if lines["taskrunner"] else []
    wanted = body.get("taskIds")
    runner = {task: {"logs": lines["taskrunner"]} for task in tasks if not wanted or task in wanted}
    return Reply(200, {"partitioner": lines["partitioner"], "assembler": lines["assembler"], "taskrunner": runner})


def _lines(world: World, job: Job) -> Iterator[tuple[str, Json]]:
    before = ""
    for instant, stage, _, _ in job.steps():
        date = iso(world, instant)
        for service, text in SAID.get(stage.name, ()):
            yield service, {"log": text, "timestamp": date, "level": "INFO", "container": service}
        if stage.phase == "failed" and before in AT_WORK:
            service = AT_WORK[before]
            yield service, {"log": shown(world, job)["errorMessage"], "timestamp": date, "level": "ERROR", "container": service}
        before = stage.name
