"""Jobs that make do with less: they wait for the least they can use, take the most there is room for, grow in place
when nobody waits for that room.

What an elastic job holds beyond the least it can use is slack. It goes back in place, without anything beginning anew,
to whoever waits and finds no room otherwise, before anybody is moved, evicted or kept waiting: on the node where the
fewest GPUs have to be given back, the first of equals; there the youngest job gives first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from mockserver.simulation.cluster.capacity_index import bits
from mockserver.simulation.cluster.cluster import MILLI, Cluster, Hold
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest

Change = Callable[[Job, Shape, Hold], None]
"""Lets a job hold what a shape demands, on those devices of its node, instead of what it holds."""

Kept = tuple[Job, Shape, Hold]
"""A job, and what it held at some moment."""


def shape_of(cluster: Cluster, request: JobRequest) -> Shape:
    """The shape in which a job waits: what it asks for, or the least it makes do with, beside which stand the `larger`
    ones.
    """
    if not request.elastic or request.nodes > 1:
        return cluster.shape(request.resources, request.nodes)
    wanted = (request.resources, *request.elastic)
    shape = cluster.shapes.get((wanted, 1))
    if shape is None:
        shape = cluster.new_shape(wanted[-1], 1)
        shape.larger = tuple([cluster.new_shape(one, 1) for one in wanted[:-1]])
        for known in (shape, *shape.larger):
            known.smallest = shape
        cluster.keep((wanted, 1), shape)
    cluster.refresh(shape)
    return shape


def size(shape: Shape) -> int:
    """The GPUs of a shape on all its nodes, in thousandths."""
    return shape.gpus


def sizes(shape: Shape) -> tuple[Shape, ...]:
    """All shapes, falling, that a job of `shape` makes do with; its own if it is not elastic."""
    least = shape.smallest or shape
    return (*least.larger, least)


def roomiest(
    cluster: Cluster, shape: Shape, feasible: int, is_allowed: Callable[[Shape], bool] = lambda shape: True
) -> tuple[Shape, int]:
    """Of `shape` and the larger ones the largest that is allowed and finds room on a node of `feasible`, and the nodes
    that have it.
    """
    for larger in shape.larger:
        cluster.refresh(larger)
        room = cluster.feasible(larger, feasible)
        if room and is_allowed(larger):
            return larger, room
    return shape, feasible


class Slack:
    """The elastic jobs that hold nodes: `shrunk`, those with less than they asked for; `ample`, by node, those with
    more than the least.

    `nodes` is the mask of the nodes in `ample`.
    """

    __slots__ = ("ample", "cluster", "nodes", "shrunk")

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.shrunk: dict[Job, None] = {}
        self.ample: dict[int, dict[Job, None]] = {}
        self.nodes = 0

    def note(self, job: Job) -> None:
        """File `job`, which is elastic, by what it holds now."""
        self.drop(job)
        node, shape = job.holding[0][0], job.shape
        if shape is not sizes(shape)[0]:
            self.shrunk[job] = None
        if shape.smallest is not shape:
            self.ample.setdefault(node, {})[job] = None
            self.nodes |= 1 << node

    def drop(self, job: Job) -> None:
        """`job`, which is elastic, is about to give back all it holds."""
        self.shrunk.pop(job, None)
        node = job.holding[0][0]
        there = self.ample.get(node)
        if there is not None:
            there.pop(job, None)
            if not there:
                del self.ample[node]
                self.nodes ^= 1 << node

    def change(self, job: Job, shape: Shape, hold: Hold) -> None:
        """Let `job` hold what `shape` demands, on the devices of `hold`, instead of what it holds; there is room."""
        self.cluster.give_back(job.shape, job.holding[0])
        self.cluster.take_again(shape, hold)
        job.shape, job.holding = shape, (hold,)
        self.note(job)


def always(job: Job, shape: Shape) -> bool:
    """Everybody may have everything."""
    return True


def grow(
    slack: Slack, waiting: Iterable[Shape], *, change: Change, is_allowed: Callable[[Job, Shape], bool] = always
) -> None:
    """Let each that is shrunk take the most it may have and there is room for on its node, unless somebody waits who
    could use that node.
    """
    wanted = 0
    for shape in waiting:
        wanted |= shape.possible
    for job in sorted(slack.shrunk):
        if wanted >> job.holding[0][0] & 1:
            continue
        known = sizes(job.shape)
        for larger in known[: known.index(job.shape)]:
            grown = _grown(slack.cluster, job, larger)
            if grown is not None and is_allowed(job, larger):
                change(job, larger, grown)
                break


def _grown(cluster: Cluster, job: Job, larger: Shape) -> Hold | None:
    """What `job` would hold with `larger` on its node, its own devices among them; None if there is no room."""
    node, own = job.holding[0]
    cluster.refresh(larger)
    cluster.give_back(job.shape, (node, own))
    try:
        if not cluster.feasible(larger, 1 << node):
            return None
        if job.shape.share or larger.share:
            hold = cluster.take_on(larger, node)
            cluster.give_back(larger, hold)
            return hold
        free = [number for number, left in enumerate(cluster.devices[node]) if left == MILLI and number not in own]
        return node, tuple(sorted((*own, *free)[: size(larger) // MILLI]))
    finally:
        cluster.take_again(job.shape, (node, own))


def relieve(slack: Slack, shape: Shape, *, within: int, change: Change, may_give: Callable[[Job], bool]) -> bool:
    """Let those who may give back what `shape` lacks on nodes of `within`; whether it has room then. Nobody gives
    anything in vain.
    """
    given: list[Kept] = []
    cluster = slack.cluster
    while (room := cluster.feasible(shape, within)).bit_count() < shape.count:
        nodes = bits(within & slack.nodes & shape.possible & cluster.ready & ~room)
        offers = (_offer(slack, node, shape, change=change, may_give=may_give) for node in nodes)
        best = min((offer for offer in offers if offer is not None), default=None, key=lambda offer: offer[0])
        if best is None:
            restore(given, change)
            return False
        given += [(job, job.shape, job.holding[0]) for job, _ in best[1]]
        for job, smaller in best[1]:
            shrink(job, smaller, change)
    return True


def _offer(
    slack: Slack, node: int, shape: Shape, *, change: Change, may_give: Callable[[Job], bool]
) -> tuple[int, list[tuple[Job, Shape]]] | None:
    """The GPUs (thousandths) and the smaller sizes with which `node` has room for `shape`; None where nothing helps.
    The ledger is as before.
    """
    before: list[Kept] = []
    try:
        for _ in _squeezing(slack, [node], before, change=change, may_give=may_give):
            if slack.cluster.feasible(shape, 1 << node):
                break
        else:
            return None
        _return_unneeded(slack, before, change, lambda: slack.cluster.feasible(shape, 1 << node) != 0)
        return sum(size(held) - size(job.shape) for job, held, _ in before), [
            (job, job.shape) for job, held, _ in before if job.shape is not held
        ]
    finally:
        restore(before, change)


def relax(
    slack: Slack, before: list[Kept], *, change: Change, may_give: Callable[[Job], bool], until: Callable[[], bool]
) -> bool:
    """Let those who may give back so much, wherever they are, that `until` holds; whether it does. Nobody gives in
    vain; `before` gathers what they held.
    """
    for _ in _squeezing(slack, sorted(slack.ample), before, change=change, may_give=may_give):
        if until():
            _return_unneeded(slack, before, change, until)
            return True
    restore(before, change)
    return False


@contextmanager
def squeezed(slack: Slack, *, change: Change, may_give: Callable[[Job], bool]) -> Iterator[list[Kept]]:
    """The ledger as if everybody who may had given back all beyond the least; yields what they held."""
    before: list[Kept] = []
    try:
        for _ in _squeezing(slack, sorted(slack.ample), before, change=change, may_give=may_give):
            pass
        yield before
    finally:
        restore(before, change)


def needed(
    slack: Slack, before: list[Kept], change: Change, still_works: Callable[[], bool]
) -> list[tuple[Job, Shape]]:
    """Of those who are squeezed who has to stay so, and at what size, if it is still to work; the others have theirs
    again.
    """
    _return_unneeded(slack, before, change, still_works)
    return [(job, job.shape) for job, held, _ in before if job.shape is not held]


def least_of(cluster: Cluster, job: Job) -> Shape:
    """The least to which `job` can shrink where it is; what it holds if it is not elastic or has no slack."""
    return job.shape if job.shape.smallest is None else [job.shape, *_smaller(cluster, job)][-1]


def shrink(job: Job, smaller: Shape, change: Change) -> None:
    """Let `job` keep of what it holds only what `smaller` demands."""
    change(job, smaller, _kept(job, smaller))


def _squeezing(
    slack: Slack, nodes: Iterable[int], before: list[Kept], *, change: Change, may_give: Callable[[Job], bool]
) -> Iterator[None]:
    """Shrink those on `nodes` size by size, the youngest first; `before` gathers what they held."""
    jobs = sorted((job for node in nodes for job in slack.ample[node]), reverse=True)
    for job in jobs:
        before.append((job, job.shape, job.holding[0]))
        for smaller in _smaller(slack.cluster, job):
            if not may_give(job):
                break
            shrink(job, smaller, change)
            yield


def _return_unneeded(slack: Slack, before: list[Kept], change: Change, still_works: Callable[[], bool]) -> None:
    """Let each of those who gave have as much again as can be, the oldest first."""
    for job, held, hold in sorted(before, key=lambda kept: kept[0]):
        if job.shape is held:
            continue
        squeezed_to = job.shape
        change(job, held, hold)
        for smaller in _smaller(slack.cluster, job):
            if still_works():
                break
            shrink(job, smaller, change)
            if smaller is squeezed_to:
                break


def restore(before: list[Kept], change: Change) -> None:
    """Let everybody hold again what they held."""
    for job, held, hold in reversed(before):
        if job.shape is not held:
            change(job, held, hold)


def _smaller(cluster: Cluster, job: Job) -> list[Shape]:
    """The sizes, falling, to which `job` can shrink where it is: each demands no more of anything than the
    one before.
    """
    held, node = dict(job.shape.demand), job.holding[0][0]
    known = sizes(job.shape)
    found = []
    for smaller in known[known.index(job.shape) + 1 :]:
        cluster.refresh(smaller)
        if (
            smaller.possible >> node & 1
            and not smaller.share
            and all(amount <= held.get(index, 0) for index, amount in smaller.demand)
        ):
            found.append(smaller)
            held = dict(smaller.demand)
    return found


def _kept(job: Job, smaller: Shape) -> Hold:
    """The first of its devices: what `job` goes on holding as it shrinks."""
    node, devices = job.holding[0]
    return node, devices[: size(smaller) // MILLI]
