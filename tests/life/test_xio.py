"""Lives of xio jobs as a client sees them over a socket."""

from __future__ import annotations

import gzip
import hmac
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from mockserver.simulation.scenario.scenario import parse
from tests.conftest import Bench

JOB = {
    "title": "a",
    "task": "BATCH",
    "max_timeout_run_ms": 60_000,
    "parameters": {"type": "docker", "parameters": {"image": "i"}},
}
NOBODY = "00000000-0000-4000-8000-000000000000"
EPOCH_MS = 1_767_225_600_000
KEYS = ("pk_mock", "sk_mock")
NODES = "nodes: [{class: only, cpu: 2, memory_gib: 4}]"


def create(bench: Bench, *, command: str = "", **wishes: Any) -> dict[str, Any]:
    workload = {"parameters": {"parameters": {"env": {"COMMAND": command}}}} if command else {}
    answer = bench.post("/v1/jobs", json=JOB | workload | wishes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def read(bench: Bench, uuid: str) -> dict[str, Any]:
    return bench.get(f"/v1/jobs/{uuid}").json()


def fault(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, whose shape and media type are the vendor's."""
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]["message"]
    return answer.status_code, answer.json()["error"]["code"]


# Whole lives


def test_a_job_is_created_waits_runs_and_completes(bench: Bench) -> None:
    created = create(bench, command="sleep 6")
    states = []
    for _ in range(20):
        job = read(bench, created["uuid"])
        states += [job["status"]] if job["status"] not in states else []
        bench.advance(0.5)

    assert created["status"] == "PENDING"
    assert created["timeout_assign_at_ms"] == EPOCH_MS + 300_000
    assert states == ["ASSIGNED", "RUNNING", "COMPLETED"]
    assert created["created_at"] < job["started_at"] < job["completed_at"] == job["updated_at"]
    assert (job["timeout_assign_at_ms"], job["status_reason"]) == (None, None)


def test_reading_changes_nothing(bench: Bench) -> None:
    uuid = create(bench)["uuid"]
    bench.advance(100)

    assert read(bench, uuid) == read(bench, uuid) == bench.get("/v1/jobs").json()["data"][0]


def test_a_job_is_cancelled_in_every_state_that_allows_it_and_in_no_other(bench: Bench) -> None:
    waiting, preparing = create(bench, cpu_count=99)["uuid"], create(bench)["uuid"]
    running = create(bench, task="PERSISTENT", max_timeout_run_ms=None)["uuid"]
    first = [
        bench.put(f"/v1/jobs/{uuid}/cancel", json={"reason": "Cancelled by user"}) for uuid in (waiting, preparing)
    ]
    bench.advance(500)

    last = bench.put(f"/v1/jobs/{running}/cancel")
    again = [fault(bench.put(f"/v1/jobs/{uuid}/cancel")) for uuid in (waiting, preparing, running)]

    assert [answer.status_code for answer in (*first, last)] == [200] * 3
    assert [answer.json()["status"] for answer in (*first, last)] == ["CANCELLED"] * 3
    assert [answer.json()["status_reason"] for answer in (*first, last)] == ["Cancelled by user"] * 2 + [
        "cancelled_by_user"
    ]
    assert [answer.json()["started_at"] is None for answer in (*first, last)] == [True, True, False]
    assert again == [(409, "conflict")] * 3


def test_a_cancelled_job_frees_its_node_for_the_next(bench: Bench) -> None:
    uuids = [create(bench, gpu_count=4, gpu_name="RTX 4090", command="sleep 50")["uuid"] for _ in range(3)]
    bench.advance(2)
    before = read(bench, uuids[2])["status"]
    bench.put(f"/v1/jobs/{uuids[0]}/cancel")

    assert (before, read(bench, uuids[2])["status"]) == ("PENDING", "ASSIGNED")


def test_a_failing_job_is_tried_again_as_often_as_it_may_and_each_try_is_a_run(bench: Bench) -> None:
    uuid = create(bench, command="sleep 2; exit 3", max_retry_count=2)["uuid"]
    bench.advance(60)

    job = read(bench, uuid)
    runs = bench.get("/v1/job-runs", params={"filter[job_uuid]": uuid, "limit": "10"}).json()
    logs = [bench.get(f"/v1/job-runs/{run['uuid']}").json() for run in runs["data"]]

    assert (job["status"], job["status_reason"]) == ("FAILED", "exit code 3")
    assert (runs["total"], runs["limit"], runs["page"]) == (3, 10, 1)
    assert [(run["status"], run["duration_ms"], run["job_uuid"]) for run in runs["data"]] == [
        ("FAILED", 2000, uuid)
    ] * 3
    assert [run | {"logs": log["logs"]} for run, log in zip(runs["data"], logs, strict=True)] == logs
    assert all("exit code 3" in log["logs"] for log in logs)


@pytest.mark.parametrize(
    ("facts", "wishes", "seconds", "reason"),
    [
        ("", {"cpu_count": 3}, 300, "assign_timeout"),
        ("startup: {fixed: 9999}", {"max_timeout_start_ms": 120_000}, 120, "start_timeout"),
        ("startup: {fixed: 0}", {"command": "sleep 9999"}, 60, "run_timeout"),
    ],
)
def test_a_job_fails_at_the_very_end_of_a_limit(
    bench_of: Callable[..., Bench], facts: str, wishes: Any, seconds: float, reason: str
) -> None:
    bench = bench_of(scenario=parse(f"{facts}\n{NODES}", "test"), apis=["xio"])
    uuid = create(bench, **wishes)["uuid"]
    bench.advance(seconds - 0.001)
    before = read(bench, uuid)
    bench.advance(0.001)

    after = read(bench, uuid)

    assert before["completed_at"] is None
    assert (after["status"], after["status_reason"]) == ("FAILED", reason)


def test_each_attempt_has_the_limits_anew(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario=parse(f"startup: {{fixed: 10}}\n{NODES}", "test"), apis=["xio"])
    uuid = create(bench, command="sleep 9999", max_retry_count=1)["uuid"]
    bench.advance(75)
    second = read(bench, uuid)
    bench.advance(65)

    assert (second["status"], second["started_at"]) == ("ASSIGNED", "2026-01-01T00:00:10.000Z")
    assert read(bench, uuid)["status"] == "FAILED"
    assert read(bench, uuid)["completed_at"] == "2026-01-01T00:02:20.000Z"


def test_a_recipe_is_cooked_into_a_job_that_runs(bench: Bench) -> None:
    recipes = bench.get("/v1/job-recipes", params={"filter[is_official]": "true", "limit": "50"}).json()["data"]
    batch = next(recipe for recipe in recipes if recipe["task"] == "BATCH")

    answer = bench.post(f"/v1/job-recipes/{batch['uuid']}/cook", json={"title": "mine"})
    bare = bench.post(f"/v1/job-recipes/{batch['uuid']}/cook")
    bench.advance(30)

    assert (answer.status_code, answer.json()["title"], answer.json()["source_recipe_uuid"]) == (
        201,
        "mine",
        batch["uuid"],
    )
    assert (bare.status_code, bare.json()["title"]) == (201, batch["title"])
    assert read(bench, answer.json()["uuid"])["status"] == "COMPLETED"
    assert fault(bench.post(f"/v1/job-recipes/{NOBODY}/cook", json={})) == (404, "not_found")
    assert fault(bench.post(f"/v1/job-recipes/{batch['uuid']}/cook", json={"max_timeout_run_ms": 1})) == (
        400,
        "validation_error",
    )


def test_a_service_is_reached_while_it_runs(bench: Bench) -> None:
    parameters = {"type": "docker", "parameters": {"image": "i", "ports": [22, 8080]}}
    create(bench, task="PERSISTENT", max_timeout_run_ms=None, parameters=parameters)
    bench.advance(3)

    (run,) = bench.get("/v1/job-runs", params={"filter[status]": "RUNNING"}).json()["data"]

    assert [(url["description"], url["protocol"]) for url in run["node_urls"]] == [("ssh", "tcp"), ("8080", "http")]


# Lists


def test_twenty_jobs_make_a_queue_and_pages(bench: Bench) -> None:
    for number in range(45):
        create(bench, title=str(number), cpu_count=4)
    bench.advance(2)

    plain, second, last = (
        bench.get("/v1/jobs", params=query).json() for query in ({}, {"page": 2, "limit": 20}, {"page": 3})
    )
    waiting = bench.get("/v1/jobs", params={"filter[status]": "PENDING", "limit": 50}).json()
    oldest = bench.get("/v1/jobs", params={"sort": "created_at", "limit": 1}).json()

    titles = [job["title"] for page in (plain, second, last) for job in page["data"]]
    assert titles == [str(number) for number in reversed(range(45))]
    assert [(page["page"], page["limit"], page["total"]) for page in (plain, second, last)] == [
        (1, 20, 45),
        (2, 20, 45),
        (3, 20, 45),
    ]
    assert 0 < waiting["total"] < 45
    assert oldest["data"][0]["title"] == "0"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=51",
        "limit=ten",
        "page=0",
        "page=1.5",
        "sort=title",
        "filter[status]=WAITING",
        "filter[status]=running",
        "filter[task]=BOTH",
        "filter[uuid]=x",
        "filter[min_ram_gb]=1,2,3",
        "filter[created_at]=yesterday",
        "limit=1&limit=2",
    ],
)
def test_a_query_that_means_nothing_is_refused(bench: Bench, query: str) -> None:
    assert fault(bench.get(f"/v1/jobs?{query}")) == (400, "validation_error")


def test_the_catalog_shows_the_cluster(bench: Bench) -> None:
    gpus = bench.get(
        "/v1/gpu-registry", params={"limit": "50", "filter[only_available]": "true", "filter[min_vram_gb]": "24.0"}
    ).json()
    nodes = bench.get("/v1/nodes", params={"filter[gpu_name]": "A100"}).json()
    offers = bench.get(
        "/v1/compute/offers", params={"filter[allowed_region_codes]": "us-east-1,us-west-2", "filter[min_vram_gb]": 24}
    ).json()

    assert {gpu["name"] for gpu in gpus["data"]} == {"NVIDIA RTX 4090", "NVIDIA A100 80GB"}
    assert [(node["object"], node["ramTotal"]) for node in nodes["data"]] == [("node", 256)]
    assert {offer["region_code"] for offer in offers["data"]} == {"us-east-1"}
    assert offers["total"] == 2


def test_a_gpu_of_the_registry_can_be_asked_for_by_its_uuid(bench: Bench) -> None:
    a100 = next(gpu for gpu in bench.get("/v1/gpu-registry").json()["data"] if "A100" in gpu["name"])
    create(bench, gpu_registry_uuid=a100["uuid"], gpu_count=4)
    bench.advance(0)

    found = bench.get("/v1/gpu-registry", params={"filter[only_available]": "true"}).json()["data"]

    assert a100["uuid"] not in {gpu["uuid"] for gpu in found}


# Refusals


@pytest.mark.parametrize("uuid", [NOBODY, "nothing", "%20", "a%2Fb"])
def test_what_does_not_exist_is_not_found(bench: Bench, uuid: str) -> None:
    answers = [
        bench.get(f"/v1/jobs/{uuid}"),
        bench.put(f"/v1/jobs/{uuid}/cancel", json={}),
        bench.get(f"/v1/job-runs/{uuid}"),
    ]

    assert [fault(answer) for answer in answers] == [(404, "not_found")] * 3


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("DELETE", "/v1/jobs", 405, {"GET", "POST"}),
        ("PATCH", f"/v1/jobs/{NOBODY}", 405, {"GET"}),
        ("POST", f"/v1/jobs/{NOBODY}/cancel", 405, {"PUT"}),
        ("GET", "/v1/jobs/", 404, set()),
        ("POST", f"/v1/jobs/{NOBODY}/restart", 404, set()),
    ],
)
def test_what_is_not_served_is_refused_in_the_vendors_shape(
    bench: Bench, method: str, path: str, status: int, allowed: set[str]
) -> None:
    answer = bench.request(method, path)

    assert fault(answer) == (status, "method_not_allowed" if status == 405 else "not_found")
    assert allowed <= set(answer.headers.get("allow", "").split(", "))


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"{", "application/json", (400, "malformed_request")),
        (b'{"max_timeout_run_ms": NaN}', "application/json", (400, "malformed_request")),
        (b"", "application/json", (400, "validation_error")),
        (b"[]", "application/json", (400, "validation_error")),
        (json.dumps(JOB).encode(), "text/plain", (415, "unsupported_media_type")),
        (json.dumps(JOB).encode(), None, (415, "unsupported_media_type")),
    ],
)
def test_a_body_that_is_no_job_is_refused(
    bench: Bench, content: bytes, media_type: str | None, expected: tuple[int, str]
) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}

    assert fault(bench.post("/v1/jobs", content=content, headers=headers)) == expected


def test_a_compressed_body_is_read(bench: Bench) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}

    assert bench.post("/v1/jobs", content=gzip.compress(json.dumps(JOB).encode()), headers=headers).status_code == 201


def test_two_worlds_do_not_see_each_other(bench: Bench) -> None:
    uuid = create(bench)["uuid"]

    other = bench.get(f"/v1/jobs/{uuid}", headers={"X-Mock-Sandbox": f"{bench.sandbox}-other"})

    assert fault(other) == (404, "not_found")
    assert bench.get(f"/sandbox/{bench.sandbox}/v1/jobs/{uuid}").status_code == 200


# Credentials


class Signing(httpx.Auth):
    """Signs as the vendor's example client does; `changes` replace single headers."""

    def __init__(self, public: str, secret: str, *, now_ms: int = EPOCH_MS, space: str = "+", **changes: str) -> None:
        self.public, self.secret, self.now_ms, self.space, self.changes = public, secret, now_ms, space, changes
        self.nonces = count(1)

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        time, nonce = str(self.now_ms), f"{next(self.nonces):032x}"
        pairs = sorted(request.url.params.multi_items())
        query = urlencode(pairs) if self.space == "+" else urlencode(pairs, quote_via=quote)
        digest = sha256(request.content).hexdigest()
        text = "|".join([self.public, time, nonce, request.method, request.url.path, query, digest])
        signature = hmac.new(self.secret.encode(), text.encode(), sha256).hexdigest()
        request.headers.update(
            {"X-API-Key": self.public, "X-Time": time, "X-Nonce": nonce, "X-Signature": signature} | self.changes
        )
        yield request


@pytest.mark.parametrize("space", ["+", "%20"])
def test_a_signed_client_lives_a_whole_life(strict_bench: Bench, space: str) -> None:
    strict_bench.http.auth = Signing(*KEYS, space=space)

    uuid = create(strict_bench)["uuid"]
    strict_bench.advance(1)
    page = strict_bench.get(
        "/v1/jobs", params={"page": "1", "limit": "20", "sort": "-created_at", "filter[status]": "ASSIGNED,RUNNING"}
    )
    nodes = strict_bench.get("/v1/nodes", params={"filter[gpu_name]": "RTX 4090"})
    stopped = strict_bench.put(f"/v1/jobs/{uuid}/cancel", json={"reason": "Cancelled by user"})

    assert [job["uuid"] for job in page.json()["data"]] == [uuid]
    assert nodes.json()["total"] == 2
    assert stopped.json()["status"] == "CANCELLED"


@pytest.mark.parametrize(
    "auth",
    [
        None,
        Signing("pk_other", "sk_mock"),
        Signing("pk_mock", "sk_other"),
        Signing(*KEYS, now_ms=EPOCH_MS - 300_001),
        Signing(*KEYS, now_ms=EPOCH_MS + 301_000),
        Signing(*KEYS, **{"X-Nonce": "1" * 32}),
        Signing(*KEYS, **{"X-Signature": "0" * 64}),
        Signing(*KEYS, **{"X-Signature": ""}),
    ],
    ids=["none", "unknown key", "wrong secret", "late", "early", "other nonce", "other signature", "no signature"],
)
def test_a_call_with_bad_credentials_is_refused(strict_bench: Bench, auth: Signing | None) -> None:
    answers = [strict_bench.post("/v1/jobs", json=JOB, auth=auth), strict_bench.get("/v1/jobs", auth=auth)]

    assert [fault(answer) for answer in answers] == [(401, "unauthorized")] * 2


def test_a_nonce_serves_once(strict_bench: Bench) -> None:
    first, again = (strict_bench.get("/v1/jobs", auth=Signing(*KEYS)) for _ in range(2))

    assert first.status_code == 200
    assert fault(again) == (401, "unauthorized")


def test_a_lenient_server_asks_for_no_credentials_and_minds_no_bad_ones(bench: Bench) -> None:
    assert bench.get("/v1/jobs", auth=Signing("pk_other", "sk_other")).status_code == 200


@pytest.mark.parametrize("states", ["CANCELLING", "PENDING,ASSIGNED,PREPARING", "FAILING", "CANCELLING,CANCELLED"])
def test_states_that_only_runs_have_may_be_asked_for_among_jobs(bench: Bench, states: str) -> None:
    job = create(bench, title="one")["uuid"]
    bench.put(f"/v1/jobs/{job}/cancel", json={}).raise_for_status()

    answer = bench.get("/v1/jobs", params={"filter[status]": states})

    assert answer.status_code == 200, answer.text
    assert [one["uuid"] for one in answer.json()["data"]] == ([job] if "CANCELLED" in states else [])


def test_jobs_are_found_by_the_recipe_that_they_were_cooked_from(bench: Bench) -> None:
    first, second = [recipe["uuid"] for recipe in bench.get("/v1/job-recipes").json()["data"]][:2]
    create(bench, title="plain")
    cooked = bench.post(f"/v1/job-recipes/{first}/cook", json={}).json()["uuid"]

    found = [bench.get("/v1/jobs", params={"filter[recipe_uuid]": uuid}) for uuid in (first.upper(), second)]
    wrong = bench.get("/v1/jobs", params={"filter[recipe_uuid]": "first"})

    assert [[job["uuid"] for job in answer.json()["data"]] for answer in found] == [[cooked], []]
    assert wrong.status_code == 400
