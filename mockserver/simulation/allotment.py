"""The placement pass: who of those that wait gets which of the capacity that is free.

A pass serves the waiting shapes' heads by rank until none of them finds a node. It can be interrupted after each step.
What is freed, or joins the queue, while a pass is under way belongs to the next one. What happens when a head finds no node is the
queue policy: `greedy` goes on with the others, `fifo` and `priority` let nobody overtake, `backfill` (EASY) lets those overtake
that cannot delay the head beyond the instant promised to it by the run limits.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from mockserver.simulation.cluster import Cluster
from mockserver.simulation.elastic import grow, is_shrunk, roomiest
from mockserver.simulation.job import Job
from mockserver.simulation.queue import Queue, Shape
from mockserver.simulation.reservation import Reservation, latest_end, reserve

POLICIES = ("greedy", "fifo", "priority", "backfill")
_EVERYWHERE = -1


class Allotment:
    """One world's placement; `is_settled` says that nobody who waits could be served."""

    __slots__ = ("_considered", "_freed", "_heads", "_is_strict", "_joined", "_reservation", "cluster", "holders", "is_settled", "policy", "queue", "shrunk")

    def __init__(self, cluster: Cluster, policy: str = "greedy") -> None:
        self.cluster = cluster
        self.policy = policy
        self.queue = Queue(by_priority=policy != "fifo")
        self.holders: dict[Job, None] = {}
        self.shrunk: dict[Job, None] = {}
        self.is_settled = True
        self._is_strict = policy != "greedy"
        self._freed = 0
        self._considered = 0
        self._joined = False
        self._heads: list[tuple[int, int, Shape]] | None = None
        self._reservation: Reservation | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a pass has begun and not ended."""
        return self._heads is not None

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        if not job.shape.blocked:
            self._joined = True
            self.is_settled = False

    def leave(self, job: Job) -> None:
        """`job` waits no more, though nobody gave it anything; those behind it may go ahead, and what it waited for may be grown into."""
        if self._is_strict or self.shrunk:
            self._joined = True
            self.is_settled = False

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        for hold in job.holding:
            self.cluster.give_back(job.shape, hold)
            self._freed |= 1 << hold[0]
        job.holding = ()
        if job.shape.smallest is not None:
            job.shape = job.shape.smallest
        if self.shrunk:
            self.shrunk.pop(job, None)
        self.is_settled = False
        if self._is_strict:
            self.holders.pop(job, None)

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        self._freed |= nodes
        for shape in self.queue.shapes:
            self.cluster.refresh(shape)
        self.is_settled = False

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """One step of the pass: the job that was given nodes (`holding` says which), or None when nobody was."""
        heads = self._heads
        if heads is None:
            heads = self._heads = self._candidates()
        while heads:
            shape = heappop(heads)[2]
            entry = shape.head()
            if entry is None:
                continue
            feasible = self.cluster.feasible(shape, self._considered if shape.blocked and shape.count == 1 else _EVERYWHERE)
            if self._reservation is not None and feasible:
                feasible &= self._spared(entry[2], self._reservation, now)
            if not feasible or (shape.count > 1 and feasible.bit_count() < shape.count):
                self._turn_away(shape, entry[2], now)
                continue
            heappop(shape.waiting)
            following = shape.head()
            if following is None:
                del self.queue.shapes[shape]
            else:
                heappush(heads, (following[0], following[1], shape))
            return self._give(entry[2], shape, feasible)
        self._heads = self._reservation = None
        self.is_settled = not self._freed and not self._joined
        if self.shrunk and self.is_settled:
            grow(self.cluster, self.shrunk, (waiting for waiting in self.queue.shapes if waiting.head() is not None))
        return None

    def why(self, job: Job) -> str:
        """What beside capacity keeps `job` waiting, or nothing."""
        return "" if not self._is_strict else f"the queue is served in strict order ({self.policy})"

    def _give(self, job: Job, shape: Shape, feasible: int) -> Job:
        if shape.larger:
            shape, feasible = roomiest(self.cluster, shape, feasible)
            job.shape = shape
            if is_shrunk(job):
                self.shrunk[job] = None
        job.holding = (self.cluster.take(shape, feasible),) if shape.count == 1 else self.cluster.take_gang(shape, feasible)
        if self._is_strict:
            self.holders[job] = None
        return job

    def _turn_away(self, shape: Shape, job: Job, now: int) -> None:
        """The head of `shape` found no node: what that means for those behind it."""
        if not self._is_strict:
            shape.blocked = True
        elif shape.can_ever_run and self._heads is not None and self._reservation is None:
            if self.policy == "backfill":
                self._reservation = reserve(self.cluster, shape, self.holders, now)
            else:
                self._heads.clear()

    def _spared(self, job: Job, reservation: Reservation, now: int) -> int:
        """The nodes that `job` may use without delaying the head: all if it is gone by then, else those not promised."""
        return _EVERYWHERE if latest_end(job, now) <= reservation.instant else ~reservation.nodes

    def _candidates(self) -> list[tuple[int, int, Shape]]:
        """The heads of all shapes that may find a node; shapes in which nobody waits any more are let go."""
        self._considered, self._freed, self._joined = self._freed, 0, False
        found, empty = [], []
        freed = self._considered & self.cluster.ready
        for shape in self.queue.shapes:
            if shape.blocked:
                hopeful = freed & shape.possible
                for level in shape.needs:
                    if not hopeful:
                        break
                    hopeful &= level.mask
                if not hopeful or not (shape.exact or self.cluster.feasible(shape, hopeful)):
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
