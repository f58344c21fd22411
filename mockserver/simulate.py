"""Runs a whole workload through the simulation at full speed, without a server, and measures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from typing import Any

from msgspec import structs
from msgspec.structs import replace

from mockserver.measure import Measure, Row
from mockserver.simulation.clock import FOREVER, micros
from mockserver.simulation.cluster.node import DOWN
from mockserver.simulation.draws import ARRIVAL, KIND, uniform
from mockserver.simulation.events import NODE, WHOLE_JOB
from mockserver.simulation.job import Job
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest, Script
from mockserver.simulation.scenario.distribution import pick, sample
from mockserver.simulation.scenario.rules import MOST_JOBS
from mockserver.simulation.scenario.scenario import GIB, JobKind, NodeClass, Scenario
from mockserver.simulation.scheduler import Scheduler
from mockserver.simulation.world import World
from mockserver.trace import TracedJob

CANCELLED = "cancelled"
_END = micros(FOREVER)
_TIME_IS_OVER = f"simulated time ends after {FOREVER:g} s"
_STEPS = 2_000
_UNREAD = 2_000
FRUITLESS = 100_000
"""So many attempts in a row may lose their nodes before the simulation is given up."""

_QUIET = 20
"""So often each node may fail and return while nothing else happens; then nothing will."""


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
    """The jobs of a trace; one that asks for more than any node has becomes a gang on as few nodes as can share it
    alike.
    """
    nodes_for = lru_cache(maxsize=4096)(partial(_nodes_for, scenario.nodes))
    for number, job in enumerate(jobs, start=1):
        nodes = nodes_for(job.cpu, job.memory, job.gpu, job.gpu_model)
        wanted = replace(_share(job.cpu, job.memory, job.gpu, nodes), gpu_model=job.gpu_model)
        code, reason = {"completed": (0, ""), "failed": (1, "failed in the trace")}.get(job.ending, (1, CANCELLED))
        request = JobRequest(
            api=api,
            key=job.number or f"job-{number}",
            resources=wanted,
            owner=job.owner,
            project=job.project,
            priority=job.priority,
            nodes=nodes,
            script=Script(run_seconds=job.run, exit_code=code, reason=reason),
            limits=scenario.limits,
            estimate=job.limit,
        )
        yield Planned(micros(job.submit), request)


def _share(cpu: float, memory: int, gpu: float, nodes: int) -> ResourceRequest:
    """What a job takes of each of so many nodes: whole cores and GPUs where it takes more than one node."""
    if nodes == 1:
        return ResourceRequest(cpu=cpu, memory=memory, gpu=gpu)
    return ResourceRequest(cpu=ceil(cpu / nodes), memory=ceil(memory / nodes), gpu=ceil(gpu / nodes))


def _nodes_for(kinds: tuple[NodeClass, ...], cpu: float, memory: int, gpu: float, model: str | None) -> int:
    """The fewest nodes that can hold such a job in equal parts; if there are none, as many as its cores and GPUs take
    of the largest node.
    """
    fitting = [kind for kind in kinds if model is None or (kind.gpu is not None and kind.gpu.model == model)]
    most_cpu = max((kind.cpu for kind in fitting), default=0)
    most_gpus = max((kind.gpu.count for kind in fitting if kind.gpu), default=0)
    least = max(1, ceil(cpu / most_cpu) if most_cpu else 1, ceil(gpu / most_gpus) if most_gpus else 1)
    for nodes in range(least, sum(kind.count for kind in fitting) + 1):
        part = _share(cpu, memory, gpu, nodes)
        room = sum(kind.count for kind in fitting if _holds(kind, part))
        if room >= nodes:
            return nodes
    return least


def _holds(kind: NodeClass, part: ResourceRequest) -> bool:
    return (
        kind.cpu >= part.cpu
        and kind.memory_gib * GIB >= part.memory
        and (kind.gpu.count if kind.gpu else 0) >= part.gpu
    )


def simulate(
    scenario: Scenario,
    lifecycle: CompiledLifecycle,
    planned: Iterable[Planned],
    *,
    api: str,
    seed: int | None = None,
    tell: Callable[[int], None] = lambda ended: None,
    note: Callable[[Row], None] | None = None,
    draws: bool = False,
) -> Measure:
    """Submit every planned job at its instant and let time run until all have ended or nothing more can happen.

    `tell` is called now and then with the number of jobs that are over, `note` with every line of the timeline;
    `draws` says that a picture will be made.
    """
    world = World(structs.replace(scenario, most_jobs=MOST_JOBS), {api: lifecycle}, epoch_us=0, seed=seed, log=None)
    scheduler, cluster = world.scheduler, world.scheduler.cluster
    measure = Measure(cluster, note, world.forget, draws=draws)
    scheduler.attend = _attending(world, measure)
    last, why = 0, ""
    for one in planned:
        why = why or (_TIME_IS_OVER if one.instant >= _END else _let_run(scheduler, measure, one.instant, tell))
        if why:
            measure.leave_out()
            continue
        last = one.instant
        shape = cluster.shape(one.request.resources, one.request.nodes)
        if shape.possible.bit_count() < one.request.nodes:
            measure.refuse(one.request, cluster.reasons(shape, empty=True))
            continue
        job = world.submit(one.request)
        if job.phase == "draft":
            world.release(job)
        measure.submitted += 1
    measure.follow(scheduler.log)
    measure.arrivals_are_over(last)
    if why in ("", _TIME_IS_OVER):
        why = _let_run(scheduler, measure, None, tell)
    measure.leave_unfinished(why or _reason(world, job) for job in world.jobs(api).values())
    return measure


def _let_run(scheduler: Scheduler, measure: Measure, target: int | None, tell: Callable[[int], None]) -> str:
    """Let time run up to `target`; without one, until all jobs have ended or nothing more can happen to the rest.

    Returns why that has no end, if it has none.
    """
    quiet = 0
    while True:
        before = scheduler.logged
        is_done = scheduler.advance(_END if target is None else target, _STEPS)
        if len(scheduler.log) > _UNREAD or target is None:
            measure.follow(scheduler.log)
            tell(measure.over)
        if is_done or (target is None and not measure.live):
            return _TIME_IS_OVER if target is None and scheduler.agenda.next_instant() is not None else ""
        if measure.fruitless > FRUITLESS:
            return f"no job ended in the last {FRUITLESS:,} attempts: nodes fail before their jobs end"
        quiet = quiet + 1 if scheduler.logged == before else 0
        if target is None and quiet * _STEPS > _QUIET * len(scheduler.cluster.nodes) and _only_nodes_change(scheduler):
            return ""


def _only_nodes_change(scheduler: Scheduler) -> bool:
    """Whether nothing is due but failures and repairs of nodes."""
    return all(
        kind == NODE or (generation not in (job.generation, WHOLE_JOB))
        for _, _, kind, job, generation, _ in scheduler.agenda.heap
    )


def _attending(world: World, measure: Measure) -> Callable[[Any], None]:
    """What is done when a node fails or returns: the measure follows it, too."""

    def attend(timer: Any) -> None:
        world.attend(timer)
        measure.count_nodes(world.now_us, sum(condition == DOWN for condition in world.scheduler.cluster.conditions))

    return attend


def _reason(world: World, job: Job) -> str:
    """What keeps a job that has not ended."""
    return world.why_waiting(job) or f"in state {job.state}" if job.phase == "queued" else f"in state {job.state}"
