"""Who may be made to make room for a job under quotas: by being moved, by reclaim, by preemption.

What a project deserves is a guarantee: a job that fits inside it takes from whoever is above what *they* deserve.
Beyond that, up to its fair share, it takes from whoever is above their fair share. A job without GPUs takes from
nobody, since quotas are of GPUs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.job import Job
from mockserver.simulation.lifecycle import Stage
from mockserver.simulation.placement.elastic import size
from mockserver.simulation.placement.making_room import Clearing, Terms, consolidation, eviction
from mockserver.simulation.placement.prospects import Attempt, Prospects, can_be_left, changes_its_mind
from mockserver.simulation.placement.quotas import Quotas


class Victims:
    """The jobs that hold nodes (`holders`, the oldest grant first), and those that were `evicted` in this instant."""

    def __init__(self, cluster: Cluster, quotas: Quotas, prospects: Prospects) -> None:
        self.cluster = cluster
        self.quotas = quotas
        self.prospects = prospects
        self.holders: dict[Job, None] = {}
        self.evicted: dict[Job, None] = {}
        self._of_project: dict[str, dict[Job, None]] = {}
        self._evictable: dict[Job, None] = {}
        self._listed = -1
        self._fickle: dict[Stage, bool] = {}
        self.fickle: dict[Job, None] = {}

    def enter(self, job: Job) -> None:
        """`job` has been given nodes."""
        self.holders[job] = None
        self._of_project.setdefault(job.request.project, {})[job] = None
        stage = job.stage.on.get("allocated", job.stage)
        if stage not in self._fickle:
            self._fickle[stage] = changes_its_mind(stage)
        if self._fickle[stage]:
            self.fickle[job] = None

    def leave(self, job: Job) -> None:
        """`job` gives back what it holds."""
        del self.holders[job]
        del self._of_project[job.request.project][job]
        self.fickle.pop(job, None)

    def evictable(self) -> dict[Job, None]:
        """Those who may be made to leave, or to move, the youngest first."""
        if self._listed != self.prospects.ledger:
            self._evictable = {
                other: None for other in reversed(self.holders) if other not in self.evicted and is_evictable(other)
            }
            self._listed = self.prospects.ledger
        return self._evictable

    def lower(self, job: Job) -> Iterable[Job]:
        """Work of its own project that has to go where `job` finds no room, the youngest first."""
        priority = job.request.priority
        return (
            other
            for other in reversed(self._of_project.get(job.request.project, {}))
            if other.request.priority < priority and is_evictable(other)
        )

    def clearing(self, job: Job, *, may_reclaim: bool) -> Clearing | None:
        """How to make room for `job` where nobody has any slack to give, or None."""
        clearing, shape = None, job.shape
        if self.quotas.has_room(job):
            if job not in self.evicted:
                clearing = self._unless_in_vain((False, shape, False), lambda: self._moved(job))
            if clearing is None and may_reclaim:
                what = (True, shape, self.quotas.is_guaranteed(job))
                clearing = self._unless_in_vain(what, lambda: self._reclaimed(job))
        if clearing is None and self.quotas.is_first_round and job not in self.evicted:
            terms = Terms(is_enough=lambda some: self.quotas.has_room(job, sum(map(gpus, some))))
            evictable = self.evictable()
            clearing = eviction(self.cluster, shape, (other for other in self.lower(job) if other in evictable), terms)
        return clearing

    def _unless_in_vain(self, what: Attempt, attempt: Callable[[], Clearing | None]) -> Clearing | None:
        if self.prospects.failed(what):
            return None
        clearing = attempt()
        if clearing is None:
            self.prospects.fail(what)
        return clearing

    def _moved(self, job: Job) -> Clearing | None:
        return consolidation(
            self.cluster, job.shape, (other for other in self.evictable() if not other.request.elastic)
        )

    def _reclaimed(self, job: Job) -> Clearing | None:
        terms = Terms(may_leave=lambda some: self._may_leave(job, some), cost=self.taken_from_quotas)
        return eviction(self.cluster, job.shape, self.reclaimable(job, self.evictable()), terms)

    def may_reclaim(self, job: Job) -> bool:
        """Whether `job` may take from other projects at all: inside what its own deserves, else inside its
        fair share.
        """
        project = self.quotas.of(job)
        if not gpus(job) or project is None:
            return bool(gpus(job))
        return self.quotas.is_guaranteed(job) or (
            job not in self.evicted and self.quotas.held(project.name) + gpus(job) <= self.quotas.share(project)
        )

    def bar(self, name: str, job: Job) -> float:
        """What project `name` has to be above for `job` to take from it."""
        project = self.quotas.projects[name]
        return project.deserved if self.quotas.is_guaranteed(job) else self.quotas.share(project)

    def reclaimable(self, job: Job, others: Iterable[Job]) -> list[Job]:
        """The work of other projects that are above what is theirs, in the order of `others`."""
        over = {
            name
            for name in self.quotas.projects
            if name != job.request.project and self.quotas.held(name) > self.bar(name, job)
        }
        return [other for other in others if other.request.project in over and gpus(other)]

    def _may_leave(self, job: Job, victims: list[Job]) -> bool:
        """Whether `job` may take all this: each project is above what is its own until the last of its jobs, the
        largest, goes.
        """
        taken: dict[str, list[int]] = {}
        for victim in victims:
            taken.setdefault(victim.request.project, []).append(gpus(victim))
        return all(
            self.quotas.allocated[name] - sum(sizes) + max(sizes) > self.bar(name, job) for name, sizes in taken.items()
        )

    def taken_from_quotas(self, victims: list[Job]) -> int:
        """How much less than they deserve projects would have without these (thousandths), where they have it now."""
        taken: dict[str, int] = {}
        for victim in victims:
            taken[victim.request.project] = taken.get(victim.request.project, 0) + gpus(victim)
        projects = self.quotas.projects
        return sum(
            max(0, projects[name].deserved - self.quotas.allocated[name] + amount)
            for name, amount in taken.items()
            if name in projects
        )


def gpus(job: Job) -> int:
    """The GPUs that `job` holds or waits for on all its nodes, in thousandths."""
    return size(job.shape)


def is_evictable(job: Job) -> bool:
    """Whether `job` may be made to leave its nodes, and has somewhere to go."""
    return job.request.preemptible and can_be_left(job.stage)
