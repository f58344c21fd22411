"""Queue policies: who may overtake whom, and gangs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.simulation.job import Job
from mockserver.simulation.scenario.scenario import Distribution, NodeClass
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.worlds import after, ask, path, world

TWO_NODES = (NodeClass("n", 4, 8, count=2),)


def started(job: Job) -> float | None:
    """The second at which the job was first given nodes."""
    first = job.attempts()[0].assigned
    return None if first is None else first / 1e6


def submitted(queue: str, *asked: tuple[str, dict[str, object]]) -> tuple[World, dict[str, Job]]:
    here = world(queue=queue, nodes=TWO_NODES)
    return here, {key: here.submit(ask(key, **facts)) for key, facts in asked}


CLASSIC = (
    ("long", {"cpu": 4, "command": "sleep 100", "run": 100}),
    ("big", {"cpu": 4, "nodes": 2, "command": "sleep 10", "run": 10, "start": 0}),
    ("short", {"cpu": 4, "command": "sleep 90", "run": 90, "start": 0}),
    ("late", {"cpu": 4, "command": "sleep 50", "run": 200, "start": 0}),
)


@pytest.mark.parametrize(
    ("queue", "starts"),
    [
        ("greedy", {"long": 0, "big": 140, "short": 0, "late": 90}),
        ("fifo", {"long": 0, "big": 100, "short": 110, "late": 110}),
        ("priority", {"long": 0, "big": 100, "short": 110, "late": 110}),
        ("backfill", {"long": 0, "big": 100, "short": 0, "late": 110}),
    ],
)
def test_the_classic_case_tells_the_policies_apart(queue: str, starts: dict[str, float]) -> None:
    here, jobs = submitted(queue, *CLASSIC)

    after(here, 1000)

    assert {key: started(job) for key, job in jobs.items()} == starts


def test_fifo_ignores_priority_and_priority_does_not() -> None:
    for queue, first in (("fifo", "low"), ("priority", "high")):
        here, jobs = submitted(queue, ("a", {"cpu": 4}), ("b", {"cpu": 4}))
        low, high = (
            here.submit(ask("low", cpu=4, command="sleep 5")),
            here.submit(ask("high", cpu=4, priority=9, command="sleep 5")),
        )
        here.cancel(jobs["a"])
        after(here, 1)
        assert [job.key for job in (low, high) if job.holding] == [first]


def test_whoever_leaves_the_head_lets_the_others_go_on() -> None:
    here, jobs = submitted("fifo", ("a", {"cpu": 4}), ("gang", {"cpu": 4, "nodes": 2}), ("c", {"cpu": 4}))
    after(here, 1)
    assert not jobs["c"].holding

    here.cancel(jobs["gang"])
    after(here, 0)

    assert jobs["c"].holding


def test_what_can_never_run_blocks_nobody() -> None:
    here, jobs = submitted("fifo", ("never", {"cpu": 5}), ("a", {"cpu": 4}))

    after(here, 1)

    assert jobs["a"].holding


def test_a_gang_gets_all_its_nodes_or_none() -> None:
    here, jobs = submitted(
        "greedy", ("a", {"cpu": 1, "command": "sleep 5"}), ("gang", {"cpu": 4, "nodes": 2, "command": "sleep 5"})
    )

    after(here, 4)
    assert not jobs["gang"].holding
    after(here, 1)

    assert sorted(jobs["gang"].attempts()[0].nodes) == ["n-0", "n-1"]
    assert path(jobs["gang"])[-1] == (5, "RUNNING")


small = st.fixed_dictionaries(
    {
        "cpu": st.sampled_from([1, 2, 4]),
        "nodes": st.sampled_from([1, 1, 2]),
        "priority": st.integers(0, 2),
        "command": st.sampled_from(["sleep 1", "sleep 3", "sleep 8"]),
        "run": st.just(10),
        "start": st.just(0),
    }
)


@given(
    st.sampled_from(["fifo", "priority", "backfill", "conservative", "greedy"]),
    st.lists(st.tuples(st.integers(0, 3), small), max_size=14),
)
def test_every_policy_serves_everybody_and_keeps_the_ledger(
    queue: str, asked: list[tuple[int, dict[str, object]]]
) -> None:
    here = world(queue=queue, nodes=TWO_NODES, startup=Distribution(fixed=0))
    jobs = []
    for number, (pause, facts) in enumerate(asked):
        after(here, pause)
        jobs.append(here.submit(ask(str(number), **facts)))
        here.settle()
        invariants.capacity_is_conserved(here, jobs)
        for job in jobs:
            assert len(job.holding) in (0, job.request.nodes)
            assert len({node for node, _ in job.holding}) == len(job.holding)

    after(here, 10_000)

    assert all(job.state == "COMPLETED" for job in jobs)


@given(st.sampled_from(["fifo", "priority"]), st.lists(st.tuples(st.integers(0, 3), small), max_size=14))
def test_nobody_overtakes_the_head_in_strict_order(queue: str, asked: list[tuple[int, dict[str, object]]]) -> None:
    here = world(queue=queue, nodes=TWO_NODES)
    jobs: list[Job] = []
    for number, (pause, facts) in enumerate(asked):
        after(here, pause)
        jobs.append(here.submit(ask(str(number), **facts)))
    after(here, 10_000)

    def rank(job: Job) -> tuple[int, int]:
        return (-job.request.priority if queue == "priority" else 0, job.serial)

    for job in jobs:
        for other in jobs:
            overtaken = rank(job) < rank(other) and job.created < (other.attempts()[0].assigned or 0) < (
                job.attempts()[0].assigned or 0
            )
            assert not overtaken


@given(st.lists(st.tuples(st.integers(0, 3), small), max_size=12))
def test_a_backfilled_job_never_delays_the_promise_to_the_head(asked: list[tuple[int, dict[str, object]]]) -> None:
    """With runs that end exactly at their limits, the head starts no later than it would if nobody overtook it."""
    asked = [(pause, {**facts, "command": "sleep 10", "priority": 0}) for pause, facts in asked]
    starts = {}
    for queue in ("fifo", "backfill"):
        here = world(queue=queue, nodes=TWO_NODES)
        jobs = []
        for number, (pause, facts) in enumerate(asked):
            after(here, pause)
            jobs.append(here.submit(ask(str(number), **facts)))
        after(here, 10_000)
        starts[queue] = [job.attempts()[0].assigned or 0 for job in jobs]

    # whoever is blocked behind it has no promise yet
    blocked = [index for index, job in enumerate(jobs) if starts["fifo"][index] > job.created][:1]
    for index in blocked:
        assert starts["backfill"][index] <= starts["fifo"][index]
