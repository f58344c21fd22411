"""What has been tried without success, and would fail again because nothing that matters for it has changed.

A pass with quotas asks the same of thousands of jobs again and again. Whether others can be moved or made to leave for
a job depends on all that is held (`ledger`); whether work of its own project can, on its project's jobs and on the
nodes where these are (`stamp`), as long as no other node has room for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.lifecycle import Stage
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.placement.project_queue import Kind

Claim = tuple[Shape, bool, bool, bool]
"""What a job asks of others: its shape; whether it has quota, may take from other projects, is inside what its own
deserves. Claims that are alike are helped alike, but for what their own projects have to give."""


Attempt = tuple[bool, Shape, bool]
"""Whether it is to take from other projects or only to move jobs; for what shape; inside what is deserved or not."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first of a kind, the GPUs (thousandths) it wants, and what it claims; `is_lost` if its own project has too
    little to give up for it to get quota.
    """

    kind: Kind
    job: Job
    wanted: int
    claim: Claim
    is_lost: bool


@dataclass(slots=True)
class Outlook:
    """The heads of one project that are looked at, by rank; for those in `tried` nothing of their own project can be
    done.
    """

    stamp: int
    surroundings: int
    heads: list[Head]
    tried: set[Kind] = field(default_factory=set)


class Prospects:
    """Counts changes, and keeps what is in vain until the next one that matters.

    `vain` are the claims for which no node has room nor can be cleared, as things stand.
    """

    __slots__ = (
        "_cluster",
        "_count",
        "_failed",
        "_node_jobs",
        "_nodes",
        "_renewed",
        "_stamps",
        "_surroundings",
        "ledger",
        "vain",
    )

    def __init__(self, cluster: Cluster, node_jobs: NodeJobs) -> None:
        self._cluster = cluster
        self._node_jobs = node_jobs
        self._count = self._renewed = self.ledger = 0
        self._nodes = (cluster.ready, cluster.version)
        self._stamps: dict[str, int] = {}
        self._surroundings: dict[str, int] = {}
        self._failed: dict[Attempt, int] = {}
        self.vain: set[Claim] = set()

    def stamp(self, project: str) -> int:
        """A number that is another one as soon as `project` has, wants or may have something else."""
        return max(self._stamps.get(project, 0), self._renewed)

    def surroundings(self, project: str) -> int:
        """A number that is another one as soon as anything has changed on the nodes where `project` has jobs."""
        return max(self._surroundings.get(project, 0), self._renewed)

    def touch(self, project: str) -> None:
        """Who waits of `project`, or what it may have, has changed."""
        self._count += 1
        self._stamps[project] = self._count

    def stir(self, job: Job) -> None:
        """What `job` holds has changed or is about to."""
        self.touch(job.request.project)
        self.ledger = self._surroundings[job.request.project] = self._count
        self.vain.clear()
        for node, _ in job.holding:
            for other in self._node_jobs.on[node]:
                self._surroundings[other.request.project] = self._count

    def reshare(self, projects: Iterable[str]) -> None:
        """The fair shares of `projects` have changed, and with them what others may take beyond what they deserve."""
        for project in projects:
            self.touch(project)
        self.vain = {claim for claim in self.vain if not claim[2] or claim[3]}
        self._failed = {what: when for what, when in self._failed.items() if not (what[0] and not what[2])}

    def renew(self) -> None:
        """Anything may have changed."""
        self._count += 1
        self._renewed = self.ledger = self._count
        self.vain.clear()

    def look(self) -> None:
        """Notice nodes that have come or gone."""
        if self._nodes != (self._cluster.ready, self._cluster.version):
            self._nodes = (self._cluster.ready, self._cluster.version)
            self.renew()

    def failed(self, what: Attempt) -> bool:
        """Whether `what` has been tried in vain since anything was held or given back."""
        return self._failed.get(what) == self.ledger

    def fail(self, what: Attempt) -> None:
        """`what` has been tried in vain."""
        self._failed[what] = self.ledger


def changes_its_mind(stage: Stage) -> bool:
    """Whether a job that enters `stage` may be evicted from some of the stages in which it then holds nodes and not
    from others.
    """
    seen: dict[Stage, bool] = {}
    ahead = [stage]
    while ahead:
        one = ahead.pop()
        if one.holds and one not in seen:
            seen[one] = can_be_left(one)
            ahead += one.on.values()
            ahead += [one.after[1]] if one.after is not None else []
    return len(set(seen.values())) > 1


def can_be_left(stage: Stage) -> bool:
    """Whether the lifecycle knows a way out of `stage` for a job that has to go."""
    return bool(stage.on.keys() & {"displaced", "preempted"})
