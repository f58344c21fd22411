"""Scenarios at the edges of what is accepted, over HTTP: whatever is taken works for all five APIs, to the
clock's end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.client import ControlRefused, MockServer
from tests.http.test_restoring import LISTS, SMALL, TOKEN, _fill

NODE = {"class": "n", "count": 1, "cpu": 1, "memory_gib": 1}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(pace="manual") as running:
        yield running


@pytest.mark.parametrize("start", ["2001-09-09T01:46:40Z", "2026-01-01T00:00:00+02:00", "2200-01-01T00:00:00Z"])
def test_a_start_that_is_accepted_works_for_all_apis_to_the_clocks_end(server: MockServer, start: str) -> None:
    with server.sandbox(scenario={**SMALL, "start": start}) as box, httpx.Client(headers=TOKEN) as http:
        _fill(box)
        for seconds in (100, 31_536_000, 31_536_000):
            assert {http.get(box.url(api) + path).status_code for api, path in LISTS.items()} == {200}
            box.clock.advance(seconds)
        answer = http.post(f"{box.root}/_mock/clock/advance", json={"seconds": 1})
        steps = 0
        while answer.status_code == 200 and steps < 300:
            answer = http.post(f"{box.root}/_mock/clock/advance", json={"seconds": 31_536_000})
            steps += 1
        assert answer.status_code == 422
        assert "goes no further than its end, 2286-11-20T17:46:39" in answer.json()["error"]["message"]
        assert {http.get(box.url(api) + path).status_code for api, path in LISTS.items()} == {200}


@pytest.mark.parametrize("pace", ["auto", "step"])
def test_a_clock_that_moves_by_itself_stops_at_its_end(server: MockServer, pace: str) -> None:
    scenario = {**SMALL, "start": "2200-01-01T00:00:00Z", "run": {"fixed": 1e9}, "pace": pace}
    with server.sandbox(scenario=scenario) as box, httpx.Client(headers=TOKEN) as http:
        for _ in range(6):
            job = {"job_type": "optimize", "params": {}, "metadata": {"MOCK_RUN_SECONDS": 1e9}}
            http.post(f"{box.url('ionworks')}/jobs", json=job)
        for _ in range(60):
            answers = [http.get(box.url(api) + path) for api, path in LISTS.items()]
            assert {one.status_code for one in answers} == {200}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"nodes": [{**NODE, "gpu": {"count": 1_000_000_000, "model": "x"}}]},
            "nodes[0].gpu.count: expected a whole number",
        ),
        ({"nodes": [{**NODE, "count": 2_000, "gpu": {"count": 1_000, "model": "x"}}]}, "at most 1000000 GPUs in all"),
        ({"nodes": [{**NODE, "count": -1}]}, "nodes[0].count: expected a whole number of nodes from 1 to 100000"),
        ({"start": "0001-01-01T00:00:00Z"}, "expected `start` from 2001-09-09T01:46:40Z to 2200-01-01T00:00:00Z"),
        ({"start": "2000-01-01T00:00:00Z"}, "expected `start` from 2001-09-09T01:46:40Z"),
        ({"start": "9999-12-31T23:59:59Z"}, "expected `start` from 2001-09-09T01:46:40Z"),
        ({"start": "yesterday"}, "start: expected"),
        ({"most_jobs": -1}, "most_jobs: expected a whole number of jobs of at least 1, got -1"),
        ({"pace": "x1e9"}, "pace: expected real, manual, auto, step"),
        ({"pace": "x9999999"}, "factor up to 1000000"),
        ({"credentials": {"ionwork": {"a": "b"}}}, "got ionwork; did you mean ionworks?"),
        ({"credentials": {"webhook": {"secret": "whsec_?"}}}, "in base64"),
        ({"surprise": 1}, "unknown field `surprise`; expected one of name, seed"),
    ],
)
def test_a_scenario_out_of_bounds_is_refused_in_one_sentence(
    server: MockServer, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ControlRefused) as refused:
        server.sandbox(scenario={"nodes": [NODE], **change})

    assert refused.value.status == 422
    assert reason in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nodes": [{**NODE, "cpu": 2**64}]}, "nodes[0].cpu: expected"),
        ({"most_jobs": [10**200]}, "most_jobs: expected"),
        ({"nodes": [{**NODE, "cpu": 1e308}]}, "a number of at least 0, at most 1099511627776, got 1e+308"),
        ({"nodes": [{**NODE, "memory_gib": 1e308}]}, "at least 0, at most 1099511627776, got 1e+308"),
        ({"seed": 10**30}, "a whole number as seed, at most 9223372036854775807, got 1000"),
        ({"seed": -(10**30)}, "a whole number as seed, at least -9223372036854775808, got -1000"),
        ({"name": "x" * 101}, "name: expected a name, at most 100 characters, got"),
        ({"most_jobs": 10**12}, "of at least 1, at most 1000000000, got 1000000000000"),
        ({"jobs": [{"priority": 10**9}]}, "a whole number as priority, at most 1000000, got 1000000000"),
        ({"run": {"mixture": [{"weight": 1, "fixed": 1}] * 101}}, "each with a weight, at most 100 entries, got"),
    ],
)
def test_a_value_beyond_its_bound_is_refused_by_a_sentence_that_names_the_bound(
    server: MockServer, change: dict[str, Any], reason: str
) -> None:
    scenario = json.dumps({"scenario": {"nodes": [NODE], **change}})

    refused = httpx.post(
        f"{server.url}/_mock/sandboxes", content=scenario, headers={"Content-Type": "application/json"}
    )

    assert refused.status_code == 422
    assert reason in refused.text
