"""The promises of conservative backfill: a start for everybody who waits, which nobody behind may delay.

What is in use is written down over time, as far as anybody expects it. Where each job takes whole nodes that are all
alike, or there is one node only, what counts is how much is in use, as published for processors; on all other clusters
each promise is for certain nodes, for all the time that the job is expected to stay.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.cluster.cluster import GPU, SHARE, Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.estimates import NEVER, Estimates

_END = NEVER << 2
_EVERYWHERE = -1
_UNIT = -1
"""The dimension in which whole nodes are counted."""

Demand = tuple[tuple[int, int], ...]


class Timeline:
    """What is in use of one place from `now` on, in steps, each from its instant to the next."""

    __slots__ = ("capacity", "instants", "used")

    def __init__(self, capacity: dict[int, int], now: int) -> None:
        self.capacity = capacity
        self.instants = [now]
        self.used: list[dict[int, int]] = [{}]

    def add(self, begin: int, end: int, demand: Demand, sign: int = 1) -> None:
        """From `begin` to `end` so much more (or, with -1, less) is in use."""
        first, last = self._at(max(begin, self.instants[0])), self._at(end)
        for used in self.used[first:last]:
            for index, amount in demand:
                used[index] = used.get(index, 0) + sign * amount

    def _at(self, instant: int) -> int:
        """The number of the step that begins at `instant`, which is made if there is none."""
        place = bisect_left(self.instants, instant)
        if place == len(self.instants) or self.instants[place] != instant:
            self.instants.insert(place, instant)
            self.used.insert(place, dict(self.used[place - 1]))
        return place

    def earliest(self, demand: Demand, span: int, begin: int) -> int | None:
        """The first instant, `begin` at the earliest, from which on there is room for so long; None if
        there is none.
        """
        start: int | None = None
        for place in range(bisect_right(self.instants, begin) - 1, len(self.instants)):
            if start is not None and start + span <= self.instants[place]:
                return start
            if not self._has_room(place, demand):
                start = None
            elif start is None:
                start = max(begin, self.instants[place])
                if not span:
                    return start
        return start

    def _has_room(self, place: int, demand: Demand) -> bool:
        used, capacity = self.used[place], self.capacity
        return all(used.get(index, 0) + amount <= capacity.get(index, 0) for index, amount in demand)


class Promises:
    """The start promised to each that waits (microseconds, and the nodes where it matters which)."""

    __slots__ = ("cluster", "estimates", "starts")

    def __init__(self, cluster: Cluster, estimates: Estimates) -> None:
        self.cluster = cluster
        self.estimates = estimates
        self.starts: dict[Job, tuple[int, int]] = {}

    def forget(self, job: Job) -> None:
        """`job` has started."""
        del self.starts[job]

    def renew(
        self, waiting: list[Job], holders: Iterable[Job], now: int, *, is_freed: bool
    ) -> Iterator[tuple[Job, int]]:
        """Promise a start to everybody who waits; yields those whose start is now, and where that may be.

        Who has just come takes the first place that is free beside all promises. If capacity has come free, all leave
        their places once, one after the other in order, and take the first that is free then. A promise that came due
        and could not be kept, because a job has overrun what it asked for or a node is gone, voids all: everybody is
        promised anew, in order.
        """
        running = list(holders)
        kept = {job: self.starts[job] for job in waiting if job in self.starts}
        if is_freed:  # where no instant was known, nothing was promised
            kept = {job: promise for job, promise in kept.items() if promise[0] < NEVER}
        if any(start < now for start, _ in kept.values()):
            kept = {}
        due = self._promised(waiting, running, now, kept=kept, is_freed=is_freed)
        if any(job in kept and kept[job][0] == now < self.starts[job][0] for job in waiting):
            due = self._promised(waiting, running, now, kept={}, is_freed=True)
        return iter(due)

    def _promised(
        self, waiting: list[Job], running: list[Job], now: int, *, kept: dict[Job, tuple[int, int]], is_freed: bool
    ) -> list[tuple[Job, int]]:
        book = _Book(self.cluster, [*running, *waiting], now)
        for job in running:
            book.enter_running(job, max(self.estimates.end(job, now), now + 1))
        spans = {job: _END if (span := self.estimates.span(job)) is None else span for job in waiting}
        for job, (start, nodes) in kept.items():
            book.enter(job, start, spans[job], nodes)
        self.starts, due = dict(kept), []
        for job in waiting:
            if job in kept:
                if not is_freed and kept[job][0] != now:
                    continue
                book.leave(job)
            start, found = book.earliest(job, spans[job])
            nodes = book.booked(job, found)
            self.starts[job] = start, nodes
            book.enter(job, start, spans[job], nodes)
            if start == now:
                due.append((job, found))
        return due


class _Book:
    """Who uses what from `now` on. `is_pooled` says that amounts are counted over all nodes (`by_node`: whole nodes),
    otherwise node by node.
    """

    def __init__(self, cluster: Cluster, jobs: Iterable[Job], now: int) -> None:
        self.cluster = cluster
        self.now = now
        self.by_node = len(cluster.nodes) > 1 and _takes_whole_nodes(cluster, {job.shape for job in jobs})
        self.is_pooled = self.by_node or len(cluster.nodes) == 1
        self.entries: dict[Job, tuple[int, int, int]] = {}
        if self.by_node:
            self.places = {0: Timeline({_UNIT: cluster.ready.bit_count()}, now)}
        else:
            self.places = {node: Timeline(dict(enumerate(cluster.capacity[node])), now) for node in bits(cluster.ready)}

    def demand(self, shape: Shape) -> Demand:
        """What a job of `shape` uses of each place; parts of GPUs add up, whichever devices they are of."""
        if self.by_node:
            return ((_UNIT, shape.count),)
        return tuple((GPU if index == SHARE else index, amount) for index, amount in shape.demand)

    def enter_running(self, job: Job, end: int) -> None:
        """`job` holds its nodes until `end`."""
        nodes = [node for node, _ in job.holding if self.cluster.ready >> node & 1]
        if self.by_node:
            self.places[0].add(self.now, end, ((_UNIT, len(nodes)),))
        else:
            for node in nodes:
                self.places[node].add(self.now, end, self.demand(job.shape))

    def enter(self, job: Job, start: int, span: int, nodes: int) -> None:
        """`job` is promised `start`; where nobody knows when that is, its place is held from now on."""
        begin = self.now if start >= NEVER else start
        self.entries[job] = begin, start + span, nodes
        for place in self._places(nodes):
            self.places[place].add(begin, start + span, self.demand(job.shape))

    def leave(self, job: Job) -> None:
        """`job` gives up its place."""
        begin, end, nodes = self.entries.pop(job)
        for place in self._places(nodes):
            self.places[place].add(begin, end, self.demand(job.shape), -1)

    def _places(self, nodes: int) -> list[int]:
        return list(self.places) if self.is_pooled else [node for node in bits(nodes) if node in self.places]

    def booked(self, job: Job, found: int) -> int:
        """Of the nodes that were found those that are promised."""
        return 0 if self.is_pooled else mask_of(list(bits(found))[: job.shape.count])

    def earliest(self, job: Job, span: int) -> tuple[int, int]:
        """The first instant at which there is room for `job`, and the nodes that have it; now only where there really
        is room now.
        """
        shape, demand = job.shape, self.demand(job.shape)
        room = self.cluster.feasible(shape, _EVERYWHERE)
        if room.bit_count() < shape.count:
            room = 0
        if not self.is_pooled:
            return self._earliest_nodes(shape, span, room)
        for line in self.places.values():
            start = line.earliest(demand, span, self.now if room else self.now + 1)
            return _END if start is None else start, room
        return _END, 0

    def _earliest_nodes(self, shape: Shape, span: int, room: int) -> tuple[int, int]:
        """Node by node: the instant at which as many as it takes have room for all the time."""
        demand, begin = self.demand(shape), self.now
        nodes = list(bits(shape.possible & self.cluster.ready))
        while True:
            begins = (
                (
                    self.places[node].earliest(demand, span, begin if room >> node & 1 else max(begin, self.now + 1)),
                    node,
                )
                for node in nodes
            )
            found = sorted((at, node) for at, node in begins if at is not None)
            if len(found) < shape.count:
                return _END, 0
            latest = found[shape.count - 1][0]
            if latest in (begin, found[0][0]):
                return latest, mask_of(sorted(node for at, node in found if at == latest))
            begin = latest


def _takes_whole_nodes(cluster: Cluster, shapes: Iterable[Shape]) -> bool:
    """Whether all nodes are alike and no two of these jobs fit on one."""
    first = cluster.nodes[0]
    if any(
        (node.gpu_model, node.region, node.labels) != (first.gpu_model, first.region, first.labels)
        for node in cluster.nodes
    ):
        return False
    if any(amounts != cluster.capacity[0] for amounts in cluster.capacity):
        return False
    exclusive = set(range(len(cluster.dimensions)))
    for shape in shapes:
        exclusive &= {index for index, amount in shape.demand if index >= 0 and 2 * amount > cluster.capacity[0][index]}
    return bool(exclusive)
