"""Elastic jobs: they take what there is, grow where nobody waits, and give back in place before anybody is evicted or
kept waiting.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest, ResourceRequest
from mockserver.simulation.scenario.scenario import Gpu, NodeClass, Project
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.worlds import after, ask, path, world

elastic = st.tuples(
    st.sampled_from([1, 2, 4]), st.booleans(), st.sampled_from(["sleep 3", "sleep 10", "sleep 40"]), st.integers(0, 6)
)
ONE_NODE = (NodeClass("g", 16, 64, gpu=Gpu(4, "A")),)


def soft(here: World, key: str, gpu: int, **facts: object) -> Job:
    """An elastic Run:AI job that makes do with half, a quarter and so on of its GPUs, submitted and settled."""
    less = tuple(ResourceRequest(cpu=1, gpu=gpu // 2**step) for step in range(1, gpu.bit_length()))
    job = here.submit(
        ask(key, api="runai", gpu=gpu, elastic=less, **{"preemptible": True, "command": "sleep 1000"} | facts)
    )
    here.settle()
    return job


def rigid(here: World, key: str, gpu: float, **facts: object) -> Job:
    job = here.submit(ask(key, api="runai", gpu=gpu, **{"preemptible": True, "command": "sleep 1000"} | facts))
    here.settle()
    return job


def held(*jobs: Job) -> list[int]:
    """How many GPUs each holds."""
    return [sum(len(devices) for _, devices in job.holding) for job in jobs]


def test_what_is_held_beyond_the_least_goes_back_step_by_step_and_nothing_begins_anew() -> None:
    here = world(nodes=ONE_NODE)
    large = soft(here, "large", 4)
    after(here, 5)
    seen = []
    late = []
    for number in range(4):
        late.append(rigid(here, f"late{number}", 1))
        seen.append(held(large, *late))
        invariants.everything(here)

    assert seen == [[2, 1], [2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1, 0]]
    assert path(large) == [(0, "Pending"), (0, "ContainerCreating"), (0, "Running")]
    for job in late:
        here.delete(job)
    here.settle()
    assert held(large) == [4]


@pytest.mark.parametrize("queue", ["greedy", "fifo", "priority", "backfill", "conservative"])
def test_slack_is_given_back_under_every_queue_policy(queue: str) -> None:
    here = world(nodes=ONE_NODE, queue=queue)
    large = soft(here, "large", 4, run=1000)

    late = rigid(here, "late", 2, run=10)

    assert held(large, late) == [2, 2]
    invariants.everything(here)


def test_it_keeps_devices_it_has() -> None:
    here = world(nodes=ONE_NODE)
    first, large = rigid(here, "first", 1), soft(here, "large", 2)
    assert large.holding == ((0, (1, 2)),)

    rigid(here, "late", 2)
    assert large.holding == ((0, (1,)),)
    here.delete(first)
    here.settle()

    assert large.holding == ((0, (0, 1)),)


def test_the_youngest_gives_first_on_the_node_where_least_is_given() -> None:
    here = world(nodes=(NodeClass("g", 16, 64, count=2, gpu=Gpu(4, "A")),), placement="first-fit")
    old, young, other = soft(here, "old", 2), soft(here, "young", 2), soft(here, "other", 4)
    assert held(old, young, other) == [2, 2, 4]

    one = rigid(here, "one", 1)

    assert one.holding[0][0] == 0
    assert held(old, young, other) == [2, 1, 4]


def test_nobody_gives_in_vain() -> None:
    here = world(nodes=ONE_NODE)
    large = soft(here, "large", 4)

    waiting = rigid(here, "all", 4)

    assert (held(large), waiting.phase) == ([4], "queued")


QUOTAS = (Project("a", 2), Project("b", 2))


def test_slack_above_the_share_is_taken_before_anybody_is_evicted() -> None:
    here = world(nodes=ONE_NODE, projects=QUOTAS)
    firm, large = rigid(here, "firm", 1, project="a"), soft(here, "large", 2, project="a")
    theirs = rigid(here, "theirs", 1, project="b")

    late = rigid(here, "late", 1, project="b")

    assert held(firm, large, theirs, late) == [1, 1, 1, 1]
    assert len(large.attempts()) == len(firm.attempts()) == 1


def test_slack_inside_its_share_is_no_business_of_other_projects() -> None:
    here = world(nodes=ONE_NODE, projects=QUOTAS)
    large, theirs = (
        soft(here, "large", 2, project="a"),
        [rigid(here, f"b{number}", 1, project="b") for number in range(3)],
    )

    assert (held(large), [job.phase for job in theirs]) == ([2], ["running", "running", "queued"])
    own = rigid(here, "own", 1, project="a")
    assert held(large, own) == [1, 1]


def test_slack_helps_where_somebody_must_be_evicted_as_well_and_no_more_than_it_must() -> None:
    here = world(nodes=ONE_NODE, projects=QUOTAS)
    old, large = rigid(here, "old", 2, project="a"), soft(here, "large", 2, project="a")

    late = rigid(here, "late", 2, project="b")

    assert held(late) == [2]
    assert sorted(held(old, large)) == [0, 2]
    invariants.everything(here)


def test_what_cannot_be_evicted_grows_and_stays_inside_its_quota() -> None:
    here = world(nodes=ONE_NODE, projects=QUOTAS)
    other, _ = rigid(here, "other", 2, project="b"), rigid(here, "free", 1, project="without quota")
    desk = soft(here, "desk", 4, project="a", preemptible=False, endless=True)
    assert held(desk) == [1]

    here.delete(other)
    here.settle()

    assert held(desk) == [2]


def test_the_quota_of_what_cannot_be_evicted_is_shared_with_whoever_waits_for_it() -> None:
    here = world(nodes=ONE_NODE, projects=QUOTAS)
    desk = soft(here, "desk", 2, project="a", preemptible=False, endless=True, command="")
    assert held(desk) == [2]

    second = rigid(here, "second", 1, project="a", preemptible=False, endless=True, command="")
    third = rigid(here, "third", 1, project="a", preemptible=False, endless=True, command="")

    assert held(desk, second, third) == [1, 1, 0]
    assert len(desk.attempts()) == 1
    assert here.why_waiting(third).endswith("quota of a used up")
    here.delete(second)
    here.settle()
    assert held(desk, third) == [1, 1]


def test_no_quota_is_given_where_there_is_no_room_for_it() -> None:
    here = world(nodes=(*ONE_NODE, NodeClass("h", 16, 64, gpu=Gpu(1, "H"))), projects=QUOTAS)
    taken = rigid(here, "taken", 1, project="b", preemptible=False, endless=True, command="", gpu_model="H")
    desk = soft(here, "desk", 2, project="a", preemptible=False, endless=True, command="")

    waiting = rigid(here, "waiting", 1, project="a", preemptible=False, endless=True, command="", gpu_model="H")

    assert held(taken, desk, waiting) == [1, 2, 0]


@settings(max_examples=150)
@given(st.lists(elastic, max_size=12), st.booleans())
def test_elastic_jobs_use_what_nobody_waits_for_and_keep_nobody_waiting(
    asked: list[tuple[int, bool, str, int]], with_projects: bool
) -> None:
    """Invariant 48: never below the least; nobody waits, and without projects nobody is evicted, for what elastic jobs
    hold beyond it.
    """
    quotas = (Project("a", 2), Project("b", 2)) if with_projects else ()
    here = world(nodes=(NodeClass("g", 16, 64, count=2, gpu=Gpu(4, "A")),), projects=quotas)
    jobs: list[Job] = []
    for number, (gpu, is_soft, command, pause) in enumerate(asked):
        less = tuple(ResourceRequest(gpu=gpu // 2**step) for step in (1, 2) if gpu >= 2**step) if is_soft else ()
        request = JobRequest(
            "runai",
            f"j{number}",
            ResourceRequest(gpu=gpu),
            project="ab"[number % 2],
            preemptible=True,
            command=command,
            elastic=less,
        )
        jobs.append(here.submit(request))
        after(here, pause)
        invariants.everything(here)
        waiting = [job for job in jobs if job.phase == "queued"]
        for job in waiting:
            helpers = [
                other
                for other in jobs
                if other.holding and (not with_projects or other.request.project == job.request.project)
            ]
            assert not any(room(here, node, helpers) >= job.shape.request.gpu for node in range(2)), (
                f"{job} waits beside slack"
            )
        assert with_projects or not any(attempt.outcome == "displaced" for job in jobs for attempt in job.attempts())
        for job in jobs:
            (gpus,) = held(job)
            if job.holding and gpus < job.request.resources.gpu:
                assert gpus >= job.request.elastic[-1].gpu
                free = here.scheduler.cluster.devices[job.holding[0][0]].count(1000)
                bigger = [one.gpu for one in (job.request.resources, *job.request.elastic) if one.gpu > gpus]
                assert waiting or min(bigger) > gpus + free

    after(here, 10_000)

    assert {job.state for job in jobs} <= {"Succeeded"}


def room(here: World, node: int, helpers: list[Job]) -> float:
    """By brute force: the GPUs of a node that are free, and those that `helpers` hold there beyond the least."""
    slack = sum(
        held(job)[0] - (job.request.elastic or (job.request.resources,))[-1].gpu
        for job in helpers
        if job.holding[0][0] == node
    )
    return here.scheduler.cluster.devices[node].count(1000) + slack
