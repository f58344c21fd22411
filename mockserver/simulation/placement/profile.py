"""The promises of conservative backfill: a start for everybody who waits, which nobody behind may delay.

What is in use is written down over time, as far as anybody expects it. Where each job takes whole nodes that are all
alike, or there is one node only, what counts is how much is in use, as published for processors; on all other clusters
each promise is for certain nodes, for all the time that the job is expected to stay.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.cluster.cluster import GPU, SHARE, Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import least_of
from mockserver.simulation.placement.estimates import NEVER, Estimates

_END = NEVER << 2
_UNIT = -1
"""The dimension in which whole nodes are counted."""

Demand = tuple[tuple[int, int], ...]

Start = Callable[[Job, int], bool]
"""Gives a job its place on some of these nodes now; whether that was possible."""


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

    def is_within_capacity(self) -> bool:
        """Whether no more is in use now than there is."""
        used = self.used[0]
        return all(used[index] <= self.capacity.get(index, 0) for index in used)

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

    def renew(
        self, waiting: list[Job], holders: Iterable[Job], now: int, *, is_freed: bool, start: Start
    ) -> Iterator[Job]:
        """Promise a start to everybody who waits, and let those `start` whose turn is now; these, one by one.

        Who has just come takes the first place that is free beside all promises. If capacity has come free, all leave
        their places once, one after the other in order, and take the first that is free then. A promise that came due
        and could not be kept, because a job has overrun what it asked for or a node is gone, voids all: everybody is
        promised anew, in order.
        """
        running = list(holders)
        book = _Book(self.cluster, [*running, *waiting], now)
        for job in running:
            book.enter_running(job, max(self.estimates.end(job, now), now + 1))
        kept = {job: self.starts[job] for job in waiting if job in self.starts}
        if is_freed:  # where no instant was known, nothing was promised
            kept = {job: promise for job, promise in kept.items() if promise[0] < NEVER}
        if not self._enter(book, kept, now):
            yield from self._anew(waiting, running, now, start)
            return
        self.starts, started = dict(kept), []
        for job in waiting:
            due = kept[job][0] if job in kept else None
            if due is not None:
                if not is_freed and due != now:
                    continue
                book.leave(job)
            if self._promise(book, job, now, start):
                started.append(job)
                yield job
            elif due == now:
                left = [other for other in waiting if other not in started]
                yield from self._anew(left, [*running, *started], now, start)
                return

    def _anew(self, waiting: list[Job], running: list[Job], now: int, start: Start) -> Iterator[Job]:
        self.starts = {}
        return self.renew(waiting, running, now, is_freed=False, start=start)

    def _enter(self, book: _Book, kept: dict[Job, tuple[int, int]], now: int) -> bool:
        """Whether all these promises can be kept, as far as anybody knows."""
        if any(start < now or not (nodes or book.is_pooled) for start, nodes in kept.values()):
            return False
        due = {job for job, (start, _) in kept.items() if start == now}
        for job in due:
            book.enter(job, now, self._span(job), kept[job][1])
        if due and book.is_overfull():
            return False
        for job in kept.keys() - due:
            book.enter(job, kept[job][0], self._span(job), kept[job][1])
        return True

    def _promise(self, book: _Book, job: Job, now: int, start: Start) -> bool:
        """Whether `job` was started now; else it is promised the earliest instant after this."""
        span = self._span(job)
        begin, nodes = book.earliest(job, span, now)
        if begin == now:
            if start(job, nodes):
                self.starts.pop(job, None)
                book.enter_running(job, now + max(span, 1))
                return True
            begin, nodes = book.earliest(job, span, now + 1)
        self.starts[job] = begin, book.booked(job, nodes)
        book.enter(job, begin, span, self.starts[job][1])
        return False

    def _span(self, job: Job) -> int:
        span = self.estimates.span(job)
        return _END if span is None else span


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
                self.places[node].add(self.now, end, self.demand(least_of(self.cluster, job)))

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

    def is_overfull(self) -> bool:
        """Whether more is in use now than there is: something is still there that was expected to have left."""
        return any(not place.is_within_capacity() for place in self.places.values())

    def earliest(self, job: Job, span: int, begin: int) -> tuple[int, int]:
        """The first instant, `begin` at the earliest, at which there is room for `job`, and the nodes that have it."""
        shape, demand = job.shape, self.demand(job.shape)
        if not self.is_pooled:
            return self._earliest_nodes(shape, span, begin)
        nodes = shape.possible & self.cluster.ready
        start = self.places[0].earliest(demand, span, begin) if nodes.bit_count() >= shape.count else None
        return _END if start is None else start, nodes

    def _earliest_nodes(self, shape: Shape, span: int, begin: int) -> tuple[int, int]:
        """Node by node: the instant at which as many as it takes have room for all the time."""
        demand = self.demand(shape)
        nodes = list(bits(shape.possible & self.cluster.ready))
        while True:
            begins = ((self.places[node].earliest(demand, span, begin), node) for node in nodes)
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
