"""A job as openYuanrong shows it. Source: specs/openyuanrong/sources.md#the-job-as-it-is-read."""

from __future__ import annotations

from functools import lru_cache

from mockserver.adapters.dates import unix_seconds
from mockserver.adapters.exchange import Json
from mockserver.adapters.openyuanrong.reading import Submission
from mockserver.simulation.job import Job
from mockserver.simulation.request import Outcome
from mockserver.simulation.world import World

FIRST_PID = 1000
ASSIGN_TIMEOUT = "assign_timeout"
REASONS = {ASSIGN_TIMEOUT: "create instance timeout"}


def view(world: World, job: Job) -> Json:
    """The 13 members of a job. Source: specs/openyuanrong/sources.md#the-job-as-it-is-read."""
    submission: Submission = job.payload
    start = end = node = address = pid = error_type = ""
    exit_code = 0
    allocation = next(job.allocations(), None)
    if allocation is not None:
        instant, nodes = allocation
        start, node = str(unix_seconds(world, instant)), nodes[0]
        address, pid = _address(world, node), str(FIRST_PID + job.serial)
    if job.stage.is_terminal:
        outcome = job.outcome
        end, exit_code = str(unix_seconds(world, job.since)), outcome.exit_code
        error_type = "" if job.phase == "succeeded" else _reason(outcome)
    return {
        "type": "SUBMISSION",
        "entrypoint": submission.entrypoint,
        "submission_id": job.key,
        "driver_info": {"id": job.key, "node_ip_address": address, "pid": pid},
        "status": job.state,
        "start_time": start,
        "end_time": end,
        "metadata": submission.metadata,
        "runtime_env": submission.runtime_env,
        "driver_agent_http_address": "",
        "driver_node_id": node,
        "driver_exit_code": exit_code,
        "error_type": error_type,
    }


def _reason(outcome: Outcome) -> str:
    return REASONS.get(outcome.reason, outcome.reason)


def _address(world: World, node: str) -> str:
    """An IP address that stands for the node of that name."""
    known: dict[str, str] = world.shelf("openyuanrong.addresses")
    address = known.get(node)
    if address is None:
        known.update(
            (each.name, _nth_address(number)) for number, each in enumerate(world.scheduler.cluster.nodes, start=1)
        )
        address = known[node]
    return address


@lru_cache(maxsize=1024)
def _nth_address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
