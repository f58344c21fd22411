"""What happens to the cluster, as a client of compute.x.io sees it: nodes that fail, drain and return, images that
cannot be pulled, and queue policies.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.simulation.scenario.scenario import parse
from tests.conftest import Bench
from tests.life.test_xio import create, read

TWO = "nodes: [{class: n, cpu: 4, memory_gib: 16, count: 2}]\nstartup: {fixed: 0}\n"
Worlds = Callable[..., Bench]


@pytest.fixture
def of(bench_of: Worlds) -> Callable[[str], Bench]:
    """A world of two nodes of four cores, changed by some YAML."""
    return lambda text="": bench_of(scenario=parse(TWO + text, "two"))


def job(bench: Bench, seconds: float, **wishes: object) -> str:
    return str(
        create(
            bench,
            command=f"sleep {seconds}",
            **{
                "cpu_count": 4,
                "max_timeout_run_ms": int(seconds * 1000),
                "max_timeout_start_ms": 120_000,
                "max_timeout_assign_ms": 3_600_000,
            }
            | wishes,
        )["uuid"]
    )


def states(bench: Bench, *uuids: str) -> list[str]:
    return [str(read(bench, uuid)["status"]) for uuid in uuids]


def runs(bench: Bench, uuid: str) -> list[str]:
    found = bench.get("/v1/job-runs", params={"filter[job_uuid]": uuid, "limit": "10"}).json()["data"]
    return [str(run["status"]) for run in found]


def test_a_lost_node_sends_its_jobs_back_and_takes_none_until_it_returns(of: Callable[..., Bench]) -> None:
    bench = of()
    first, second = job(bench, 500), job(bench, 500)
    bench.advance(100)

    bench.post("/_mock/nodes/n-0/fail")
    bench.advance(300)
    assert states(bench, first, second) == ["PENDING", "RUNNING"]
    bench.post("/_mock/nodes/n-0/restore")
    bench.advance(450)

    assert states(bench, first, second) == ["RUNNING", "COMPLETED"]
    assert len(runs(bench, first)) == 2
    bench.advance(100)
    assert states(bench, first) == ["COMPLETED"]


def test_a_draining_node_keeps_its_job_and_takes_no_other(of: Callable[..., Bench]) -> None:
    bench = of()
    first, second = job(bench, 500), job(bench, 200)
    bench.advance(10)

    bench.post("/_mock/nodes/n-0/drain")
    third = job(bench, 1000)
    fourth = job(bench, 60)
    bench.advance(500)

    assert states(bench, first, second, third, fourth) == ["COMPLETED", "COMPLETED", "RUNNING", "PENDING"]
    told = bench.get(f"/_mock/jobs/xio/{fourth}").text
    assert "1 of 2 nodes lack readiness (down or draining); 1 of 2 nodes lack free 4 cpu cores" in told


def test_an_image_that_cannot_be_pulled_uses_up_the_attempts(of: Callable[..., Bench]) -> None:
    bench = of("image_pull_failure_rate: 1\n")

    uuid = job(bench, 60, max_retry_count=2)
    bench.advance(600)

    assert states(bench, uuid) == ["FAILED"]
    assert len(runs(bench, uuid)) == 3


@pytest.mark.parametrize(
    ("queue", "at_start", "next_up"),
    [
        ("greedy", ["RUNNING", "PENDING", "RUNNING"], "late"),
        ("fifo", ["RUNNING", "PENDING", "PENDING"], "big"),
        ("backfill", ["RUNNING", "PENDING", "RUNNING"], "big"),
    ],
)
def test_who_overtakes_a_gang_that_waits_is_the_queue_s_policy(
    of: Callable[..., Bench], queue: str, at_start: list[str], next_up: str
) -> None:
    """EASY backfill: the short job may overtake, since it is gone when the gang's turn comes; a later long
    one may not.
    """
    bench = of(f"queue: {queue}\n")
    long, big = job(bench, 1000), job(bench, 60, max_node_count=2)
    short = job(bench, 800)
    bench.advance(1)
    assert states(bench, long, big, short) == at_start

    late = job(bench, 2000)
    bench.advance(1020)

    assert states(bench, {"late": late, "big": big}[next_up]) == ["RUNNING"]
    assert states(bench, {"late": big, "big": late}[next_up]) == ["PENDING"]
