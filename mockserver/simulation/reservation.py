"""When the first that waits can start at the latest, and where: the promise that EASY backfill keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.simulation.board import bits
from mockserver.simulation.clock import micros
from mockserver.simulation.cluster import GPU, MILLI, SHARE, Cluster
from mockserver.simulation.job import Job
from mockserver.simulation.queue import Shape

NEVER = 1 << 62
"""An instant that does not come."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """From `instant` (microseconds) on, the `nodes` of this mask are promised to the head of the queue."""

    instant: int
    nodes: int


def reserve(cluster: Cluster, shape: Shape, holders: Iterable[Job], now: int) -> Reservation:
    """The earliest promise for `shape`, taking every running job to stay as long as its limits let it."""
    by_node: dict[int, list[tuple[int, Job]]] = {}
    for job in holders:
        for node, _ in job.holding:
            by_node.setdefault(node, []).append((latest_end(job, now), job))
    found = sorted((_room(cluster, shape, node, by_node.get(node, [])), node) for node in bits(shape.possible & cluster.ready))[: shape.count]
    if len(found) < shape.count or found[-1][0] >= NEVER:
        return Reservation(NEVER, 0)
    return Reservation(found[-1][0], sum(1 << node for _, node in found))


def latest_end(job: Job, now: int) -> int:
    """The instant at which `job` has given back what it holds, or would if it were started `now`; NEVER without a limit."""
    limits, after = job.request.limits, 0
    stage, end = (job.stage, job.changed) if job.stage.holds else (job.stage.on["allocated"], now)
    while stage.holds and stage.after is not None:
        end, stage = end + stage.after[0], stage.after[1]
    if not stage.holds:  # it gives back in its own time what it holds, whatever its limits
        return end
    if limits.run is None:
        return NEVER
    if job.phase == "running":
        began = next(instant for instant, stage, _, _ in reversed(list(job.steps())) if stage.phase == "running")
        return began + micros(limits.run)
    leads_to = job.stage if job.phase == "starting" else job.stage.on["allocated"]
    if leads_to.phase == "starting":
        if limits.start is None:
            return NEVER
        after = micros(limits.start)
    return (job.changed if job.phase == "starting" else now) + after + micros(limits.run)


def _room(cluster: Cluster, shape: Shape, node: int, held: list[tuple[int, Job]]) -> int:
    """When `node` has room for `shape`: 0 if now, NEVER if its jobs have no limits."""
    free = {index: cluster.dimensions[index].free[node] for index, _ in shape.demand}
    devices = list(cluster.devices[node])
    ends = [(0, None), *sorted(held, key=lambda entry: (entry[0], entry[1].serial))]
    for end, job in ends:
        if job is not None:
            _return(job, node, free, devices)
        if all(free[index] >= amount for index, amount in shape.demand):
            return end
    return NEVER


def _return(job: Job, node: int, free: dict[int, int], devices: list[int]) -> None:
    for where, taken in job.holding:
        if where == node:
            for device in taken:
                devices[device] += job.shape.share or MILLI
    for index, amount in job.shape.demand:
        if index in free and index not in (GPU, SHARE):
            free[index] += amount
    if GPU in free:
        free[GPU] = devices.count(MILLI) * MILLI
    if SHARE in free:
        free[SHARE] = max(devices, default=0)
