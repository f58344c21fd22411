"""Faults of Ionworks: the order of the queue."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

from mockserver.simulation.placement.queue import Line
from tests.conformance.faults import Apply, Asked, Told, patched
from tests.conformance.faults.ionworks.shapers import API, SUBMITS, fault, jobs_in

QUEUE = "mockserver.simulation.placement.queue:Queue"


def _rank(rank: Callable[[Any], tuple[int, int]]) -> Apply:
    def make(original: Any) -> Any:
        def push(queue: Any, job: Any) -> None:
            line: Line = queue.lines.setdefault(job.shape, Line(job.shape))
            heappush(line.waiting, (*rank(job), job, job.generation))

        return push

    return patched(f"{QUEUE}.push", make)


def _usual_rank(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "priority" not in asked.body and isinstance(asked.body.get("params"), dict):
        asked.body["priority"] = 5
        asked.memory["next"] = True


def _usual_told(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation in SUBMITS and asked.memory.pop("next", False):
            asked.memory[job["job_id"]] = True
        if asked.memory.get(job["job_id"]):
            job["priority"] = 0


def _both_priority() -> Apply:
    from tests.conformance.faults import both

    return both(API, "*", _usual_rank, _usual_told)


def _turn(job: Any) -> int:
    return -job.serial if job.request.priority > 5 else int(job.serial)


FAULTS = [
    fault(
        "first-come", "ION-PRI-001", "the queue goes by submission", _rank(lambda job: (0, job.serial)), "ION-PRI-002"
    ),
    fault(
        "nine-before-ten",
        "ION-PRI-001",
        "ten is the least urgent",
        _rank(lambda job: (-(job.request.priority % 10), job.serial)),
        "ION-PRI-002",
    ),
    fault(
        "lowest-first",
        "ION-PRI-002",
        "the lowest priority is served first",
        _rank(lambda job: (job.request.priority, job.serial)),
    ),
    fault(
        "last-come",
        "ION-PRI-003",
        "of one priority the latest is served first",
        _rank(lambda job: (-job.request.priority, -job.serial)),
    ),
    fault(
        "urgent-last-come",
        "ION-PRI-003",
        "jobs above priority 5 are served last come first",
        _rank(lambda job: (-job.request.priority, _turn(job))),
    ),
    fault("usual-rank-5", "ION-PRI-004", "a job without a priority waits as one of 5", _both_priority()),
]
