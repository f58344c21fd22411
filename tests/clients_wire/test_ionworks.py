"""Ionworks as its Python client speaks to it; `tests/clients` does the same with the client itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients_wire.callers import JSON, REQUESTS, asked, calling, spoil, squeezed
from tests.conftest import Bench

SESSION = REQUESTS | {"Accept": "application/json", "Content-Type": "application/json", "X-API-Key": "mock-api-key"}
"""The session's headers, sent with every request, GET or not."""

RETRIED = (500, 502, 503, 504)
NEEDED = {
    "job_id": str,
    "status": str,
    "job_type": str,
    "priority": int,
    "created_at": str,
    "updated_at": str,
    "is_terminal": bool,
    "is_failed": bool,
}


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with calling(bench, SESSION) as client:
        yield client


def create(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/jobs/", content=json.dumps({"job_type": "datafit", "params": {}, "priority": 5} | more))
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def read(client: httpx.Client, path: str) -> list[int]:
    """The statuses of a read that is tried six times at most, as urllib3 does for this client."""
    seen: list[int] = []
    while len(seen) < 6:
        answer = client.get(path)
        seen.append(answer.status_code)
        if answer.status_code not in RETRIED and not (answer.status_code == 429 and "retry-after" in answer.headers):
            break
    return seen


def test_the_collection_with_a_slash_is_a_bare_array_and_no_redirect(client: httpx.Client) -> None:
    job = create(client)

    bare, page = client.get("/jobs/"), client.get("/jobs")

    assert [one["job_id"] for one in bare.json()] == [job["job_id"]]
    assert (page.json()["jobs"], page.json()["total"]) == (bare.json(), 1)
    assert bare.history == page.history == []


def test_every_answer_is_what_the_client_reads(bench: Bench, client: httpx.Client) -> None:
    job = create(client)
    bench.advance(3600)
    path = f"/jobs/{job['job_id']}"

    answers = [
        client.get(path),
        client.post(f"{path}/cancel", content="{}"),
        client.get("/jobs/"),
        client.get("/healthz"),
        client.get("/users/me"),
    ]
    answers += [
        client.get(f"{path}/metadata"),
        client.get(f"{path}/series/channels"),
        client.get("/jobs/nobody"),
        client.post("/jobs/", content="{}"),
    ]

    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    assert all("x-correlation-id" in answer.headers for answer in answers)
    for one in (job, answers[0].json(), answers[1].json(), *answers[2].json()):
        assert {name: type(one[name]) for name in NEEDED} == NEEDED
    assert isinstance(answers[-1].json()["detail"], list)


@pytest.mark.parametrize("body", [b"{}", b""], ids=["object", "nothing"])
def test_cancelling_takes_an_empty_object_and_no_body(client: httpx.Client, body: bytes) -> None:
    job = create(client)["job_id"]

    assert client.post(f"/jobs/{job}/cancel", content=body).json()["status"] == "canceled"


def test_bodies_of_half_a_mebibyte_travel_compressed(client: httpx.Client) -> None:
    body, headers = squeezed({"job_type": "datafit", "params": {"current": [0.125] * 200_000}, "priority": 5})

    assert client.post("/jobs/", content=body, headers=headers).status_code == 202


def test_key_and_token_name_the_same_organization(strict_bench: Bench) -> None:
    token = {name: value for name, value in SESSION.items() if name != "X-API-Key"} | {
        "Authorization": "Bearer mock-api-key"
    }
    with calling(strict_bench, SESSION) as client:
        job = create(client)
    with calling(strict_bench, token) as client:
        assert client.get(f"/jobs/{job['job_id']}").status_code == 200
    with calling(strict_bench, token | {"Authorization": "mock-api-key"}) as client:
        assert client.get("/jobs/").status_code == 401


@pytest.mark.parametrize("status", RETRIED)
def test_six_reads_are_counted_when_the_service_stays_away(bench: Bench, client: httpx.Client, status: int) -> None:
    spoil(bench, "status", status=status, scope={"api": "ionworks"})

    assert read(client, "/jobs/") == [status] * 6
    assert asked(bench) == [("GET", status)] * 6


def test_429_is_tried_again_only_where_it_says_when(bench: Bench, client: httpx.Client) -> None:
    spoil(bench, "status", status=429, headers={"Retry-After": "1"}, count=2)
    spoil(bench, "status", status=429, scope={"method": "GET"}, count=3)

    assert read(client, "/jobs/") == [429, 429, 429]


def test_a_submission_is_sent_again_when_the_connection_drops(bench: Bench, client: httpx.Client) -> None:
    spoil(bench, "drop", count=2)

    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            create(client)
    job = create(client)

    assert asked(bench) == [("POST", 0), ("POST", 0), ("POST", 202)]
    assert [one["job_id"] for one in client.get("/jobs/").json()] == [job["job_id"]]


def test_json_without_the_session_headers_is_not_taken(client: httpx.Client) -> None:
    del client.headers["Content-Type"]

    assert client.post("/jobs/", content="{}").status_code == 415
    assert client.post("/jobs/", content='{"job_type": "dummy", "params": {}}', headers=JSON).status_code == 202
