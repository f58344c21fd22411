"""Waiting jobs in one line per shape; within a line by priority, then by order of submission.

A line whose head found no node is blocked: it is tried again only on nodes that have been freed since.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heappop, heappush

from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job

Entry = tuple[int, int, Job, int]
"""Rank, serial number, job, and the generation it waits in."""


class Line:
    """Those who wait for what `shape` says, as a heap of entries; entries of jobs that left stay until they come to its
    head.
    """

    __slots__ = ("is_blocked", "shape", "waiting")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.waiting: list[Entry] = []
        self.is_blocked = False

    def head(self) -> Entry | None:
        """The entry of the first job that still waits, or None; entries of jobs that left are dropped."""
        waiting = self.waiting
        while waiting:
            entry = waiting[0]
            if entry[2].generation == entry[3]:
                return entry
            heappop(waiting)
        return None


class Queue:
    """The lines in which anybody waits."""

    __slots__ = ("by_priority", "lines")

    def __init__(self, *, by_priority: bool = True) -> None:
        self.by_priority = by_priority
        self.lines: dict[Shape, Line] = {}

    def push(self, job: Job) -> None:
        """Let `job` wait at its original rank: priority, then order of submission."""
        line = self.lines.get(job.shape)
        if line is None:
            line = self.lines[job.shape] = Line(job.shape)
        elif line.head() is None:
            line.is_blocked = False  # all who found no node have left
        heappush(line.waiting, (-job.request.priority if self.by_priority else 0, job.serial, job, job.generation))

    def __iter__(self) -> Iterator[Job]:
        """Everybody who waits, in no particular order."""
        return (entry[2] for line in self.lines.values() for entry in line.waiting if entry[2].generation == entry[3])

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Ranks:
    """Those who wait, one after the other: by priority, then by order of submission."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def push(self, job: Job) -> Entry:
        """Let `job` wait at its original rank."""
        entry = (-job.request.priority, job.serial, job, job.generation)
        insort(self.entries, entry)
        return entry

    def drop(self, job: Job) -> None:
        """`job`, which waits, has been served."""
        del self.entries[bisect_left(self.entries, (-job.request.priority, job.serial, job))]

    def alive(self) -> list[Entry]:
        """Everybody who still waits, by rank; who left is struck off."""
        alive = [entry for entry in self.entries if entry[2].generation == entry[3]]
        if len(alive) < len(self.entries):
            self.entries = alive.copy()
        return alive

    def __iter__(self) -> Iterator[Job]:
        """Everybody who still waits, by rank."""
        return iter([entry[2] for entry in self.alive()])

    def __len__(self) -> int:
        return sum(1 for _ in self)
