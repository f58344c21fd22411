"""When the first that waits can start at the latest, and where: the promise that EASY backfill keeps."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.simulation.clock import micros
from mockserver.simulation.cluster.capacity_index import bits
from mockserver.simulation.cluster.cluster import GPU, MILLI, SHARE, Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import least_of, size
from mockserver.simulation.placement.node_jobs import Tenants

NEVER = 1 << 62
"""An instant that does not come."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """From `instant` (microseconds) on, the `nodes` of this mask are promised to the head of the queue."""

    instant: int
    nodes: int


def reserve(cluster: Cluster, shape: Shape, tenants: Tenants, now: int) -> Reservation:
    """The earliest promise for `shape`, taking every running job to stay as long as its limits let it, elastic ones with the least they can use."""
    rooms = ((_room(cluster, shape, node, [(latest_end(job, now), job) for job in tenants.of(node)]), node) for node in bits(shape.possible & cluster.ready))
    found = sorted(rooms)[: shape.count]
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
        return (job.last_entered("running") or 0) + micros(limits.run)
    leads_to = job.stage if job.phase == "starting" else job.stage.on["allocated"]
    if leads_to.phase == "starting":
        if limits.start is None:
            return NEVER
        after = micros(limits.start)
    return (job.changed if job.phase == "starting" else now) + after + micros(limits.run)


def _room(cluster: Cluster, shape: Shape, node: int, held: list[tuple[int, Job]]) -> int:
    """When `node` has room for `shape`: 0 if now, if need be with what elastic jobs give back, NEVER if its jobs have no limits."""
    free = {index: cluster.dimensions[index].free[node] for index, _ in shape.demand}
    devices = list(cluster.devices[node])
    parts = sorted((part for end, job in held for part in _parts(cluster, job, node, end)), key=lambda part: (part.instant, part.serial))
    for part in (_Part(0, 0, (), ()), *parts):
        _return(part, free, devices)
        if all(free[index] >= amount for index, amount in shape.demand):
            return part.instant
    return NEVER


@dataclass(frozen=True, slots=True)
class _Part:
    """What a job gives back at one instant: amounts by dimension, and devices, each by so many thousandths."""

    instant: int
    serial: int
    demand: tuple[tuple[int, int], ...]
    devices: tuple[int, ...]
    each: int = MILLI


def _parts(cluster: Cluster, job: Job, node: int, end: int) -> list[_Part]:
    """What `job` gives back of `node` when: its slack whenever somebody asks, the rest at its end."""
    shape, least = job.shape, least_of(cluster, job)
    devices = next(devices for where, devices in job.holding if where == node)
    if least is shape:
        return [_Part(end, job.serial, shape.demand, devices, shape.share or MILLI)]
    amounts = dict(least.demand)
    slack = tuple((index, amount - amounts.get(index, 0)) for index, amount in shape.demand)
    kept = size(least) // MILLI
    return [_Part(0, job.serial, slack, devices[kept:], shape.share or MILLI), _Part(end, job.serial, least.demand, devices[:kept])]


def _return(part: _Part, free: dict[int, int], devices: list[int]) -> None:
    for device in part.devices:
        devices[device] += part.each
    for index, amount in part.demand:
        if index in free and index not in (GPU, SHARE):
            free[index] += amount
    if GPU in free:
        free[GPU] = devices.count(MILLI) * MILLI
    if SHARE in free:
        free[SHARE] = max(devices, default=0)
