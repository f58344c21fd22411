"""Backfill against schedules made from the published definitions, by somebody who has not read the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest, Script
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import Gpu, NodeClass, Scenario
from mockserver.simulation.world import World
from tests.simulation.published_backfill import Asked, conservative, easy
from tests.simulation.test_published_backfill import HAND_WORKED, trace
from tests.simulation.worlds import LIFECYCLES

RULES: dict[str, Callable[[Sequence[Asked], int], list[int]]] = {"backfill": easy, "conservative": conservative}
MACHINES = {"one node": (NodeClass("n", 10, 0),), "nodes of one processor": (NodeClass("n", 1, 0, count=10),)}


def played(
    lines: Sequence[Asked],
    queue: str,
    machine: tuple[NodeClass, ...],
    *,
    startup: float = 0,
    between: Callable[[World], World] = lambda here: here,
) -> list[int]:
    """When each job of a trace starts; on nodes of one processor it is a gang."""
    scenario = Scenario(nodes=machine, queue=queue, startup=Distribution(fixed=startup))
    here = World(scenario, LIFECYCLES, epoch_us=0, log=None)
    for number, asked in sorted(enumerate(lines), key=lambda one: one[1].submitted):
        here.advance_to(asked.submitted * 1_000_000)
        wants = (asked.processors, 1) if len(machine) == 1 and machine[0].count == 1 else (1, asked.processors)
        here.submit(
            JobRequest(
                "runai",
                str(number),
                ResourceRequest(cpu=wants[0]),
                nodes=wants[1],
                estimate=asked.asked,
                script=Script(run_seconds=asked.runs, exit_code=0),
            )
        )
        here = between(here)
    here.advance_to(10**12)
    starts = [here.job("runai", str(number)).first_allocated() for number in range(len(lines))]
    return [-1 if at is None else at // 1_000_000 for at in starts]


def agrees(lines: Sequence[Asked], queue: str, machine: tuple[NodeClass, ...]) -> None:
    """The engine starts every job of a trace when the definition does, whose ticks are microseconds, too."""
    ticks = [
        Asked(one.submitted * 1_000_000, one.runs * 1_000_000, one.asked * 1_000_000, one.processors) for one in lines
    ]
    expected = [start if start < 0 else start // 1_000_000 for start in RULES[queue](ticks, 10)]
    assert played(lines, queue, machine) == expected, lines


def random_trace(seed: int, *, exact: bool) -> list[Asked]:
    draw = Random(seed)
    lines = []
    at = 0
    for _ in range(draw.randint(5, 40)):
        at += draw.choice([0, 0, 1, 1, 2, 5, 20])
        runs = draw.choice([1, 2, 3, 5, 8, 13, 21, 40])
        asked = runs if exact else draw.choice([runs, runs + draw.randint(0, 30), max(1, runs - draw.randint(0, 10))])
        lines.append(Asked(at, runs, asked, draw.randint(1, 10)))
    return lines


@pytest.mark.parametrize("machine", MACHINES.values(), ids=list(MACHINES))
@pytest.mark.parametrize("queue", RULES)
def test_the_traces_worked_out_by_hand_start_when_the_definition_says(
    queue: str, machine: tuple[NodeClass, ...]
) -> None:
    for lines in HAND_WORKED[queue]:
        agrees(trace(*lines), queue, machine)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=list(MACHINES))
@pytest.mark.parametrize("queue", RULES)
def test_a_thousand_random_traces_start_when_the_published_definition_says(
    queue: str, machine: tuple[NodeClass, ...]
) -> None:
    for seed in range(1000):
        agrees(random_trace(seed, exact=seed % 2 == 0), queue, machine)


def test_a_start_up_is_reckoned_with_as_long_as_it_may_take() -> None:
    """The head gets the ten processors when the first job is done, start-up included; a long job may not go
    before it.
    """
    for late in ("2: 5000 x4", "100: 930 x4"):
        asked = trace("0: 1000 x6", "1: 1000 x10", late)
        assert played(asked, "backfill", MACHINES["one node"], startup=60)[:2] == [0, 1060]


@pytest.mark.parametrize("queue", ["backfill", "conservative"])
def test_without_run_limits_the_capacity_of_the_first_is_held(queue: str) -> None:
    scenario = Scenario(
        nodes=MACHINES["one node"], queue=queue, startup=Distribution(fixed=0), run=Distribution(fixed=100)
    )
    here = World(scenario, LIFECYCLES, epoch_us=0, log=None)

    def submit(key: str, cpu: float, run: float | None = None) -> Job:
        job = here.submit(JobRequest("xio", key, ResourceRequest(cpu=cpu), limits=Limits(run=run), command="sleep 100"))
        here.settle()
        return job

    first, head = submit("first", 6), submit("head", 8)
    beside = [submit("extra", 2), submit("extra too", 2, 100), submit("short", 2, 1)]

    assert first.holding
    assert not head.holding
    assert [bool(job.holding) for job in beside] == (
        [True, False, False] if queue == "backfill" else [False, False, False]
    )
    here.advance_to(100_000_000)
    assert head.holding


def test_who_gets_ready_sooner_than_expected_brings_the_first_s_start_forward_and_nobody_overtakes_it_then() -> None:
    scenario = Scenario(
        nodes=(NodeClass("n", 1, 0, count=2),), queue="backfill", startup=Distribution(trace=(5.0, 100.0, 100.0))
    )
    here = World(scenario, LIFECYCLES, epoch_us=0, log=None)

    def submit(key: str, at: int, nodes: int, run: float) -> Job:
        here.advance_to(at * 1_000_000)
        limits = Limits(run=run)
        job = here.submit(JobRequest("runai", key, ResourceRequest(cpu=1), nodes=nodes, limits=limits, endless=True))
        here.settle()
        return job

    submit("early", 0, 1, 50)  # ready after 5 s instead of 100 s, and so over at 55 s instead of 150 s
    head = submit("head", 1, 2, 50)
    late = submit("late", 20, 1, 10)  # holds its node until 130 s
    here.advance_to(60_000_000)

    assert (head.first_allocated(), late.holding) == (55_000_000, ())


def test_a_promise_that_adds_up_but_lies_on_two_devices_is_kept_as_soon_as_one_is_whole() -> None:
    """When b ends, 1.2 GPUs are free, 0.5 of one and 0.7 of the other; when a ends, one is whole."""
    kind = NodeClass("n", 10, 0, gpu=Gpu(2, "V100"))
    here = World(
        Scenario(nodes=(kind,), queue="conservative", startup=Distribution(fixed=0)), LIFECYCLES, epoch_us=0, log=None
    )

    def submit(key: str, gpu: float, runs: float) -> Job:
        script = Script(run_seconds=runs, exit_code=0)
        job = here.submit(JobRequest("runai", key, ResourceRequest(cpu=0, gpu=gpu), estimate=runs, script=script))
        here.settle()
        return job

    for key, gpu, runs in (("a", 0.5, 100), ("b", 0.6, 50), ("c", 0.3, 300)):
        submit(key, gpu, runs)
    whole = submit("whole", 1, 10)
    here.advance_to(1_000_000_000)

    assert whole.first_allocated() == 100_000_000


@pytest.mark.parametrize("queue", RULES)
def test_a_job_whose_run_limit_is_zero_delays_nobody(queue: str) -> None:
    here = World(
        Scenario(nodes=MACHINES["one node"], queue=queue, startup=Distribution(fixed=0)),
        LIFECYCLES,
        epoch_us=0,
        log=None,
    )
    for key, cpu, run in (("first", 6, 100), ("head", 10, 100), ("brief", 4, 0)):
        script = Script(run_seconds=run, exit_code=0)
        here.submit(JobRequest("runai", key, ResourceRequest(cpu=cpu), limits=Limits(run=run), script=script))
    here.advance_to(1_000_000_000)

    assert [here.job("runai", key).first_allocated() for key in ("first", "head", "brief")] == [0, 100_000_000, 0]
