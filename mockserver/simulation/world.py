"""One isolated world: a scheduler, its jobs by name, and the data that adapters keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any
from zlib import adler32, crc32

from mockserver.simulation import node_changes
from mockserver.simulation.clock import LAST_US, MICRO, seconds
from mockserver.simulation.cluster.cluster import milli
from mockserver.simulation.cluster.node import Node, NodeView
from mockserver.simulation.errors import (
    DuplicateJob,
    DuplicateNode,
    UnknownJob,
    UnknownNode,
    UnknownParent,
    Unplaceable,
)
from mockserver.simulation.job import Job
from mockserver.simulation.job_limits import JobLimits
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.placement.backfill import Backfill
from mockserver.simulation.placement.fair_shares import Project
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.placement_pass import PlacementPass
from mockserver.simulation.request import NO_LIMITS, JobRequest, Outcome, ResourceRequest
from mockserver.simulation.scenario.rules import BACKFILL
from mockserver.simulation.scenario.scenario import Project as Quota
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.scheduler import Scheduler
from mockserver.simulation.workload import Workload, longest_startups

MOST_IDS = 50_000
"""Most purposes and fingerprints for which a world counts the ids it has made."""

USUAL_NODES, NODE_BYTES = 1000, 1000
"""Nodes of a scenario that are not counted, and about how many bytes each other node takes."""

_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""What the digit that names a UUID's variant becomes, its lower bits kept."""


class World:
    """What one sandbox holds. `epoch_us` is the UTC instant of virtual time 0 in microseconds since 1970."""

    def __init__(
        self,
        scenario: Scenario,
        lifecycles: Mapping[str, CompiledLifecycle],
        *,
        epoch_us: int,
        seed: int | None = None,
        log: int | None = 10_000,
    ) -> None:
        self.scenario = scenario
        self.lifecycles = lifecycles
        self.epoch_us = epoch_us
        self.seed = scenario.seed if seed is None else seed
        self.scheduler = Scheduler(_placement(scenario), Workload(scenario, self.seed), forget=self.forget, log=log)
        self.scheduler.attend = self.attend
        node_changes.begin(self.scheduler)
        self._jobs: dict[str, dict[str, Job]] = {api: {} for api in lifecycles}
        self._scopes: dict[tuple[str, str, str], dict[str, Job]] = {}
        self.shelves: dict[str, dict[Any, Any]] = {}  # by name; adapters ask `shelf`
        self.ids_made: dict[int, int] = {}  # how many for which purpose and fingerprint; the latest
        self.ids_floor = 0  # no purpose and fingerprint that was forgotten had more
        self._limits = None if scenario.limits == NO_LIMITS else scenario.limits
        self.count = self._edits = 0
        self.job_limits = JobLimits(scenario.most_jobs)
        self.job_limits.hold(NODE_BYTES * max(0, len(self.scheduler.cluster.nodes) - USUAL_NODES))
        self.awaited = 0  # jobs whose clients want to be called and have not been announced to anybody

    # Time

    @property
    def now_us(self) -> int:
        """Microseconds since the world began."""
        return self.scheduler.clock.now

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return seconds(self.scheduler.clock.now)

    @property
    def utc_us(self) -> int:
        """The present instant as microseconds since 1970, UTC."""
        return self.epoch_us + self.scheduler.clock.now

    @property
    def end_us(self) -> int:
        """The last instant that this world's clock can show."""
        return LAST_US - self.epoch_us

    def advance_to(self, instant: int, most: int | None = None) -> bool:
        """Let everything due up to `instant` (microseconds since the world began) happen.

        False if `most` steps did not suffice, or as soon as a job that ended is announced (`take_announced`): call
        again to go on.
        """
        return self.scheduler.advance(instant, most, heed=True)

    def advance_until(self, is_reached: Callable[[], bool], instant: int) -> bool:
        """Go from event to event until `is_reached`, at most to `instant`; whether it was. Stops early, like
        `advance_to`, at an announcement.
        """
        self.settle()
        while not is_reached():
            following = self.next_event_us()
            if following is None or following > instant:
                self.advance_to(instant)
                return is_reached()
            if not self.advance_to(following):
                return is_reached()
        return True

    def take_announced(self) -> list[tuple[int, Job]]:
        """(instant, job) of the ended jobs whose clients want to be called, in order, each once."""
        taken, self.scheduler.announced = self.scheduler.announced, []
        self.awaited -= len(taken)
        return taken

    def next_event_us(self) -> int | None:
        """The instant of the next thing that will happen by itself, or None."""
        return self.scheduler.next_event()

    def settle(self) -> None:
        """Let everything due at this very instant happen: waiting jobs get what is free."""
        self.scheduler.settle()

    @property
    def changes(self) -> tuple[int, ...]:
        """Counts of what can happen to jobs: while they stay the same, so do the jobs."""
        scheduler = self.scheduler
        return scheduler.count, self.count, scheduler.logged, scheduler.agenda.serial, self._edits

    # Jobs

    def submit(self, request: JobRequest) -> Job:
        """A new job, in its initial state; it is placed at the next `settle` or advance.

        Raises DuplicateJob, UnknownParent, WorldFull.
        """
        jobs = self._jobs[request.api]
        if request.key in jobs:
            raise DuplicateJob(request.key)
        self.job_limits.check(request)
        parent = None
        if request.parent is not None:
            parent = jobs.get(request.parent)
            if parent is None or parent.request.owner != request.owner:
                raise UnknownParent(request.parent)
        if self._limits is not None:
            request.limits = request.limits.or_else(self._limits)
        job = self.scheduler.submit(request, self.lifecycles[request.api], parent=parent)
        self.enrol(job)
        self.job_limits.take(job)
        if request.callback is not None:
            self.awaited += 1
        return job

    def enrol(self, job: Job) -> None:
        """Put `job` into the books, so that clients can name it."""
        request = job.request
        self._jobs[request.api][request.key] = job
        for scope in _scopes(request):
            members = self._scopes.get(scope)
            if members is None:
                members = self._scopes[scope] = {}
            members[request.key] = job
        self.count += 1

    def job(self, api: str, key: str, *, owner: str | None = None) -> Job:
        """The job of that name; of that owner if one is given. Raises UnknownJob."""
        job = self._jobs[api].get(key)
        if job is None or (owner is not None and job.request.owner != owner):
            raise UnknownJob(key)
        return job

    def jobs(self, api: str, *, owner: str | None = None, project: str | None = None) -> dict[str, Job]:
        """Jobs by key in order of submission: all of an API, or those of an owner or of a project. Not to
        be changed.
        """
        if project is not None:
            return self._scopes.get((api, "project", project), {})
        if owner is not None:
            return self._scopes.get((api, "owner", owner), {})
        return self._jobs[api]

    def release(self, job: Job) -> None:
        """Let a draft wait for capacity. Raises NotReleasable, WorldFull."""
        self.job_limits.check(job.request, job)
        self.scheduler.release(job)
        self.job_limits.take(job)

    def cancel(self, job: Job, reason: str = "cancelled by the client") -> None:
        """End a job at its client's wish. Raises NotCancellable."""
        self.scheduler.cancel(job, reason)
        if self.job_limits.arriving:  # the reason is kept with the job
            self.job_limits.keep(job)

    def delete(self, job: Job) -> None:
        """Forget a job, whatever it is doing; its name is free again. Raises UnknownJob if its time to live is over at
        this instant.
        """
        self.settle()
        if self._jobs[job.request.api].get(job.key) is not job:
            raise UnknownJob(job.key)
        self.scheduler.discard(job)
        self.forget(job)

    def force(self, job: Job, event: str, outcome: Outcome) -> None:
        """Let `event` (succeeded, failed, displaced) happen to a job now. Raises NotPossible."""
        self.scheduler.force(job, event, outcome)

    def edited(self, job: Job) -> None:
        """Note that a client changed what it asks for."""
        if self.job_limits.arriving:
            self.job_limits.keep(job)
        job.changed = self.now_us
        self._edits += 1

    def forget(self, job: Job) -> None:
        """Strike a discarded or expired job from the books."""
        request = job.request
        if request.callback is not None and not job.is_terminal:
            self.awaited -= 1
        del self._jobs[request.api][request.key]
        for scope in _scopes(request):
            members = self._scopes[scope]
            del members[request.key]
            if not members:
                del self._scopes[scope]
        self.count -= 1
        self.job_limits.give_back(job)

    # Capacity

    def refuse_unplaceable(self, key: str, wanted: ResourceRequest) -> None:
        """Raises Unplaceable, with counted reasons, when no node could ever run `wanted`."""
        cluster = self.scheduler.cluster
        shape = cluster.shape(wanted)
        if not shape.possible:
            raise Unplaceable(key, self._why(cluster.reasons(shape, empty=True)))

    def why_waiting(self, job: Job) -> str:
        """Why a waiting job gets nothing now: nodes counted by what they lack, then what else stands in its way."""
        placement = self.scheduler.placement
        job = _for_whom(job)
        reasons = [
            self._why_no_gang(job),
            self._why(placement.cluster.reasons(job.shape, empty=False)),
            placement.why(job),
        ]
        return "; ".join(filter(None, reasons))

    def _why_no_gang(self, job: Job) -> str:
        """What a job of several nodes needs beside room on each of them, or nothing."""
        wanted = job.request.nodes
        if wanted == 1:
            return ""
        free, ever = (self._fitting(job, empty=empty) for empty in (False, True))
        if ever < wanted:
            return f"the job takes {wanted} nodes at once, and no more than {ever} of this cluster could ever hold it"
        return f"the job takes {wanted} nodes at once, and {free} can hold it now"

    def _fitting(self, job: Job, *, empty: bool) -> int:
        """How many nodes suit a job: now, or when they are empty."""
        cluster = self.scheduler.cluster
        return len(cluster.nodes) - sum(count for count, _ in cluster.reasons(job.shape, empty=empty))

    def _why(self, reasons: Iterable[tuple[int, str]]) -> str:
        total = len(self.scheduler.cluster.nodes)
        return "; ".join(f"{count} of {total} nodes lack {words}" for count, words in reasons)

    def everybody(self) -> Iterator[Job]:
        """Every job of every API, and after each those who work for it."""
        for jobs in self._jobs.values():
            for job in jobs.values():
                yield job
                if job.crew is not None:
                    yield from job.crew.members

    # Nodes

    def nodes(self) -> list[NodeView]:
        """Every node with what is free on it and who holds it, the oldest first."""
        cluster = self.scheduler.cluster
        node_jobs = self.scheduler.placement.node_jobs
        return [
            cluster.view(number, tuple([job.key for job in node_jobs.of(number)]))
            for number in range(len(cluster.nodes))
        ]

    def fail_node(self, name: str) -> None:
        """The node goes down; its jobs go back to waiting, or fail where their lifecycle knows no way back. Raises
        UnknownNode.
        """
        node_changes.lose_node(self.scheduler, self._number(name))

    def drain_node(self, name: str) -> None:
        """The node takes no more jobs. Raises UnknownNode."""
        node_changes.drain_node(self.scheduler, self._number(name))

    def restore_node(self, name: str) -> None:
        """The node takes jobs again. Raises UnknownNode."""
        node_changes.restore_node(self.scheduler, self._number(name))

    def add_node(self, node: Node) -> None:
        """One more node. Raises DuplicateNode, WorldFull."""
        if any(other.name == node.name for other in self.scheduler.cluster.nodes):
            raise DuplicateNode(node.name)
        self.job_limits.hold(NODE_BYTES)
        node_changes.add_node(self.scheduler, node)

    def attend(self, timer: Any) -> None:
        """A node fails or returns by itself."""
        node_changes.turn(self.scheduler, timer)

    def _number(self, name: str) -> int:
        for number, node in enumerate(self.scheduler.cluster.nodes):
            if node.name == name:
                return number
        raise UnknownNode(name, [node.name for node in self.scheduler.cluster.nodes])

    # What adapters keep

    def shelf(self, name: str) -> dict[Any, Any]:
        """A plain dictionary of that name that lives and dies with this world."""
        shelf = self.shelves.get(name)
        if shelf is None:
            shelf = self.shelves[name] = {}
        return shelf

    def new_id(self, purpose: str, *, fingerprint: bytes = b"") -> str:
        """A UUID (version 4 in form, lower case) that depends only on the seed, the purpose, the fingerprint and how
        often these came before; once more than `MOST_IDS` different ones came, also on how often the oldest came.
        """
        root = adler32(fingerprint, crc32(purpose.encode()))
        seen = self.ids_made[root] = self.ids_made.pop(root, self.ids_floor) + 1
        if len(self.ids_made) > MOST_IDS:
            self._forget_ids()
        word = blake2b(b"%d|%d|%d" % (self.seed, root, seen), digest_size=16).hexdigest()
        return f"{word[:8]}-{word[8:12]}-4{word[13:16]}-{_VARIANTS[word[16]]}{word[17:20]}-{word[20:]}"

    def _forget_ids(self) -> None:
        """Forget half of what ids were made for, so that no id is ever made twice."""
        for root in list(islice(self.ids_made, len(self.ids_made) // 2)):
            self.ids_floor = max(self.ids_floor, self.ids_made.pop(root))

    def history(self, api: str, *, since: int = 0) -> Iterator[tuple[int, Job, str, str]]:
        """(number, job, state, event) of the latest transitions of an API's jobs after number `since`, oldest first;
        numbers only grow.
        """
        log = self.scheduler.log
        first = self.scheduler.logged - len(log)
        for number, (_, job, stage, event) in enumerate(
            islice(log, max(since - first, 0), None), start=max(since, first) + 1
        ):
            if job.request.api == api:
                yield number, job, stage.name, event


def _placement(scenario: Scenario) -> PlacementPass | Backfill | FairShare:
    if not scenario.projects:
        if scenario.queue in BACKFILL:
            return Backfill(scenario.cluster(), scenario.queue, longest_startups(scenario))
        return PlacementPass(scenario.cluster(), scenario.queue)
    is_weighed = any(one.over_quota_weight is not None for one in scenario.projects)
    projects = [_project(one, is_weighed=is_weighed) for one in scenario.projects]
    return FairShare(scenario.cluster(), projects)


def _project(one: Quota, *, is_weighed: bool) -> Project:
    """A project's share of what is idle goes by its quota, or, as soon as any project of the scenario has a weight, by
    weights (1 unless said).
    """
    weight = (1.0 if one.over_quota_weight is None else one.over_quota_weight) if is_weighed else one.deserved_gpus
    return Project(one.name, milli(one.deserved_gpus), weight, None if one.most_gpus is None else milli(one.most_gpus))


def _for_whom(job: Job) -> Job:
    """The job that has to find room so that `job` goes on: itself, or the first of its team that waits."""
    members = () if job.crew is None else job.crew.members
    return next((member for member in members if member.phase == "queued"), job)


def _scopes(request: JobRequest) -> tuple[tuple[str, str, str], ...]:
    owner = (request.api, "owner", request.owner)
    return (owner, (request.api, "project", request.project)) if request.project else (owner,)


def epoch_of(scenario: Scenario, wall_us: int) -> int:
    """The UTC instant (microseconds since 1970) at which a world of `scenario` begins, made at `wall_us`."""
    if scenario.start is None:
        return wall_us // MICRO * MICRO
    from datetime import datetime

    return int(datetime.fromisoformat(scenario.start).timestamp()) * MICRO
