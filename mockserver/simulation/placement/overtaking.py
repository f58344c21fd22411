"""EASY: the first that waits is promised a start, and whoever comes after it may overtake if that does not delay it.

After each start everything is looked at once more, as has been published, but not what cannot have changed: as long as
the promise stands, who was refused stays refused, since time only brings the promised instant nearer and starts only
take room away.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import Slack
from mockserver.simulation.placement.estimates import Estimates
from mockserver.simulation.placement.node_jobs import Holdings
from mockserver.simulation.placement.queue import Entry, Ranks
from mockserver.simulation.placement.reservation import Promise

_EVERYWHERE = -1

Start = Callable[[Job, Promise | None], bool]
"""Gives a job nodes, if need be beside what is promised; whether it could."""


class Overtaking:
    """The promise to the first that waits in one world, and whom of the others nobody has looked at since."""

    __slots__ = (
        "_head",
        "_is_stale",
        "_left",
        "_newest",
        "_promise",
        "_refused",
        "cluster",
        "estimates",
        "holdings",
        "queue",
        "slack",
    )

    def __init__(
        self, cluster: Cluster, queue: Ranks, slack: Slack, *, holdings: Holdings, estimates: Estimates
    ) -> None:
        self.cluster = cluster
        self.queue = queue
        self.slack = slack
        self.holdings = holdings
        self.estimates = estimates
        self._promise: Promise | None = None
        self._head: Entry | None = None
        self._left: list[Entry] = []
        self._refused: set[tuple[Shape, bool]] = set()
        self._newest: Job | None = None
        self._is_stale = False

    def changed(self) -> None:
        """Anybody may find room now."""
        self._is_stale = True

    def join(self, entry: Entry) -> None:
        """One more waits."""
        if self._head is None or entry < self._head:
            self._is_stale = True
        else:
            insort(self._left, entry)

    def leave(self, job: Job) -> None:
        """`job` waits no more."""
        self._is_stale |= self._head is not None and self._head[2] is job

    def next(self, now: int, start: Start) -> Job | None:
        """The first if it fits, else the first of the others that does not delay it; what can never run delays
        nobody.
        """
        if not self._stands(now):
            job = self._look_anew(now, start)
            if job is not None:
                return job
        promise, left = self._promise, self._left
        while left and promise is not None:
            entry = left.pop(0)
            job = entry[2]
            if job.generation == entry[3] and self._overtakes(job, promise, now, start):
                self._newest = job
                return job
        return None

    def _look_anew(self, now: int, start: Start) -> Job | None:
        """Let the first start, or promise it the earliest instant there is; all others are to be looked at."""
        self._promise = self._head = self._newest = None
        self._refused.clear()
        self._is_stale = bool(self.slack.nodes or self.slack.shrunk)
        waiting = self.queue.alive()
        for number, entry in enumerate(waiting, start=1):
            job = entry[2]
            if start(job, None):
                return job
            if job.shape.can_ever_run:
                promise = Promise(self.cluster, job.shape, self.holdings)
                if promise.find(self.estimates, now):
                    self._promise, self._head, self._left = promise, entry, waiting[number:]
                    break  # else nodes are missing that may never return: nothing can be promised
        return None

    def _stands(self, now: int) -> bool:
        """Whether the promise still holds, and all that was refused would be refused again."""
        before, newest = self._promise, self._newest
        if before is None or self._is_stale or self.slack.nodes or self.slack.shrunk:
            return False
        if newest is None:
            return self.estimates.stand(self.holdings.masks, now)
        self._newest = None
        after = self._promise = Promise(self.cluster, before.shape, self.holdings)
        if newest.shape.share or not after.find(self.estimates, now):
            return False
        return after.instant == before.instant and not after.fitting & ~before.fitting

    def _overtakes(self, job: Job, promise: Promise, now: int, start: Start) -> bool:
        """Whether `job` was given nodes without delaying the first; jobs alike are refused together."""
        shape, refused = job.shape, self._refused
        if (shape, False) in refused:
            return False
        if not self.slack.nodes and self.cluster.feasible(shape, _EVERYWHERE).bit_count() < shape.count:
            refused.add((shape, False))
            return False
        if promise.is_over_by(self.estimates.span(job), now):
            is_beside = False
        elif (shape, True) in refused:
            return False
        else:
            is_beside = True
        if start(job, promise if is_beside else None):
            return True
        refused.add((shape, is_beside))
        return False
