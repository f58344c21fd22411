"""What must hold in a world after every event; each check names the promise it keeps and looks at the ledger, never at
the index it checks.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from mockserver.simulation.cluster.cluster import GPU, MILLI, SHARE
from mockserver.simulation.cluster.node import DOWN, READY
from mockserver.simulation.job import Job, Member
from mockserver.simulation.request import ALONE, Outcome
from mockserver.simulation.world import World


def everything(here: World) -> None:
    """All checks that hold at any moment."""
    jobs = list(here.everybody())
    capacity_is_conserved(here, jobs)
    devices_are_not_shared_by_whole_jobs(here, jobs)
    masks_say_what_is_free(here)
    members_have_places(here)
    node_jobs_and_slack_are_what_is_held(here, jobs)
    whoever_works_has_a_future(here, jobs)
    for job in jobs:
        capacity_is_held_exactly_while_active(job)
        history_follows_the_lifecycle(job)
        stamps_never_go_back(job)
        attempts_are_bounded(job)
        teams_add_up(job)
        limits_are_kept(here, job)
        nodes_are_what_was_asked_for(here, job)
        nobody_is_where_a_node_is_down(here, job)


def capacity_is_conserved(here: World, jobs: list[Job]) -> None:
    """Free plus held is capacity, in every dimension of every node; never below zero."""
    cluster = here.scheduler.cluster
    held: Counter[tuple[int, int]] = Counter()
    for job in jobs:
        for node, _ in job.holding:
            for index, amount in job.shape.demand:
                held[node, index] += amount
    for index, dimension in enumerate(cluster.dimensions):
        if index in (GPU, SHARE):
            continue
        for node, free in enumerate(dimension.free):
            assert 0 <= free <= cluster.capacity[node][index]
            assert free + held[node, index] == cluster.capacity[node][index]


def devices_are_not_shared_by_whole_jobs(here: World, jobs: list[Job]) -> None:
    """Each device carries at most one whole, or fractions of at most one whole together."""
    cluster = here.scheduler.cluster
    used: Counter[tuple[int, int]] = Counter()
    for job in jobs:
        for node, devices in job.holding:
            assert node < len(cluster.nodes)
            wanted = sum(amount for index, amount in job.shape.demand if index == GPU) // MILLI
            assert len(devices) == (1 if job.shape.share else wanted)
            for device in devices:
                used[node, device] += job.shape.share or MILLI
    for node, free in enumerate(cluster.devices):
        for device, amount in enumerate(free):
            assert amount == MILLI - used[node, device] >= 0
        assert cluster.dimensions[GPU].free[node] == free.count(MILLI) * MILLI


def masks_say_what_is_free(here: World) -> None:
    """Bit n of a level's mask is set exactly when node n has that much free, and the ladder holds each node on its
    rung.
    """
    for dimension in here.scheduler.cluster.dimensions:
        assert dimension.amounts == sorted({level.amount for level in dimension.levels})
        for level in dimension.levels:
            assert level.mask == sum(1 << node for node, free in enumerate(dimension.free) if free >= level.amount)
        if dimension.ladder is not None:
            rungs = dimension.ladder.rungs
            assert [rung.amount for rung in rungs if rung.mask] == sorted(set(dimension.free))
            assert rungs == sorted(rungs, key=lambda rung: rung.amount)
            for rung in rungs:
                assert rung.mask == sum(1 << node for node, free in enumerate(dimension.free) if free == rung.amount)


def members_have_places(here: World) -> None:
    """Room was taken for everybody there is: each job, and each member of a team that was asked for."""
    jobs = [job for api in here.lifecycles for job in here.jobs(api).values()]
    assert here.count == len(jobs)
    assert here.job_limits.taken >= sum(
        1 + len(job.crew.members) if job.crew is not None and job.request.team != ALONE else 1 for job in jobs
    )


def node_jobs_and_slack_are_what_is_held(here: World, jobs: list[Job]) -> None:
    """The index by node names exactly those that hold something there; who holds less than it asked for, or more than
    the least, is filed so.
    """
    placement = here.scheduler.placement
    on: dict[int, set[Job]] = {}
    for job in jobs:
        for node, _ in job.holding:
            on.setdefault(node, set()).add(job)
    assert {node: set(there) for node, there in enumerate(placement.node_jobs.on) if there} == on
    soft = [job for job in jobs if job.holding and job.request.elastic and job.request.nodes == 1]
    wanted = {job: (job.request.resources, *job.request.elastic) for job in soft}
    assert all(job.shape.request in wanted[job] for job in soft)
    assert set(placement.slack.shrunk) == {
        job for job in soft if job.shape.larger or job.shape.request != wanted[job][0]
    }
    ample = {job: job.holding[0][0] for job in soft if not job.shape.larger}
    assert {job: node for node, there in placement.slack.ample.items() for job in there} == ample
    assert placement.slack.nodes == sum(1 << node for node in set(ample.values()))


def capacity_is_held_exactly_while_active(job: Job) -> None:
    """A job holds nodes if and only if its phase says so; an ended job holds nothing."""
    assert bool(job.holding) == job.stage.holds
    assert len(job.holding) == len({node for node, _ in job.holding}) == (job.request.nodes if job.holding else 0)


def history_follows_the_lifecycle(job: Job) -> None:
    """The recorded history is a path along declared transitions from the initial state, and nothing follows an end."""
    steps = list(job.steps())
    assert steps[0][2] == "submitted"
    assert steps[-1][1] is job.stage
    for (_, before, _, _), (_, stage, event, _) in pairwise(steps):
        declared = before.after[1] if event == "elapsed" and before.after else before.on.get(event)
        assert stage is declared
        assert not before.is_terminal


def stamps_never_go_back(job: Job) -> None:
    """Instants rise along the history, and inside each attempt; the end is known exactly when the job has ended."""
    instants = [instant for instant, _, _, _ in job.steps()]
    assert instants == sorted(instants)
    assert job.created == instants[0]
    assert job.changed == instants[-1]
    assert (job.ended is not None) == job.is_terminal
    for attempt in job.attempts():
        reached = [
            stamp for stamp in (attempt.queued, attempt.assigned, attempt.started, attempt.ended) if stamp is not None
        ]
        assert reached == sorted(reached)
        assert (attempt.assigned is not None) == bool(attempt.nodes)


def attempts_are_bounded(job: Job) -> None:
    """No more attempts than one and the retries, not counting those that lost their node."""
    counted = [attempt for attempt in job.attempts() if attempt.outcome != "displaced"]
    lead = job.parent if isinstance(job, Member) and job.parent is not None else job
    most = max(lead.request.retries, 0 if lead.request.team is None else lead.request.team.tolerate)
    assert len(counted) <= 1 + most
    assert job.failures <= 1 + most


def teams_add_up(job: Job) -> None:
    """Members queued, running, done and failed are all there are; no more work at once than allowed; the job ends with
    the last, or with the first failure too many.
    """
    crew, team = job.crew, job.request.team
    if crew is None or team is None:
        return
    counted = Counter(member.phase for member in crew.members)
    active = [member for member in crew.members if member.holding]
    assert (crew.done, crew.failed, crew.active) == (counted["succeeded"], counted["failed"], len(active))
    assert (
        crew.open
        == sum(not member.is_over for member in crew.members)
        <= max(0, min(team.parallel, team.size - crew.done))
    )
    assert not job.holding or (not crew.open and job.phase != "working")
    if job.is_over or job.generation < 0:
        assert not crew.open
    elif job.phase == "working":
        assert crew.done < team.size
        assert team.size == crew.done + crew.open + (team.size - len(crew.members))
    assert [member.index for member in crew.members] == list(range(len(crew.members)))
    assert len(crew.members) <= team.size


def whoever_works_has_a_future(here: World, jobs: list[Job]) -> None:
    """For everybody who holds nodes something is due that ends it, unless the run is to go on until
    somebody ends it.
    """
    due = {
        event[3] for event in here.scheduler.agenda.heap if event[4] == event[3].generation and event[0] >= here.now_us
    }
    for job in jobs:
        assert not job.holding or job in due or job.request.endless


def limits_are_kept(here: World, job: Job) -> None:
    """A limit passes exactly so long after its anchor: entering the phase, or (total) the submission or release."""
    began, phase = job.created, ""
    for instant, stage, event, detail in job.steps():
        if isinstance(detail, Outcome) and detail.reason.endswith("_timeout") and event in ("timed_out", "retried"):
            name = detail.reason.removesuffix("_timeout")
            if job.crew is not None and name != "total":  # it may be what ended a member
                continue
            span = getattr(job.request.limits, name)
            anchor = _asked_to_run(job) if name == "total" else began
            assert instant == anchor + round(span * 1e6)
        if stage.phase != phase:
            began, phase = instant, stage.phase
    limit = {
        "queued": job.request.limits.assign,
        "starting": job.request.limits.start,
        "running": job.request.limits.run,
    }.get(phase)
    if limit is not None and "timed_out" in job.stage.on and job.generation >= 0 and job.crew is None:
        assert here.now_us <= began + round(limit * 1e6)


def _asked_to_run(job: Job) -> int:
    return next(instant for instant, stage, _, _ in job.steps() if stage.phase != "draft")


def nodes_are_what_was_asked_for(here: World, job: Job) -> None:
    """Every node that a job holds has the labels and the GPU that were asked for."""
    wanted = job.shape.request
    for node, _ in job.holding:
        machine = here.scheduler.cluster.nodes[node]
        assert wanted.gpu_model in (None, machine.gpu_model)
        assert set(wanted.labels) <= set(machine.labels)


def nobody_is_where_a_node_is_down(here: World, job: Job) -> None:
    """A node that is down has lost whoever was on it, unless the job's lifecycle knows no way to leave from there."""
    lost = [node for node, _ in job.holding if here.scheduler.cluster.conditions[node] == DOWN]
    assert not lost or not job.stage.on.keys() & {"displaced", "failed"}


def settled(here: World) -> None:
    """What holds only when everything due has happened: nobody waits for room that is there, and equal shapes keep
    their order.
    """
    cluster, scheduler = here.scheduler.cluster, here.scheduler
    following = scheduler.next_event()
    assert following is None or following > here.now_us
    waiting = list(scheduler.placement.queue)
    for job in waiting:
        assert job.phase == "queued"
        assert scheduler.placement.policy != "greedy" or not [
            node for node in range(len(cluster.nodes)) if fits_now(here, job, node)
        ], f"{job} waits though a node has room"
    for job in waiting:
        since = job.attempts()[-1].queued
        for other in (other for other in here.everybody() if other.shape is job.shape and other.holding):
            assigned = other.attempts()[-1].assigned
            inverted = assigned == here.now_us > since and other.request.priority < job.request.priority
            assert not inverted or job.request.not_before * 1e6 >= here.now_us or job.failures, (
                f"{other} overtook {job}"
            )


def fits_now(here: World, job: Job, node: int) -> bool:
    """By brute force over the ledger: whether `node` is ready and has all that `job` asks for."""
    cluster, wanted = here.scheduler.cluster, job.shape.request
    if cluster.conditions[node] != READY:
        return False
    machine = cluster.nodes[node]
    if wanted.gpu_model not in (None, machine.gpu_model) or not set(wanted.labels) <= set(machine.labels):
        return False
    if any(amount > 0 and name not in machine.custom for name, amount in wanted.custom):
        return False
    devices = cluster.devices[node]
    if 0 < wanted.gpu < 1 and max(devices, default=0) < wanted.gpu * MILLI:
        return False
    if wanted.gpu >= 1 and devices.count(MILLI) < wanted.gpu:
        return False
    return all(
        cluster.dimensions[index].free[node] >= amount
        for index, amount in job.shape.demand
        if index not in (GPU, SHARE)
    )
