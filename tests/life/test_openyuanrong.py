"""openYuanrong jobs over a socket, as a client lives through them."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from tests.conftest import Bench

JSON_TYPE = "application/json; charset=utf-8"


def asked(entrypoint: str = "sleep 10", **more: Any) -> dict[str, Any]:
    return {"entrypoint": entrypoint, "runtime_env": {"working_dir": "/code"}, **more}


def submit(bench: Bench, entrypoint: str = "sleep 10", **more: Any) -> str:
    answer = bench.post("/api/jobs", json=asked(entrypoint, **more))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["submission_id"])


def read(bench: Bench, job: str) -> dict[str, Any]:
    answer = bench.get(f"/api/jobs/{job}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def status(bench: Bench, job: str) -> str:
    return str(read(bench, job)["status"])


def test_a_job_is_submitted_runs_and_succeeds(bench: Bench) -> None:
    job = submit(bench, "sleep 10", metadata={"team": "vision"})
    assert status(bench, job) == "RUNNING"

    bench.advance(9.9)
    assert status(bench, job) == "RUNNING"
    bench.advance(0.1)

    ended = read(bench, job)
    assert (ended["status"], ended["driver_exit_code"], ended["error_type"]) == ("SUCCEEDED", 0, "")
    assert int(ended["end_time"]) - int(ended["start_time"]) == 10
    assert ended["metadata"] == {"team": "vision"}


def test_a_job_ends_by_itself_while_a_client_polls(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(apis=["openyuanrong"], pace="auto")
    job = submit(bench, "sleep 3600")

    seen = [status(bench, job) for _ in range(5)]

    assert seen[-1] == "SUCCEEDED"
    assert set(seen) <= {"PENDING", "RUNNING", "SUCCEEDED"}


def test_of_twenty_jobs_some_wait_and_all_get_their_turn(bench: Bench) -> None:
    jobs = [submit(bench, "sleep 4", entrypoint_num_cpus=3) for _ in range(20)]

    listed = [job["status"] for job in bench.get("/api/jobs").json()]
    assert set(listed) == {"RUNNING", "PENDING"}
    assert listed == sorted(listed, reverse=True)

    bench.advance(8)
    assert {status(bench, job) for job in jobs} == {"SUCCEEDED"}


def test_a_stopped_job_is_over_and_its_room_is_given_on(bench: Bench) -> None:
    running = submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})
    waiting = submit(bench, "sleep 900", entrypoint_resources={"NPU": 8})
    bench.advance(5)
    assert status(bench, waiting) == "PENDING"

    answer = bench.post(f"/api/jobs/{running}/stop")

    assert (answer.status_code, answer.json()) == (200, True)
    assert status(bench, waiting) == "RUNNING"
    stopped = read(bench, running)
    assert (stopped["status"], int(stopped["end_time"]) - int(stopped["start_time"])) == ("STOPPED", 5)
    assert stopped["error_type"]
    bench.advance(3600)
    assert status(bench, running) == "STOPPED"


def test_stop_and_delete_say_false_and_change_nothing_where_they_may_not(bench: Bench) -> None:
    running = submit(bench, "sleep 10", entrypoint_resources={"NPU": 8})
    pending = submit(bench, "sleep 10", entrypoint_resources={"NPU": 8})

    for method, path in (("POST", f"{pending}/stop"), ("DELETE", pending), ("DELETE", running)):
        answer = bench.request(method, f"/api/jobs/{path}")
        assert (answer.status_code, answer.json()) == (200, False)

    assert (status(bench, running), status(bench, pending)) == ("RUNNING", "PENDING")
    bench.advance(10)
    assert bench.post(f"/api/jobs/{running}/stop").json() is False
    assert (status(bench, running), status(bench, pending)) == ("SUCCEEDED", "RUNNING")


def test_a_failed_job_is_deleted_and_sent_again_under_its_id(bench: Bench) -> None:
    job = submit(bench, "sleep 1; exit 42", submission_id="nightly")
    bench.advance(1)
    failed = read(bench, job)
    assert (failed["status"], failed["driver_exit_code"], failed["error_type"]) == ("FAILED", 42, "exit code 42")

    assert bench.post("/api/jobs", json=asked("sleep 1", submission_id="nightly")).status_code == 400
    assert bench.delete(f"/api/jobs/{job}").json() is True
    assert bench.get(f"/api/jobs/{job}").status_code == 404
    assert submit(bench, "sleep 1", submission_id="app-nightly") == job

    bench.advance(1)
    assert status(bench, job) == "SUCCEEDED"


def test_a_taken_id_is_refused_in_every_status_with_and_without_prefix(bench: Bench) -> None:
    submit(bench, "sleep 10", submission_id="one")

    for _ in ("running", "ended"):
        for given in ("one", "app-one"):
            answer = bench.post("/api/jobs", json=asked(submission_id=given))
            assert (answer.status_code, answer.json()) == (400, "submit job has already exist, submissionId: app-one")
        bench.advance(10)


def test_a_job_that_finds_no_room_in_eighteen_seconds_fails(bench: Bench) -> None:
    submit(bench, "sleep 9000", entrypoint_resources={"NPU": 8})
    waiting = submit(bench, "sleep 9000", entrypoint_resources={"NPU": 1})

    bench.advance(17.9)
    assert status(bench, waiting) == "PENDING"
    bench.advance(0.1)

    given_up = read(bench, waiting)
    assert (given_up["status"], given_up["start_time"], given_up["driver_node_id"]) == ("FAILED", "", "")
    assert given_up["error_type"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/stop")])
@pytest.mark.parametrize("job", ["app-none", "APP-NONE", "%E4%BD%A0", "a%2Fb"])
def test_an_unknown_id_is_not_found(bench: Bench, method: str, path: str, job: str) -> None:
    answer = bench.request(method, f"/api/jobs/{job}{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == JSON_TYPE
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_slash_forms_of_the_collection_are_served(bench: Bench, slash: str) -> None:
    submitted = bench.post(f"/api/jobs{slash}", json=asked())
    listed = bench.get(f"/api/jobs{slash}")

    assert (submitted.status_code, listed.status_code) == (200, 200)
    assert [job["submission_id"] for job in listed.json()] == [submitted.json()["submission_id"]]


def test_the_list_is_whole_and_in_order_whatever_is_asked(bench: Bench) -> None:
    assert bench.get("/api/jobs").json() == []
    jobs = [
        bench.post("/api/jobs", json=asked(), headers={"X-Tenant-Id": tenant}).json()["submission_id"]
        for tenant in "aba"
    ]

    listed = bench.get("/api/jobs", params={"limit": 1, "status": "FAILED"}, headers={"X-Tenant-Id": "a"}).json()

    assert [job["submission_id"] for job in listed] == jobs
    assert listed[0] == read(bench, jobs[0])


def test_a_refused_submission_leaves_nothing_behind(bench: Bench) -> None:
    answer = bench.post("/api/jobs", json=asked(submission_id="lost", entrypoint_resources={"no-such-thing": 1}))

    assert answer.status_code == 500
    assert answer.json().startswith("create app failed, submissionId:[app-lost], err: ")
    assert "6 of 6 nodes" in answer.json()
    assert bench.get("/api/jobs").json() == []
    assert submit(bench, submission_id="lost") == "app-lost"


@pytest.mark.parametrize(
    ("labels", "nodes"),
    [
        ("pool-npu", {"npu-0"}),
        ("nowhere, a100", {"a100-0"}),
        ("nowhere,unUseAntiOtherLabels", {"cpu-0", "cpu-1", "rtx4090-0", "rtx4090-1", "a100-0", "npu-0"}),
    ],
)
def test_a_pool_label_leads_to_nodes_that_carry_it(bench: Bench, labels: str, nodes: set[str]) -> None:
    job = bench.post("/api/jobs", json=asked(), headers={"X-Pool-Label": labels}).json()["submission_id"]

    assert read(bench, job)["driver_node_id"] in nodes


@pytest.mark.parametrize("content", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_a_body_that_is_not_declared_as_json_is_refused(bench: Bench, content: str | None) -> None:
    headers = {"Content-Type": content} if content else {}

    answer = bench.post("/api/jobs", content=orjson.dumps(asked()), headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (415, JSON_TYPE)
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'"text"', b"\xff", b'{"entrypoint": NaN}', b"[" * 5000]
)
def test_a_body_that_is_no_object_is_refused(bench: Bench, content: bytes) -> None:
    answer = bench.post("/api/jobs", content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json().startswith("shouldBind SubmitJob request failed")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/jobs", {"GET", "POST"}),
        ("PATCH", "/api/jobs/app-1", {"GET", "DELETE"}),
        ("GET", "/api/jobs/app-1/stop", {"POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(bench: Bench, method: str, path: str, allowed: set[str]) -> None:
    answer = bench.request(method, path)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize("path", ["/api/jobs/app-1/logs", "/api/jobs/app-1/stop/", "/api/jobs/app-1/"])
def test_an_unknown_path_is_a_string_too(bench: Bench, path: str) -> None:
    answer = bench.get(path)

    assert answer.status_code == 404
    assert isinstance(answer.json(), str)


def test_bodies_that_nobody_asked_for_are_not_looked_at(bench: Bench) -> None:
    job = submit(bench)

    answer = bench.post(f"/api/jobs/{job}/stop", content=b"not json", headers={"Content-Type": "text/plain"})

    assert (answer.status_code, answer.json()) == (200, True)


# Credentials


def token(**claims: Any) -> str:
    head, body = (
        urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    signature = urlsafe_b64encode(hmac.digest(b"any", head + b"." + body, "sha256")).rstrip(b"=")
    return b".".join((head, body, signature)).decode()


DEVELOPER = token(sub="tenant-7", role="developer", exp=0)


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"X-Auth": DEVELOPER}},
        {"params": {"token": DEVELOPER}},
        {"headers": {"Cookie": f"iam_token={DEVELOPER}"}},
    ],
)
def test_a_developer_s_token_opens_every_operation(strict_bench: Bench, sent: dict[str, Any]) -> None:
    def ask(method: str, path: str, **more: Any) -> httpx.Response:
        return strict_bench.request(method, f"/api/jobs{path}", **sent, **more)

    job = ask("POST", "", json=asked()).json()["submission_id"]

    assert [one["submission_id"] for one in ask("GET", "").json()] == [job]
    assert ask("GET", f"/{job}").status_code == 200
    assert ask("POST", f"/{job}/stop").json() is True
    assert ask("DELETE", f"/{job}").json() is True


@pytest.mark.parametrize(
    "bad", [None, "", "nonsense", token(sub="t", role="user"), token(sub="t", role="developer", exp=1)]
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", ""), ("GET", "/app-1"), ("DELETE", "/app-1"), ("POST", "/app-1/stop")]
)
def test_any_other_token_opens_nothing(strict_bench: Bench, method: str, path: str, bad: str | None) -> None:
    headers = {} if bad is None else {"X-Auth": bad}

    answer = strict_bench.request(method, f"/api/jobs{path}", headers=headers, json=asked())

    assert (answer.status_code, list(answer.json())) == (401, ["error"])


def test_a_token_expires_in_simulated_time(strict_bench: Bench) -> None:
    start = 1_767_225_600  # where worlds in manual pace begin
    headers = {"X-Auth": token(sub="t", role="developer", exp=start + 60)}

    seen = [(strict_bench.get("/api/jobs", headers=headers).status_code, strict_bench.advance(30)) for _ in range(4)]

    assert [code for code, _ in seen] == [200, 200, 200, 401]
    assert all(earlier < later for (_, earlier), (_, later) in pairwise(seen))


def test_lenient_auth_asks_for_nothing(bench: Bench) -> None:
    assert bench.get("/api/jobs", headers={"X-Auth": "nonsense"}).status_code == 200
