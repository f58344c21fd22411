from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.simulation.chance import uniform
from mockserver.simulation.distribution import Distribution, sample
from mockserver.simulation.job import Script
from mockserver.simulation.workload import spoken
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
    ],
)
def test_distributions_are_drawn_by_inversion(distribution: Distribution, low: float, middle: float, high: float) -> None:
    assert low <= sample(distribution, 0) <= sample(distribution, 0.5) <= sample(distribution, 0.9999999) <= high
    assert sample(distribution, 0.5) == pytest.approx(middle)


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
