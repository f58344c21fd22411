"""ByteNite as its customers live with it, over a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from mockserver.http.server import serving
from mockserver.simulation.scenario.scenario import parse
from tests.conftest import Bench

HELLO = {"templateId": "hello-world"}
ONE_WORKER = parse("nodes: [{class: one, cpu: 4, memory_gib: 8}]", "one worker")


class Customer:
    """A bench seen through one token: paths stand below /v1/customer."""

    def __init__(self, bench: Bench, authorization: str = "token") -> None:
        self.bench, self.headers = bench, {"Authorization": authorization}

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """One request."""
        return self.bench.request(method, f"/v1/customer{path}", headers=self.headers | sent.pop("headers", {}), **sent)

    def create(self, **body: Any) -> str:
        """The id of a new draft."""
        answer = self.ask("POST", "/jobs", json=HELLO | body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job"]["id"])

    def run(self, **body: Any) -> str:
        """The id of a job that was created and run."""
        job = self.create(**body)
        assert self.ask("POST", f"/jobs/{job}/run").status_code == 200
        return job

    def job(self, job: str) -> Any:
        """The job as it is now."""
        return self.ask("GET", f"/jobs/{job}").json()["job"]


@pytest.fixture
def customer(bench: Bench) -> Customer:
    return Customer(bench)


def command(words: str) -> dict[str, Any]:
    return {"params": {"app": {"command": words}}}


def code(answer: httpx.Response) -> tuple[int, int]:
    assert set(answer.json()) == {"code", "message", "details"}
    return answer.status_code, answer.json()["code"]


def test_token_create_edit_run_wait_results(customer):
    token = customer.bench.post("/v1/auth/access_token", json={"apiKey": "any"}).json()
    member = Customer(customer.bench, token["token"])
    job = member.create(name="four", dataSource={"dataSourceDescriptor": "bypass"})
    member.ask("PATCH", f"/jobs/{job}/datasource", json={"dataDestination": {"dataSourceDescriptor": "bucket"}})
    member.ask(
        "PATCH",
        f"/jobs/{job}/params",
        json={"partitioner": {"num_replicas": 4}, "app": {"command": "sleep 3"}, "assembler": {}},
    )
    assert member.ask("GET", f"/jobs/{job}/results").json() == {"results": []}

    ran = member.ask("POST", f"/jobs/{job}/run", json={"config": {"jobTimeout": 3600}})
    member.bench.advance(30)

    done = member.job(job)
    assert ran.json() == {"ok": True, "requestId": "", "message": "", "error": None}
    assert (done["state"], done["numChunks"], done["config"]) == ("JOB_STATE_COMPLETE", 4, {"jobTimeout": 3600})
    assert (
        member.ask("GET", f"/jobs/{job}/results")
        .json()["results"][0]["link"]
        .endswith(f"/_mock/files/bytenite/{job}/result.zip")
    )


def test_a_job_waits_for_capacity_in_started(bench_of: Callable[..., Bench]):
    customer = Customer(bench_of(scenario=ONE_WORKER))
    first, second = customer.run(), customer.run()

    assert customer.job(first)["state"] == "JOB_STATE_UPLOADING"
    assert customer.job(second)["state"] == "JOB_STATE_STARTED"
    assert "startedAt" not in customer.job(second)


def test_twenty_jobs_at_once_show_a_queue_that_drains(customer):
    jobs = [customer.run() for _ in range(20)]
    states = [customer.job(job)["state"] for job in jobs]

    customer.bench.advance(120)

    assert set(states) == {"JOB_STATE_UPLOADING", "JOB_STATE_STARTED"}
    assert {customer.job(job)["state"] for job in jobs} == {"JOB_STATE_COMPLETE"}


def test_submit_and_abort(customer):
    job = customer.run(**command("sleep 50"))
    customer.bench.advance(5)

    answer = customer.ask("POST", f"/jobs/{job}/abort")

    assert answer.json()["ok"] is True
    assert customer.job(job)["state"] == "JOB_STATE_FAILED"
    assert "aborted" in customer.job(job)["errorMessage"]
    assert code(customer.ask("POST", f"/jobs/{job}/abort")) == (400, 9)


def test_aborting_a_draft_deletes_it(customer):
    job = customer.create()

    assert customer.ask("POST", f"/jobs/{job}/abort").status_code == 200
    assert code(customer.ask("GET", f"/jobs/{job}")) == (404, 5)


def test_a_failed_job_tells_why_and_is_created_anew(customer):
    failed = customer.run(**command("exit 4"))
    customer.bench.advance(30)
    again = customer.run(**command("sleep 1"))
    customer.bench.advance(30)

    assert (customer.job(failed)["state"], customer.job(failed)["errorMessage"]) == (
        "JOB_STATE_FAILED",
        "a task failed: exit code 4",
    )
    assert customer.job(again)["state"] == "JOB_STATE_COMPLETE"
    assert code(customer.ask("POST", f"/jobs/{failed}/run")) == (400, 9)


@pytest.mark.parametrize("limit", [{"jobTimeout": 5}, {"taskTimeout": "5"}, {"config": {"jobTimeout": "5"}}])
def test_a_limit_sent_with_the_run_call_ends_the_job(customer, limit):
    job = customer.create(**command("sleep 500"))
    customer.ask("POST", f"/jobs/{job}/run", json=limit)
    customer.bench.advance(30)

    assert customer.job(job)["state"] == "JOB_STATE_FAILED"
    assert "timeout" in customer.job(job)["errorMessage"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/results"),
        ("GET", "/configs"),
        ("POST", "/run"),
        ("POST", "/abort"),
        ("PATCH", "/uploadcompleted"),
    ],
)
@pytest.mark.parametrize("job", ["7c9e6679-7425-40de-944b-e07fc1f90ae7", "nonsense", "not%20an%20id", "x" * 200])
def test_an_unknown_job_is_not_found(customer, method, path, job):
    assert code(customer.ask(method, f"/jobs/{job}{path}")) == (404, 5)


@pytest.mark.parametrize("operation", ["datasource", "params", "uploadcompleted", "run"])
def test_older_paths_do_what_newer_ones_do(customer, operation):
    newer, older = customer.create(), customer.create()
    method = "POST" if operation == "run" else "PATCH"
    body = {"partitioner": {"num_replicas": 2}, "dataSource": {"dataSourceDescriptor": "bypass"}}

    first = customer.ask(method, f"/jobs/{newer}/{operation}", json=body)
    second = customer.ask("POST", f"/jobs/{operation}/{older}", json=body)

    differing = {"id", "createdAt", "submittedAt", "startedAt", "stateTimestamps"}
    assert first.status_code == second.status_code == 200
    assert {k: v for k, v in customer.job(newer).items() if k not in differing} == {
        k: v for k, v in customer.job(older).items() if k not in differing
    }


def test_an_estimation_is_text(customer):
    job = customer.create(params={"partitioner": {"num_replicas": 7}})

    assert customer.ask("GET", f"/jobs/estimation/{job}").json() == {"estimation": {"totalEstimation": "7"}}


def test_only_a_new_job_can_be_edited(customer):
    job = customer.run()

    for method, path, body in (
        ("PATCH", f"/jobs/{job}/datasource", {}),
        ("PATCH", f"/jobs/{job}/params", {}),
        ("PATCH", f"/jobs/{job}/jobname", {"name": "late"}),
        ("PATCH", f"/jobs/{job}/configs", {"jobTimeout": 5}),
        ("POST", f"/jobs/{job}/configs", {"jobTimeout": 5}),
        ("PATCH", f"/jobs/{job}/uploadcompleted", {}),
        ("POST", f"/jobs/{job}/run", {}),
    ):
        assert code(customer.ask(method, path, json=body)) == (400, 9), path


def test_names_and_limits_of_a_draft(customer):
    job = customer.create(name="before")

    customer.ask("PATCH", f"/jobs/{job}/jobname", json={"name": "after"})
    customer.ask("PATCH", f"/jobs/{job}/configs", json={"taskTimeout": "60"})
    customer.ask("POST", f"/jobs/{job}/configs", json={"config": {"jobTimeout": 90}})

    shown = customer.ask("GET", f"/jobs/{job}/configs").json()["job"]
    assert (shown["name"], shown["config"]) == ("after", {"taskTimeout": 60, "jobTimeout": 90})


def test_pages_of_a_list(customer):
    jobs = []
    for number in range(25):
        jobs.append(customer.create(name=f"job {number:02}"))
        customer.bench.advance(1)

    first = customer.ask("GET", "/jobs").json()
    second = customer.ask("GET", "/jobs?pagination.limit=10&pagination.offset=20").json()
    short = customer.ask("GET", "/jobs?limit=2&offset=1&orderBy=name").json()
    oldest = customer.ask("GET", "/jobs?limit=1&orderBy=createdAt asc").json()

    assert [job["id"] for job in first["data"]] == jobs[::-1][:20]
    assert first["pagination"] == {"total": 25, "offset": 0, "hasPrevious": False, "hasNext": True}
    assert [job["id"] for job in second["data"]] == jobs[::-1][20:]
    assert second["pagination"] == {"total": 25, "offset": 20, "hasPrevious": True, "hasNext": False}
    assert [job["name"] for job in short["data"]] == ["job 01", "job 02"]
    assert oldest["data"][0]["id"] == jobs[0]


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "pagination.limit=many", "pagination.offset=1.5", "orderBy=mood", "limit=99999999999999999999"],
)
def test_paging_that_makes_no_sense_is_refused(customer, query):
    assert code(customer.ask("GET", f"/jobs?{query}")) == (400, 3)


def test_a_filter_by_state_template_and_name(customer):
    wanted = customer.run(name="a big one")
    customer.create(name="a big draft")
    customer.run(name="big", templateId="web-scraper")
    customer.bench.advance(40)

    body = {
        "states": ["JOB_STATE_COMPLETE"],
        "templateIds": ["hello-world"],
        "name": "big",
        "pagination": {"limit": "5", "offset": 0},
    }
    found = customer.ask("POST", "/jobs/filter", json=body).json()

    assert [job["id"] for job in found["data"]] == [wanted]
    assert code(customer.ask("POST", "/jobs/filter", json={"states": ["ASLEEP"]})) == (400, 3)


def test_running_tasks_and_logs(customer):
    job = customer.run(params={"partitioner": {"num_replicas": 3}, "app": {"command": "sleep 20"}})
    customer.bench.advance(10)

    logs = customer.ask("POST", "/logs", json={"jobId": job, "taskIds": [f"{job}-2"], "levels": ["INFO"]}).json()

    assert customer.ask("POST", "/jobs/runningTasks").json() == {"runningTasks": {job: 3}}
    assert len(logs["partitioner"]) == 2
    assert list(logs["taskrunner"]) == [f"{job}-2"]
    assert code(customer.ask("POST", "/logs", json={"jobId": "other"})) == (404, 5)


def test_a_deleted_job_gives_its_place_back(bench_of: Callable[..., Bench]):
    customer = Customer(bench_of(scenario=ONE_WORKER))
    first, second = customer.run(), customer.run()

    assert customer.ask("DELETE", f"/jobs/{first}").json()["ok"] is True

    assert customer.job(second)["state"] == "JOB_STATE_UPLOADING"
    assert customer.ask("GET", "/jobs").json()["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/jobs", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/jobs/filter", {"OPTIONS", "POST"}),
        ("DELETE", "/jobs/templates", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/jobs/run/7c9e6679-7425-40de-944b-e07fc1f90ae7", {"OPTIONS", "POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(customer, method, path, allowed):
    answer = customer.ask(method, path)

    assert code(answer) == (405, 12)
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/jobs/", "/nothing", "/jobs/a/b/c"])
def test_an_unknown_path_is_not_found(customer, path):
    assert code(customer.ask("GET", path)) == (404, 5)


def test_strict_mode_asks_for_a_key_and_a_token_that_is_fresh(strict_bench):
    sold = strict_bench.post("/v1/auth/access_token", json={"apiKey": "mock-api-key"}).json()
    member = Customer(strict_bench, sold["token"])

    assert code(strict_bench.post("/v1/auth/access_token", json={"apiKey": "wrong"})) == (401, 16)
    assert code(strict_bench.get("/v1/customer/jobs")) == (401, 16)
    assert code(Customer(strict_bench, "made up").ask("GET", "/jobs")) == (401, 16)
    assert Customer(strict_bench, f"Bearer {sold['token']}").ask("GET", "/jobs").status_code == 200
    assert member.job(member.create())["state"] == "JOB_STATE_NEW"
    strict_bench.advance(int(sold["expiresIn"]))
    assert code(member.ask("GET", "/jobs")) == (401, 16)


def test_a_fast_clock_does_not_end_a_session(bench_of: Callable[..., Bench]):
    bench = bench_of(auth="strict", pace="x100000")
    member = Customer(bench, bench.post("/v1/auth/access_token", json={"apiKey": "mock-api-key"}).json()["token"])

    bench.advance(100_000)

    assert member.ask("GET", "/jobs").status_code == 200


def test_events_tell_each_change_of_a_job(customer):
    told = []
    with customer.bench.http.stream("GET", "/v1/customer/events", headers=customer.headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        next(lines)
        job = customer.run(**command("sleep 1"))
        customer.bench.advance(30)
        while "JOB_STATE_COMPLETE" not in told:
            line = next(lines)
            if line.startswith("data: "):
                result = json.loads(line.removeprefix("data: "))["result"]
                assert (result["event"], result["data"]["jobId"]) == ("job_state", job)
                told.append(result["data"]["state"])

    assert told == list(customer.job(job)["stateTimestamps"])


def test_the_server_stops_although_somebody_listens():
    with ExitStack() as running:
        url = running.enter_context(serving(apis=["bytenite"], pace="manual"))
        with httpx.stream("GET", f"{url}/v1/customer/events", headers={"Authorization": "token"}) as stream:
            next(stream.iter_lines())
            before = time.monotonic()
            running.close()
            took = time.monotonic() - before

    assert took < 1


def test_a_listener_who_leaves_disturbs_nobody(customer):
    with customer.bench.http.stream("GET", "/v1/customer/events", headers=customer.headers) as stream:
        next(stream.iter_lines())

    assert customer.ask("GET", "/jobs").status_code == 200
