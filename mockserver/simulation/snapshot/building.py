"""Builds a new world from a record, and refuses one whose parts do not fit together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify
from typing import Any, cast

from mockserver.simulation.cluster.capacity_index import mask_of
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.events import NODE, WHOLE_JOB, Event
from mockserver.simulation.job import Crew, Job, Member
from mockserver.simulation.job_limits import plain_bytes
from mockserver.simulation.lifecycle import CompiledLifecycle, Stage
from mockserver.simulation.node_changes import NodeTimer
from mockserver.simulation.placement.backfill import Backfill
from mockserver.simulation.placement.elastic import shape_of, sizes
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.queue import Line
from mockserver.simulation.request import JobRequest
from mockserver.simulation.snapshot import soundness
from mockserver.simulation.snapshot.pauses import Steps
from mockserver.simulation.snapshot.plain import unpack
from mockserver.simulation.snapshot.record import Due, JobRecord, WorldRecord
from mockserver.simulation.snapshot.soundness import EVENTS, need
from mockserver.simulation.team import MEMBER_LIFECYCLES, request_of
from mockserver.simulation.world import World

MOST_STEPS = 20_000
"""Most steps in the history of one job."""

USUAL_STEPS, STEP_BYTES = 50, 200
"""Steps that any job may have, and how many bytes each further one is counted with."""

MOST_MATCHES = 10_000_000
"""Most pairs of a node and of what jobs that run or wait ask for; each pair has to be looked at."""


@dataclass(frozen=True, slots=True)
class Readers:
    """How what adapters keep is read, by API and by shelf: functions that raise ValueError, TypeError or KeyError.

    A payload of an API without a reader stays as it is. A shelf whose reader is None is not brought back: it is filled
    anew when it is needed. A shelf without an entry has no place in a snapshot.
    """

    payloads: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    shelves: Mapping[str, Callable[[Any], dict[Any, Any]] | None] = field(default_factory=dict)


def building(record: WorldRecord, lifecycles: Mapping[str, CompiledLifecycle], readers: Readers) -> Steps[World]:
    """A new world that goes on as the recorded one would have, made in steps. Raises SnapshotError."""
    soundness.check_record(record)
    yield
    return (yield from _Building(record, lifecycles, readers).world())


class _Building:
    """Makes the jobs of a record first, then what refers to them."""

    def __init__(self, record: WorldRecord, lifecycles: Mapping[str, CompiledLifecycle], readers: Readers) -> None:
        self.record, self.lifecycles, self.readers = record, lifecycles, readers
        made = World(record.scenario, lifecycles, epoch_us=record.epoch, seed=record.seed, log=record.log_length)
        self.made, self.scheduler = made, made.scheduler
        self.cluster, self.placement = made.scheduler.cluster, made.scheduler.placement
        self.resting: dict[object, Shape] = {}
        self.jobs: list[Job] = []
        self.node_names: dict[str, str] = {}

    def world(self) -> Steps[World]:
        """The world."""
        self._nodes()
        yield
        yield from self._make_jobs()
        self._connect()
        yield
        yield from self._hold()
        self._wait()
        yield
        yield from self._books()
        yield from soundness.check_world(self.made, self.jobs)
        return self.made

    def _nodes(self) -> None:
        names = {node.name for node in self.cluster.nodes}
        for node in self.record.nodes:
            need(node.name not in names, f"two nodes are called {node.name[:80]}")
            names.add(node.name)
            self.cluster.add(node)
            self.placement.node_jobs.on.append({})
        self.node_names = {node.name: node.name for node in self.cluster.nodes}
        self.made.job_limits.hold(plain_bytes(self.record.nodes))
        for number, condition in self.record.conditions:
            need(0 <= number < len(self.cluster.nodes), "the condition of an unknown node is given")
            self.cluster.set_condition(number, condition)
        self.scheduler.clock.advance(self.record.now)

    # Jobs

    def _make_jobs(self) -> Steps[None]:
        record, nodes = self.record, self.node_names
        for kept in record.jobs:
            need(kept.lead is None or 0 <= kept.lead < len(record.jobs), "a member's job is not there")
            leader = kept if kept.lead is None else record.jobs[kept.lead]
            is_whole = (kept.request is None) == (kept.lead is not None) and leader.request is not None
            need(is_whole, "a job has no request")
        self.jobs = [cast(Job, None)] * len(record.jobs)
        for first in (True, False):  # members are made when those they work for are there
            for number, kept in enumerate(record.jobs):
                if (kept.lead is None) is first:
                    self.jobs[number] = self._job(kept) if first else self._member(kept)
                    soundness.check_history(self.jobs[number], nodes=nodes, now=record.now)
                    kept.steps = []  # the job has it
                    yield

    def _job(self, kept: JobRecord) -> Job:
        request = kept.request
        assert request is not None
        served = ", ".join(self.lifecycles)
        sentence = f"it holds jobs of {request.api[:40]}, which is not served here; served: {served}"
        need(request.api in self.lifecycles, sentence)
        soundness.check_request(request)
        read, size = self.readers.payloads.get(request.api), plain_bytes(request)
        try:
            payload = unpack(request.payload)
            request.payload = payload if read is None else read(payload)
        except (ValueError, TypeError, KeyError) as error:
            raise SnapshotError(f"what is kept with job {request.key[:80]} does not fit: {error}") from error
        lifecycle = self.lifecycles[request.api]
        lifecycle = lifecycle.led if request.team is not None and lifecycle.led is not None else lifecycle
        job = Job(
            request, serial=kept.serial, now=0, stage=lifecycle.initial, shape=self._resting(request), parent=None
        )
        size += self._fill(job, kept, lifecycle)
        if size:
            self.made.job_limits.keep(job, size)
        return job

    def _member(self, kept: JobRecord) -> Job:
        lead = self.jobs[cast(int, kept.lead)]
        team, index = lead.request.team, kept.index
        need(team is not None and 0 <= index < team.size, "a job has more members than its team")
        lifecycle = MEMBER_LIFECYCLES["task" if self.lifecycles[lead.request.api].led is None else "pod"]
        member = Member(request_of(lead, index), lead, index=index, now=0, stage=lifecycle.initial)
        member.shape = self._resting(member.request)
        size = self._fill(member, kept, lifecycle)
        if size:
            self.made.job_limits.keep(lead, size)
        return member

    def _fill(self, job: Job, kept: JobRecord, lifecycle: CompiledLifecycle) -> int:
        """Give a job what has happened to it; how many bytes of that are more than any job has."""
        too_many = f"job {job.key[:80]} has {len(kept.steps)} steps, expected at most {MOST_STEPS}"
        need(len(kept.steps) <= MOST_STEPS, too_many)
        steps: list[tuple[int, Stage, str, object]] = []
        size = STEP_BYTES * max(0, len(kept.steps) - USUAL_STEPS)
        for instant, name, event, detail in kept.steps:
            stage = lifecycle.stages.get(name)
            need(stage is not None, f"job {job.key[:80]} was in state {name[:40]}, which its API does not have")
            known: object = detail
            if isinstance(detail, tuple):  # the names that the nodes have, not as many copies of them
                known = tuple([self.node_names.get(node, node) for node in detail])
            elif detail is not None:
                size += len(detail.reason) + len(detail.code)
            steps.append((instant, cast(Stage, stage), EVENTS.get(event, event), known))
        need(bool(steps), f"job {job.key[:80]} has no history")
        job.relive(steps)
        job.changed = job.since if kept.changed is None else kept.changed
        job.generation, job.failures = kept.generation, kept.failures
        return size

    def _resting(self, request: JobRequest) -> Shape:
        """The shape of a job that has ended, or is a draft: nobody matches it against the nodes any more, or yet."""
        wanted = request.elastic[-1] if request.elastic and request.nodes == 1 else request.resources
        shape = self.resting.get((wanted, request.nodes))
        if shape is None:
            shape = self.resting[wanted, request.nodes] = self.cluster.new_shape(wanted, request.nodes)
        return shape

    def _connect(self) -> None:
        for job, kept in zip(self.jobs, self.record.jobs, strict=True):
            if kept.parent is not None:
                parent = self._at(kept.parent)
                need(kept.lead is None and not isinstance(parent, Member), "a member cannot be or have a parent")
                can_be = parent.serial < job.serial and parent.request.api == job.request.api
                need(can_be, f"job {job.key[:80]} cannot have the parent it names")
                job.parent = parent
                parent.open_children += not job.is_over
            if kept.crew is not None:
                job.crew = self._crew(job, kept.crew)

    def _crew(self, job: Job, numbers: list[int]) -> Crew:
        crew = Crew()
        for index, number in enumerate(numbers):
            member = self._at(number)
            is_own = isinstance(member, Member) and member.parent is job and member.index == index
            need(is_own, f"the team of job {job.key[:80]} is not its own")
            crew.members.append(cast(Member, member))
        crew.open = sum(not member.is_over for member in crew.members)
        crew.active = sum(member.stage.holds for member in crew.members)
        crew.done = sum(member.phase == "succeeded" for member in crew.members)
        crew.failed = sum(member.phase == "failed" for member in crew.members)
        return crew

    def _at(self, number: int) -> Job:
        need(0 <= number < len(self.jobs), "it refers to a job that is not there")
        return self.jobs[number]

    # Capacity

    def _hold(self) -> Steps[None]:
        numbered = list(zip(self.jobs, self.record.jobs, strict=True))
        live = {(job.request.resources, job.request.elastic, job.request.nodes) for job in self.jobs if _may_wait(job)}
        pairs = len(live) * len(self.cluster.nodes)
        need(pairs <= MOST_MATCHES, "it has more nodes and different wishes than are compared here")
        for job, kept in numbered:
            yield
            if _may_wait(job) or kept.held:
                job.shape = shape_of(self.cluster, job.request)
            if not kept.held:
                continue
            known = sizes(job.shape)
            need(0 <= kept.size < len(known), f"job {job.key[:80]} holds a size that it did not ask for")
            job.shape, job.holding = known[kept.size], kept.held
            self.cluster.refresh(job.shape)
            soundness.check_holding(job, self.cluster)
            for hold in kept.held:
                self.cluster.take_again(job.shape, hold)
            self.placement.node_jobs.enter(job)
            if job.shape.smallest is not None:
                self.placement.slack.note(job)
        soundness.check_ledger(self.cluster)

    def _wait(self) -> None:
        waiting = [job for job, kept in zip(self.jobs, self.record.jobs, strict=True) if kept.waits]
        for job in sorted(waiting, key=lambda one: (one.serial, getattr(one, "index", 0))):
            may_wait = job.stage.entry in ("queued", "member queued") and not job.is_over
            need(may_wait, f"job {job.key[:80]} waits although it is {job.state}")
            self.placement.queue.push(job)
        if isinstance(self.placement, FairShare):
            holders = self._those(self.record.holders)
            is_told = set(holders) == {job for job in self.jobs if job.holding} and len(set(holders)) == len(holders)
            need(is_told, "the two lists of jobs that hold nodes differ")
            self.placement.resume(holders, is_first_round=self.record.is_first_round)
        elif isinstance(self.placement, Backfill):
            promised = {
                self._at(number): (instant, self._mask(nodes)) for number, instant, nodes in self.record.promised
            }
            self.placement.resume([job for job in self.jobs if job.holding], promised)
        else:
            for job in self._those(self.record.blocked):
                line = self.placement.queue.lines.get(job.shape)
                need(line is not None, f"job {job.key[:80]} is held up, but does not wait")
                cast(Line, line).is_blocked = True
            self.placement.is_settled = True

    def _mask(self, nodes: list[int]) -> int:
        need(all(0 <= node < len(self.cluster.nodes) for node in nodes), "a node is promised that is not there")
        return mask_of(nodes)

    def _those(self, numbers: Iterable[int]) -> list[Job]:
        return [self._at(number) for number in numbers]

    # Books

    def _books(self) -> Steps[None]:
        record, made, scheduler = self.record, self.made, self.scheduler
        both = zip(self.jobs, record.jobs, strict=True)
        pairs = [(job, kept) for job, kept in both if kept.is_kept and kept.lead is None]
        for job, kept in sorted(pairs, key=lambda pair: pair[0].serial):
            yield
            need(job.key not in made.jobs(job.request.api), f"two jobs are called {job.key[:80]}")
            made.enrol(job)
            made.job_limits.resume(job, kept.places)
            made.awaited += job.request.callback is not None and not job.is_terminal
        scheduler.count, scheduler.logged, scheduler.agenda.serial = record.submitted, record.logged, record.scheduled
        scheduler.agenda.heap, scheduler.log = [], deque(maxlen=record.log_length)
        for due in record.agenda:
            yield
            scheduler.agenda.heap.append(self._event(due))
        heapify(scheduler.agenda.heap)
        for entry in record.log:
            yield
            scheduler.log.append(self._logged(*entry))
        scheduler.announced = [(instant, self._at(number)) for instant, number in record.announced]
        made.awaited += len(scheduler.announced)
        made.ids_made, made.ids_floor = dict(record.ids), record.ids_floor
        for name, shelf in record.shelves.items():
            self._shelf(name, shelf)

    def _event(self, due: Due) -> Event:
        if due.kind == NODE:
            need(0 <= due.subject < len(self.cluster.nodes) and due.count >= 0, "a node fails that is not there")
            timer = NodeTimer(due.subject)
            timer.count = due.count
            return (due.instant, due.order, due.kind, cast(Job, timer), 0, None)
        job = self._at(due.subject)
        return (due.instant, due.order, due.kind, job, WHOLE_JOB if due.whole_job else job.generation, due.detail)

    def _logged(self, instant: int, number: int, state: str, event: str) -> tuple[int, Job, Stage, str]:
        job = self._at(number)
        stage = next((stage for stage in job.stages_after(0) if stage.name == state), None)
        is_past = stage is not None and 0 <= instant <= self.record.now
        need(is_past, f"job {job.key[:80]} was never in state {state[:40]}")
        return instant, job, cast(Stage, stage), EVENTS.get(event, event)

    def _shelf(self, name: str, shelf: Any) -> None:
        need(name in self.readers.shelves, f"it holds {name[:40]}, which no API here keeps")
        read = self.readers.shelves[name]
        if read is None:
            return
        try:
            found = read(unpack(shelf))
            self.made.job_limits.hold(plain_bytes(shelf))
        except (ValueError, TypeError, KeyError) as error:
            raise SnapshotError(f"what is kept as {name} does not fit: {error}") from error
        self.made.shelves[name] = found


def _may_wait(job: Job) -> bool:
    """Whether the job is at work or will ask for nodes without being released first."""
    return not job.is_over and job.phase != "draft"
