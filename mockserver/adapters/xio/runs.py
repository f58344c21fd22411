"""xio's job runs: the attempts of a job that were given nodes. Source: specs/xio/sources.md#runs"""

from __future__ import annotations

import re
from uuid import UUID
from zlib import crc32

from mockserver.adapters.dates import iso_millis, unix_millis
from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.xio.catalog import hourly_rate
from mockserver.adapters.xio.paging import asked, newest_first, page_of
from mockserver.adapters.xio.reading import API, container
from mockserver.simulation.job import Attempt, Job
from mockserver.simulation.world import World

ENDED = {
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "retried": "FAILED",
    "timed_out": "FAILED",
    "displaced": "FAILED",
    "cancelled": "CANCELLED",
}
SSH = 22
MOST_RUNS = 1000
"""Runs of one job that can be read singly."""

_STRIDE = 0x9E3779B97F4A7C15
_LOW_BITS = (1 << 60) - 1
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Run = tuple[int, int, int, Job]
"""When nodes were given, the job's serial, the run's number within the job, the job."""


def xio_list_job_runs(call: Call) -> Reply:
    """A page of the runs that pass every filter; without logs."""
    world = call.world
    jobs = world.jobs(API)
    uuid = asked(call.query, "job_uuid")
    only = jobs.get(uuid.lower()) if uuid is not None else None
    runs = [run for job in ([only] if only else [] if uuid is not None else jobs.values()) for run in runs_of(job)]
    states = asked(call.query, "status")
    if states is not None:
        wanted = frozenset(states.split(","))
        runs = [run for run in runs if _status(_attempt(run)) in wanted]
    runs.sort(key=lambda run: run[:3], reverse=newest_first(call))
    return page_of(call, runs, total=len(runs), render=lambda run: view(world, run))


def xio_get_job_run(call: Call) -> Reply:
    """One run with what it printed."""
    world, uuid = call.world, call.path["uuid"]
    run = find(world, uuid.lower())
    if run is None:
        raise Refusal("unknown", f"there is no job run {uuid}")
    return Reply(200, {**view(world, run), "logs": _logs(world, _attempt(run))})


def runs_of(job: Job) -> list[Run]:
    """The runs of a job so far, first to last."""
    return [(instant, job.serial, number, job) for number, (instant, _) in enumerate(job.allocations(), start=1)]


def run_uuid(job: Job, number: int) -> str:
    """The uuid of a job's run: a function of the job's uuid and the run's number, and its own inverse."""
    return _shifted(UUID(job.key).int, number)


def _shifted(value: int, number: int) -> str:
    digits = f"{value ^ (number * _STRIDE & _LOW_BITS):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def find(world: World, uuid: str) -> Run | None:
    """The run of that uuid, or None."""
    if not _UUID.fullmatch(uuid):
        return None
    jobs, value = world.jobs(API), UUID(uuid).int
    for number in range(1, MOST_RUNS + 1):
        job = jobs.get(_shifted(value, number))
        if job is not None:
            return next((run for run in runs_of(job) if run[2] == number), None)
    return None


def _attempt(run: Run) -> Attempt:
    return run[3].attempts()[run[2] - 1]


def _status(attempt: Attempt) -> str:
    return ENDED[attempt.outcome] if attempt.outcome else attempt.states[-1][1]


def view(world: World, run: Run) -> dict[str, Json]:
    """The run as clients see it now, without its logs."""
    given, _, number, job = run
    attempt = _attempt(run)
    uuid, status = run_uuid(job, number), _status(attempt)
    began, ended = attempt.started, attempt.ended
    return {
        "object": "job_run",
        "uuid": uuid,
        "job_uuid": job.key,
        "status": status,
        "created_at": iso_millis(world, given),
        "started_at_ms": None if began is None else unix_millis(world, began),
        "ended_at_ms": None if ended is None else unix_millis(world, ended),
        "duration_ms": None
        if began is None or ended is None
        else unix_millis(world, ended) - unix_millis(world, began),
        "node_urls": _node_urls(uuid, job, attempt) if status == "RUNNING" else [],
        "container_access_tokens": [],
        "hourly_rate_usd": _rate(job),
    }


def _rate(job: Job) -> float:
    """What an hour of the job costs: the price of what it asked for, on every node."""
    wanted = job.request.resources
    return round(
        hourly_rate(cpu=wanted.cpu, memory=wanted.memory, gpus=wanted.gpu, vram=wanted.vram) * job.request.nodes, 2
    )


def _node_urls(uuid: str, job: Job, attempt: Attempt) -> list[Json]:
    """Where each published port of the container is reached; ssh is among them unless `ports` leaves 22 out."""
    workload = job.payload["parameters"]
    ports = dict.fromkeys(int(port) for port in container(workload).get("ports", [SSH]))
    return [
        {
            "description": "ssh" if port == SSH else str(port),
            "hostname": f"{node}.nodes.invalid",
            "port": 30_000 + crc32(f"{uuid}:{port}".encode()) % 30_000,
            "protocol": "tcp" if port == SSH else "http",
            "tls": False,
        }
        for node in attempt.nodes
        for port in ports
    ]


def _logs(world: World, attempt: Attempt) -> str:
    lines = [(attempt.assigned, f"assigned to {', '.join(attempt.nodes)}"), (attempt.started, "container started")]
    if attempt.outcome:
        lines.append(
            (attempt.ended, f"run {ENDED[attempt.outcome].lower()}" + (f": {attempt.reason}" if attempt.reason else ""))
        )
    return "".join(f"{iso_millis(world, instant)} {words}\n" for instant, words in lines if instant is not None)
