"""Run:AI jobs of several pods, and elastic ones, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import Bench
from tests.life.test_runai import delete, name_of, submit


def shown(bench: Bench, name: str) -> dict[str, Any]:
    return next(job for job in bench.get("/api/job").json()["data"] if job["name"] == name)


def test_completions_are_worked_off_in_parallel(bench: Bench) -> None:
    name = name_of(submit(bench, gpu=1, command="sleep 10", completions=5, parallelism=2))
    seen = []
    for _ in range(80):
        job = shown(bench, name)
        seen.append((job["status"], job["currentAllocatedGPUs"], len(job["nodes"])))
        bench.advance(0.5)

    assert max(gpus for _, gpus, _ in seen) == 2
    assert all(gpus == nodes for _, gpus, nodes in seen)
    assert list(dict.fromkeys(status for status, _, _ in seen)) == ["ContainerCreating", "Running", "Succeeded"]
    running = sum(status == "Running" for status, _, _ in seen) / 2
    assert 30 <= running <= 36


def test_failures_beyond_the_limit_end_the_job_and_stop_its_pods(bench: Bench) -> None:
    name = name_of(
        submit(
            bench,
            gpu=1,
            completions=4,
            parallelism=2,
            backoffLimit=1,
            environment={"MOCK_FAIL_ATTEMPTS": 2, "MOCK_RUN_SECONDS": 5},
        )
    )
    bench.advance(7)
    assert shown(bench, name)["status"] == "Running"

    bench.advance(20)

    job = shown(bench, name)
    assert (job["status"], job["currentAllocatedGPUs"], job["nodes"]) == ("Failed", 0, [])


def test_a_failed_pod_is_tried_again_after_a_pause_while_others_go_on(bench: Bench) -> None:
    name = name_of(
        submit(bench, gpu=1, completions=2, parallelism=2, environment={"MOCK_FAIL_ATTEMPTS": 1, "MOCK_RUN_SECONDS": 8})
    )
    pods = []
    for _ in range(80):
        pods.append(shown(bench, name)["currentAllocatedGPUs"])
        bench.advance(0.5)

    assert shown(bench, name)["status"] == "Succeeded"
    assert list(dict.fromkeys(pods)) == [2, 1, 0] or list(dict.fromkeys(pods)) == [2, 0, 1]
    first_pause = pods.index(0) if 0 in pods else len(pods)
    assert 1 in pods[first_pause:]


def test_a_job_whose_last_pod_loses_its_node_waits_again(bench: Bench) -> None:
    name = name_of(submit(bench, gpu=1, command="sleep 60", completions=2, nodeType="a100"))
    bench.advance(5)
    assert shown(bench, name)["nodes"] == ["a100-0"]

    bench.post("/_mock/nodes/a100-0/fail")
    assert shown(bench, name)["status"] == "Pending"
    bench.post("/_mock/nodes/a100-0/restore")

    assert shown(bench, name)["status"] == "ContainerCreating"
    delete(bench, name)
    assert shown_nodes(bench, "a100-0") == []


def shown_nodes(bench: Bench, name: str) -> list[str]:
    found = next(node for node in bench.get("/_mock/nodes").json()["nodes"] if node["name"] == name)
    return [str(job) for job in found["jobs"]]


# Elastic


def test_an_elastic_job_takes_what_there_is_and_grows(bench: Bench) -> None:
    name_of(submit(bench, name="big", gpu=2, nodeType="a100", command="sleep 20"))
    name_of(submit(bench, name="rigid", gpu=1, nodeType="a100", command="sleep 40"))
    name_of(submit(bench, name="soft", gpu=4, nodeType="a100", command="sleep 90", elastic=True))

    seen = []
    for _ in range(5):
        seen.append(shown(bench, "soft")["currentAllocatedGPUs"])
        bench.advance(13)

    assert seen == [1, 1, 2, 2, 4]
    bench.advance(30)
    assert shown(bench, "soft")["status"] == "Succeeded"
    assert shown(bench, "soft")["currentAllocatedGPUs"] == 0


def test_an_elastic_job_does_not_grow_into_what_others_wait_for(bench: Bench) -> None:
    name_of(submit(bench, name="short", gpu=2, nodeType="a100", command="sleep 10"))
    name_of(submit(bench, name="soft", gpu=4, nodeType="a100", command="sleep 90", elastic=True))
    name_of(submit(bench, name="late", gpu=4, nodeType="a100", command="sleep 10"))
    bench.advance(20)

    assert (shown(bench, "soft")["currentAllocatedGPUs"], shown(bench, "late")["status"]) == (2, "Pending")
    delete(bench, "late")
    assert shown(bench, "soft")["currentAllocatedGPUs"] == 4


def test_a_running_elastic_job_gives_back_what_a_late_one_needs_and_begins_nothing_anew(bench: Bench) -> None:
    soft = name_of(submit(bench, name="soft", gpu=4, nodeType="a100", command="sleep 90", elastic=True))
    bench.advance(10)
    assert (shown(bench, soft)["status"], shown(bench, soft)["currentAllocatedGPUs"]) == ("Running", 4)

    name_of(submit(bench, name="late", gpu=1, nodeType="a100", command="sleep 20"))

    assert [shown(bench, name)["currentAllocatedGPUs"] for name in ("soft", "late")] == [2, 1]
    assert [shown(bench, name)["status"] for name in ("soft", "late")] == ["Running", "ContainerCreating"]
    name_of(submit(bench, name="later", gpu=2, nodeType="a100", command="sleep 20"))
    assert [shown(bench, name)["currentAllocatedGPUs"] for name in ("soft", "late", "later")] == [1, 1, 2]

    bench.advance(30)
    assert shown(bench, "soft")["currentAllocatedGPUs"] == 4
    bench.advance(60)
    assert shown(bench, "soft")["status"] == "Succeeded"
    told = bench.get(
        "/_mock/jobs/runai/" + bench.get("/_mock/jobs?api=runai").json()["jobs"][0]["job"].replace("/", "%2F")
    ).json()
    assert [attempt["outcome"] for attempt in told["attempts"]] == ["succeeded"]


def test_an_elastic_job_gives_nothing_in_vain(bench: Bench) -> None:
    name_of(submit(bench, name="rigid", gpu=1, nodeType="a100", command="sleep 60"))
    name_of(submit(bench, name="soft", gpu=2, nodeType="a100", command="sleep 90", elastic=True))

    name_of(submit(bench, name="large", gpu=4, nodeType="a100", command="sleep 10"))

    assert (shown(bench, "soft")["currentAllocatedGPUs"], shown(bench, "large")["status"]) == (2, "Pending")


def test_slack_is_taken_before_anybody_is_evicted_and_only_above_the_share(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario="quota-walkthrough")
    name_of(submit(bench, name="soft", project="team-a", gpu=2, command="sleep 900", elastic=True))
    name_of(submit(bench, name="rigid", project="team-a", gpu=1, command="sleep 900"))
    name_of(submit(bench, name="b1", project="team-b", gpu=1, command="sleep 900"))
    bench.advance(10)

    name_of(submit(bench, name="b2", project="team-b", gpu=1, command="sleep 900"))

    held = {name: shown(bench, name)["currentAllocatedGPUs"] for name in ("soft", "rigid", "b1", "b2")}
    assert held == {"soft": 1, "rigid": 1, "b1": 1, "b2": 1}
    assert [shown(bench, name)["status"] for name in ("soft", "rigid", "b1")] == ["Running"] * 3
    name_of(submit(bench, name="b3", project="team-b", gpu=1, command="sleep 900"))
    assert shown(bench, "b3")["status"] == "Pending"
    delete(bench, "b3", project="team-b")
