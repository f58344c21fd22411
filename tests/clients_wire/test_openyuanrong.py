"""openYuanrong as `ray_adapter.job_submission.JobSubmissionClient` speaks to it: plain `requests`, a slash behind the
collection, no body where there is none.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.clients_wire.callers import REQUESTS, asked, calling, spoil, squeezed
from tests.conftest import Bench

SUBMITTED = {
    "entrypoint": "python train.py",
    "runtime_env": {"working_dir": "file:///code/train.zip"},
    "metadata": {},
    "entrypoint_num_cpus": 1,
}
DETAILS = {
    *(
        "type",
        "submission_id",
        "driver_info",
        "status",
        "entrypoint",
        "error_type",
        "start_time",
        "end_time",
        "metadata",
        "runtime_env",
    ),
    *("driver_agent_http_address", "driver_node_id", "driver_exit_code"),
}
"""The names that the client's own record of a job can take, and `runtime_env`, which the vendor's page shows."""


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with calling(bench, REQUESTS) as client:
        yield client


def submit(client: httpx.Client, **more: Any) -> str:
    answer = client.post("/api/jobs/", json=SUBMITTED | more)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"submission_id"}
    return str(answer.json()["submission_id"])


def token(**claims: Any) -> str:
    parts = [
        orjson.dumps(part)
        for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "tenant", "role": "developer", "exp": 0} | claims)
    ]
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".c2lnbmF0dXJl"


def test_the_whole_way_of_a_job(bench: Bench, client: httpx.Client) -> None:
    job = submit(client, submission_id="nightly-1", metadata={"team": "vision"})

    stopped = client.post(f"/api/jobs/{job}/stop")
    bench.advance(60)
    details = client.get(f"/api/jobs/{job}").json()
    deleted = client.delete(f"/api/jobs/{job}")

    assert job == "app-nightly-1"
    assert stopped.json() is True
    assert details["status"] == "STOPPED"
    assert deleted.json() is True
    assert client.get(f"/api/jobs/{job}").status_code == 404


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_collection_is_there_with_and_without_a_slash_and_without_a_redirect(
    client: httpx.Client, slash: str
) -> None:
    submitted = client.post(f"/api/jobs{slash}", json=SUBMITTED)
    listed = client.get(f"/api/jobs{slash}")

    assert (submitted.status_code, submitted.history) == (200, [])
    assert [job["submission_id"] for job in listed.json()] == [submitted.json()["submission_id"]]
    assert listed.history == []


def test_a_record_of_a_job_can_be_made_from_its_members(client: httpx.Client) -> None:
    job = submit(client)

    (details,) = client.get("/api/jobs/").json()

    assert set(details) <= DETAILS
    assert set(details["driver_info"]) == {"id", "node_ip_address", "pid"}
    assert details["submission_id"] == job


def test_requests_without_a_body_carry_no_media_type(client: httpx.Client) -> None:
    job = submit(client)

    stop = client.build_request("POST", f"/api/jobs/{job}/stop")

    assert "content-type" not in stop.headers
    assert stop.headers["content-length"] == "0"
    assert client.send(stop).json() is True


def test_errors_are_a_json_text(client: httpx.Client) -> None:
    answers = [
        client.post("/api/jobs/", json={"entrypoint": "", "metadata": {}}),
        client.post("/api/jobs/", json=SUBMITTED | {"entrypoint_num_cpus": -1}),
        client.get("/api/jobs/app-none"),
        client.post("/api/jobs/app-none/stop"),
        client.delete("/api/jobs/app-none"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 404, 404, 404]
    assert all(isinstance(answer.json(), str) for answer in answers)


def test_a_large_environment_may_travel_compressed(client: httpx.Client) -> None:
    body, headers = squeezed(
        SUBMITTED | {"runtime_env": {"working_dir": "/code", "env_vars": {"NOTES": "x" * 600_000}}}
    )

    assert client.post("/api/jobs/", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize("way", ["header", "query", "cookie"])
def test_a_token_is_taken_where_the_vendor_looks_for_it(strict_bench: Bench, way: str) -> None:
    with calling(strict_bench, REQUESTS) as client:
        told: dict[str, Any] = {
            "header": {"headers": {"X-Auth": token()}},
            "query": {"params": {"token": token()}},
            "cookie": {"headers": {"Cookie": f"theme=dark; iam_token={token()}"}},
        }[way]

        assert client.post("/api/jobs/", json=SUBMITTED, **told).status_code == 200
        refused = client.get("/api/jobs/")

    assert refused.status_code == 401
    assert "error" in refused.json()


def test_a_dropped_connection_is_an_error_and_no_second_submission(bench: Bench, client: httpx.Client) -> None:
    spoil(bench, "drop", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/api/jobs/", json=SUBMITTED)

    assert asked(bench) == [("POST", 0)]
    assert client.get("/api/jobs/").json() == []
