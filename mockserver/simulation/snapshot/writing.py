"""A world as a record."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from msgspec import structs

from mockserver.simulation.cluster.capacity_index import bits
from mockserver.simulation.cluster.node import READY
from mockserver.simulation.events import NODE, WHOLE_JOB
from mockserver.simulation.job import Job, Member
from mockserver.simulation.placement.backfill import Backfill
from mockserver.simulation.placement.elastic import sizes
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.placement_pass import PlacementPass
from mockserver.simulation.placement.profile import Promises
from mockserver.simulation.snapshot.pauses import Steps, finished
from mockserver.simulation.snapshot.plain import pack
from mockserver.simulation.snapshot.record import Due, JobRecord, Step, WorldRecord
from mockserver.simulation.world import World


def recording(world: World) -> Steps[WorldRecord]:
    """The whole state that a world, settled first, has at one moment.

    It is read in steps, unless the world goes on between them: then it is read once more, without a pause.
    """
    world.settle()
    before, writing = world.changes, _Writing(world)
    yield
    yield from writing.write_jobs()
    if world.changes != before:
        world.settle()
        writing = _Writing(world)
        finished(writing.write_jobs())
    return writing.record()


class _Writing:
    """Numbers the jobs of a world and writes down what refers to them."""

    def __init__(self, world: World) -> None:
        self.world, self.scheduler = world, world.scheduler
        self.kept = {job for api in world.lifecycles for job in world.jobs(api).values()}
        self.due = sorted((event for event in self.scheduler.agenda.heap if _is_live(event)), key=itemgetter(0, 1))
        self.jobs: list[Job] = []
        self.number: dict[Job, int] = {}
        for job in self._reachable():
            self._add(job)
        self.waiting = set(self.scheduler.placement.queue)
        self.written: list[JobRecord] = []

    def write_jobs(self) -> Steps[None]:
        """Write down each job."""
        for job in self.jobs:
            self.written.append(self._job(job))
            yield

    def _reachable(self) -> Iterator[Job]:
        """Every job that anything of the world refers to, those that clients can name first, in order of submission."""
        yield from sorted(self.kept)
        yield from (event[3] for event in self.due if event[2] != NODE)
        yield from (job for _, job, _, _ in self.scheduler.log)
        yield from (job for _, job in self.scheduler.announced)

    def _add(self, job: Job) -> None:
        todo = [job]
        while todo:
            one = todo.pop()
            if one not in self.number:
                self.number[one] = len(self.jobs)
                self.jobs.append(one)
                todo += [] if one.parent is None else [one.parent]
                todo += [] if one.crew is None else reversed(one.crew.members)

    def record(self) -> WorldRecord:
        """The record, with the jobs that were written."""
        world, scheduler, placement = self.world, self.scheduler, self.scheduler.placement
        cluster = scheduler.cluster
        by_quota = placement if isinstance(placement, FairShare) else None
        lines = list(placement.queue.lines.values()) if isinstance(placement, PlacementPass) else []
        return WorldRecord(
            scenario=world.scenario,
            seed=world.seed,
            epoch=world.epoch_us,
            now=world.now_us,
            submitted=scheduler.count,
            logged=scheduler.logged,
            scheduled=scheduler.agenda.serial,
            log_length=scheduler.log.maxlen,
            nodes=cluster.nodes[len(cluster.nodes) - cluster.version :],
            conditions=[(number, one) for number, one in enumerate(cluster.conditions) if one != READY],
            jobs=self.written,
            agenda=[self._due(event) for event in self.due],
            log=[(instant, self.number[job], stage.name, event) for instant, job, stage, event in scheduler.log],
            announced=[(instant, self.number[job]) for instant, job in scheduler.announced],
            blocked=sorted(self.number[entry[2]] for line in lines if (entry := line.head()) and line.is_blocked),
            holders=[] if by_quota is None else [self.number[job] for job in by_quota.holders],
            is_first_round=by_quota is not None and by_quota.is_first_round,
            ids=list(world.ids_made.items()),
            ids_floor=world.ids_floor,
            promised=self._promised(placement.promises) if isinstance(placement, Backfill) else [],
            shelves={name: pack(shelf) for name, shelf in world.shelves.items() if shelf},
        )

    def _promised(self, promises: Promises | None) -> list[tuple[int, int, list[int]]]:
        starts = {} if promises is None else promises.starts
        return [
            (self.number[job], instant, list(bits(nodes)))
            for job, (instant, nodes) in starts.items()
            if job in self.waiting
        ]

    def _job(self, job: Job) -> JobRecord:
        is_member = isinstance(job, Member)
        return JobRecord(
            serial=job.serial,
            steps=list(_steps(job)),
            generation=job.generation,
            request=None if is_member else structs.replace(job.request, payload=pack(job.request.payload)),
            lead=self.number[job.parent] if is_member and job.parent is not None else None,
            index=job.index if isinstance(job, Member) else 0,
            parent=None if is_member or job.parent is None else self.number[job.parent],
            failures=job.failures,
            changed=None if job.changed == job.since else job.changed,
            held=job.holding,
            size=sizes(job.shape).index(job.shape) if job.holding else 0,
            crew=None if job.crew is None else [self.number[member] for member in job.crew.members],
            is_kept=job in self.kept,
            waits=job in self.waiting,
            places=self.world.job_limits.of(job),
        )

    def _due(self, event: tuple[Any, ...]) -> Due:
        instant, order, kind, subject, generation, detail = event
        is_node = kind == NODE
        number, count = (subject.number, subject.count) if is_node else (self.number[subject], 0)
        return Due(instant, order, kind, number, generation == WHOLE_JOB, detail, count)


def _steps(job: Job) -> Iterator[Step]:
    for instant, stage, event, detail in job.steps():
        yield instant, stage.name, event, detail  # type: ignore[misc]


def _is_live(event: tuple[int, int, int, Job, int, object]) -> bool:
    """Whether an event of the agenda still means something."""
    job, generation = event[3], event[4]
    return generation == job.generation or (generation == WHOLE_JOB and not job.is_over)
