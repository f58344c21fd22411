"""Checks that a recorded world is consistent. Every function raises SnapshotError."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from mockserver.simulation.clock import LAST_US
from mockserver.simulation.cluster.cluster import GPU, MILLI, SHARE, Cluster
from mockserver.simulation.cluster.node import DOWN, DRAINING, Node
from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.events import EXPIRY, NODE, RANK, RELEASE, RUN_END, STEP, TIMEOUT, WHOLE_JOB, Event
from mockserver.simulation.job import DISCARDED, Job, Member
from mockserver.simulation.lifecycle import LED, WORKING
from mockserver.simulation.request import MOST_LABELS, JobRequest, Outcome, ResourceRequest
from mockserver.simulation.short_cache import short_cache
from mockserver.simulation.snapshot.pauses import Steps
from mockserver.simulation.snapshot.record import WorldRecord
from mockserver.simulation.world import MOST_IDS, World

MOST = 1 << 61
"""Instants, counts and amounts are below this."""

_RANK_BITS = 48
_LIMITS = ("assign", "start", "run", "total")
_EVENTS = ["submitted", "elapsed", "released", "allocated", "started", "succeeded", "failed", "retried", "timed_out"]
_EVENTS += ["cancelled", "displaced", "preempted", "parked", "joined"]
EVENTS = dict(zip(_EVENTS, _EVENTS, strict=True))
"""Every event, by its name, so that all jobs share one text of it."""


def need(condition: bool, sentence: str) -> None:
    """Raises SnapshotError with the sentence unless the condition holds."""
    if not condition:
        raise SnapshotError(f"the snapshot does not fit together: {sentence}")


def _bounded(numbers: Iterable[float], what: str, low: float = 0) -> None:
    values = tuple(numbers)
    if values and not low <= min(values) <= max(values) < MOST:
        worst = min(values) if min(values) < low else max(values)
        need(False, f"{what} is {worst:.20g}, expected from {low:g} to below {MOST:g}")


def check_record(record: WorldRecord) -> None:
    """Whether the numbers of the world itself can be."""
    counts = (record.now, record.submitted, record.logged, record.scheduled, record.log_length or 0)
    _bounded(counts, "a count or instant")
    _bounded((record.epoch, record.seed), "the beginning or the seed", low=-MOST)
    need(record.epoch + record.now <= LAST_US, "its clock shows what no clock can")
    need(record.logged >= len(record.log), "the log has more transitions than were counted")
    fits = record.log_length is None or len(record.log) <= record.log_length
    need(fits, "the log has more transitions than it may keep")
    serials = [kept.serial for kept in record.jobs if kept.lead is None]
    need(len(set(serials)) == len(serials), "two jobs were submitted as one")
    need(all(0 < serial <= record.submitted for serial in serials), "more jobs were submitted than were counted")
    is_known = all(condition in (DOWN, DRAINING) for _, condition in record.conditions)
    need(is_known, "a node is in a condition that there is not")
    for node in record.nodes:
        check_node(node)
    _bounded((record.ids_floor, *(part for pair in record.ids for part in pair)), "a count of ids")
    need(len(record.ids) <= MOST_IDS, f"it counts ids for {len(record.ids)} purposes, expected at most {MOST_IDS}")
    _bounded((instant for instant, _ in record.announced), "an instant")


def check_node(node: Node) -> None:
    """Whether a node that was added can be."""
    amounts = (node.cpu, node.memory, node.storage, node.vram, *node.custom.values())
    _bounded(amounts, f"an amount of node {node.name[:80]}")
    need(0 <= node.gpus <= 1024, f"node {node.name[:80]} has {node.gpus} gpus, expected at most 1024")


def check_request(request: JobRequest) -> None:
    """Whether somebody could have asked for this."""
    key = request.key[:80]
    need(request.key != "" and len(request.key) <= 4096, f"a job is called {key!r}")
    _bounded(_amounts(request), f"a number that job {key} asks for")
    _bounded((request.priority,), f"the priority of job {key}", low=-MOST)
    need(1 <= request.nodes <= 1_000_000, f"job {key} asks for {request.nodes} nodes")
    need(all(map(_is_wanted, (request.resources, *request.elastic))), f"job {key} asks for an amount that there is not")
    wanted = request.resources
    labels = max(map(len, (wanted.labels, wanted.any_labels, wanted.preferred)))
    need(labels <= MOST_LABELS, f"job {key} names {labels} labels, expected at most {MOST_LABELS}")
    team = request.team
    is_manned = team is None or (1 <= team.size <= 10_000_000 and team.parallel >= 1)
    need(is_manned, f"the team of job {key} has no members")


def _amounts(request: JobRequest) -> Iterator[float]:
    yield from (request.retries, request.not_before, request.ttl or 0.0, request.backoff.first, request.backoff.most)
    yield from (getattr(request.limits, name) or 0.0 for name in _LIMITS)
    if request.team is not None:
        yield from (request.team.tolerate, request.team.run or 0.0)
    if request.script is not None:
        yield from (request.script.run_seconds or 0.0, request.script.exit_code or 0, request.script.fail_attempts or 0)


@short_cache(1024)
def _is_wanted(wanted: ResourceRequest) -> bool:
    """Whether somebody could ask one node for this; many jobs ask for the same."""
    amounts = [wanted.cpu, wanted.memory, wanted.gpu, wanted.storage, wanted.vram]
    amounts += [amount for _, amount in wanted.custom]
    return min(amounts) >= 0 and max(amounts) < MOST


def check_history(job: Job, *, nodes: Mapping[str, str], now: int) -> None:
    """Whether the job's lifecycle leads along its history, in time, and its details are what such events have."""
    key, steps = job.key[:80], list(job.steps())
    instants = [instant for instant, _, _, _ in steps]
    in_order = instants[0] >= 0 and instants[-1] <= job.changed <= now and instants == sorted(instants)
    need(in_order, f"the times of job {key} are in disorder")
    need(steps[0][2] == "submitted", f"job {key} was never submitted")
    need(job.generation >= 0 or job.generation == DISCARDED, f"job {key} has a generation that there is not")
    _bounded((job.generation + 2, job.failures), f"a count of job {key}")
    for (_, before, _, _), (_, stage, event, _) in pairwise(steps):
        declared = before.after[1] if event == "elapsed" and before.after else before.on.get(event)
        forced = event == "failed" and stage is before.on.get("timed_out")
        need(stage is declared or forced, f"job {key} cannot have gone from {before.name} to {stage.name}")
    for _, _, event, detail in steps:
        is_given = isinstance(detail, tuple) and bool(detail) and all(node in nodes for node in detail)
        is_told = is_given if event == "allocated" else detail is None or isinstance(detail, Outcome)
        need(is_told, f"a step of job {key} says what such a step cannot")
        can_be = not isinstance(detail, Outcome) or 0 <= (detail.duration or 0) < MOST > abs(detail.exit_code)
        need(can_be, f"a run of job {key} cannot have gone so")


def check_holding(job: Job, cluster: Cluster) -> None:
    """Whether a job may hold what it does: nodes of which it takes as many devices as it asked for."""
    key, shape = job.key[:80], job.shape
    need(job.stage.holds and not job.is_over, f"job {key} holds nodes although it is {job.state}")
    numbers = [number for number, _ in job.holding]
    is_counted = len(numbers) == shape.count == len(set(numbers))
    need(is_counted, f"job {key} holds {len(numbers)} nodes, expected {shape.count}")
    whole = sum(amount for index, amount in shape.demand if index == GPU) // MILLI
    wanted = 1 if any(index == SHARE for index, _ in shape.demand) else whole
    need(all(index >= 0 for index, _ in shape.demand), f"job {key} holds what no node has")
    for number, devices in job.holding:
        need(0 <= number < len(cluster.nodes), f"job {key} holds a node that is not there")
        there = range(len(cluster.devices[number]))
        fits = len(devices) == wanted == len(set(devices)) and all(device in there for device in devices)
        can_be = fits and shape.possible >> number & 1 == 1
        need(can_be, f"job {key} holds what node {cluster.nodes[number].name[:80]} cannot have given it")


def check_ledger(cluster: Cluster) -> None:
    """Whether nobody holds what somebody else has."""
    need(all(free >= 0 for dimension in cluster.dimensions for free in dimension.free), "more is held than there is")
    need(all(0 <= free <= MILLI for devices in cluster.devices for free in devices), "two jobs hold the same gpu")


def check_world(world: World, jobs: list[Job]) -> Steps[None]:
    """Whether every job stands where its history says, and what is due can happen."""
    scheduler = world.scheduler
    kept = {job for api in world.lifecycles for job in world.jobs(api).values()}
    members = {member for job in kept if job.crew is not None for member in job.crew.members}
    for job in jobs:
        yield
        if job in kept or job in members:
            need(job.generation != DISCARDED, f"job {job.key[:80]} was discarded and is still there")
            is_held = bool(job.holding) == job.stage.holds
            need(is_held, f"job {job.key[:80]} is {job.state}; what it holds says otherwise")
        else:
            need(job.is_over and not job.holding, f"job {job.key[:80]} belongs to no team but is not over")
        if job in kept:
            _check_team(job, world.job_limits.of(job))
    need(world.job_limits.taken <= max(world.job_limits.most, len(kept)), "it holds more jobs than its scenario allows")
    for instant, job in scheduler.announced:
        is_end = instant <= world.now_us and job.is_terminal and job.request.callback is not None
        need(is_end, "an end is announced that was none")
    need(all(event in EVENTS for _, _, _, event in scheduler.log), "the log has an unknown transition")
    _check_waiting(world, kept | members)
    yield
    yield from _check_agenda(world, kept | members, kept)


def _check_team(job: Job, places: int | None) -> None:
    team, crew, key = job.request.team, job.crew, job.key[:80]
    roomy = team is None or job.phase == "draft" or (places or 2) == 1 + team.size
    need(roomy and 1 <= (places or 1) < MOST, f"job {key} has not the room that its team needs")
    is_led = job.stage.entry.startswith(LED)
    if crew is None:
        need(job.stage.entry != WORKING and (not is_led or job.is_over), f"job {key} has lost its team")
        return
    need(team is not None and len(crew.members) <= team.size, f"job {key} has more members than its team")
    need(crew.open == 0 or not job.is_over, f"the team of job {key} works on after its end")
    is_done = team is not None and crew.done >= team.size
    is_open = not job.is_over and (is_led or job.phase == WORKING)
    need(not (is_done and is_open), f"the team of job {key} is done and it is not")


def _check_waiting(world: World, known: set[Job]) -> None:
    placement = world.scheduler.placement
    waiting = list(placement.queue)
    need(len(set(waiting)) == len(waiting) and known.issuperset(waiting), "a waiting job is listed twice or unknown")
    need(all("allocated" in job.stage.on for job in waiting), "a job waits that cannot be allocated")


def _check_agenda(world: World, known: set[Job], kept: set[Job]) -> Steps[None]:
    heap, now, serial = world.scheduler.agenda.heap, world.now_us, world.scheduler.agenda.serial
    need(len({event[1] for event in heap}) == len(heap), "two events have one place in the order")
    need(all(count == 1 for count in Counter(map(_subject, heap)).values()), "something is due twice")
    for event in heap:
        yield
        instant, order, kind, job, _, _ = event
        need(now < instant < MOST and kind in RANK, "something was due before")
        is_placed = order >> _RANK_BITS == RANK[kind] and 0 < order & ((1 << _RANK_BITS) - 1) <= serial
        need(is_placed, "an event has no place in the order")
        if kind != NODE:
            owners = kept if kind == EXPIRY else known
            may_happen = job in owners and _may_happen(event)
            need(may_happen, f"something is due for job {job.key[:80]} that cannot happen to it")


def _subject(event: Event) -> tuple[object, ...]:
    """What an event is about; of two about the same the second would meet what the first has left."""
    _, _, kind, job, _, detail = event
    return kind, getattr(job, "number", job), detail if kind == TIMEOUT else None


def _may_happen(event: Event) -> bool:
    """Whether the state that a job is in knows what is due for it."""
    _, _, kind, job, generation, detail = event
    stage = job.stage
    if kind == RUN_END:
        is_run = stage.entry in ("running", "member running") and isinstance(detail, Outcome)
        return is_run and {"succeeded", "failed"} <= stage.on.keys()
    if kind == STEP:
        if detail is None:
            return stage.after is not None
        is_start = detail == "started"
        return ("started" if is_start else "failed") in stage.on and (is_start or isinstance(detail, Outcome))
    if kind == TIMEOUT:
        return detail in _LIMITS and (generation != WHOLE_JOB or detail == "total") and not isinstance(detail, Outcome)
    if kind == RELEASE:
        return stage.entry in ("queued", "member queued") and detail is None
    return kind == EXPIRY and job.is_terminal and job.request.ttl is not None and not isinstance(job, Member)
