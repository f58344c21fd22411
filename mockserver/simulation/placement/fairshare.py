"""Placement where projects have quotas: who is most deprived goes first, what is over its share can be taken back.

A pass has two rounds. In the first a project may grow to its fair share: what it deserves, and of what others leave idle a part in proportion
to its weight. In the second what is still idle goes to whoever wants it. A job that finds no room is helped, in this order, by what elastic
jobs of its own project, or of those above their share, give back in place, by moving others (consolidation), by evicting work of projects above
their share (reclaim), by evicting lower work of its own project (preemption). Each of these is tried on the ledger and undone; only a plan that
places the job is carried out, and nobody is moved or evicted for what elastic jobs could have given.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from mockserver.simulation.cluster.capacity_index import bits
from mockserver.simulation.cluster.cluster import GPU, Cluster, Hold
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import Kept, Slack, grow, needed, relax, relieve, restore, roomiest, shrink, size, squeezed
from mockserver.simulation.placement.fair_shares import Project, fair_shares
from mockserver.simulation.placement.making_room import Plan, consolidation, eviction, works
from mockserver.simulation.placement.node_jobs import Tenants

_EVERYWHERE = -1
_UNLIMITED = float("inf")


class Waiting:
    """Who waits, by project; within a project by priority, then by order of submission."""

    def __init__(self) -> None:
        self.lines: dict[str, list[tuple[int, int, Job, int]]] = {}

    def push(self, job: Job) -> None:
        """Let `job` wait at its rank."""
        insort(self.lines.setdefault(job.request.project, []), (-job.request.priority, job.serial, job, job.generation))

    def of(self, project: str) -> list[Job]:
        """Those of `project` who still wait, by rank."""
        line = self.lines[project] = [entry for entry in self.lines.get(project, ()) if entry[3] == entry[2].generation]
        return [entry[2] for entry in line]

    def __iter__(self) -> Iterator[Job]:
        """Everybody who waits."""
        return (job for project in list(self.lines) for job in self.of(project))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class FairShare:
    """One world's placement under quotas; the same surface as `Allotment`."""

    def __init__(self, cluster: Cluster, projects: Iterable[Project]) -> None:
        self.cluster = cluster
        self.projects = {project.name: project for project in projects}
        self.queue = Waiting()
        self.holders: dict[Job, None] = {}
        self.tenants = Tenants(len(cluster.nodes))
        self.slack = Slack(cluster)
        self.allocated: dict[str, int] = {}
        self.is_settled = True
        self.is_under_way = False
        self._is_stirred = False
        self._shares: dict[str, float] = {}
        self._in_first_round = True
        self._hopeless: set[tuple[str, Shape, bool]] = set()
        self._evicted: dict[Job, int] = {}
        self._promised: list[tuple[Job, int]] = []

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        self._stir()

    def leave(self, job: Job) -> None:
        """`job` waits no more; shares change with demand."""
        self._stir()

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        shape = job.shape
        self.tenants.leave(job)
        if shape.smallest is not None:
            self.slack.drop(job)
        for hold in job.holding:
            self.cluster.give_back(shape, hold)
        self.allocated[job.request.project] -= gpus(job)
        job.holding = ()
        job.shape = shape.smallest or shape
        del self.holders[job]
        self._stir()

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        for job in self.queue:
            self.cluster.refresh(job.shape)
        self._stir()

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """One decision of the pass: the job that was given nodes, after `evict` was called for those that had to go; None when nobody was."""
        if not self.is_under_way:
            self._begin(now)
        if self._promised:
            job, node = self._promised.pop(0)
            return self._grant(job, 1 << node)
        wanted = self._next()
        if wanted is None:
            self._end_round()
            return None
        return self._decide(wanted, now, evict)

    def _decide(self, job: Job, now: int, evict: Callable[[Job], None]) -> Job | None:
        """Let `job` have room, whoever has to give it; None, with nothing changed, where that cannot be."""
        given: list[Kept] = []
        has_quota = partial(self._has_quota, job)
        if not has_quota() and not relax(self.slack, given, change=self._change, may_give=lambda other: _is_firm(other, job), until=has_quota):
            self._hopeless.add(_kind(job))
            return None
        if relieve(self.slack, job.shape, within=_EVERYWHERE, change=self._change, may_give=lambda other: self._may_give(other, job)):
            feasible = self.cluster.feasible(job.shape, _EVERYWHERE)
            job.shape, feasible = roomiest(self.cluster, job.shape, feasible, lambda larger: self._used(job) + size(larger) <= self._limit(job))
            return self._grant(job, feasible)
        plan = None if job in self._evicted else self._plan(job)
        if plan is None:
            restore(given, self._change)
            self._hopeless.add(_kind(job))
            return None
        for other, smaller in plan.cuts:
            shrink(other, smaller, self._change)
        for victim in plan.victims:
            self._evicted[victim] = now
            evict(victim)
        self._promised = list(plan.moves)
        return self._grant(job, plan.nodes)

    def _change(self, job: Job, shape: Shape, hold: Hold) -> None:
        """Let `job`, which is elastic, hold what `shape` demands instead of what it holds."""
        self.allocated[job.request.project] += size(shape) - size(job.shape)
        self.slack.change(job, shape, hold)

    def _may_give(self, other: Job, job: Job) -> bool:
        """Whether elastic `other` gives back in place what `job` lacks: inside a project always, else what can be taken back."""
        name = other.request.project
        return name == job.request.project or name not in self.projects or (other.request.preemptible and self._is_above_share(name))

    def _is_above_share(self, name: str) -> bool:
        return self.allocated.get(name, 0) > max(self._shares.get(name, 0.0), self.projects[name].deserved)

    def _may_grow(self, job: Job, larger: Shape) -> bool:
        """Whether elastic `job` may grow: what cannot be evicted stays inside the quota."""
        project = self.projects.get(job.request.project)
        return project is None or job.request.preemptible or self._used(job) + size(larger) - size(job.shape) <= project.deserved

    @property
    def is_first_round(self) -> bool:
        """Whether no pass has come to its second round yet."""
        return self._in_first_round

    def evicted_at(self, now: int) -> list[Job]:
        """Those that had to go at this very instant, and may not make others go in turn."""
        return [job for job, instant in self._evicted.items() if instant == now]

    def resume(self, holders: Iterable[Job], evicted: Iterable[Job], *, now: int, is_first_round: bool) -> None:
        """Go on between two passes with these jobs, which hold what the ledger says, the oldest grant first."""
        for job in holders:
            self.holders[job] = None
            self.allocated[job.request.project] = self.allocated.get(job.request.project, 0) + gpus(job)
        self._evicted = dict.fromkeys(evicted, now)
        self._in_first_round, self.is_settled = is_first_round, True

    def why(self, job: Job) -> str:
        """What of the quota keeps `job` waiting, or nothing."""
        project = self.projects.get(job.request.project)
        if project is None or self._limit(job) >= self._used(job) + gpus(job):
            return ""
        return f"quota of {project.name} used up"

    def _begin(self, now: int) -> None:
        self.is_under_way, self._is_stirred, self._in_first_round = True, False, True
        self._hopeless.clear()
        self._evicted = {job: instant for job, instant in self._evicted.items() if instant == now}
        demand = dict(self.allocated)
        for job in self.queue:
            demand[job.request.project] = demand.get(job.request.project, 0) + gpus(job)
        total = sum(self.cluster.capacity[node][GPU] for node in bits(self.cluster.ready))
        self._shares = fair_shares(self.projects, demand, total)

    def _end_round(self) -> None:
        if self._in_first_round:
            self._in_first_round = False
            self._hopeless.clear()
        else:
            self.is_under_way, self.is_settled = False, not self._is_stirred
            if self.slack.shrunk and self.is_settled:
                grow(self.slack, [waiting.shape for waiting in self.queue], change=self._change, is_allowed=self._may_grow)

    def _stir(self) -> None:
        self._is_stirred, self.is_settled = True, False

    def _next(self) -> Job | None:
        """The first job, of the most deprived project, that may grow and has not been found hopeless."""
        for name in sorted(self.queue.lines, key=self._deprivation):
            for job in self.queue.of(name):
                if _kind(job) not in self._hopeless and (self._has_quota(job) or (not job.request.preemptible and self.slack.nodes)):
                    return job
        return None

    def _deprivation(self, name: str) -> tuple[float, str]:
        project = self.projects.get(name)
        if project is None:
            return (-1.0, name)
        used = self.allocated.get(name, 0)
        return (used / project.deserved if project.deserved else (_UNLIMITED if used else 0.0), name)

    def _used(self, job: Job) -> float:
        """What counts against the limit of `job`: all of its project, or what cannot be evicted of it."""
        name = job.request.project
        if job.request.preemptible:
            return self.allocated.get(name, 0)
        return sum(gpus(other) for other in self.holders if other.request.project == name and not other.request.preemptible)

    def _has_quota(self, job: Job) -> bool:
        return self._used(job) + gpus(job) <= self._limit(job)

    def _limit(self, job: Job) -> float:
        project = self.projects.get(job.request.project)
        if project is None or not gpus(job):
            return _UNLIMITED
        if not job.request.preemptible:
            return project.deserved
        return max(self._shares.get(project.name, 0.0), project.deserved) if self._in_first_round else _UNLIMITED

    def _plan(self, job: Job) -> Plan | None:
        """How to make room for `job`, with no more of it than it takes given back by elastic jobs, or None."""
        may_reclaim = self._in_first_round and self._is_within_share(job)
        with squeezed(self.slack, change=self._change, may_give=lambda other: self._may_give(other, job)) as before:
            plan = self._without_slack(job, may_reclaim=may_reclaim)
            if plan is None or not before:
                return plan
            staying = [kept for kept in before if kept[0] not in plan.victims]
            cuts = tuple(needed(self.slack, staying, self._change, lambda: works(self.cluster, job, plan) != 0))
            return replace(plan, cuts=cuts, nodes=works(self.cluster, job, plan))

    def _without_slack(self, job: Job, *, may_reclaim: bool) -> Plan | None:
        """How to make room for `job` where nobody has any slack to give, or None."""
        others = [other for other in reversed(self.holders) if other not in self._evicted and is_evictable(other)]
        plan = consolidation(self.cluster, job, (other for other in others if not other.request.elastic))
        if plan is None and may_reclaim:
            plan = eviction(self.cluster, job, self._reclaimable(job, others))
        if plan is None and self._in_first_round:
            own = (other for other in others if other.request.project == job.request.project)
            plan = eviction(self.cluster, job, (other for other in own if other.request.priority < job.request.priority))
        return plan

    def _is_within_share(self, job: Job) -> bool:
        name = job.request.project
        project = self.projects.get(name)
        return project is None or self.allocated.get(name, 0) + gpus(job) <= max(self._shares.get(name, 0.0), project.deserved)

    def _reclaimable(self, job: Job, others: Iterable[Job]) -> Iterator[Job]:
        """The youngest work first of other projects, as long as these are above their share."""
        left = dict(self.allocated)
        for other in others:
            name = other.request.project
            is_over = name in self.projects and left[name] > max(self._shares.get(name, 0.0), self.projects[name].deserved)
            if name != job.request.project and is_over and gpus(other):
                left[name] -= gpus(other)
                yield other

    def _grant(self, job: Job, feasible: int) -> Job:
        shape = job.shape
        job.holding = (self.cluster.take(shape, feasible),) if shape.count == 1 else self.cluster.take_gang(shape, feasible)
        name = job.request.project
        self.allocated[name] = self.allocated.get(name, 0) + gpus(job)
        self.holders[job] = None
        self.tenants.enter(job)
        if shape.smallest is not None:
            self.slack.note(job)
        self._hopeless.clear()
        return job


def gpus(job: Job) -> int:
    """The GPUs that `job` holds or waits for on all its nodes, in thousandths."""
    return size(job.shape)


def _is_firm(other: Job, job: Job) -> bool:
    """Whether `other` has part of the quota that `job` needs, of the same project, for what cannot be evicted."""
    return other.request.project == job.request.project and not other.request.preemptible


def is_evictable(job: Job) -> bool:
    """Whether `job` may be made to leave its nodes, and has somewhere to go."""
    return job.request.preemptible and bool(job.stage.on.keys() & {"displaced", "preempted"})


def _kind(job: Job) -> tuple[str, Shape, bool]:
    return job.request.project, job.shape, job.request.preemptible
