"""compute.x.io as the vendor's example client signs its calls, and as clients in JavaScript do, with credentials
verified.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.clients_wire.callers import FETCH, REQUESTS, asked, calling, compact, spoil, squeezed
from tests.conftest import Bench

JOB = {
    "title": "render",
    "task": "BATCH",
    "max_timeout_run_ms": 900_000,
    "parameters": {"type": "docker", "parameters": {"image": "blender"}},
}
Canonical = Callable[[Any], bytes]
Query = dict[str, str]


def python_body(value: Any) -> bytes:
    """As the vendor's client writes a body, on the wire and for the signature: sorted, tight, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def script_body(value: Any) -> bytes:
    """The same as a client in JavaScript hashes it: sorted and tight, in UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def python_query(query: Query) -> str:
    """As the vendor's client signs a query: sorted, a space as `+`."""
    return urlencode(sorted(query.items()))


def script_query(query: Query) -> str:
    """As `encodeURIComponent` writes it: a space as `%20`."""
    return urlencode(sorted(query.items()), quote_via=quote, safe="!'()*")


class Signer:
    """Signs calls; `public` and `secret` are those of the default scenario, `ahead` is how many seconds the clock goes
    wrong.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        query: Callable[[Query], str] = python_query,
        secret: str = "sk_mock",
        ahead: float = 0.0,
    ) -> None:
        self.client, self.query, self.secret, self.ahead = client, query, secret, ahead
        self.nonce = lambda: secrets.token_hex(16)

    def headers(self, method: str, path: str, query: str = "", body: bytes = b"") -> dict[str, str]:
        """The four headers for one call."""
        stamp, nonce = str(int((time.time() + self.ahead) * 1000)), self.nonce()
        text = "|".join(["pk_mock", stamp, nonce, method, path, query, sha256(body).hexdigest()])
        signature = hmac.new(self.secret.encode(), text.encode(), sha256).hexdigest()
        return {"X-API-Key": "pk_mock", "X-Time": stamp, "X-Nonce": nonce, "X-Signature": signature}

    def get(self, path: str, query: Query | None = None, *, signed: str | None = None) -> httpx.Response:
        """A read: media types, no body; the query goes out in the order it was made, signed in the order of
        its names.
        """
        told = self.headers("GET", path, self.query(query or {}) if signed is None else signed)
        target = path + ("?" + urlencode(query) if query else "")
        return self.client.get(
            target, headers=told | {"Content-Type": "application/json", "Accept": "application/json"}
        )

    def send(
        self, method: str, path: str, body: Any, *, signed: Canonical = python_body, sent: Canonical = python_body
    ) -> httpx.Response:
        """A write: `sent` is how its body goes out, `signed` how it is hashed."""
        told = self.headers(method, path, body=signed(body))
        return self.client.request(
            method,
            path,
            content=sent(body),
            headers=told | {"Content-Type": "application/json", "Accept": "application/json"},
        )


@pytest.fixture
def signer(strict_bench: Bench) -> Iterator[Signer]:
    with calling(strict_bench, REQUESTS) as client:
        yield Signer(client)


def create(signer: Signer, **more: Any) -> dict[str, Any]:
    answer = signer.send("POST", "/v1/jobs", JOB | more)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def is_refused(answer: httpx.Response, reason: str) -> bool:
    return answer.status_code == 401 and reason in answer.json()["error"]["message"]


def test_the_whole_way_of_a_job(strict_bench: Bench, signer: Signer) -> None:
    command = {"type": "docker", "parameters": {"image": "blender", "env": {"COMMAND": "sleep 600"}}}
    job = create(signer, parameters=command)["uuid"]
    strict_bench.advance(60)

    (run,) = signer.get("/v1/job-runs", {"filter[job_uuid]": job, "limit": "10", "filter[status]": "RUNNING"}).json()[
        "data"
    ]
    stopped = signer.send("PUT", f"/v1/jobs/{job}/cancel", {"reason": "Cancelled by user"})

    assert stopped.json()["status"] == "CANCELLED"
    assert {"hostname", "port"} <= set(run["node_urls"][0])
    assert "logs" not in run
    assert "logs" in signer.get(f"/v1/job-runs/{run['uuid']}").json()
    assert signer.get(f"/v1/jobs/{job}").json()["status"] == "CANCELLED"


def test_a_job_is_cancelled_without_a_body_too(signer: Signer) -> None:
    job = create(signer)["uuid"]

    headers = signer.headers("PUT", f"/v1/jobs/{job}/cancel")

    assert signer.client.put(f"/v1/jobs/{job}/cancel", headers=headers).json()["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        (python_body, python_body),
        (python_body, compact),
        (script_body, script_body),
        (script_body, compact),
        (script_body, python_body),
        (compact, compact),
    ],
    ids=[
        "ascii",
        "ascii, sent as it came",
        "utf-8",
        "utf-8, sent as it came",
        "utf-8, sent as ascii",
        "the very bytes",
    ],
)
def test_titles_beyond_ascii_are_signed_either_way(signer: Signer, signed: Canonical, sent: Canonical) -> None:
    job = JOB | {"title": "naïve Überblendung 🎬", "cpu_count": 2.0}

    answer = signer.send("POST", "/v1/jobs", job, signed=signed, sent=sent)

    assert (answer.status_code, answer.json().get("title")) == (201, "naïve Überblendung 🎬")


def test_brackets_and_commas_are_percent_encoded(signer: Signer) -> None:
    job = create(signer)["uuid"]
    query = {
        "page": "1",
        "limit": "20",
        "sort": "-created_at",
        "filter[status]": "PENDING,ASSIGNED",
        "filter[created_at]": "2020-01-01,2100-01-01",
        "filter[uuid]": job,
    }

    answer = signer.get("/v1/jobs", query)

    assert b"filter%5Bstatus%5D=PENDING%2CASSIGNED" in answer.request.url.query
    assert [one["uuid"] for one in answer.json()["data"]] == [job]


@pytest.mark.parametrize("form", [python_query, script_query])
def test_a_space_is_signed_as_plus_and_as_percent_twenty(signer: Signer, form: Callable[[Query], str]) -> None:
    signer.query = form

    answer = signer.get("/v1/jobs", {"note": "two words", "filter[task]": "BATCH"})

    assert (form({"a": "b c"})) in ("a=b+c", "a=b%20c")
    assert answer.status_code == 200, answer.text


def test_repeated_values_are_signed_in_order(signer: Signer) -> None:
    told = signer.headers("GET", "/v1/jobs", "limit=5&note=a&note=b")

    assert signer.client.get("/v1/jobs?note=b&note=a&limit=5", headers=told).status_code == 200


def test_a_base_url_with_a_path_does_not_enter_the_signature(strict_bench: Bench) -> None:
    with httpx.Client(
        base_url=strict_bench.url, headers=REQUESTS | {"X-Mock-Sandbox": strict_bench.sandbox}, trust_env=False
    ) as client:
        job = create(Signer(client))["uuid"]
    with calling(strict_bench, REQUESTS) as client:
        assert Signer(client).get(f"/v1/jobs/{job}").status_code == 200


def test_what_does_not_match_is_refused(strict_bench: Bench, signer: Signer) -> None:
    with calling(strict_bench, REQUESTS) as client:
        assert is_refused(Signer(client, secret="sk_other").get("/v1/jobs"), "x-signature")
        assert is_refused(Signer(client, ahead=-301).get("/v1/jobs"), "x-time")
        assert is_refused(Signer(client, ahead=301).get("/v1/jobs"), "x-time")
        assert Signer(client, ahead=290).get("/v1/jobs").status_code == 200
    assert is_refused(signer.get("/v1/jobs", {"page": "1"}, signed="page=2"), "x-signature")
    assert is_refused(signer.send("POST", "/v1/jobs", JOB, signed=lambda _: b"{}"), "x-signature")
    assert is_refused(signer.client.get("/v1/jobs", headers={"X-API-Key": "pk_mock"}), "Signature")


def test_a_nonce_serves_once(signer: Signer) -> None:
    signer.nonce = lambda: "0123456789abcdef0123456789abcdef"

    assert signer.get("/v1/jobs").status_code == 200
    assert is_refused(signer.get("/v1/jobs"), "x-nonce")


def test_a_call_that_was_dropped_has_not_used_up_its_nonce(strict_bench: Bench, signer: Signer) -> None:
    told = signer.headers("POST", "/v1/jobs", body=python_body(JOB)) | {"Content-Type": "application/json"}
    spoil(strict_bench, "drop", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        signer.client.post("/v1/jobs", content=python_body(JOB), headers=told)

    assert signer.client.post("/v1/jobs", content=python_body(JOB), headers=told).status_code == 201
    assert asked(strict_bench) == [("POST", 0), ("POST", 201)]


def test_a_compressed_body_is_hashed_as_it_was_before(signer: Signer) -> None:
    job = JOB | {"parameters": {"type": "docker", "parameters": {"env": {"NOTES": "ï" * 100_000}}}}
    body, headers = squeezed(job)

    answer = signer.client.post(
        "/v1/jobs", content=body, headers=headers | signer.headers("POST", "/v1/jobs", body=python_body(job))
    )

    assert answer.status_code == 201, answer.text


def test_without_verification_headers_do_not_matter(bench: Bench) -> None:
    with calling(bench, FETCH) as client:
        made = client.post("/v1/jobs", content=compact(JOB), headers={"Content-Type": "application/json"})

        assert made.status_code == 201
        assert client.get(f"/v1/jobs/{made.json()['uuid']}").json()["title"] == "render"


def test_a_service_runs_until_it_is_stopped(strict_bench: Bench, signer: Signer) -> None:
    job = create(signer, task="PERSISTENT", max_timeout_run_ms=None)["uuid"]
    strict_bench.advance(200)

    assert signer.get(f"/v1/jobs/{job}").json()["status"] == "RUNNING"
    assert signer.send("PUT", f"/v1/jobs/{job}/cancel", {"reason": "done"}).json()["status"] == "CANCELLED"
