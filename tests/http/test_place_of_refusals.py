"""A refusal names what is wrong where it is: a header or the query is never worded as an error of a body."""

from __future__ import annotations

import re

import httpx
import pytest

import specs
from mockserver.http.server import serving
from tests.conftest import Bench

KEYS = {"Authorization": "t", "X-API-Key": "k", "X-Auth": "t"}

LISTS = {
    "openyuanrong": "/api/jobs/",
    "runai": "/api/job",
    "xio": "/v1/jobs",
    "ionworks": "/jobs",
    "bytenite": "/v1/customer/jobs",
}
OF_BODIES = ("json_invalid", '"body"', "shouldBind", "malformed", "JSON decode")


@pytest.mark.parametrize("api", LISTS)
@pytest.mark.parametrize("name", ["X-Mock-Sandbox", "Content-Type"])
def test_a_doubled_header_is_refused_as_a_header(bench: Bench, api: str, name: str) -> None:
    fields = [("Authorization", "t"), (name, "a"), (name, "b")]

    answer = httpx.get(bench.url + LISTS[api], headers=fields)

    assert answer.status_code in (400, 422)
    assert f"header {name.lower()} is sent more than once" in answer.text
    assert _speaks_of_no_body(answer)


@pytest.mark.parametrize("api", [api for api in LISTS if api != "openyuanrong"])  # whose list reads no query
def test_a_query_that_is_not_utf_8_is_refused_as_a_query(bench: Bench, api: str) -> None:
    answer = bench.get(f"{LISTS[api]}?a=%ff", headers={"Authorization": "t"})

    assert answer.status_code in (400, 422)
    assert "the query is not UTF-8" in answer.text
    assert _speaks_of_no_body(answer)


@pytest.mark.parametrize("api", LISTS)
@pytest.mark.parametrize("value", ["code=302", "code=x", "wait=x", "wait=61"])
def test_a_preference_that_cannot_be_granted_is_refused_as_a_header(bench: Bench, api: str, value: str) -> None:
    answer = bench.get(LISTS[api], headers={"Authorization": "t", "Prefer": value})

    assert answer.status_code in (400, 422)
    assert "Prefer asks for" in answer.text
    assert "expected" in answer.text
    assert _speaks_of_no_body(answer)


@pytest.mark.parametrize("api", LISTS)
@pytest.mark.parametrize("code", [400, 422])
def test_a_forced_refusal_of_a_request_without_a_body_speaks_of_none(bench: Bench, api: str, code: int) -> None:
    answer = bench.get(LISTS[api], headers={"Authorization": "t", "Prefer": f"code={code}"})

    assert answer.status_code == code
    assert _speaks_of_no_body(answer)


def test_a_forced_refusal_of_a_submission_speaks_of_its_body(bench: Bench) -> None:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}}, headers={"Prefer": "code=422"})

    assert answer.json()["detail"][0]["loc"] == ["body"]


@pytest.mark.parametrize("stop", ["/api/jobs/app-1/stop", "/api/jobs/app-1"])
def test_a_broken_coding_of_a_stop_is_not_worded_as_a_submission(bench: Bench, stop: str) -> None:
    method = "POST" if stop.endswith("stop") else "DELETE"

    answer = bench.request(method, stop, content=b"x", headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 400
    assert "the body is gzip that was cut off" in answer.text
    assert "SubmitJob" not in answer.text


def _speaks_of_no_body(answer: httpx.Response) -> bool:
    shown = answer.text + answer.headers.get("X-Mock-Violations", "")
    return not any(word in shown for word in OF_BODIES)


@pytest.mark.parametrize("api", specs.names())
def test_every_operation_refuses_a_sandbox_that_has_no_name_as_its_document_says(api: str) -> None:
    with serving(apis=[api], pace="manual") as url:
        for operation in specs.load(api).operations.values():
            path = re.sub(r"\{[^}]*\}", "one", specs.load(api).base_path + operation.path)

            answer = httpx.request(operation.method, url + path, headers=KEYS | {"X-Mock-Sandbox": "no name/"})

            assert 400 <= answer.status_code < 500, f"{operation.id}: {answer.status_code} {answer.text[:200]}"
