"""The placement pass: who of those that wait gets which of the capacity that is free.

A pass serves the waiting shapes' heads by rank until none of them finds a node. It can be interrupted after each step.
What is freed, or joins the queue, while a pass is under way belongs to the next one.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from mockserver.simulation.cluster import Cluster
from mockserver.simulation.job import Job
from mockserver.simulation.queue import Queue, Shape

_EVERYWHERE = -1


class Allotment:
    """One world's placement; `is_settled` says that nobody who waits could be served."""

    __slots__ = ("_considered", "_freed", "_heads", "_joined", "cluster", "is_settled", "queue")

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.queue = Queue()
        self.is_settled = True
        self._freed = 0
        self._considered = 0
        self._joined = False
        self._heads: list[tuple[int, int, Shape]] | None = None

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        if not job.shape.blocked:
            self._joined = True
            self.is_settled = False

    @property
    def is_under_way(self) -> bool:
        """Whether a pass has begun and not ended."""
        return self._heads is not None

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        for hold in job.holding:
            self.cluster.give_back(job.shape, hold)
            self._freed |= 1 << hold[0]
        job.holding = ()
        self.is_settled = False

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        self._freed |= nodes
        for shape in self.queue.shapes:
            self.cluster.refresh(shape)
        self.is_settled = False

    def step(self) -> Job | None:
        """One step of the pass: the job that was given a node (`holding` says which), or None when nobody was."""
        heads = self._heads
        if heads is None:
            heads = self._heads = self._candidates()
        if not heads:
            self._heads = None
            self.is_settled = not self._freed and not self._joined
            return None
        shape = heappop(heads)[2]
        entry = shape.head()
        if entry is None:
            return None
        feasible = self.cluster.feasible(shape, self._considered if shape.blocked else _EVERYWHERE)
        if not feasible:
            shape.blocked = True
            return None
        heappop(shape.waiting)
        following = shape.head()
        if following is None:
            del self.queue.shapes[shape]
        else:
            heappush(heads, (following[0], following[1], shape))
        job = entry[2]
        job.holding = (self.cluster.take(shape, feasible),)
        return job

    def _candidates(self) -> list[tuple[int, int, Shape]]:
        """The heads of all shapes that may find a node; shapes in which nobody waits any more are let go."""
        self._considered, self._freed, self._joined = self._freed, 0, False
        found, empty = [], []
        feasible, freed = self.cluster.feasible, self._considered
        for shape in self.queue.shapes:
            if shape.blocked and not feasible(shape, freed):
                continue
            entry = shape.head()
            if entry is None:
                empty.append(shape)
            else:
                found.append((entry[0], entry[1], shape))
        for shape in empty:
            del self.queue.shapes[shape]
        heapify(found)
        return found
