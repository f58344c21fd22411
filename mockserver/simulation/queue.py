"""Waiting jobs, grouped by the shape of what they ask for; within a shape by priority, then by order of submission.

A shape that found no node is blocked: it is tried again only on nodes that have been freed since.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from mockserver.simulation.board import Level
from mockserver.simulation.job import Job, ResourceRequest


class Shape:
    """All jobs that ask for the same; `demand` is (dimension, amount) in ledger units, `needs` the levels that stand for it.

    `allowed` are the nodes whose fixed traits suit, `possible` those that could hold it when empty, `version` the
    cluster's version these were computed for; `exact` says that `needs` is all of `demand`; `share` is a
    fraction of one GPU in thousandths, or 0; `packing` the dimension that placement looks at,
    `preferred` the nodes of each label that is liked, the dearest first.
    `larger` are the shapes, falling, that an elastic job would rather have; each of them, and the least itself, names the least as its
    `smallest`, which shapes of other jobs have none of. A gang asks for this on each of `count` nodes.
    """

    __slots__ = (
        "allowed",
        "blocked",
        "count",
        "demand",
        "exact",
        "larger",
        "needs",
        "packing",
        "possible",
        "preferred",
        "request",
        "share",
        "smallest",
        "version",
        "waiting",
    )

    def __init__(self, request: ResourceRequest, *, count: int, demand: tuple[tuple[int, int], ...], share: int, packing: int) -> None:
        self.request = request
        self.count = count
        self.demand = demand
        self.share = share
        self.packing = packing
        self.needs: tuple[Level, ...] = ()
        self.exact = True
        self.allowed = self.possible = 0
        self.preferred: tuple[int, ...] = ()
        self.larger: tuple[Shape, ...] = ()
        self.smallest: Shape | None = None
        self.version = -1
        self.blocked = False
        self.waiting: list[tuple[int, int, Job, int]] = []

    @property
    def can_ever_run(self) -> bool:
        """Whether there are enough nodes that could hold it when empty."""
        return self.possible.bit_count() >= self.count if self.count > 1 else self.possible != 0

    def head(self) -> tuple[int, int, Job, int] | None:
        """The entry of the first job that still waits, or None; entries of jobs that left are dropped."""
        waiting = self.waiting
        while waiting:
            entry = waiting[0]
            if entry[2].generation == entry[3]:
                return entry
            heappop(waiting)
        return None


class Queue:
    """The shapes in which anybody waits."""

    __slots__ = ("by_priority", "shapes")

    def __init__(self, *, by_priority: bool = True) -> None:
        self.by_priority = by_priority
        self.shapes: dict[Shape, None] = {}

    def push(self, job: Job) -> None:
        """Let `job` wait at its original rank: priority, then order of submission."""
        shape = job.shape
        if shape.head() is None:
            shape.blocked = False
            self.shapes[shape] = None
        heappush(shape.waiting, (-job.request.priority if self.by_priority else 0, job.serial, job, job.generation))

    def __iter__(self) -> Iterator[Job]:
        """Everybody who waits, in no particular order."""
        return (entry[2] for shape in self.shapes for entry in shape.waiting if entry[2].generation == entry[3])

    def __len__(self) -> int:
        return sum(1 for _ in self)
