"""The placement pass: who of those that wait gets which of the capacity that is free.

A pass serves the waiting shapes' heads by rank until none of them finds a node, not even with what elastic jobs give
back. It can be interrupted after each step. What is freed, or joins the queue, while a pass is under way belongs to the
next one. What happens when a head finds no node is the queue policy: `greedy` goes on with the others, `fifo` and
`priority` let nobody overtake (who may with backfill: see backfill.py).
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import Slack, grow, relieve, roomiest
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.placement.queue import Line, Queue

_EVERYWHERE = -1


def _whoever(job: Job) -> bool:
    """Without quotas everybody gives."""
    return True


class PlacementPass:
    """One world's placement; `is_settled` says that nobody who waits could be served."""

    __slots__ = (
        "_considered",
        "_freed",
        "_heads",
        "_is_strict",
        "_joined",
        "cluster",
        "is_settled",
        "node_jobs",
        "policy",
        "queue",
        "slack",
    )

    def __init__(self, cluster: Cluster, policy: str = "greedy") -> None:
        self.cluster = cluster
        self.policy = policy
        self.queue = Queue(by_priority=policy != "fifo")
        self.node_jobs = NodeJobs(len(cluster.nodes))
        self.slack = Slack(cluster)
        self.is_settled = True
        self._is_strict = policy != "greedy"
        self._freed = 0
        self._considered = 0
        self._joined = False
        self._heads: list[tuple[int, int, Line]] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a pass has begun and not ended."""
        return self._heads is not None

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        if not self.queue.lines[job.shape].is_blocked:
            self._joined = True
            self.is_settled = False

    def leave(self, job: Job) -> None:
        """`job` waits no more, though nobody gave it anything; those behind it may go ahead, and what it waited for may
        be grown into.
        """
        if self._is_strict or self.slack.shrunk:
            self._joined = True
            self.is_settled = False

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        shape, on = job.shape, self.node_jobs.on
        if shape.smallest is not None:
            self.slack.drop(job)
            job.shape = shape.smallest
        for hold in job.holding:
            self.cluster.give_back(shape, hold)
            self._freed |= 1 << hold[0]
            del on[hold[0]][job]
        job.holding = ()
        self.is_settled = False

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        self._freed |= nodes
        for shape in self.queue.lines:
            self.cluster.refresh(shape)
        self.is_settled = False

    def closed(self) -> None:
        """A node cannot be used any more, which helps nobody."""

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """One step of the pass: the job that was given nodes (`holding` says which), or None when nobody was."""
        heads = self._heads
        if heads is None:
            heads = self._heads = self._candidates()
        while heads:
            line = heappop(heads)[2]
            entry = line.head()
            if entry is None:
                continue
            shape = line.shape
            within = self._considered if line.is_blocked and shape.count == 1 else _EVERYWHERE
            feasible = self.cluster.feasible(shape, within)
            if not feasible or (shape.count > 1 and feasible.bit_count() < shape.count):
                feasible = self._relieved(shape, within) if self.slack.nodes else 0
                if not feasible:
                    self._turn_away(line)
                    continue
            heappop(line.waiting)
            following = line.head()
            if following is None:
                del self.queue.lines[shape]
            else:
                heappush(heads, (following[0], following[1], line))
            job = self._give(entry[2], shape, feasible)
            if not heads and not self.slack.shrunk:
                self._end()
            return job
        self._end()
        if self.slack.shrunk and self.is_settled:
            grow(
                self.slack,
                (line.shape for line in self.queue.lines.values() if line.head() is not None),
                change=self.slack.change,
            )
        return None

    def _end(self) -> None:
        """The pass is over; what was freed or joined meanwhile is for the next one."""
        self._heads = None
        self.is_settled = not self._freed and not self._joined

    def why(self, job: Job) -> str:
        """What beside capacity keeps `job` waiting, or nothing."""
        return "" if not self._is_strict else f"the queue is served in strict order ({self.policy})"

    def _relieved(self, shape: Shape, within: int) -> int:
        """The nodes of `within` that have room for `shape` when elastic jobs have given back what they can; none if
        that does not do.
        """
        if relieve(self.slack, shape, within=within, change=self.slack.change, may_give=_whoever):
            return self.cluster.feasible(shape, within)
        return 0

    def _give(self, job: Job, shape: Shape, feasible: int) -> Job:
        if shape.larger:
            shape, feasible = roomiest(self.cluster, shape, feasible)
            job.shape = shape
        if shape.count == 1:
            hold = self.cluster.take(shape, feasible)
            job.holding = (hold,)
            self.node_jobs.on[hold[0]][job] = None
            if shape.smallest is not None:
                self.slack.note(job)
        else:
            job.holding = self.cluster.take_gang(shape, feasible)
            self.node_jobs.enter(job)
        return job

    def _turn_away(self, line: Line) -> None:
        """The head of `line` found no node: what that means for those behind it."""
        if not self._is_strict:
            line.is_blocked = True
        elif line.shape.can_ever_run and self._heads is not None:
            self._heads.clear()

    def _candidates(self) -> list[tuple[int, int, Line]]:
        """The heads of all lines that may find a node; lines in which nobody waits any more are let go."""
        self._considered, self._freed, self._joined = self._freed, 0, False
        found, empty = [], []
        freed, soft = self._considered & self.cluster.ready, self.slack.nodes
        for shape, line in self.queue.lines.items():
            if line.is_blocked:
                if not freed:
                    continue
                hopeful = freed & shape.possible
                for level in shape.needs:
                    hopeful &= level.mask
                    if not hopeful:
                        break
                if (not hopeful or not (shape.exact or self.cluster.feasible(shape, hopeful))) and (
                    not soft or not freed & shape.possible & soft
                ):
                    continue
            entry = line.head()
            if entry is None:
                empty.append(shape)
            else:
                found.append((entry[0], entry[1], line))
        for shape in empty:
            del self.queue.lines[shape]
        heapify(found)
        return found
