"""Placement where projects have quotas: who is most deprived goes first, what is over its share can be taken back.

A pass has two rounds. In the first a project may grow to its fair share: what it deserves, and of what others leave
idle a part in proportion to its weight. In the second what is still idle goes to whoever wants it. A job that finds no
room is helped, in this order, by what elastic jobs of its own project, or of those above their share, give back in
place, by moving others (consolidation), by evicting work of other projects (reclaim), by evicting lower work of its own
project (preemption). Each of these is tried on the ledger and undone; only a clearing that places the job is carried
out.

What a project deserves is a guarantee: a job that fits inside it takes from whoever is above what *they* deserve.
Beyond that, up to its fair share, it takes from whoever is above their fair share. A job without GPUs takes from
nobody, since quotas are of GPUs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mockserver.simulation.cluster.capacity_index import bits
from mockserver.simulation.cluster.cluster import GPU, Cluster, Hold
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import (
    Kept,
    Slack,
    grow,
    needed,
    relax,
    relieve,
    restore,
    roomiest,
    shrink,
    size,
    squeezed,
)
from mockserver.simulation.placement.fair_shares import Project, fair_shares
from mockserver.simulation.placement.making_room import Clearing, Terms, consolidation, eviction, works
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.placement.project_queue import Kind, Waiting, kind_of

_EVERYWHERE = -1
_UNLIMITED = float("inf")


class FairShare:
    """One world's placement under quotas; the same surface as `PlacementPass`."""

    def __init__(self, cluster: Cluster, projects: Iterable[Project]) -> None:
        self.cluster = cluster
        self.projects = {project.name: project for project in projects}
        self.queue = Waiting()
        self.holders: dict[Job, None] = {}
        self.node_jobs = NodeJobs(len(cluster.nodes))
        self.slack = Slack(cluster)
        self.allocated: dict[str, int] = {}
        self.firm: dict[str, int] = {}
        self.is_settled = True
        self.is_under_way = False
        self._is_stirred = False
        self._shares: dict[str, float] = {}
        self._in_first_round = True
        self._hopeless: set[Kind] = set()
        self._evicted: dict[Job, None] = {}
        self._promised: list[tuple[Job, int]] = []

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        self._stir()

    def leave(self, job: Job) -> None:
        """`job` waits no more; shares change with demand."""
        self.queue.drop(job)
        self._stir()

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        shape = job.shape
        self.node_jobs.leave(job)
        if shape.smallest is not None:
            self.slack.drop(job)
        for hold in job.holding:
            self.cluster.give_back(shape, hold)
        self._account(job, -gpus(job))
        job.holding = ()
        job.shape = shape.smallest or shape
        del self.holders[job]
        self._stir()

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        for job in self.queue:
            self.cluster.refresh(job.shape)
        self._stir()

    def closed(self) -> None:
        """A node cannot be used any more; shares change with what there is."""
        self._stir()

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """One decision of the pass: the job that was given nodes, after `evict` was called for those that had to go;
        None when nobody was.
        """
        if not self.is_under_way:
            self._begin()
        if self._promised:
            job, node = self._promised.pop(0)
            return self._grant(job, 1 << node)
        wanted = self._next()
        if wanted is None:
            self._end_round()
            return None
        return self._decide(wanted, evict)

    def _decide(self, job: Job, evict: Callable[[Job], None]) -> Job | None:
        """Let `job` have room, whoever has to give it; None, with nothing changed, where that cannot be."""
        given: list[Kept] = []
        if not self._has_quota(job):
            relax(
                self.slack,
                given,
                change=self._change,
                may_give=lambda other: _is_firm(other, job),
                until=lambda: self._has_quota(job),
            )
        if job.shape.larger and self._takes_more(job, evict):
            return job
        if self._has_quota(job) and self._finds_room(job):
            feasible = self.cluster.feasible(job.shape, _EVERYWHERE)
            job.shape, feasible = roomiest(
                self.cluster, job.shape, feasible, lambda larger: self._used(job) + size(larger) <= self._limit(job)
            )
            return self._grant(job, feasible)
        clearing = self._clearing(job)
        if clearing is None:
            restore(given, self._change)
            self._hopeless.add(kind_of(job))
            return None
        return self._carry_out(job, clearing, evict)

    def _carry_out(self, job: Job, clearing: Clearing, evict: Callable[[Job], None]) -> Job:
        for other, smaller in clearing.cuts:
            shrink(other, smaller, self._change)
        for victim in clearing.victims:
            self._evicted[victim] = None
            evict(victim)
        self._promised = list(clearing.moves)
        return self._grant(job, clearing.nodes)

    def _takes_more(self, job: Job, evict: Callable[[Job], None]) -> bool:
        """Whether elastic `job` was given more than the least: it is made smaller only where no moving and no reclaim
        inside its quota helps.
        """
        least = job.shape
        for larger in least.larger:
            self.cluster.refresh(larger)
            job.shape = larger
            if self._has_quota(job):
                room = self.cluster.feasible(larger, _EVERYWHERE)
                clearing = (
                    Clearing((), room)
                    if room
                    else self._without_slack(job, may_reclaim=self._in_first_round and self._is_guaranteed(job))
                )
                if clearing is not None:
                    self._carry_out(job, clearing, evict)
                    return True
        job.shape = least
        return False

    def _finds_room(self, job: Job) -> bool:
        """Whether there is room for `job`, if need be with what elastic jobs give back in place."""
        return relieve(
            self.slack,
            job.shape,
            within=_EVERYWHERE,
            change=self._change,
            may_give=lambda other: self._may_give(other, job),
        )

    def _change(self, job: Job, shape: Shape, hold: Hold) -> None:
        """Let `job`, which is elastic, hold what `shape` demands instead of what it holds."""
        self._account(job, size(shape) - size(job.shape))
        self.slack.change(job, shape, hold)

    def _account(self, job: Job, more: int) -> None:
        name = job.request.project
        self.allocated[name] = self.allocated.get(name, 0) + more
        if not job.request.preemptible:
            self.firm[name] = self.firm.get(name, 0) + more

    def _may_give(self, other: Job, job: Job) -> bool:
        """Whether elastic `other` gives back in place what `job` lacks: inside a project always, else what can be taken
        back.
        """
        name = other.request.project
        if name == job.request.project or name not in self.projects:
            return True
        return (
            other.request.preemptible and self._may_reclaim(job) and self.allocated.get(name, 0) > self._bar(name, job)
        )

    def _may_grow(self, job: Job, larger: Shape) -> bool:
        """Whether elastic `job` may grow: what cannot be evicted stays inside the quota, and nobody beyond the most it
        may have.
        """
        project = self.projects.get(job.request.project)
        if project is None:
            return True
        used = self._used(job) + size(larger) - size(job.shape)
        return used <= (_most(project) if job.request.preemptible else min(project.deserved, _most(project)))

    @property
    def is_first_round(self) -> bool:
        """Whether no pass has come to its second round yet."""
        return self._in_first_round

    def resume(self, holders: Iterable[Job], *, is_first_round: bool) -> None:
        """Go on between two passes with these jobs, which hold what the ledger says, the oldest grant first."""
        for job in holders:
            self.holders[job] = None
            self._account(job, gpus(job))
        self._in_first_round, self.is_settled = is_first_round, True

    def why(self, job: Job) -> str:
        """What of the quota keeps `job` waiting, or nothing."""
        project = self.projects.get(job.request.project)
        if project is None or self._has_quota(job):
            return ""
        return f"quota of {project.name} used up"

    def _begin(self) -> None:
        self.is_under_way, self._is_stirred, self._in_first_round = True, False, True
        self._hopeless.clear()
        names = self.allocated.keys() | self.queue.demand.keys()
        demand = {name: self.allocated.get(name, 0) + self.queue.demand.get(name, 0) for name in names}
        total = sum(self.cluster.capacity[node][GPU] for node in bits(self.cluster.ready))
        self._shares = fair_shares(self.projects, demand, total)

    def _end_round(self) -> None:
        if self._in_first_round:
            self._in_first_round = False
            self._hopeless.clear()
        else:
            self.is_under_way, self.is_settled = False, not self._is_stirred
            if self.is_settled:
                self._evicted.clear()
            if self.slack.shrunk and self.is_settled:
                grow(self.slack, self.queue.shapes(), change=self._change, is_allowed=self._may_grow)

    def _stir(self) -> None:
        self._is_stirred, self.is_settled = True, False

    def _next(self) -> Job | None:
        """The first job, of the most deprived project, that may grow and has not been found hopeless."""
        best: tuple[tuple[float, float, str], Job] | None = None
        free = self._most_that_fits()
        for name in self.queue.projects():
            ratio = self._ratio(name, 0)
            if best is not None and ratio > best[0][0]:
                continue
            hopeful = (job for kind, job in self.queue.heads(name) if kind not in self._hopeless and gpus(job) <= free)
            job = next((job for job in hopeful if self._may_be_helped(job)), None)
            if job is not None:
                found = (ratio, self._ratio(name, gpus(job)), name), job
                if best is None or found[0] < best[0]:
                    best = found
        return None if best is None else best[1]

    def _most_that_fits(self) -> float:
        """The GPUs (thousandths) that are free, where nobody can be made to give any: in the second round, without
        elastic jobs.
        """
        if self._in_first_round or self.slack.nodes:
            return _UNLIMITED
        return sum(sum(self.cluster.devices[node]) for node in bits(self.cluster.ready))

    def _may_be_helped(self, job: Job) -> bool:
        """Whether `job` has quota, or can have it by what others of its project give up."""
        if self._has_quota(job) or (not job.request.preemptible and self.slack.nodes):
            return True
        return self._in_first_round and job.request.priority > 0 and any(self._lower(job))

    def _ratio(self, name: str, more: int) -> float:
        """How much of what it deserves a project has, or would have with `more`; what has no quota comes before all
        others.
        """
        project = self.projects.get(name)
        if project is None:
            return -1.0
        used = self.allocated.get(name, 0) + more
        return used / project.deserved if project.deserved else (_UNLIMITED if used else 0.0)

    def _used(self, job: Job) -> float:
        """What counts against the limit of `job`: all of its project, or what cannot be evicted of it."""
        return (self.allocated if job.request.preemptible else self.firm).get(job.request.project, 0)

    def _has_quota(self, job: Job, given_up: int = 0) -> bool:
        project = self.projects.get(job.request.project)
        if (
            project is not None
            and gpus(job)
            and self.allocated.get(project.name, 0) - given_up + gpus(job) > _most(project)
        ):
            return False
        return self._used(job) - (given_up if job.request.preemptible else 0) + gpus(job) <= self._limit(job)

    def _limit(self, job: Job) -> float:
        project = self.projects.get(job.request.project)
        if project is None or not gpus(job):
            return _UNLIMITED
        if not job.request.preemptible:
            return project.deserved
        return self._share(project) if self._in_first_round else _most(project)

    def _share(self, project: Project) -> float:
        return min(max(self._shares.get(project.name, 0.0), project.deserved), _most(project))

    def _clearing(self, job: Job) -> Clearing | None:
        """How to make room for `job`, with no more of it than it takes given back by elastic jobs, or None."""
        may_reclaim = self._in_first_round and self._may_reclaim(job)
        with squeezed(self.slack, change=self._change, may_give=lambda other: self._may_give(other, job)) as before:
            clearing = self._without_slack(job, may_reclaim=may_reclaim)
            if clearing is None or not before:
                return clearing
            staying = [kept for kept in before if kept[0] not in clearing.victims]
            cuts = tuple(
                needed(self.slack, staying, self._change, lambda: works(self.cluster, job.shape, clearing) != 0)
            )
            return replace(clearing, cuts=cuts, nodes=works(self.cluster, job.shape, clearing))

    def _without_slack(self, job: Job, *, may_reclaim: bool) -> Clearing | None:
        """How to make room for `job` where nobody has any slack to give, or None."""
        others = [other for other in reversed(self.holders) if other not in self._evicted and is_evictable(other)]
        clearing = None
        if self._has_quota(job):
            if job not in self._evicted:
                clearing = consolidation(
                    self.cluster, job.shape, (other for other in others if not other.request.elastic)
                )
            if clearing is None and may_reclaim:
                terms = Terms(may_leave=lambda some: self._may_leave(job, some), cost=self._taken_from_quotas)
                clearing = eviction(self.cluster, job.shape, self._reclaimable(job, others), terms)
        if clearing is None and self._in_first_round and job not in self._evicted:
            terms = Terms(is_enough=lambda some: self._has_quota(job, sum(map(gpus, some))))
            clearing = eviction(
                self.cluster, job.shape, (other for other in self._lower(job) if other in others), terms
            )
        return clearing

    def _lower(self, job: Job) -> Iterable[Job]:
        """Work of its own project that has to go where `job` finds no room, the youngest first."""
        project, priority = job.request.project, job.request.priority
        return (
            other
            for other in reversed(self.holders)
            if other.request.project == project and other.request.priority < priority and is_evictable(other)
        )

    def _is_guaranteed(self, job: Job) -> bool:
        """Whether `job` fits inside what its project deserves."""
        project = self.projects.get(job.request.project)
        return project is not None and self.allocated.get(project.name, 0) + gpus(job) <= project.deserved

    def _may_reclaim(self, job: Job) -> bool:
        """Whether `job` may take from other projects at all: inside what its own deserves, else inside its
        fair share.
        """
        project = self.projects.get(job.request.project)
        if not gpus(job) or project is None:
            return bool(gpus(job))
        return self._is_guaranteed(job) or (
            job not in self._evicted and self.allocated.get(project.name, 0) + gpus(job) <= self._share(project)
        )

    def _bar(self, name: str, job: Job) -> float:
        """What project `name` has to be above for `job` to take from it."""
        project = self.projects[name]
        return project.deserved if self._is_guaranteed(job) else self._share(project)

    def _reclaimable(self, job: Job, others: Iterable[Job]) -> list[Job]:
        """The work, the youngest first, of other projects that are above what is theirs."""
        over = {
            name
            for name in self.projects
            if name != job.request.project and self.allocated.get(name, 0) > self._bar(name, job)
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
            self.allocated[name] - sum(sizes) + max(sizes) > self._bar(name, job) for name, sizes in taken.items()
        )

    def _taken_from_quotas(self, victims: list[Job]) -> int:
        """How much less than they deserve projects would have without these (thousandths), where they have it now."""
        taken: dict[str, int] = {}
        for victim in victims:
            taken[victim.request.project] = taken.get(victim.request.project, 0) + gpus(victim)
        return sum(
            max(0, self.projects[name].deserved - self.allocated[name] + amount)
            for name, amount in taken.items()
            if name in self.projects
        )

    def _grant(self, job: Job, feasible: int) -> Job:
        shape = job.shape
        job.holding = (
            (self.cluster.take(shape, feasible),) if shape.count == 1 else self.cluster.take_gang(shape, feasible)
        )
        self.queue.drop(job)
        self._account(job, gpus(job))
        self.holders[job] = None
        self.node_jobs.enter(job)
        if shape.smallest is not None:
            self.slack.note(job)
        self._hopeless.clear()
        self._is_stirred |= not self._in_first_round  # now it may be above its share, and others may take from it
        return job


def gpus(job: Job) -> int:
    """The GPUs that `job` holds or waits for on all its nodes, in thousandths."""
    return size(job.shape)


def _most(project: Project) -> float:
    return _UNLIMITED if project.most is None else project.most


def _is_firm(other: Job, job: Job) -> bool:
    """Whether `other` has part of the quota that `job` needs, of the same project, for what cannot be evicted."""
    return other.request.project == job.request.project and not (other.request.preemptible or job.request.preemptible)


def is_evictable(job: Job) -> bool:
    """Whether `job` may be made to leave its nodes, and has somewhere to go."""
    return job.request.preemptible and bool(job.stage.on.keys() & {"displaced", "preempted"})
