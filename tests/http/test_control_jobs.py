from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mockserver.client import ControlRefused, MockServer, Sandbox
from tests.http.test_control_sandboxes import SMALL, submit


@pytest.fixture
def box(lenient_url: str) -> Iterator[Sandbox]:
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as made:
        yield made


def test_a_job_is_told_with_its_whole_life(box: Sandbox) -> None:
    job = submit(box, priority=3)
    box.clock.idle()

    seen = box.jobs[job]

    assert (seen.api, seen.state, seen.phase, seen.priority, seen.ended) == (
        "ionworks",
        "completed",
        "succeeded",
        3,
        10,
    )
    assert [(one.at, one.state, one.event) for one in seen.history] == [
        (0, "pending", "submitted"),
        (0, "processing", "allocated"),
        (10, "completed", "succeeded"),
    ]
    assert [(one.nodes, one.started, one.ended, one.outcome) for one in seen.attempts] == [
        (["tiny-0"], 0, 10, "succeeded")
    ]
    assert seen.resources.cpu == 8


def test_a_waiting_job_says_what_it_waits_for(box: Sandbox) -> None:
    submit(box)
    second = submit(box)

    assert box.jobs[second].waiting == "1 of 1 nodes lack free 8 cpu cores"
    assert [one.job for one in box.jobs.list(phase="queued")] == [second]
    assert box.jobs.list(state="completed") == []
    assert box.jobs.list(api="xio") == []


def test_outcomes_happen_on_demand(box: Sandbox) -> None:
    first, second, third = submit(box), submit(box), submit(box)

    assert box.jobs.fail(first, exit_code=137, reason="out of memory").outcome == {
        "exit_code": 137,
        "reason": "out of memory",
        "code": "",
    }
    assert box.jobs.complete(second).state == "completed"
    assert box.jobs[third].state == "processing"
    with pytest.raises(ControlRefused) as refused:
        box.jobs.fail(first)
    assert refused.value.status == 409


def test_a_job_loses_its_node(box: Sandbox) -> None:
    job = submit(box)

    box.jobs.lose_node(job)

    assert box.jobs[job].phase in ("failed", "queued")
    assert [node.condition for node in box.nodes] == ["down"]
    with pytest.raises(ControlRefused, match="409"):
        box.jobs.lose_node(job)


def test_nodes_come_and_go(box: Sandbox) -> None:
    job = submit(box)
    assert box.nodes.drain("tiny-0").condition == "draining"
    waiting = submit(box)
    box.clock.until(job, "completed")
    assert box.jobs[waiting].phase == "queued"

    added = box.nodes.add("spare", cpu=8, memory_gib=32, labels={"zone": "b"})

    assert added.condition == "ready"
    assert box.jobs[waiting].nodes == ["spare"]
    assert [node.jobs for node in box.nodes] == [[], [waiting]]
    assert box.nodes.restore("tiny-0").condition == "ready"
    with pytest.raises(ControlRefused, match="409"):
        box.nodes.add("spare", cpu=1, memory_gib=1)
    with pytest.raises(ControlRefused, match="404"):
        box.nodes.fail("nowhere")


def test_unknown_jobs_are_told(box: Sandbox) -> None:
    assert httpx.get(f"{box.root}/_mock/jobs/ionworks/none").status_code == 404
    assert httpx.get(f"{box.root}/_mock/jobs/nobody/none").status_code == 404
    with pytest.raises(LookupError, match="no job of this sandbox"):
        box.jobs.get("none")


def test_jobs_are_told_page_by_page(box: Sandbox) -> None:
    jobs = [submit(box) for _ in range(5)]

    page = httpx.get(f"{box.root}/_mock/jobs", params={"limit": 2, "offset": 2}).json()

    assert ([one["job"] for one in page["jobs"]], page["total"]) == (jobs[2:4], 5)
    assert len(box.jobs) == 5
