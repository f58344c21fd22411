"""Placement with backfill: whoever waits may overtake where nobody is delayed to whom a start has been promised.

`backfill` (EASY) promises a start to the first that waits and to nobody else, and looks at everything once more after
each start; `conservative` promises one to everybody, and looks at each job once. Both as they have been published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import Slack, grow, relieve, roomiest
from mockserver.simulation.placement.estimates import Estimates
from mockserver.simulation.placement.node_jobs import Holdings, NodeJobs
from mockserver.simulation.placement.overtaking import Overtaking
from mockserver.simulation.placement.profile import Promises
from mockserver.simulation.placement.queue import Ranks
from mockserver.simulation.placement.reservation import Promise

_EVERYWHERE = -1


def _whoever(job: Job) -> bool:
    """Without quotas everybody gives."""
    return True


class Backfill:
    """One world's placement with backfill; the same surface as `PlacementPass`."""

    __slots__ = (
        "_is_freed",
        "_is_stirred",
        "_pass",
        "cluster",
        "estimates",
        "holdings",
        "is_settled",
        "is_under_way",
        "node_jobs",
        "overtaking",
        "policy",
        "promises",
        "queue",
        "slack",
    )

    def __init__(self, cluster: Cluster, policy: str, startups: Mapping[str, int | None]) -> None:
        self.cluster = cluster
        self.policy = policy
        self.queue = Ranks()
        self.node_jobs = NodeJobs(len(cluster.nodes))
        self.holdings = Holdings(self.node_jobs)
        self.slack = Slack(cluster)
        self.estimates = Estimates(startups)
        self.promises = Promises(cluster, self.estimates) if policy == "conservative" else None
        self.overtaking = Overtaking(cluster, self.queue, self.slack, holdings=self.holdings, estimates=self.estimates)
        self.is_settled = True
        self.is_under_way = False
        self._is_freed = self._is_stirred = False
        self._pass: Iterator[Job] | None = None

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.overtaking.join(self.queue.push(job))
        self._stir()

    def leave(self, job: Job) -> None:
        """`job` waits no more, though nobody gave it anything."""
        self.estimates.forget(job)
        self.overtaking.leave(job)
        self._is_freed = True
        self._stir()

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        shape = job.shape
        self.holdings.leave(job)
        if shape.smallest is not None:
            self.slack.drop(job)
            job.shape = shape.smallest
        for hold in job.holding:
            self.cluster.give_back(shape, hold)
        job.holding = ()
        self.overtaking.changed()
        self.estimates.forget(job)
        self._is_freed = True
        self._stir()

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        for job in self.queue:
            self.cluster.refresh(job.shape)
        self.overtaking.changed()
        self._is_freed = True
        self._stir()

    def closed(self) -> None:
        """A node cannot be used any more: what was promised counts for nothing."""
        if self.promises is not None:
            self.promises.starts = {}
        self.overtaking.changed()
        self._stir()

    def _stir(self) -> None:
        self._is_stirred, self.is_settled = True, False

    def resume(self, holders: Iterable[Job], promised: dict[Job, tuple[int, int]]) -> None:
        """Go on as a world in which these hold nodes and those were promised a start; nobody who waits
        could be served.
        """
        self.holdings.resume(holders)
        if self.promises is not None:
            self.promises.starts = promised
        self.is_settled = True

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """The next that starts (`holding` says where), or None when nobody may."""
        if self.promises is None:
            job = self.overtaking.next(now, self._may_start)
        else:
            job = self._promised(now, self.promises)
        if job is not None:
            self.holdings.enter(job)
            self.queue.drop(job)
            return job
        self.is_settled = self.promises is None or not self._is_stirred
        if self.slack.shrunk and self.is_settled:
            grow(self.slack, (waiting.shape for waiting in self.queue), change=self.slack.change)
        return None

    def why(self, job: Job) -> str:
        """What beside capacity keeps `job` waiting."""
        return f"it may not delay jobs before it ({self.policy})"

    def _may_start(self, job: Job, promise: Promise | None) -> bool:
        return self._start(job) if promise is None else self._start_beside(job, promise)

    def _start(self, job: Job, within: int = _EVERYWHERE) -> bool:
        """Whether `job` was given nodes of `within`, if need be with what elastic jobs give back."""
        shape = job.shape
        feasible = self._room(shape, within)
        if not feasible:
            return False
        if shape.larger:
            shape, feasible = roomiest(self.cluster, shape, feasible)
        self._take(job, shape, feasible)
        return True

    def _start_beside(self, job: Job, promise: Promise) -> bool:
        """Whether `job` was given nodes beside which the first has what it was promised."""
        shape = job.shape
        feasible = self._room(shape, _EVERYWHERE, promise)
        if not feasible:
            return False
        for larger in shape.larger:
            self.cluster.refresh(larger)
            roomy = promise.allowed(larger, self.cluster.feasible(larger, feasible))
            if roomy:
                shape, feasible = larger, roomy
                break
        self._take(job, shape, feasible, promise)
        return True

    def _room(self, shape: Shape, within: int, promise: Promise | None = None) -> int:
        """The nodes of `within` with room for `shape`, enough of them, if need be when elastic jobs have given back
        what they can.
        """
        feasible = self.cluster.feasible(shape, within)
        if feasible and promise is not None:
            feasible = promise.allowed(shape, feasible)
        if feasible and feasible.bit_count() >= shape.count:
            return feasible
        if not self.slack.nodes or (promise is not None and shape.count > 1):
            return 0
        if promise is not None:
            within = promise.allowed(shape, shape.possible & self.cluster.ready)
        if relieve(self.slack, shape, within=within, change=self.slack.change, may_give=_whoever):
            return self.cluster.feasible(shape, within)
        return 0

    def _take(self, job: Job, shape: Shape, feasible: int, promise: Promise | None = None) -> None:
        job.shape = shape
        if shape.count > 1:
            rationed = 0 if promise is None else promise.harmful(shape, feasible)
            job.holding = self.cluster.take_gang(
                shape, feasible, rationed=rationed, ration=promise.extra if rationed and promise else 0
            )
        else:
            job.holding = (self.cluster.take(shape, feasible),)
        if shape.smallest is not None:
            self.slack.note(job)

    def _promised(self, now: int, promises: Promises) -> Job | None:
        """Conservative: whoever's promise is for now, one after the other. What happens during a pass is looked at in
        the next one.
        """
        if self._pass is None:
            waiting = [job for job in self.queue if job.shape.can_ever_run]
            self._pass = promises.renew(waiting, self.holdings.masks, now, is_freed=self._is_freed, start=self._start)
            self.is_under_way, self._is_stirred, self._is_freed = True, False, False
        job = next(self._pass, None)
        if job is None:
            self._pass, self.is_under_way = None, False
        return job
