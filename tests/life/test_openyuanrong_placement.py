"""openYuanrong submissions that wait to be placed, and where they are placed, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import Bench
from tests.life.test_openyuanrong import asked, read, status, submit


@pytest.mark.parametrize("pace", ["x100", "auto"])
def test_a_submission_is_answered_when_its_job_is_placed(bench_of: Callable[..., Bench], pace: str) -> None:
    bench = bench_of(apis=["openyuanrong"], pace=pace)
    first = submit(bench, "sleep 10", entrypoint_resources={"NPU": 8})

    second = submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})

    before, after = read(bench, first), read(bench, second)
    assert (before["status"], after["status"]) in (("SUCCEEDED", "RUNNING"), ("SUCCEEDED", "SUCCEEDED"))
    assert int(after["start_time"]) >= int(before["end_time"])


def test_a_submission_that_finds_no_room_is_a_failed_creation(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=["openyuanrong"], pace="x100")
    submit(bench, "sleep 90000", entrypoint_resources={"NPU": 8})

    answer = bench.post("/api/jobs", json=asked("sleep 9", entrypoint_resources={"NPU": 1}, submission_id="late"))

    assert answer.status_code == 500
    assert answer.json().startswith("create app failed, submissionId:[app-late], err: ")
    assert all(words in answer.json() for words in ("18000 ms", "2 attempts", "6 of 6 nodes lack free 1 NPU"))
    assert status(bench, "app-late") == "FAILED"


def test_others_are_served_while_a_submission_waits_and_may_leave(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=["openyuanrong"], pace="real")
    submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})

    with pytest.raises(httpx.ReadTimeout):
        bench.post(
            "/api/jobs", json=asked("sleep 9", entrypoint_resources={"NPU": 1}, submission_id="patient"), timeout=0.3
        )

    assert status(bench, "app-patient") == "PENDING"


def test_a_submission_that_waits_is_told_when_its_world_is_gone(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=["openyuanrong"], pace="real")
    submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(bench.post, "/api/jobs", json=asked("sleep 9", entrypoint_resources={"NPU": 1}))
        while len(bench.get("/api/jobs").json()) < 2:
            pass
        bench.post("/_mock/reset")
        answer = waiting.result()

    assert answer.status_code == 500
    assert "was deleted or reset" in answer.json()


def test_at_the_pace_manual_nobody_waits_for_an_answer(bench: Bench) -> None:
    submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})

    assert status(bench, submit(bench, "sleep 9", entrypoint_resources={"NPU": 1})) == "PENDING"


# Labels in their order


def placed_on(bench: Bench, labels: str) -> str:
    job = bench.post(
        "/api/jobs", json=asked("sleep 900", entrypoint_num_cpus=8), headers={"X-Pool-Label": labels}
    ).json()["submission_id"]
    return str(read(bench, job)["driver_node_id"])


def test_an_earlier_label_is_served_first_and_a_later_one_when_it_is_full(bench: Bench) -> None:
    places = [placed_on(bench, "pool-npu, pool-cpu") for _ in range(4)]

    assert places == ["npu-0", "cpu-0", "cpu-1", ""]


def test_the_special_element_opens_all_other_nodes_after_those_with_a_label(bench: Bench) -> None:
    places = [placed_on(bench, "pool-npu,unUseAntiOtherLabels,rtx4090") for _ in range(4)]

    assert places[:3] == ["npu-0", "rtx4090-0", "rtx4090-1"]
    assert places[3].startswith(("cpu", "a100"))
