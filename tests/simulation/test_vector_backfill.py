"""Backfill of vectors on nodes: the engine against brute force, and brute force against the publications."""

from __future__ import annotations

from random import Random

import pytest

from mockserver.simulation.request import JobRequest, ResourceRequest, Script
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import GIB, Gpu, NodeClass, Scenario
from mockserver.simulation.world import World
from tests.simulation import published_backfill, vector_backfill
from tests.simulation.vector_backfill import Vector, Wanted
from tests.simulation.worlds import LIFECYCLES

RULES = {"backfill": vector_backfill.easy, "conservative": vector_backfill.conservative}
PUBLISHED = {"backfill": published_backfill.easy, "conservative": published_backfill.conservative}
TICK = 1_000_000


def random_world(seed: int) -> tuple[list[Vector], list[Wanted], bool]:
    """A few nodes, unequal or alike, or one, and jobs whose vectors crowd now this, now that resource."""
    draw = Random(seed)
    kinds = [(8, 8, 2), (4, 16, 0), (16, 8, 4), (6, 6, 1)]
    nodes = draw.choice(
        [draw.sample(kinds, draw.randint(2, 4)), [draw.choice(kinds)] * draw.randint(1, 5), [(16, 16, 4), (8, 8, 2)]]
    )
    largest = draw.choice([[1, 2, 4, 6, 8], [5, 6, 8]])
    trace, at = [], 0
    for _ in range(draw.randint(5, 30)):
        at += draw.choice([0, 0, 0, 1, 1, 2, 8]) * TICK
        runs = draw.choice([1, 2, 3, 5, 8, 13, 21]) * TICK
        asked = draw.choice(
            [runs, runs, runs + draw.randint(0, 30) * TICK, max(TICK, runs - draw.randint(0, 9) * TICK)]
        )
        each = (
            draw.choice(largest if draw.random() < 0.95 else [1]),
            draw.choice([0, 1, 4, 8]),
            draw.choice([0, 0, 0, 1, 2, 4]),
        )
        trace.append(Wanted(at, runs, asked, each, draw.choice([1, 1, 1, 2, 3])))
    return nodes, trace, draw.random() < 0.5


def engine(nodes: list[Vector], trace: list[Wanted], queue: str, *, packs: bool) -> list[tuple[int, list[int]]]:
    """When and where each job starts in the engine; -1 where it never does."""
    classes = tuple(
        NodeClass(f"n{number}", cpu, memory, gpu=Gpu(gpu, "V100") if gpu else None)
        for number, (cpu, memory, gpu) in enumerate(nodes)
    )
    placement = "bin-pack" if packs else "first-fit"
    scenario = Scenario(nodes=classes, queue=queue, placement=placement, startup=Distribution(fixed=0))
    here = World(scenario, LIFECYCLES, epoch_us=0, log=None)
    for number, job in enumerate(trace):
        here.advance_to(job.submitted)
        cpu, memory, gpu = job.each
        here.submit(
            JobRequest(
                "runai",
                str(number),
                ResourceRequest(cpu=cpu, memory=memory * GIB, gpu=gpu),
                nodes=job.count,
                estimate=job.asked / TICK,
                script=Script(run_seconds=job.runs / TICK, exit_code=0),
            )
        )
    here.advance_to(10**12)
    found = []
    for number in range(len(trace)):
        at, names = next(here.job("runai", str(number)).allocations(), (-1, ()))
        found.append((at, sorted(int(name.split("-")[0][1:]) for name in names)))
    return found


def agrees(seed: int, queue: str) -> None:
    """The engine starts every job of a random world when and where brute force does."""
    nodes, trace, packs = random_world(seed)
    expected = vector_backfill.played(trace, nodes, RULES[queue], packs=packs)
    assert engine(nodes, trace, queue, packs=packs) == expected, f"seed {seed}"


@pytest.mark.parametrize("queue", RULES)
def test_vectors_on_nodes_start_when_and_where_brute_force_says(queue: str) -> None:
    for seed in range(500):
        agrees(seed, queue)


@pytest.mark.parametrize("queue", RULES)
def test_on_one_node_brute_force_is_the_published_rule(queue: str) -> None:
    for seed in range(100):
        draw = Random(seed)
        _, trace, _ = random_world(seed)
        trace = [Wanted(job.submitted, job.runs, job.asked, (draw.randint(1, 10), 0, 0)) for job in trace]
        plain = [published_backfill.Asked(job.submitted, job.runs, job.asked, job.each[0]) for job in trace]
        found = vector_backfill.played(trace, [(10, 0, 0)], RULES[queue], packs=False)
        assert [start for start, _ in found] == PUBLISHED[queue](plain, 10), f"seed {seed}"
