"""Runs a whole workload through the simulation at full speed, without a server, and measures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from msgspec import structs

from mockserver.measure import Measure, Row
from mockserver.simulation.clock import micros
from mockserver.simulation.draws import ARRIVAL, KIND, uniform
from mockserver.simulation.lifecycle import Course
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest, Script
from mockserver.simulation.scenario.distribution import pick, sample
from mockserver.simulation.scenario.scenario import GIB, MOST_JOBS, JobKind, Scenario
from mockserver.simulation.world import World
from mockserver.trace import TracedJob

CANCELLED = "cancelled"
_FAR = 1 << 60
_STEPS = 2_000
_UNREAD = 2_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A job that will be submitted at `instant` (microseconds)."""

    instant: int
    request: JobRequest


def made_up(scenario: Scenario, count: int, *, api: str, seed: int) -> Iterator[Planned]:
    """`count` jobs as the scenario's `arrivals` and `jobs` describe them."""
    at = 0.0
    requests = [_request(kind, scenario.limits, api=api) for kind in scenario.jobs]
    weights = [kind.weight for kind in scenario.jobs]
    for number in range(count):
        if number:
            chance = uniform(seed, draw="", attempt=number, purpose=ARRIVAL)
            at += sample(scenario.arrivals, chance, turn=number - 1)
        kind, _ = pick(weights, uniform(seed, draw="", attempt=number, purpose=KIND))
        yield Planned(micros(at), structs.replace(requests[kind], key=f"job-{number + 1}"))


def _request(kind: JobKind, limits: Limits, *, api: str) -> JobRequest:
    wanted = ResourceRequest(
        cpu=kind.cpu,
        memory=int(kind.memory_gib * GIB),
        gpu=kind.gpu,
        storage=int(kind.storage_gib * GIB),
        vram=int(kind.vram_gib * GIB),
        gpu_model=kind.gpu_model,
        labels=kind.labels,
    )
    return JobRequest(
        api=api,
        key="",
        resources=wanted,
        project=kind.project,
        priority=kind.priority,
        retries=kind.retries,
        nodes=kind.nodes,
        preemptible=kind.preemptible,
        limits=limits,
    )


def traced(scenario: Scenario, jobs: Iterable[TracedJob], *, api: str) -> Iterator[Planned]:
    """The jobs of a trace; one with more cores than any node has becomes a gang on as many nodes as it takes."""
    most = max(node.cpu for node in scenario.nodes)
    for number, job in enumerate(jobs, start=1):
        nodes = max(1, ceil(job.cpu / most)) if most else 1
        wanted = ResourceRequest(
            cpu=job.cpu if nodes == 1 else ceil(job.cpu / nodes), memory=job.memory // nodes, gpu=job.gpu / nodes
        )
        code, reason = {"completed": (0, ""), "failed": (1, "failed in the trace")}.get(job.ending, (1, CANCELLED))
        script = Script(run_seconds=job.run, exit_code=code, reason=reason)
        request = JobRequest(
            api=api,
            key=f"job-{number}",
            resources=wanted,
            owner=job.owner,
            nodes=nodes,
            script=script,
            limits=scenario.limits,
            estimate=job.limit,
        )
        yield Planned(micros(job.submit), request)


def simulate(
    scenario: Scenario,
    course: Course,
    planned: Iterable[Planned],
    *,
    api: str,
    seed: int | None = None,
    tell: Callable[[int], None] = lambda ended: None,
    note: Callable[[Row], None] | None = None,
) -> Measure:
    """Submit every planned job at its instant and let time run until all have ended or nothing more can happen.

    `tell` is called now and then with the number of jobs that are over, `note` with every line of the timeline.
    """
    world = World(structs.replace(scenario, most_jobs=MOST_JOBS), {api: course}, epoch_us=0, seed=seed, log=None)
    scheduler, cluster = world.scheduler, world.scheduler.cluster
    measure = Measure(cluster, note, world.forget)
    for one in planned:
        scheduler.advance(one.instant)
        shape = cluster.shape(one.request.resources, one.request.nodes)
        if shape.possible.bit_count() < one.request.nodes:
            measure.refuse(one.request, cluster.reasons(shape, empty=True))
            continue
        world.submit(one.request)
        measure.submitted += 1
        if len(scheduler.log) > _UNREAD:
            measure.follow(scheduler.log)
            tell(measure.over)
    while True:
        before = scheduler.logged
        is_done = scheduler.advance(_FAR, _STEPS)
        measure.follow(scheduler.log)
        tell(measure.over)
        if is_done or not measure.live or scheduler.logged == before:
            return measure
