"""compute.x.io jobs on several nodes and in the regions they are allowed, over a real socket."""

from __future__ import annotations

import pytest

from tests.conftest import Bench
from tests.life.test_xio import create, read


def test_a_gang_takes_all_its_nodes_at_once_or_waits(bench: Bench) -> None:
    single = create(bench, command="sleep 20", gpu_count=4, gpu_name="RTX 4090")
    gang = create(
        bench,
        command="sleep 20",
        gpu_count=1,
        gpu_name="RTX 4090",
        max_node_count=2,
        cpu_count=5,
        max_timeout_run_ms=600_000,
    )
    small = create(bench, command="sleep 900", gpu_count=4, gpu_name="RTX 4090", max_node_count=1)
    bench.advance(2)

    seen = [read(bench, job["uuid"])["status"] for job in (single, gang, small)]
    bench.advance(25)

    assert seen == ["RUNNING", "PENDING", "RUNNING"]
    assert read(bench, gang["uuid"])["status"] == "PENDING"
    bench.put(f"/v1/jobs/{small['uuid']}/cancel", json={})
    bench.advance(2)
    run = bench.get("/v1/job-runs", params={"filter[job_uuid]": gang["uuid"]}).json()["data"][0]
    assert read(bench, gang["uuid"])["status"] == "RUNNING"
    assert {url["hostname"] for url in run["node_urls"]} == {"rtx4090-0.nodes.invalid", "rtx4090-1.nodes.invalid"}


def test_a_gang_of_more_nodes_than_there_are_is_given_up(bench: Bench) -> None:
    job = create(bench, max_node_count=2.9e9, cpu_count=1)

    bench.advance(300)

    assert (read(bench, job["uuid"])["status"], read(bench, job["uuid"])["status_reason"]) == (
        "FAILED",
        "assign_timeout",
    )


@pytest.mark.parametrize(
    ("regions", "hosts"),
    [(["ap-southeast-1"], {"npu-0"}), (["nowhere", "us-east-1"], {"rtx4090-0", "rtx4090-1", "a100-0"})],
)
def test_a_job_stays_in_the_regions_it_is_allowed(bench: Bench, regions: list[str], hosts: set[str]) -> None:
    jobs = [create(bench, command="sleep 90", allowed_region_codes=regions)["uuid"] for _ in range(3)]
    bench.advance(2)

    runs = bench.get("/v1/job-runs").json()["data"]

    assert {run["job_uuid"] for run in runs} == set(jobs)
    assert {url["hostname"].partition(".")[0] for run in runs for url in run["node_urls"]} <= hosts


def test_a_job_whose_regions_have_no_node_waits(bench: Bench) -> None:
    job = create(bench, allowed_region_codes=["nowhere"])

    bench.advance(299)

    assert read(bench, job["uuid"])["status"] == "PENDING"
