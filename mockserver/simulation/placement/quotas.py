"""What projects deserve, what they hold, and how much more a job may add to that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mockserver.simulation.cluster.cluster import MILLI
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import size
from mockserver.simulation.placement.fair_shares import Project, fair_shares

UNLIMITED = float("inf")


class Quotas:
    """The account of every project: `allocated` are the GPUs (thousandths) of all its jobs, `firm` those of jobs that
    cannot be evicted, `shares` what it may hold in the first round of a pass.
    """

    __slots__ = ("_demand", "_total", "allocated", "firm", "is_first_round", "projects", "shares")

    def __init__(self, projects: Iterable[Project]) -> None:
        self.projects = {project.name: project for project in projects}
        self.allocated: dict[str, int] = {}
        self.firm: dict[str, int] = {}
        self.shares: dict[str, float] = {}
        self.is_first_round = True
        self._demand: dict[str, int] = {}
        self._total = -1

    def enter(self, job: Job, more: int) -> None:
        """`job` holds so much more, or less, than before."""
        name = job.request.project
        self.allocated[name] = self.allocated.get(name, 0) + more
        if not job.request.preemptible:
            self.firm[name] = self.firm.get(name, 0) + more

    def share_out(self, waiting: Mapping[str, int], total: int) -> list[str]:
        """Work out the fair shares of so many GPUs (thousandths) among what is held and what waits; the projects whose
        share is another one now.
        """
        held, before = self.allocated, self.shares
        demand = {name: held.get(name, 0) + waiting.get(name, 0) for name in held.keys() | waiting.keys()}
        if total != self._total or any(self._matters(name, amount) for name, amount in demand.items()):
            self.shares = fair_shares(self.projects, demand, total)
        self._demand, self._total = demand, total
        return [] if self.shares is before else [name for name in self.shares if self.shares[name] != before.get(name)]

    def _matters(self, name: str, amount: int) -> bool:
        """Whether shares may change when project `name` wants so much now; not if it got less than it wanted before and
        still wants more than that.
        """
        before = self._demand.get(name, 0)
        if amount == before:
            return False
        project = self.projects.get(name)
        return project is None or min(amount, before, most(project)) <= self.shares.get(name, 0.0) + MILLI

    def of(self, job: Job) -> Project | None:
        """The project of `job`, if it has a quota."""
        return self.projects.get(job.request.project)

    def held(self, name: str) -> int:
        """What project `name` holds."""
        return self.allocated.get(name, 0)

    def ratio(self, name: str, more: int) -> float:
        """How much of what it deserves a project has, or would have with `more`; what has no quota comes before all
        others.
        """
        project = self.projects.get(name)
        if project is None:
            return -1.0
        used = self.allocated.get(name, 0) + more
        return used / project.deserved if project.deserved else (UNLIMITED if used else 0.0)

    def used(self, job: Job) -> float:
        """What counts against the limit of `job`: all of its project, or what cannot be evicted of it."""
        return (self.allocated if job.request.preemptible else self.firm).get(job.request.project, 0)

    def has_room(self, job: Job, given_up: int = 0) -> bool:
        """Whether the quota allows `job`, when so much of its own project has been given up."""
        project, wanted = self.of(job), size(job.shape)
        if project is None or not wanted:
            return True
        if self.held(project.name) - given_up + wanted > most(project):
            return False
        return self.used(job) - (given_up if job.request.preemptible else 0) + wanted <= self.limit(job)

    def limit(self, job: Job) -> float:
        """What `used` may come to."""
        project = self.of(job)
        if project is None or not size(job.shape):
            return UNLIMITED
        if not job.request.preemptible:
            return project.deserved
        return self.share(project) if self.is_first_round else most(project)

    def share(self, project: Project) -> float:
        """What `project` may hold before anybody has more than that: its fair share, or what it deserves."""
        return min(max(self.shares.get(project.name, 0.0), project.deserved), most(project))

    def is_guaranteed(self, job: Job) -> bool:
        """Whether `job` fits inside what its project deserves."""
        project = self.of(job)
        return project is not None and self.held(project.name) + size(job.shape) <= project.deserved

    def may_grow(self, job: Job, more: int) -> bool:
        """Whether elastic `job` may grow by so much: what cannot be evicted stays inside the quota, and nobody beyond
        the most it may have.
        """
        project = self.of(job)
        if project is None:
            return True
        limit = most(project) if job.request.preemptible else min(project.deserved, most(project))
        return self.used(job) + more <= limit


def most(project: Project) -> float:
    """The GPUs (thousandths) that a project never exceeds."""
    return UNLIMITED if project.most is None else project.most
