from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mockserver.client import ControlRefused, MockServer, Sandbox
from tests.http.test_control_sandboxes import KEY, SMALL, submit


@pytest.fixture
def box(lenient_url: str) -> Iterator[Sandbox]:
    with MockServer.at(lenient_url) as server, server.sandbox(scenario=SMALL) as made:
        yield made


def test_a_rule_is_kept_counted_and_removed(box: Sandbox) -> None:
    rule = box.rules.add(
        match={"api": "ionworks", "first": 1}, job={"run_seconds": 3, "exit_code": 9, "reason": "told so"}
    )
    job = submit(box)

    assert box.clock.until(job, "failed").now == 3
    assert [(one.id, one.seen, one.applied) for one in box.rules.list()] == [(rule.id, 1, 1)]
    box.rules.remove(rule)
    assert box.rules.list() == []
    with pytest.raises(ControlRefused, match="404"):
        box.rules.remove(rule)


def test_a_rule_that_cannot_be_is_refused(box: Sandbox) -> None:
    for description in ({"match": {"api": "nobody"}, "job": {}}, {"match": {"body": {"$[": 1}}, "job": {}}):
        with pytest.raises(ControlRefused) as refused:
            box.rules.add(**description)  # type: ignore[arg-type]
        assert refused.value.kind == "invalid"


def test_a_fault_strikes_and_ends(box: Sandbox) -> None:
    box.faults.add("status", status=503, scope={"api": "ionworks"}, count=1)

    statuses = [httpx.get(f"{box.url('ionworks')}/jobs", headers=KEY).status_code for _ in range(2)]

    assert statuses == [503, 200]
    assert [one.struck for one in box.faults.list()] == [1]
    box.faults.clear()
    assert box.faults.list() == []


def test_exchanges_are_listed_filtered_and_exported(box: Sandbox) -> None:
    job = submit(box)
    httpx.get(f"{box.url('ionworks')}/jobs/{job}", headers=KEY)
    httpx.post(f"{box.url('ionworks')}/jobs", json={"job_type": 5}, headers=KEY)

    assert [one.status for one in box.exchanges] == [202, 200, 422]
    assert [one.status for one in box.exchanges.list(operation="submit_job_jobs_post")] == [202, 422]
    assert [one.number for one in box.exchanges.list(since=2)] == [3]
    assert [one.path for one in box.exchanges.broken()] == ["/jobs"]
    assert len(box.exchanges.har()["log"]["entries"]) == 3
    box.exchanges.clear()
    assert box.exchanges.list() == []


def test_events_come_as_they_happen(box: Sandbox) -> None:
    with httpx.stream("GET", f"{box.root}/_mock/events", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        next(lines)
        submit(box)

        told = [line for _, line in zip(range(3), (line for line in lines if line.startswith("event:")), strict=False)]

    assert told == ["event: transition", "event: transition", "event: exchange"]


def test_metrics_are_text(box: Sandbox) -> None:
    submit(box)

    answer = httpx.get(f"{box.root}/_mock/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert 'understudy_requests_total{api="ionworks",operation="submit_job_jobs_post",status="202"}' in answer.text
