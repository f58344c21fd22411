from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.simulation import workload
from mockserver.simulation.draws import uniform
from mockserver.simulation.request import Script
from mockserver.simulation.scenario.distribution import Distribution, pick, sample
from mockserver.simulation.scenario.scenario import NodeFailures
from mockserver.simulation.workload import Workload, spoken
from tests.simulation.worlds import after, ask, path, world


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", (None, None)),
        ("python train.py", (None, None)),
        ("sleep 30", (30, 0)),
        ("sleep 1.5 && sleep 2", (3.5, 0)),
        ("exit 3", (0, 3)),
        ("sleep 5; exit 3", (5, 3)),
        ("bash -c 'sleep 5'", (None, None)),
        ("oversleep 5", (None, None)),
        ("sleep soundly", (None, None)),
        ("exit 256", (0, 0)),
    ],
)
def test_a_command_says_how_long_it_takes_and_how_it_ends(command: str, said: tuple[float | None, int | None]) -> None:
    assert spoken(command) == said


@given(st.integers(0, 2**40), st.text(max_size=20), st.integers(0, 9), st.integers(1, 3))
def test_draws_are_fixed_by_what_they_are_for(seed: int, draw: str, attempt: int, purpose: int) -> None:
    chance = uniform(seed, draw=draw, attempt=attempt, purpose=purpose)

    assert 0 <= chance < 1
    assert chance == uniform(seed, draw=draw, attempt=attempt, purpose=purpose)


def test_draws_spread_evenly() -> None:
    draws = [uniform(1, draw=str(number), attempt=0, purpose=1) for number in range(4000)]

    assert 0.48 < sum(draws) / len(draws) < 0.52
    assert all(340 < sum(1 for draw in draws if part <= draw * 10 < part + 1) < 460 for part in range(10))


@pytest.mark.parametrize(
    ("distribution", "low", "middle", "high"),
    [
        (Distribution(fixed=4), 4, 4, 4),
        (Distribution(uniform=(2, 6)), 2, 4, 6),
        (Distribution(log_normal=(0, 1)), 0, 1, 1e9),
        (Distribution(exponential=10), 0, 10 * log(2), 200),
        (Distribution(quantiles=((10, 5), (50, 7), (90, 100))), 5, 7, 100),
        (Distribution(quantiles=((50, 7),)), 7, 7, 7),
        (Distribution(trace=(1, 2, 3)), 1, 2, 3),
        (Distribution(mixture=(Distribution(fixed=1, weight=2), Distribution(uniform=(5, 9), weight=2))), 1, 5, 9),
    ],
)
def test_distributions_are_drawn_by_inversion(
    distribution: Distribution, low: float, middle: float, high: float
) -> None:
    assert low <= sample(distribution, 0) <= sample(distribution, 0.5) <= sample(distribution, 0.9999999) <= high
    assert sample(distribution, 0.5) == pytest.approx(middle)


def test_a_trace_gives_its_values_in_turn_and_begins_again() -> None:
    here = world(run=Distribution(trace=(1, 2, 3)), startup=Distribution(trace=(0,)))

    jobs = [here.submit(ask(str(number), cpu=0)) for number in range(5)]
    after(here, 60)

    assert [job.ended for job in jobs] == [1_000_000, 2_000_000, 3_000_000, 1_000_000, 2_000_000]


def test_a_chance_falls_on_things_by_their_weights() -> None:
    assert pick([1, 3], 0.0) == (0, 0.0)
    assert pick([1, 3], 0.25) == (1, 0.0)
    assert pick([1, 3], 0.625) == (1, 0.5)
    assert pick([0.1, 0.2], 1.0) == (1, 0.0)


def test_nodes_fail_and_return_by_draws_of_their_own() -> None:
    failing = NodeFailures(mean_time_between_s=Distribution(exponential=100), repair_s=Distribution(fixed=7))
    workload = Workload(world(node_failures=failing).scenario, 1)

    spans = [workload.node_fails_after("a", count) for count in range(3)]

    assert spans == [workload.node_fails_after("a", count) for count in range(3)]
    assert len({*spans, workload.node_fails_after("b", 0)}) == 4
    assert workload.node_returns_after("a", 0) == 7_000_000
    assert Workload(world().scenario, 1).node_fails_after("a", 0) is None
    assert Workload(world().scenario, 1).node_returns_after("a", 0) is None


def test_images_fail_to_be_pulled_as_often_as_the_scenario_says() -> None:
    here = world()
    jobs = [here.submit(ask(str(number), cpu=0)) for number in range(500)]
    workload = Workload(world(image_pull_failure_rate=0.4).scenario, 1)

    failed = [job for job in jobs if workload.pull(job) is not None]

    assert 150 < len(failed) < 250
    assert here.scheduler.workload.pull(jobs[0]) is None


@pytest.mark.parametrize(
    ("script", "retries", "story"),
    [
        (Script(run_seconds=2), 0, [(2, "COMPLETED")]),
        (Script(exit_code=7), 0, [(10, "FAILED")]),
        (Script(run_seconds=1, reason="no luck"), 0, [(1, "FAILED")]),
        (Script(run_seconds=1, fail_attempts=1), 2, [(1, "PENDING"), (2, "COMPLETED")]),
        (Script(stay_queued=True), 0, [(0, "PENDING")]),
    ],
)
def test_a_script_overrules_the_workload(script: Script, retries: int, story: list[tuple[float, str]]) -> None:
    here = world(failure_rate=0)

    job = here.submit(ask("a", script=script, retries=retries))
    after(here, 100)

    assert [step for step in path(job) if step[1] in ("COMPLETED", "FAILED", "PENDING")][-len(story) :] == story


def test_failures_come_as_often_as_the_scenario_says() -> None:
    here = world(failure_rate=0.3, nodes=world().scenario.nodes)
    jobs = [here.submit(ask(str(number), cpu=0)) for number in range(1000)]
    after(here, 100)

    failed = sum(job.state == "FAILED" for job in jobs)

    assert 250 < failed < 350
    assert {job.outcome.reason for job in jobs if job.state == "FAILED"} == {"exit code 1"}


def test_long_commands_are_read_and_not_remembered() -> None:
    before = workload._spoken.cache_info().currsize

    spoken = [workload.spoken(f"{number} sleep 3; exit 2 {'k' * 5000}") for number in range(20)]

    assert spoken == [(3.0, 2)] * 20
    assert workload._spoken.cache_info().currsize == before
