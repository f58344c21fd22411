"""ByteNite as the vendor's scripts and demonstrations speak to it: `requests`, fetch and axios, a raw token, every way
to run a job.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients_wire.callers import AXIOS, FETCH, JSON, REQUESTS, asked, calling, compact, spoil, squeezed
from tests.conftest import Bench

FILE = "type.googleapis.com/bytenite.data_source.LocalFileDataSource"
KEY = {"apiKey": "mock-api-key"}
JOB = {
    "templateId": "img-gen-flux-template",
    "name": "lighthouses",
    "params": {"partitioner": {"num_replicas": 2}, "assembler": {}, "app": {"prompt": "a lighthouse"}},
}
RUN_BODIES: dict[str, dict[str, Any]] = {
    "flat": {"json": {"taskTimeout": 3600, "jobTimeout": 86400, "isTestJob": False}},
    "under config, as text": {"json": {"config": {"taskTimeout": "3600", "jobTimeout": "84200", "isTestJob": False}}},
    "empty object": {"json": {}},
    "nothing": {},
    "nothing, as axios sends it": {"headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "nothing, announced as json": {"headers": JSON},
}


@pytest.fixture
def client(strict_bench: Bench) -> Iterator[httpx.Client]:
    """A script of the vendor's: a token in the session, as it is."""
    with calling(strict_bench, REQUESTS) as client:
        login(client)
        yield client


def login(client: httpx.Client) -> str:
    answer = client.post("/v1/auth/access_token", json=KEY, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = token = str(answer.json()["token"])
    return token


def create(client: httpx.Client, **more: Any) -> str:
    answer = client.post("/v1/customer/jobs", json=JOB | more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["job"]["id"])


def state(client: httpx.Client, job: str) -> str:
    return str(client.get(f"/v1/customer/jobs/{job}").json()["job"]["state"])


def test_token_create_run_and_results(strict_bench: Bench, client: httpx.Client) -> None:
    job = create(client)
    started = client.post(
        f"/v1/customer/jobs/{job}/run",
        json={"config": {"taskTimeout": "3600", "jobTimeout": "84200", "isTestJob": False}},
    )
    early = client.get(f"/v1/customer/jobs/{job}/results", headers={"Accept": "application/json"})
    strict_bench.advance(600)
    late = client.get(f"/v1/customer/jobs/{job}/results", headers={"Accept": "application/json"})

    assert started.json()["ok"] is True
    assert early.json() == {"results": []}
    assert state(client, job) == "JOB_STATE_COMPLETE"
    assert {"name", "link"} <= set(late.json()["results"][0])


def test_the_demonstration_polls_downloads_and_unzips(strict_bench: Bench, client: httpx.Client) -> None:
    job = create(client, name="lighthouses")
    client.post(f"/v1/customer/jobs/{job}/run", json={"config": {"taskTimeout": "3600"}}).raise_for_status()
    results: list[dict[str, str]] = []
    for _ in range(120):
        results = client.get(f"/v1/customer/jobs/{job}/results").json()["results"] or []
        if results:
            break
        strict_bench.advance(1)

    archives = [httpx.get(result["link"], headers=FETCH).raise_for_status().content for result in results]

    images = [name for one in archives for name in zipfile.ZipFile(io.BytesIO(one)).namelist() if name.endswith(".png")]
    assert len(images) == 2


def test_a_file_is_uploaded_in_the_four_documented_steps(strict_bench: Bench, client: httpx.Client) -> None:
    source = {"dataSourceDescriptor": "file", "params": {"@type": FILE, "name": "in.zip"}}
    job = create(client, dataSource=source)
    address = client.get(f"/v1/customer/jobs/{job}").json()["job"]["dataSource"]["params"]["tempUrl"]
    sent = httpx.put(address, content=b"x" * 3_000_000, headers=REQUESTS | {"Content-Type": "application/zip"})
    completed = client.post(f"/v1/customer/jobs/uploadcompleted/{job}", json={})
    client.post(f"/v1/customer/jobs/{job}/run", json={})
    strict_bench.advance(600)

    assert (sent.status_code, completed.status_code) == (200, 200)
    assert state(client, job) == "JOB_STATE_COMPLETE"


@pytest.mark.parametrize("body", RUN_BODIES.values(), ids=RUN_BODIES.keys())
@pytest.mark.parametrize("path", ["/v1/customer/jobs/{}/run", "/v1/customer/jobs/run/{}"])
def test_a_job_runs_however_it_is_told_to(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    job = create(client)

    answer = client.post(path.format(job), **body)

    assert answer.status_code == 200, answer.text
    assert state(client, job) != "JOB_STATE_NEW"


def test_the_older_paths_lead_to_the_same_job(client: httpx.Client) -> None:
    job = create(client)
    sources = {
        "dataSource": {"dataSourceDescriptor": "bypass"},
        "dataDestination": {"dataSourceDescriptor": "bucket", "params": {}},
    }

    answers = [
        client.post(f"/v1/customer/jobs/datasource/{job}", json=sources),
        client.patch(f"/v1/customer/jobs/{job}/datasource", json=sources),
        client.post(f"/v1/customer/jobs/params/{job}", json=JOB["params"]),
        client.post(f"/v1/customer/jobs/uploadcompleted/{job}", json={}),
        client.get(f"/v1/customer/jobs/estimation/{job}"),
        client.get("/v1/customer/jobs", params={"limit": "5", "offset": "0"}),
        client.get("/v1/customer/jobs", params={"pagination.limit": "5", "pagination.offset": "0"}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 7
    assert [one["id"] for one in answers[5].json()["data"]] == [one["id"] for one in answers[6].json()["data"]] == [job]


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}"])
def test_the_token_is_taken_raw_and_as_a_bearer(client: httpx.Client, form: str) -> None:
    job = create(client)

    assert (
        client.get(
            f"/v1/customer/jobs/{job}", headers={"Authorization": form.format(client.headers["Authorization"])}
        ).status_code
        == 200
    )


def test_an_expired_token_is_refused_until_it_is_renewed(strict_bench: Bench, client: httpx.Client) -> None:
    job = create(client)
    strict_bench.advance(3599)
    assert client.get(f"/v1/customer/jobs/{job}").status_code == 200

    strict_bench.advance(1)
    refused = client.get(f"/v1/customer/jobs/{job}")
    old, new = client.headers["Authorization"], login(client)

    assert (refused.status_code, refused.json()["code"]) == (401, 16)
    assert "expired" in refused.json()["message"]
    assert old != new
    assert client.get(f"/v1/customer/jobs/{job}").status_code == 200
    assert client.get(f"/v1/customer/jobs/{job}", headers={"Authorization": old}).status_code == 401


def test_a_wrong_key_and_no_token_are_refused_with_a_message(client: httpx.Client) -> None:
    answers = [
        client.post("/v1/auth/access_token", json={"apiKey": "wrong"}),
        client.get("/v1/customer/jobs", headers={"Authorization": "wrong"}),
    ]
    del client.headers["Authorization"]
    answers.append(client.get("/v1/customer/jobs"))

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, 16)] * 3
    assert all(answer.json()["message"] for answer in answers)


@pytest.mark.parametrize("library", [FETCH, AXIOS], ids=["fetch", "axios"])
def test_the_demonstration_in_javascript(bench: Bench, library: dict[str, str]) -> None:
    json = JSON | {"Accept": "application/json"}
    with calling(bench, library) as client:
        token = client.post("/v1/auth/access_token", content=compact({"apiKey": "any"}), headers=json).json()["token"]
        told = {"Authorization": token, "Accept": "application/json"}
        job = client.post("/v1/customer/jobs", content=compact(JOB), headers=json | told).json()["job"]["id"]
        run = client.post(
            f"/v1/customer/jobs/{job}/run", content=compact({"config": {"taskTimeout": "3600"}}), headers=json | told
        )
        results = client.get(f"/v1/customer/jobs/{job}/results", headers=told)

    assert (run.status_code, results.json()) == (200, {"results": []})


def test_a_draft_that_is_aborted_is_gone_and_a_running_job_has_failed(
    strict_bench: Bench, client: httpx.Client
) -> None:
    draft, running = create(client), create(client)
    client.post(f"/v1/customer/jobs/{running}/run")
    strict_bench.advance(1)

    answers = [client.post(f"/v1/customer/jobs/{job}/abort") for job in (draft, running)]

    assert [answer.json()["ok"] for answer in answers] == [True, True]
    assert client.get(f"/v1/customer/jobs/{draft}").status_code == 404
    assert state(client, running) == "JOB_STATE_FAILED"


def test_older_spellings_and_members_nobody_knows_are_passed_over(client: httpx.Client) -> None:
    body = {"templateId": "hello-world", "data_source": {"dataSourceDescriptor": "bypass"}, "jobId": "mine"}

    answer = client.post("/v1/customer/jobs", json=body)

    assert (answer.status_code, answer.json().get("job", {}).get("templateId")) == (200, "hello-world"), answer.text


def test_large_parameters_may_travel_compressed(client: httpx.Client) -> None:
    body, headers = squeezed(JOB | {"params": {"app": {"prompt": "x" * 600_000}}})

    assert client.post("/v1/customer/jobs", content=body, headers=headers).status_code == 200


def test_a_dropped_answer_leaves_a_draft_behind(strict_bench: Bench, client: httpx.Client) -> None:
    spoil(strict_bench, "drop", after=True, count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        create(client)
    job = create(client)

    assert client.get("/v1/customer/jobs").json()["data"][0]["id"] == job
    assert client.get("/v1/customer/jobs").json()["pagination"]["total"] in (2, "2")
    assert asked(strict_bench)[:3] == [("POST", 200), ("POST", 0), ("POST", 200)]


def test_a_notebook_reads_who_it_is_before_anything_else(client: httpx.Client, bench: Bench) -> None:
    strict = client.get("/v1/auth/user").json()["user"]
    with calling(bench, REQUESTS) as lenient:
        anybody = lenient.get("/v1/auth/user", headers={"Authorization": "any"})
        nobody = lenient.get("/v1/auth/user")

    assert strict["id"] == "mock customer"
    assert strict["email"].endswith(".invalid")
    assert anybody.json()["user"]["id"]
    assert nobody.status_code == 401
