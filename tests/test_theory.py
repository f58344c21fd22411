"""What `simulate` measures against closed forms of queueing theory: mean waits, utilisation, Little's law."""

from __future__ import annotations

from math import exp

import pytest

from mockserver.measure import Measure, Row
from mockserver.simulate import made_up, simulate
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import JobKind, NodeClass, Scenario
from tests.simulation.worlds import LIFECYCLES

JOBS = 20_000


def played(servers: int, between: float, run: Distribution, rows: list[Row] | None = None) -> Measure:
    """Jobs of one core that arrive at random on so many servers, first come, first served."""
    scenario = Scenario(
        nodes=(NodeClass("n", 1, 1, count=servers),),
        queue="fifo",
        startup=Distribution(fixed=0),
        run=run,
        arrivals=Distribution(exponential=between),
        jobs=(JobKind(cpu=1, memory_gib=0),),
    )
    planned = made_up(scenario, JOBS, api="runai", seed=5)
    return simulate(
        scenario, LIFECYCLES["runai"], planned, api="runai", seed=5, note=None if rows is None else rows.append
    )


# A run lasts 10 s on average. Waits: Pollaczek and Khinchine, load * 10 * (1 + variation^2) / (2 * (1 - load)); for
# four servers Erlang's C.
@pytest.mark.parametrize(
    ("servers", "load", "run", "wait"),
    [
        pytest.param(1, 0.5, Distribution(exponential=10), 10.0, id="M/M/1 at half load"),
        pytest.param(1, 0.8, Distribution(exponential=10), 40.0, id="M/M/1"),
        pytest.param(1, 0.8, Distribution(fixed=10), 20.0, id="M/D/1"),
        pytest.param(
            1, 0.7, Distribution(log_normal=(2.0525850929940455, 0.5**0.5)), 0.7 * 10 * exp(0.5) / 0.6, id="M/G/1"
        ),
        pytest.param(1, 0.8, Distribution(uniform=(5, 15)), 0.8 * 10 * (1 + 1 / 12) / 0.4, id="M/U/1"),
        pytest.param(4, 0.8, Distribution(exponential=10), 7.455, id="M/M/4"),
    ],
)
def test_mean_waits_and_utilisation_are_those_of_theory(
    servers: int, load: float, run: Distribution, wait: float
) -> None:
    summary = played(servers, 10 / load / servers, run).summary()

    assert summary["wait_s"]["mean"] == pytest.approx(wait, rel=0.1)  # type: ignore[index]
    assert summary["utilisation"]["cpu"] == pytest.approx(load, rel=0.03)  # type: ignore[index]


def test_as_many_wait_on_average_as_arrive_during_a_wait() -> None:
    measure = played(1, 12.5, Distribution(exponential=10))
    waiting, _ = measure.queue.totals()
    span = measure.queue.last

    assert waiting / span == pytest.approx(JOBS / (span / 1e6) * sum(measure.waits) / JOBS, rel=1e-6)
