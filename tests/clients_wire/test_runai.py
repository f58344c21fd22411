"""Run:AI as its REST page's curl lines and the Go client of its command line speak to it: charset in every media type,
DELETE with a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.clients_wire.callers import CURL, GO, asked, calling, compact, spoil, squeezed
from tests.conftest import Bench

CLIENT = GO | {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json; charset=utf-8"}
"""The command line's client sets both on every request, GET or not."""


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with calling(bench, CLIENT) as client:
        yield client


def submit(client: httpx.Client, **wanted: Any) -> str:
    answer = client.post("/api/job", content=compact({"job": {"project": "team-a", "image": "ubuntu"} | wanted}))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


def test_submit_list_and_delete(client: httpx.Client) -> None:
    names = [submit(client, gpu=1), submit(client, name="train", environment={"BATCH_SIZE": 50, "LEARNING_RATE": 0.2})]

    listed = client.get("/api/job", params={"project": "team-a"})
    gone = [{"name": name, "project": "team-a"} for name in [*names, "nobody"]]
    deleted = client.request("DELETE", "/api/job", content=compact(gone))

    assert [job["name"] for job in listed.json()["data"]] == ["job-0", "train"]
    assert [(one["name"], one["ok"]) for one in deleted.json()["data"]] == [
        ("job-0", True),
        ("train", True),
        ("nobody", False),
    ]
    assert deleted.json()["data"][2]["error"]["status"] == 404
    assert client.get("/api/job").json() == {"data": []}


def test_the_curl_lines_of_the_page(bench: Bench) -> None:
    with calling(bench, CURL) as curl:
        made = curl.post(
            "/api/job",
            headers={"RA-USER": "john", "Content-Type": "application/json"},
            content=compact({"job": {"project": "p", "image": "i"}}),
        )
        (job,) = curl.get("/api/job?project=p").json()["data"]
        gone = curl.request(
            "DELETE",
            "/api/job",
            headers={"Content-Type": "application/json"},
            content=compact([{"name": "job-0", "project": "p"}]),
        )

    assert made.json() == {"name": "job-0"}
    assert (job["user"], job["project"]) == ("john", "p")
    assert gone.json() == {"data": [{"name": "job-0", "ok": True}]}


def test_a_delete_without_the_body_that_some_stacks_drop_is_refused(client: httpx.Client) -> None:
    name = submit(client)

    answers = [client.request("DELETE", "/api/job"), client.request("DELETE", "/api/job", content=b"{}")]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert all(answer.json()["status"] == 400 for answer in answers)
    assert [job["name"] for job in client.get("/api/job").json()["data"]] == [name]


def test_a_bearer_token_is_asked_for_in_strict_mode_only(bench: Bench, strict_bench: Bench) -> None:
    answers = []
    for world in (bench, strict_bench):
        for named in (
            {},
            {"Authorization": "Bearer mock-token"},
            {"Authorization": "bearer mock-token"},
            {"Authorization": "Bearer another"},
        ):
            with calling(world, CLIENT | named) as client:
                answers.append(client.get("/api/job").status_code)

    assert answers == [200, 200, 200, 200, 401, 200, 200, 401]


def test_a_newer_client_is_told_that_its_paths_are_not_there(bench_of: Callable[..., Bench]) -> None:
    with calling(bench_of(apis=["runai"]), CLIENT) as client:
        answers = [
            client.get("/api/v1/version"),
            client.request("DELETE", "/api/v1/jobs", content=b"[]"),
            client.get("/api/v1/projects"),
        ]

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(404, 404)] * 3


def test_a_large_job_may_travel_compressed(client: httpx.Client) -> None:
    body, headers = squeezed({"job": {"project": "p", "image": "i", "environment": {"NOTES": "x" * 600_000}}})

    assert client.post("/api/job", content=body, headers=headers).json() == {"name": "job-0"}


def test_go_sends_reads_again_on_a_fresh_connection(bench: Bench, client: httpx.Client) -> None:
    spoil(bench, "drop", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/api/job")

    assert client.get("/api/job").json() == {"data": []}
    assert asked(bench) == [("GET", 0), ("GET", 200)]
