"""Reserved keys in each vendor's own free map, through each vendor's own API."""

from __future__ import annotations

import timeit
from typing import Any
from urllib.parse import quote

import pytest

import specs
from mockserver.adapters.exchange import Call, Refusal
from mockserver.adapters.steering import KEYS, script
from mockserver.simulation.request import Script
from tests.conftest import Bench

TEXTS = {"MOCK_RUN_SECONDS": "2.5", "MOCK_EXIT_CODE": "7", "MOCK_FAIL_REASON": "scripted end"}


def ionworks(bench: Bench, keys: dict[str, Any], member: str = "metadata") -> str:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}, member: keys})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def xio(bench: Bench, keys: dict[str, Any]) -> str:
    container = {"image": "busybox", "tag": "1", "host": "registry.example", "env": keys, "ports": []}
    body = {"title": "t", "task": "BATCH", "max_timeout_run_ms": 3_600_000, "cpu_count": 1, "gpu_count": 0}
    answer = bench.post("/v1/jobs", json={**body, "parameters": {"type": "docker", "parameters": container}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["uuid"])


def openyuanrong(bench: Bench, keys: dict[str, Any], *, env: bool = False) -> str:
    runtime = {"working_dir": "file:///work.zip", **({"env_vars": keys} if env else {})}
    body = {"entrypoint": "python main.py", "runtime_env": runtime, **({} if env else {"metadata": keys})}
    answer = bench.post("/api/jobs", json=body)
    assert answer.is_success, answer.text
    return str(answer.json()["submission_id"])


def runai(bench: Bench, keys: dict[str, Any]) -> str:
    job = {"name": "steered", "project": "team-a", "image": "busybox", "environment": keys}
    answer = bench.post("/api/job", json={"job": job}, headers={"ra-user": "ada"})
    assert answer.is_success, answer.text
    return "steered"


def bytenite(bench: Bench, keys: dict[str, Any], *, later: bool = False) -> str:
    bench.http.headers["Authorization"] = "any"
    body = {"templateId": "hello-world", "name": "steered", **({} if later else {"params": {"app": keys}})}
    answer = bench.post("/v1/customer/jobs", json=body)
    assert answer.is_success, answer.text
    job = str(answer.json()["job"]["id"])
    if later:
        assert bench.post(f"/v1/customer/jobs/params/{job}", json={"app": keys}).is_success
    assert bench.post(f"/v1/customer/jobs/{job}/run", json={}).is_success
    return job


def outcome(bench: Bench, api: str) -> tuple[str, float, int | None, str]:
    """Phase, length of the run, exit code and reason of the only job, as the control API sees it."""
    [listed] = bench.get("/_mock/jobs", params={"api": api}).json()["jobs"]
    job = bench.get(f"/_mock/jobs/{api}/{listed['job']}").json()
    last = job["attempts"][-1]
    return job["phase"], round(last["ended"] - last["started"], 3), last["exit_code"], last["reason"]


WAYS = {
    "ionworks metadata": ("ionworks", ionworks),
    "ionworks params": ("ionworks", lambda bench, keys: ionworks(bench, keys, "params")),
    "xio env": ("xio", xio),
    "openyuanrong metadata": ("openyuanrong", openyuanrong),
    "openyuanrong env_vars": ("openyuanrong", lambda bench, keys: openyuanrong(bench, keys, env=True)),
    "bytenite app": ("bytenite", bytenite),
    "bytenite app, set later": ("bytenite", lambda bench, keys: bytenite(bench, keys, later=True)),
}


@pytest.mark.parametrize("way", WAYS)
def test_reserved_keys_decide_what_becomes_of_the_job(bench: Bench, way: str) -> None:
    api, submit = WAYS[way]

    submit(bench, TEXTS)
    bench.advance(3600)

    assert outcome(bench, api) == ("failed", 2.5, 7, "scripted end")


def test_of_runai_the_first_attempts_fail_and_a_later_one_succeeds(bench: Bench) -> None:
    runai(bench, {"MOCK_RUN_SECONDS": 2, "MOCK_FAIL_ATTEMPTS": 2})
    bench.advance(3600)

    [listed] = bench.get("/_mock/jobs", params={"api": "runai"}).json()["jobs"]
    job = bench.get(f"/_mock/jobs/runai/{quote(listed['job'], safe='')}").json()
    assert [one["exit_code"] for one in job["attempts"]] == [1, 1, 0]
    assert job["phase"] == "succeeded"


@pytest.mark.parametrize("value", [True, "true", "1"])
def test_a_job_can_stay_queued(bench: Bench, value: Any) -> None:
    job = ionworks(bench, {"MOCK_STAY_QUEUED": value})
    bench.advance(100_000)

    assert bench.get(f"/jobs/{job}").json()["status"] == "pending"


def test_a_key_counts_more_than_a_rule(bench: Bench) -> None:
    bench.post("/_mock/rules", json={"match": {"api": "ionworks"}, "job": {"run_seconds": 50, "exit_code": 9}})

    ionworks(bench, {"MOCK_RUN_SECONDS": 2})
    bench.advance(3600)

    assert outcome(bench, "ionworks")[1:3] == (2.0, 9)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MOCK_RUN_SECONDS", "soon"),
        ("MOCK_RUN_SECONDS", -1),
        ("MOCK_RUN_SECONDS", "nan"),
        ("MOCK_RUN_SECONDS", "1e999"),
        ("MOCK_RUN_SECONDS", True),
        ("MOCK_EXIT_CODE", 256),
        ("MOCK_EXIT_CODE", 1.5),
        ("MOCK_EXIT_CODE", "inf"),
        ("MOCK_FAIL_REASON", 3),
        ("MOCK_FAIL_REASON", "x" * 1001),
        ("MOCK_STAY_QUEUED", "perhaps"),
        ("MOCK_FAIL_ATTEMPTS", []),
    ],
)
def test_a_bad_value_is_refused_with_its_place(bench: Bench, key: str, value: Any) -> None:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}, "metadata": {key: value}})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "metadata", key]
    assert key in answer.headers["X-Mock-Violations"]
    assert bench.get("/jobs").json()["total"] == 0


def test_every_key_reads_texts_and_numbers() -> None:
    body = {
        "env": {
            "MOCK_RUN_SECONDS": 1,
            "MOCK_EXIT_CODE": "2",
            "MOCK_FAIL_REASON": "r",
            "MOCK_STAY_QUEUED": "yes",
            "MOCK_FAIL_ATTEMPTS": 3.0,
        }
    }

    told = script(Call("op", None, body=body), None, [], body["env"])  # type: ignore[arg-type]  # no world is needed

    assert set(body["env"]) == set(KEYS)
    assert told == Script(1.0, 2, "r", "", True, 3)


def test_a_bad_value_nobody_can_place_still_names_its_key() -> None:
    with pytest.raises(Refusal, match="MOCK_EXIT_CODE"):
        script(Call("op", None), {"MOCK_EXIT_CODE": "x"})  # type: ignore[arg-type]


def test_nothing_there_costs_next_to_nothing() -> None:
    call, env = Call("op", None), {f"NAME_{number}": "value" for number in range(50)}  # type: ignore[arg-type]

    seconds = min(timeit.repeat(lambda: script(call, env, None), number=2000, repeat=5)) / 2000

    assert seconds < 5e-6  # a microsecond on a machine that does nothing else
    assert script(call, env, None) is None


def test_all_five_apis_are_covered() -> None:
    assert {api for api, _ in WAYS.values()} | {"runai"} == set(specs.names())


@pytest.mark.parametrize(
    ("value", "shown"), [([True, None], "[true, null]"), ({"a": None}, '{"a": null}'), (True, "true")]
)
def test_a_wrong_value_of_a_key_is_shown_as_it_was_sent(bench: Bench, value: Any, shown: str) -> None:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}, "metadata": {"MOCK_RUN_SECONDS": value}})

    assert f"MOCK_RUN_SECONDS is {shown}; expected" in answer.json()["detail"][0]["msg"]
