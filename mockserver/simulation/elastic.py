"""Jobs that make do with less: they wait for the least they can use, take the most there is room for, and grow in place when nobody waits for that room."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mockserver.simulation.cluster import Cluster
from mockserver.simulation.job import Job, JobRequest
from mockserver.simulation.queue import Shape


def shape_of(cluster: Cluster, request: JobRequest) -> Shape:
    """The shape in which a job waits: what it asks for, or the least it makes do with, beside which stand the `larger` ones."""
    if not request.elastic or request.nodes > 1:
        return cluster.shape(request.resources, request.nodes)
    wanted = (request.resources, *request.elastic)
    shape = cluster.shapes.get((wanted, 1))
    if shape is None:
        shape = cluster.new_shape(wanted[-1], 1)
        shape.larger = tuple([cluster.new_shape(one, 1) for one in wanted[:-1]])
        for larger in shape.larger:
            larger.smallest = shape
        cluster.keep((wanted, 1), shape)
    cluster.refresh(shape)
    return shape


def roomiest(cluster: Cluster, shape: Shape, feasible: int, is_allowed: Callable[[Shape], bool] = lambda shape: True) -> tuple[Shape, int]:
    """Of `shape` and the larger ones the largest that is allowed and finds room on a node of `feasible`, and the nodes that have it."""
    for larger in shape.larger:
        cluster.refresh(larger)
        room = cluster.feasible(larger, feasible)
        if room and is_allowed(larger):
            return larger, room
    return shape, feasible


def is_shrunk(job: Job) -> bool:
    """Whether an elastic job holds less than it asked for."""
    least = job.shape.smallest or job.shape
    return bool(least.larger) and job.shape is not least.larger[0]


def grow(cluster: Cluster, shrunk: dict[Job, None], waiting: Iterable[Shape]) -> list[tuple[Job, Shape]]:
    """Let each of `shrunk` take the most there is room for on its node, unless somebody waits who could use that node. Those that grew, with what they held."""
    wanted = 0
    for shape in waiting:
        wanted |= shape.possible
    grown = []
    for job in sorted(shrunk):
        node = job.holding[0][0]
        if wanted >> node & 1:
            continue
        before, hold = job.shape, job.holding[0]
        least = before.smallest or before
        sizes = (*least.larger, least)
        cluster.give_back(before, hold)
        for larger in sizes[: sizes.index(before)]:
            cluster.refresh(larger)
            if cluster.feasible(larger, 1 << node):
                job.shape, job.holding = larger, (cluster.take_on(larger, node),)
                grown.append((job, before))
                break
        else:
            cluster.take_again(before, hold)
        if not is_shrunk(job):
            del shrunk[job]
    return grown
