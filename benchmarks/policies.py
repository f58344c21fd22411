"""The contestants whose jobs are not simply served one after the other: backfill on the log of a supercomputer, quotas
with a long queue.

The log is made up in the likeness of public ones: sizes are mostly powers of two, many run times are short and some
very long, people ask for round times and for more than they need, fewer jobs come at night. The quotas are those of 50
projects whose jobs are all there from the beginning: they ask for half a GPU to a whole node, one small job in five
cannot be evicted. Each is compared with our own queue without backfill, or without quotas, that gets the same jobs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from math import ceil, exp
from typing import Any

from benchmarks.contestants import played

PROJECTS = 50
NODE = (64, 256, 8)
_HOUR = 3600.0
_ROUND_TIMES = (300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 64800)
_LOAD = 0.8
_SIZES = (0.5, 1, 1, 1, 2, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Line:
    """A job of the log: seconds of submission, of running and asked for, and its nodes."""

    at: float
    run: float
    asked: int
    nodes: int


def log(nodes: int, count: int) -> list[Line]:
    """The same lines for everybody."""
    draw = random.Random(1)
    made = [_line(draw, nodes) for _ in range(count)]
    gap = sum(run * size for run, _, size in made) / count / nodes / _LOAD
    at, lines = 0.0, []
    for run, asked, size in made:
        at += draw.expovariate(1 / gap) * (1.7 if at % (24 * _HOUR) > 14 * _HOUR else 0.7)
        lines.append(Line(at, run, asked, size))
    return lines


def _line(draw: random.Random, nodes: int) -> tuple[float, int, int]:
    """Seconds that a job runs and asks for, and its nodes."""
    size = 1 << min(nodes.bit_length() - 1, int(draw.expovariate(1 / 1.6)))
    if draw.random() < 0.2:
        size = draw.randint(1, max(1, nodes // 4))
    run = 1.0 + round(min(64_000.0, exp(draw.gauss(7.0, 2.0))))
    wanted = run * draw.choice([1, 1.2, 2, 4, 10])
    return run, next((known for known in _ROUND_TIMES if known >= wanted), ceil(run)), size


def backfill(nodes: int, count: int, *, queue: str = "backfill") -> dict[str, float]:
    """Jobs per second of EASY backfill, or another queue, on nodes of one processor each."""
    return played(*backfill_world(nodes, count, queue=queue))


def backfill_world(nodes: int, count: int, *, queue: str = "backfill") -> tuple[Any, list[tuple[int, Any]]]:
    """Our world of such nodes, and what is asked of it at which microsecond."""
    from mockserver.simulation.request import JobRequest, Limits, ResourceRequest, Script

    here = _world({"nodes": [_nodes(nodes, (1, 1, 0))], "queue": queue, "most_jobs": count})
    asked = []
    for number, line in enumerate(log(nodes, count)):
        request = JobRequest(
            api="runai",
            key=str(number),
            resources=ResourceRequest(cpu=1),
            nodes=line.nodes,
            script=Script(run_seconds=line.run),
            limits=Limits(start=0, run=line.asked + 1),
        )
        asked.append((int(line.at * 1e6), request))
    return here, asked


def quotas(nodes: int, count: int, *, has_projects: bool = True) -> dict[str, float]:
    """Jobs per second of our placement under quotas, or without."""
    return played(*quotas_world(nodes, count, has_projects=has_projects))


def quotas_world(nodes: int, count: int, *, has_projects: bool = True) -> tuple[Any, list[tuple[int, Any]]]:
    """Our world with projects that deserve all there is between them, and what is asked of it, all at once."""
    from mockserver.simulation.request import JobRequest, ResourceRequest, Script

    parts = [1 + number % 4 for number in range(PROJECTS)]
    each = nodes * NODE[2] / sum(parts)
    projects = [
        {"name": f"p{number}", "deserved_gpus": int(part * each), "over_quota_weight": part}
        for number, part in enumerate(parts)
    ]
    wanted = {gpus: ResourceRequest(cpu=max(1, gpus), memory=1 << 30, gpu=gpus) for gpus in _SIZES}
    draw, asked = random.Random(1), []
    for number in range(count):
        gpus = draw.choice(_SIZES)
        request = JobRequest(
            api="runai",
            key=str(number),
            resources=wanted[gpus],
            project=f"p{draw.randrange(PROJECTS)}",
            priority=draw.choice([50, 50, 50, 100]),
            preemptible=draw.random() < 0.8 or gpus > 2,
            script=Script(run_seconds=float(draw.randint(600, 7200))),
        )
        asked.append((0, request))
    scenario = {"nodes": [_nodes(nodes, NODE)], "projects": projects if has_projects else [], "most_jobs": count}
    return _world(scenario), asked


def _nodes(count: int, amounts: tuple[int, int, int]) -> dict[str, Any]:
    cpu, memory, gpus = amounts
    found = {"class": "n", "cpu": cpu, "memory_gib": memory, "count": count}
    return found | {"gpu": {"count": gpus, "model": "A"}} if gpus else found


def _world(scenario: dict[str, Any]) -> Any:
    import specs
    from mockserver.simulation.lifecycle import CompiledLifecycle
    from mockserver.simulation.scenario.scenario import described
    from mockserver.simulation.world import World

    lifecycle = specs.load("runai").lifecycle
    assert lifecycle is not None
    return World(described({"startup": {"fixed": 0}} | scenario), {"runai": CompiledLifecycle(lifecycle)}, epoch_us=0)


CONTESTANTS = {
    "backfill": backfill,
    "backfill, fifo": partial(backfill, queue="fifo"),
    "quotas": quotas,
    "quotas, none": partial(quotas, has_projects=False),
}
