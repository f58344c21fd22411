"""ByteNite's tasks take capacity of their own, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Bench
from tests.life.test_bytenite import ONE_WORKER, Customer


@pytest.fixture
def customer(bench: Bench) -> Customer:
    return Customer(bench)


def replicas(count: int, words: str = "sleep 5", **config: Any) -> dict[str, Any]:
    return {"params": {"partitioner": {"num_replicas": count}, "app": {"command": words}}, "config": config}


def running(customer: Customer, job: str) -> int:
    return int(customer.ask("POST", "/jobs/runningTasks", json={"jobIds": [job]}).json()["runningTasks"][job])


def test_tasks_wait_for_capacity_one_after_the_other(bench_of: Callable[..., Bench]):
    customer = Customer(bench_of(scenario=ONE_WORKER))
    job = customer.run(**replicas(3))
    customer.bench.advance(4)

    seen = []
    for _ in range(3):
        seen.append((customer.job(job)["state"], running(customer, job)))
        customer.bench.advance(5)

    assert seen == [("JOB_STATE_PARTITIONED", 1)] * 3
    assert customer.job(job)["state"] == "JOB_STATE_MERGING"
    stamps = customer.job(job)["stateTimestamps"]
    assert stamps["JOB_STATE_TASKS_COMPLETED"] == stamps["JOB_STATE_MERGING"]


def test_merging_waits_for_capacity_as_well(bench_of: Callable[..., Bench]):
    customer = Customer(bench_of(scenario=ONE_WORKER))
    first, second = customer.run(**replicas(1)), customer.run(**replicas(1))
    seen = set()
    for _ in range(60):
        seen |= {customer.job(job)["state"] for job in (first, second)}
        customer.bench.advance(0.5)

    assert "JOB_STATE_TASKS_COMPLETED" not in seen  # the first comes first in every step
    assert customer.job(first)["endedAt"] < customer.job(second)["endedAt"]


def test_one_failed_task_ends_the_job_and_stops_the_others(customer):
    job = customer.run(**replicas(4, "sleep 50", taskTimeout=10))
    customer.bench.advance(12.5)
    before = running(customer, job)
    customer.bench.advance(0.5)

    failed = customer.job(job)
    logs = customer.ask("POST", "/logs", json={"jobId": job}).json()
    told = {task: lines["logs"][-1]["log"] for task, lines in logs["taskrunner"].items()}

    assert before == 4
    assert (failed["state"], failed["errorMessage"]) == ("JOB_STATE_FAILED", "the task timeout has passed")
    assert sorted(told.values())[-1] == "task is given up: its job is over"
    assert told[f"{job}-0"] == "task failed: run_timeout"
    assert customer.ask("POST", "/jobs/runningTasks").json() == {"runningTasks": {}}


@pytest.mark.parametrize("method", ["abort", "delete"])
def test_a_job_that_is_stopped_gives_back_what_its_tasks_hold(bench_of: Callable[..., Bench], method: str):
    customer = Customer(bench_of(scenario=ONE_WORKER))
    job, waiting = customer.run(**replicas(2, "sleep 500")), customer.run()
    customer.bench.advance(10)
    assert customer.job(waiting)["state"] == "JOB_STATE_STARTED"

    customer.ask(*(("POST", f"/jobs/{job}/abort") if method == "abort" else ("DELETE", f"/jobs/{job}")))

    assert customer.job(waiting)["state"] == "JOB_STATE_UPLOADING"


def test_a_task_that_loses_its_worker_is_worked_on_anew(customer):
    job = customer.run(**replicas(1, "sleep 20"))
    customer.bench.advance(10)
    node = next(one["name"] for one in customer.bench.get("/_mock/nodes").json()["nodes"] if one["jobs"])

    customer.bench.post(f"/_mock/nodes/{node}/fail")
    customer.bench.advance(15)
    assert customer.job(job)["state"] == "JOB_STATE_PARTITIONED"
    customer.bench.advance(15)

    assert customer.job(job)["state"] == "JOB_STATE_COMPLETE"
    lines = customer.ask("POST", "/logs", json={"jobId": job, "levels": ["WARN"]}).json()["taskrunner"][f"{job}-0"][
        "logs"
    ]
    assert [line["log"] for line in lines] == ["task lost its worker and waits for another: node_lost"]


def test_a_test_job_has_one_chunk(customer):
    job = customer.run(**replicas(9, isTestJob=True))
    customer.bench.advance(4)

    assert (customer.job(job)["numChunks"], running(customer, job)) == (1, 1)


@pytest.mark.parametrize("url", ["http://nowhere.invalid/in.zip", "https://data.invalid:444/x"])
def test_a_source_that_nobody_serves_fails_the_upload(customer, url):
    job = customer.run(dataSource={"dataSourceDescriptor": "url", "params": {"url": url}})
    customer.bench.advance(0.5)
    assert customer.job(job)["state"] == "JOB_STATE_UPLOADING"
    customer.bench.advance(0.5)

    failed = customer.job(job)
    assert failed["state"] == "JOB_STATE_FAILED"
    assert "data source" in failed["errorMessage"]
    assert "JOB_STATE_PARTITIONING" not in failed["stateTimestamps"]
    mended = customer.create(dataSource={"dataSourceDescriptor": "url", "params": {"url": url}})
    customer.ask(
        "PATCH",
        f"/jobs/{mended}/datasource",
        json={"dataSource": {"dataSourceDescriptor": "url", "params": {"url": "https://example.com/x"}}},
    )
    customer.ask("POST", f"/jobs/{mended}/run")
    customer.bench.advance(2)
    assert customer.job(mended)["state"] == "JOB_STATE_PARTITIONING"
