"""Placement where projects have quotas: who is most deprived goes first, what is over its share can be taken back.

A pass has two rounds. In the first a project may grow to its fair share: what it deserves, and of what others leave
idle a part in proportion to its weight. In the second what is still idle goes to whoever wants it. A job that finds no
room is helped, in this order, by what elastic jobs of its own project, or of those above their share, give back in
place, by moving others (consolidation), by evicting work of other projects (reclaim), by evicting lower work of its own
project (preemption). Each of these is tried on the ledger and undone; only a clearing that places the job is carried
out.

Who is known not to be helped is not looked at again until something has changed that matters for it (prospects.py).
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
from mockserver.simulation.placement.fair_shares import Project
from mockserver.simulation.placement.making_room import Clearing, works
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.placement.project_queue import Kind, Waiting, kind_of
from mockserver.simulation.placement.prospects import Claim, Head, Outlook, Prospects
from mockserver.simulation.placement.quotas import UNLIMITED, Quotas
from mockserver.simulation.placement.victims import Victims, gpus

_EVERYWHERE = -1


class FairShare:
    """One world's placement under quotas; the same surface as `PlacementPass`."""

    def __init__(self, cluster: Cluster, projects: Iterable[Project]) -> None:
        self.cluster = cluster
        self.quotas = Quotas(projects)
        self.queue = Waiting()
        self.node_jobs = NodeJobs(len(cluster.nodes))
        self.slack = Slack(cluster)
        self.prospects = Prospects(cluster, self.node_jobs)
        self.victims = Victims(cluster, self.quotas, self.prospects)
        self.is_settled = True
        self.is_under_way = False
        self._is_stirred = False
        self._hopeless: set[Kind] = set()
        self._order: list[tuple[float, str]] | None = None
        self._outlooks: dict[tuple[str, bool], Outlook] = {}
        self._promised: list[tuple[Job, int]] = []

    @property
    def holders(self) -> dict[Job, None]:
        """The jobs that hold nodes, the oldest grant first."""
        return self.victims.holders

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""
        self.queue.push(job)
        self.prospects.touch(job.request.project)
        self._stir()

    def leave(self, job: Job) -> None:
        """`job` waits no more; shares change with demand."""
        self.queue.drop(job)
        self.prospects.touch(job.request.project)
        self._stir()

    def give_back(self, job: Job) -> None:
        """Return what `job` holds."""
        shape = job.shape
        self.prospects.stir(job)
        self.node_jobs.leave(job)
        if shape.smallest is not None:
            self.slack.drop(job)
        for hold in job.holding:
            self.cluster.give_back(shape, hold)
        self.quotas.enter(job, -gpus(job))
        job.holding = ()
        job.shape = shape.smallest or shape
        self.victims.leave(job)
        self._stir()

    def opened(self, nodes: int) -> None:
        """The nodes of this mask can be used from now on."""
        for job in self.queue:
            self.cluster.refresh(job.shape)
        self.prospects.renew()
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
        if self.slack.nodes and not self.quotas.has_room(job):
            relax(
                self.slack,
                given,
                change=self._change,
                may_give=lambda other: _is_firm(other, job),
                until=lambda: self.quotas.has_room(job),
            )
        if job.shape.larger and self._takes_more(job, evict):
            return job
        if self.quotas.has_room(job) and self._finds_room(job):
            feasible = self.cluster.feasible(job.shape, _EVERYWHERE)
            job.shape, feasible = roomiest(
                self.cluster,
                job.shape,
                feasible,
                lambda larger: self.quotas.used(job) + size(larger) <= self.quotas.limit(job),
            )
            return self._grant(job, feasible)
        clearing = self._clearing(job)
        if clearing is None:
            restore(given, self._change)
            self._give_up(job)
            return None
        return self._carry_out(job, clearing, evict)

    def _give_up(self, job: Job) -> None:
        """Nobody can help `job` in this round, nor, as long as nothing changes, in others."""
        kind = kind_of(job)
        self._hopeless.add(kind)
        is_lasting = not self.slack.nodes and not job.shape.larger and job not in self.victims.evicted
        if is_lasting and not self.cluster.feasible(job.shape, _EVERYWHERE):
            self.prospects.vain.add(self._claim(job))
            self._outlook(job.request.project).tried.add(kind)

    def _carry_out(self, job: Job, clearing: Clearing, evict: Callable[[Job], None]) -> Job:
        for other, smaller in clearing.cuts:
            shrink(other, smaller, self._change)
        for victim in clearing.victims:
            self.victims.evicted[victim] = None
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
            if self.quotas.has_room(job):
                room = self.cluster.feasible(larger, _EVERYWHERE)
                clearing = (
                    Clearing((), room)
                    if room
                    else self.victims.clearing(
                        job, may_reclaim=self.quotas.is_first_round and self.quotas.is_guaranteed(job)
                    )
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
        self.prospects.stir(job)
        self.quotas.enter(job, size(shape) - size(job.shape))
        self.slack.change(job, shape, hold)

    def _may_give(self, other: Job, job: Job) -> bool:
        """Whether elastic `other` gives back in place what `job` lacks: inside a project always, else what can be taken
        back.
        """
        name = other.request.project
        if name == job.request.project or name not in self.quotas.projects:
            return True
        return (
            other.request.preemptible
            and self.victims.may_reclaim(job)
            and self.quotas.held(name) > self.victims.bar(name, job)
        )

    @property
    def is_first_round(self) -> bool:
        """Whether no pass has come to its second round yet."""
        return self.quotas.is_first_round

    def resume(self, holders: Iterable[Job], *, is_first_round: bool) -> None:
        """Go on between two passes with these jobs, which hold what the ledger says, the oldest grant first."""
        for job in holders:
            self.victims.enter(job)
            self.quotas.enter(job, gpus(job))
        self.prospects.renew()
        self.quotas.is_first_round, self.is_settled = is_first_round, True

    def why(self, job: Job) -> str:
        """What of the quota keeps `job` waiting, or nothing."""
        project = self.quotas.of(job)
        if project is None or self.quotas.has_room(job):
            return ""
        return f"quota of {project.name} used up"

    def _begin(self) -> None:
        self.is_under_way, self._is_stirred, self.quotas.is_first_round = True, False, True
        self._hopeless.clear()
        self._order = None
        self.prospects.look()
        if self.victims.fickle:
            self.prospects.renew()
        total = sum(self.cluster.capacity[node][GPU] for node in bits(self.cluster.ready))
        self.prospects.reshare(self.quotas.share_out(self.queue.demand, total))

    def _end_round(self) -> None:
        if self.quotas.is_first_round:
            self.quotas.is_first_round, self._order = False, None
            self._hopeless.clear()
        else:
            self.is_under_way, self.is_settled = False, not self._is_stirred
            if self.is_settled:
                self._forget_evictions()
            if self.slack.shrunk and self.is_settled:
                grow(self.slack, self.queue.shapes(), change=self._change, is_allowed=self._may_grow)

    def _forget_evictions(self) -> None:
        if self.victims.evicted:
            self.victims.evicted.clear()
            self.prospects.renew()

    def _stir(self) -> None:
        self._is_stirred, self.is_settled, self._order = True, False, None

    def _next(self) -> Job | None:
        """The first job, of the most deprived project, that may grow and has not been found hopeless."""
        if self._order is None:
            self._order = sorted(((self.quotas.ratio(name, 0), name) for name in self.queue.projects()), reverse=True)
        order, free = self._order, self._most_that_fits()
        while order:
            ratio = order[-1][0]
            best: tuple[tuple[float, str], Job] | None = None
            for name in [name for other, name in order if other == ratio]:
                found = self._hopeful(name, free)
                if found is not None and (best is None or found[0] < best[0]):
                    best = found
            if best is not None:
                return best[1]
            while order and order[-1][0] == ratio:
                order.pop()
        return None

    def _hopeful(self, name: str, free: float) -> tuple[tuple[float, str], Job] | None:
        """The first of project `name` that might be helped, of those that ask for no more than is `free`, and its place
        among projects that are equally deprived: by what the project would have with it, or with those before it.
        """
        outlook, hopeless, vain = self._outlook(name), self._hopeless, self.prospects.vain
        most = 0
        for head in outlook.heads:
            if head.wanted <= free and head.kind not in hopeless:
                most = max(most, head.wanted)
                if not (head.is_lost or (head.claim in vain and head.kind in outlook.tried)):
                    return (self.quotas.ratio(name, most), name), head.job
        return None

    def _outlook(self, name: str) -> Outlook:
        """Who of project `name` might be helped; the same as long as nothing changes that concerns it."""
        key, stamp = (name, self.quotas.is_first_round), self.prospects.stamp(name)
        outlook, around = self._outlooks.get(key), self.prospects.surroundings(name)
        if outlook is None or outlook.stamp != stamp or self.slack.nodes:
            heads = [self._head(kind, job) for kind, job in self.queue.heads(name) if self._may_be_helped(job)]
            outlook = self._outlooks[key] = Outlook(-1 if self.slack.nodes else stamp, around, heads)
        elif outlook.surroundings != around:
            outlook.surroundings = around
            outlook.tried.clear()
        return outlook

    def _head(self, kind: Kind, job: Job) -> Head:
        claim = self._claim(job)
        given_up = 0 if claim[1] or self.slack.nodes else sum(map(gpus, self.victims.lower(job)))
        is_lost = not (claim[1] or self.slack.nodes or self.quotas.has_room(job, given_up))
        return Head(kind, job, gpus(job), claim, is_lost)

    def _claim(self, job: Job) -> Claim:
        has_quota = self.quotas.has_room(job)
        may_reclaim = has_quota and self.quotas.is_first_round and self.victims.may_reclaim(job)
        return job.shape, has_quota, may_reclaim, may_reclaim and self.quotas.is_guaranteed(job)

    def _most_that_fits(self) -> float:
        """The GPUs (thousandths) that are free, where nobody can be made to give any: in the second round, without
        elastic jobs.
        """
        if self.quotas.is_first_round or self.slack.nodes:
            return UNLIMITED
        return sum(sum(self.cluster.devices[node]) for node in bits(self.cluster.ready))

    def _may_be_helped(self, job: Job) -> bool:
        """Whether `job` has quota, or can have it by what others of its project give up."""
        if self.quotas.has_room(job) or (not job.request.preemptible and self.slack.nodes):
            return True
        return self.quotas.is_first_round and job.request.priority > 0 and any(self.victims.lower(job))

    def _may_grow(self, job: Job, larger: Shape) -> bool:
        return self.quotas.may_grow(job, size(larger) - size(job.shape))

    def _clearing(self, job: Job) -> Clearing | None:
        """How to make room for `job`, with no more of it than it takes given back by elastic jobs, or None."""
        may_reclaim = self.quotas.is_first_round and self.victims.may_reclaim(job)
        with squeezed(self.slack, change=self._change, may_give=lambda other: self._may_give(other, job)) as before:
            clearing = self.victims.clearing(job, may_reclaim=may_reclaim)
            if clearing is None or not before:
                return clearing
            staying = [kept for kept in before if kept[0] not in clearing.victims]
            cuts = tuple(
                needed(self.slack, staying, self._change, lambda: works(self.cluster, job.shape, clearing) != 0)
            )
            return replace(clearing, cuts=cuts, nodes=works(self.cluster, job.shape, clearing))

    def _grant(self, job: Job, feasible: int) -> Job:
        shape = job.shape
        job.holding = (
            (self.cluster.take(shape, feasible),) if shape.count == 1 else self.cluster.take_gang(shape, feasible)
        )
        self.queue.drop(job)
        self.quotas.enter(job, gpus(job))
        self.victims.enter(job)
        self.node_jobs.enter(job)
        self.prospects.stir(job)
        if shape.smallest is not None:
            self.slack.note(job)
        self._hopeless.clear()
        self._order = None
        self._is_stirred |= not self.quotas.is_first_round  # now it may be above its share, and others may take from it
        return job


def _is_firm(other: Job, job: Job) -> bool:
    """Whether `other` has part of the quota that `job` needs, of the same project, for what cannot be evicted."""
    return other.request.project == job.request.project and not (other.request.preemptible or job.request.preemptible)
