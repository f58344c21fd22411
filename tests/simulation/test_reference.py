"""The engine's index against brute force: the same commands give the same log, the same nodes and the same devices,
after every single event.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest
from mockserver.simulation.scenario.scenario import Distribution, Gpu, NodeClass, Scenario
from mockserver.simulation.world import World
from tests.simulation import invariants, reference, worlds

FOUR_GPUS = (
    NodeClass("g", 8, 16, count=2, gpu=Gpu(4, "A100"), labels={"fast": "yes"}),
    NodeClass("h", 4, 8, gpu=Gpu(2, "H100"), region="eu"),
)


def halved(gpu: int, cpu: float = 0.0) -> tuple[ResourceRequest, ...]:
    return tuple(ResourceRequest(gpu=gpu // 2**step, cpu=cpu) for step in range(gpu.bit_length()))


@st.composite
def gpu_requests(draw: st.DrawFn) -> JobRequest:
    """Jobs that crowd few GPUs: rigid ones, gangs, parts of a GPU, and elastic ones, with limits for backfill."""
    gpu, is_soft = draw(st.sampled_from([1, 2, 4])), draw(st.booleans())
    wanted, *less = halved(gpu, draw(st.sampled_from([0, 0, 1])))
    if not is_soft:
        wanted = structs.replace(
            wanted,
            gpu=draw(st.sampled_from([gpu, gpu, 0.5, 0])),
            gpu_model=draw(st.sampled_from([None, None, None, "H100"])),
            any_labels=draw(st.sampled_from([(), (), ("fast", "slow"), ("region=eu",)])),
            preferred=draw(st.sampled_from([(), ("region=eu", "fast")])),
        )
    return JobRequest(
        "xio",
        "",
        wanted,
        nodes=1 if is_soft else draw(st.sampled_from([1, 1, 1, 2])),
        priority=draw(st.integers(0, 1)),
        limits=draw(worlds.limits),
        retries=draw(st.integers(0, 1)),
        command=draw(st.sampled_from(["sleep 2", "sleep 5", "sleep 20", "exit 1"])),
        elastic=tuple(less) if is_soft else (),
    )


commands = st.one_of(
    st.tuples(st.just("submit"), gpu_requests() | worlds.requests),
    st.tuples(st.just("submit"), gpu_requests()),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 2, 5, 20])),
    st.tuples(st.sampled_from(["cancel", "delete", "fail", "drain", "restore"]), st.integers(0, 9)),
)
scenarios = st.builds(
    Scenario,
    nodes=st.sampled_from([FOUR_GPUS, FOUR_GPUS[:1], worlds.SMALL]),
    placement=st.sampled_from(["bin-pack", "first-fit", "spread"]),
    queue=st.sampled_from(["greedy", "fifo", "priority", "backfill"]),
    startup=st.sampled_from([Distribution(fixed=0), Distribution(fixed=2)]),
    run=st.just(Distribution(uniform=(0, 9))),
    failure_rate=st.sampled_from([0, 0.3]),
)


def everything_told(here: World) -> list[Any]:
    """The log, and of each job what it holds where."""
    return [worlds.timeline(here), worlds.placed(here)]


def do(here: World, number: int, what: str, told: Any) -> None:
    """One command; `wait` lets one step happen after the other and stops at none."""
    jobs: list[Job] = [job for api in worlds.LIFECYCLES for job in here.jobs(api).values()]
    names = [node.name for node in here.scheduler.cluster.nodes]
    if what == "submit":
        job = here.submit(structs.replace(told, key=str(number)))
        if job.phase == "draft":
            here.release(job)
    elif what == "wait":
        here.advance_to(here.now_us + told * 1_000_000)
    elif what in ("fail", "drain", "restore"):
        change: Callable[[str], None] = {
            "fail": here.fail_node,
            "drain": here.drain_node,
            "restore": here.restore_node,
        }[what]
        change(names[told % len(names)])
    elif jobs:
        job = jobs[told % len(jobs)]
        try:
            (here.cancel if what == "cancel" else here.delete)(job)
        except NotCancellable:
            assert what == "cancel"
    here.settle()


@settings(max_examples=300)
@given(scenarios, st.lists(commands, max_size=18))
def test_the_engine_places_exactly_as_brute_force_does(scenario: Scenario, story: list[tuple[str, Any]]) -> None:
    """Invariants 9, 37, 38 and 48: the index is its definition, for every queue and placement policy, gangs and elastic
    jobs.
    """
    fast, slow = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None), reference.world(scenario)

    for number, (what, told) in enumerate([*story, ("wait", 200)]):
        for here in (fast, slow):
            do(here, number, what, told)
        assert everything_told(fast) == everything_told(slow)


def crowd(seed: int) -> tuple[Scenario, list[tuple[str, Any]]]:
    """Many elastic jobs and others of a few sizes on few large nodes, thick enough that slack is asked for all the
    time.
    """
    draw = Random(seed)
    nodes = (NodeClass("g", 32, 64, count=draw.choice([1, 2, 3]), gpu=Gpu(draw.choice([4, 8]), "A100")),)
    scenario = Scenario(
        nodes=nodes,
        queue=draw.choice(["greedy", "fifo", "priority", "backfill"]),
        placement=draw.choice(["bin-pack", "first-fit", "spread"]),
        failure_rate=0.1,
    )
    story: list[tuple[str, Any]] = []
    for _ in range(40):
        wanted, *less = halved(draw.choice([1, 2, 4, 4, 8]), draw.choice([0, 1]))
        is_soft, ends = draw.random() < 0.5, draw.choice([5, 20, 60])
        request = JobRequest(
            "xio",
            "",
            wanted if is_soft or draw.random() < 0.8 else structs.replace(wanted, gpu=0.5),
            nodes=1 if is_soft or draw.random() < 0.8 else 2,
            priority=draw.randrange(2),
            limits=Limits(start=1, run=ends + 2),
            retries=1,
            command=f"sleep {ends}",
            elastic=tuple(less) if is_soft else (),
        )
        story += [("submit", request), ("wait", draw.choice([0, 0, 1, 3, 7]))]
        if draw.random() < 0.15:
            story.append((draw.choice(["cancel", "delete", "fail", "drain", "restore"]), draw.randrange(40)))
    return scenario, [*story, ("restore", 0), ("restore", 1), ("restore", 2), ("wait", 100_000)]


@settings(max_examples=60)
@given(st.integers(0, 1 << 30))
def test_crowds_of_elastic_jobs_are_placed_as_by_brute_force(seed: int) -> None:
    scenario, story = crowd(seed)
    fast, slow = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None), reference.world(scenario)

    for number, (what, told) in enumerate(story):
        for here in (fast, slow):
            do(here, number, what, told)
        assert everything_told(fast) == everything_told(slow)
        invariants.everything(fast)


@pytest.mark.parametrize("queue", ["greedy", "fifo", "priority", "backfill"])
def test_a_long_queue_is_placed_as_by_brute_force(queue: str) -> None:
    scenario = Scenario(
        nodes=FOUR_GPUS, queue=queue, startup=Distribution(fixed=1), run=Distribution(uniform=(1, 30)), failure_rate=0.2
    )
    fast, slow = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None), reference.world(scenario)

    for here in (fast, slow):
        for number in range(120):
            wanted, *less = halved([1, 2, 4][number % 3])
            is_soft = number % 4 == 0
            here.submit(
                JobRequest(
                    "runai",
                    str(number),
                    wanted,
                    priority=number % 2,
                    elastic=tuple(less) if is_soft else (),
                    nodes=1 + (number % 10 == 9),
                    retries=1,
                )
            )
            here.advance_to(here.now_us + 2_000_000)
        here.advance_to(here.now_us + 10_000_000_000)

    assert everything_told(fast) == everything_told(slow)
    assert all(job.is_terminal for job in fast.jobs("runai").values())
