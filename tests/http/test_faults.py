"""Faults: answers spoiled on purpose, over a real socket, and never for longer than was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import FAULTS
from mockserver.http.steering.faults import Faults
from mockserver.http.steering.matching import Asked
from tests.conftest import Bench
from tests.http.steering import fault, ionworks, rule, xio

LIST = Asked("ionworks", "list_jobs_jobs_get", "GET", "/jobs", {})
LISTS = ["/jobs", "/v1/jobs"]


class HandClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("path", LISTS)
def test_a_dropped_connection_ends_without_a_byte_and_the_server_lives_on(bench: Bench, path: str) -> None:
    fault(bench, kind="drop", count=1)

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        bench.get(path)

    assert bench.get(path).status_code == 200
    assert [one["status"] for one in bench.get("/_mock/exchanges").json()["exchanges"]] == [0, 200]


@pytest.mark.parametrize(("after", "jobs"), [(False, 0), (True, 1)])
def test_a_drop_comes_before_or_after_the_job_is_made(bench: Bench, after: bool, jobs: int) -> None:
    fault(bench, kind="drop", after=after, scope={"method": "POST"})

    with pytest.raises(httpx.RemoteProtocolError):
        ionworks(bench)

    assert bench.get("/jobs").json()["total"] == jobs


@pytest.mark.parametrize("path", LISTS)
def test_a_truncated_body_was_announced_at_its_full_length(bench: Bench, path: str) -> None:
    whole = bench.get(path)
    fault(bench, kind="truncate", keep=0.25, count=1)

    with (
        bench.http.stream("GET", path) as answer,
        pytest.raises(httpx.RemoteProtocolError, match=f"received {len(whole.content) // 4} bytes"),
    ):
        answer.read()

    assert answer.headers["Content-Length"] == whole.headers["Content-Length"]
    assert bench.get(path).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_malformed_body_is_whole_but_no_json(bench: Bench, path: str) -> None:
    fault(bench, kind="malformed", count=1)

    answer = bench.get(path)

    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("path", LISTS)
def test_a_slow_body_comes_in_pieces_over_the_time_asked_for(bench: Bench, path: str) -> None:
    fault(bench, kind="slow", seconds=0.3, count=1)
    began = time.monotonic()

    with bench.http.stream("GET", path) as answer:
        pieces = list(answer.iter_raw())

    assert len(pieces) > 3
    assert time.monotonic() - began >= 0.25
    assert json.loads(b"".join(pieces)) is not None


def test_latency_is_real_time_and_the_job_begins_after_it(bench: Bench) -> None:
    fault(bench, kind="latency", seconds=0.2, scope={"operation": "submit_job_jobs_post"})
    began = time.monotonic()

    job = ionworks(bench)

    assert time.monotonic() - began >= 0.2
    assert job.headers["X-Mock-Steered"] == "fault-1"


def test_a_distributed_latency_depends_on_its_seed_and_is_bounded() -> None:
    def delays(seed: int) -> list[float]:
        faults = Faults(HandClock())
        faults.add({"kind": "latency", "log_normal": [2, 2], "seed": seed})
        strikes = [faults.strike(LIST, 0.0) for _ in range(100)]
        return [strike.delay for strike in strikes if strike is not None]

    assert delays(1) == delays(1) != delays(2)
    assert max(delays(1)) == 60.0
    assert min(delays(1)) < 5


def test_a_status_is_worded_by_each_vendor(bench: Bench) -> None:
    fault(bench, kind="status", status=503, message="overloaded", headers={"Retry-After": "3"})

    ours, theirs = ionworks(bench, ok=False), xio(bench, ok=False)

    assert (ours.status_code, ours.json()["message"], ours.headers["Retry-After"]) == (503, "overloaded", "3")
    assert (theirs.status_code, theirs.json()["error"]["message"]) == (503, "overloaded")


def test_a_quota_counts_in_simulated_time_and_says_when_to_come_back(bench: Bench) -> None:
    fault(bench, kind="quota", requests=2, window=60, scope={"api": "ionworks"})

    first = [bench.get("/jobs").status_code for _ in range(2)]
    bench.advance(45)
    refused = bench.get("/jobs")
    bench.advance(int(refused.headers["Retry-After"]))

    assert first == [200, 200]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "15")
    assert bench.get("/jobs").status_code == 200
    assert bench.get("/v1/jobs").status_code == 200


@pytest.mark.parametrize(
    ("pace", "answered"),
    [("manual", "60"), ("step", "60"), ("x100", "1"), ("x7", "9"), ("x0.5", "120"), ("real", "60")],
)
def test_a_client_waits_for_a_quota_in_the_time_that_it_lives_in(
    bench_of: Callable[..., Bench], pace: str, answered: str
) -> None:
    here = bench_of(apis=["ionworks"], pace=pace)
    fault(here, kind="quota", requests=0, window=60)

    assert here.get("/jobs").headers["Retry-After"] == answered


def test_scope_count_and_probability_say_which_requests_suffer(bench: Bench) -> None:
    fault(bench, kind="status", status=500, scope={"method": "POST", "path": "/jobs"}, count=2)
    faults = Faults(HandClock())
    faults.add({"kind": "drop", "probability": 0.25, "seed": 7})

    statuses = [ionworks(bench, ok=False).status_code for _ in range(3)]
    struck = sum(faults.strike(LIST, 0.0) is not None for _ in range(400))

    assert statuses == [500, 500, 202]
    assert bench.get("/jobs").status_code == 200
    assert 60 < struck < 140


def test_several_faults_strike_together(bench: Bench) -> None:
    fault(bench, kind="latency", seconds=0.1)
    fault(bench, kind="status", status=502)
    fault(bench, kind="malformed")
    began = time.monotonic()

    answer = bench.get("/v1/jobs")

    assert time.monotonic() - began >= 0.1
    assert answer.status_code == 502
    assert answer.headers["X-Mock-Steered"] == "fault-1, fault-2, fault-3"
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_fault_ends_after_its_time_to_live_whoever_asked_for_it(bench: Bench) -> None:
    clock = HandClock()
    faults = Faults(clock)
    faults.add({"kind": "drop"})
    faults.add({"kind": "drop", "ttl": 3600})
    fault(bench, kind="status", status=500, ttl=0.15)

    during = bench.get("/jobs").status_code
    time.sleep(0.2)
    clock.now += 60

    assert during == 500
    assert bench.get("/jobs").status_code == 200
    assert bench.get("/_mock/faults").json() == {"faults": []}
    assert [one["id"] for one in faults.list()] == ["fault-2"]
    clock.now += 3540
    assert faults.strike(LIST, 0.0) is None
    assert not faults.given


def test_the_control_api_and_other_sandboxes_never_suffer(bench: Bench) -> None:
    other = Bench(bench.url, bench.sandbox + "-other")
    fault(bench, kind="drop")

    assert bench.get("/_mock/health").status_code == 200
    assert other.get("/jobs").status_code == 200
    bench.delete("/_mock/faults")
    assert bench.get("/jobs").status_code == 200
    other.http.close()


@pytest.mark.parametrize(
    ("description", "named"),
    [
        ({}, "kind"),
        ({"kind": "meteor"}, "'meteor'"),
        ({"kind": "drop", "ttl": 3601}, "3601"),
        ({"kind": "drop", "ttl": 0}, "0"),
        ({"kind": "drop", "count": 0}, "0"),
        ({"kind": "drop", "probability": -1}, "-1"),
        ({"kind": "drop", "seconds": 3}, "3"),
        ({"kind": "drop", "scope": {"api": "azure"}}, '"azure"'),
        ({"kind": "drop", "scope": {"body": {"$.a": 1}}}, "$.a"),
        ({"kind": "latency"}, "exactly one"),
        ({"kind": "latency", "seconds": 61}, "61"),
        ({"kind": "latency", "uniform": [3, 1]}, "3"),
        ({"kind": "slow"}, "needs seconds"),
        ({"kind": "status"}, "needs status"),
        ({"kind": "status", "status": 101}, "101"),
        ({"kind": "quota", "requests": 3}, "needs window"),
        ({"kind": "truncate", "keep": 1}, "1"),
    ],
)
def test_a_bad_description_is_refused_with_the_value_in_the_sentence(description: dict[str, Any], named: str) -> None:
    faults = Faults()

    with pytest.raises(Refusal, match="fault") as refused:
        faults.add(description)

    assert refused.value.kind == "invalid"
    assert named in refused.value.message
    assert not faults.given


def test_faults_are_bounded_and_can_be_removed() -> None:
    faults = Faults()
    for _ in range(FAULTS):
        faults.add({"kind": "drop"})

    with pytest.raises(Refusal, match="limit"):
        faults.add({"kind": "drop"})
    faults.remove("fault-1")
    with pytest.raises(Refusal, match="'fault-1'"):
        faults.remove("fault-1")


LISTS = {
    "openyuanrong": "/api/jobs",
    "runai": "/api/job",
    "xio": "/v1/jobs",
    "ionworks": "/jobs",
    "bytenite": "/v1/customer/jobs",
}


@pytest.mark.parametrize(
    "status", [200, 201, 202, 203, 204, 206, 299, 301, 302, 304, 307, 399, 400, 418, 451, 499, 500, 599]
)
@pytest.mark.parametrize("api", LISTS)
@pytest.mark.parametrize("way", ["rule", "fault"])
def test_every_status_is_sent_as_ordered_and_never_blamed_on_the_client(
    bench: Bench, api: str, status: int, way: str
) -> None:
    ways = {
        "rule": lambda: rule(bench, match={"api": api}, answer={"status": status}),
        "fault": lambda: fault(bench, kind="status", status=status, scope={"api": api}),
    }
    name = ways[way]()

    answer = bench.get(LISTS[api], headers={"Authorization": "Bearer any"}, follow_redirects=False)

    assert answer.status_code == status
    assert answer.headers["X-Mock-Steered"] == name
    (seen,) = bench.get("/_mock/exchanges").json()["exchanges"]
    assert (seen["status"], seen["verdict"]) == (status, "kept")
