"""What could never match, or names nothing there is, is refused with what was expected instead of being taken in
silence.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import specs
from tests.conftest import Bench

NEVER: dict[str, tuple[dict[str, Any], str]] = {
    "no method": ({"method": "FETCH"}, "expected a method: DELETE, GET, HEAD, PATCH, POST, PUT"),
    "no method of the operation": (
        {"operation": "submit_job_jobs_post", "method": "GET"},
        "expected a method of submit_job_jobs_post: POST",
    ),
    "no method of the API": ({"api": "runai", "method": "PUT"}, "expected a method of runai: DELETE, GET, HEAD, POST"),
    "no operation of the API": ({"api": "runai", "operation": "xio_get_job"}, "expected an operationId of runai: "),
    "a path without a slash": ({"path": "jobs"}, "expected a pattern that begins with /, such as /jobs"),
    "a path with a sandbox": ({"path": "/sandbox/a/jobs"}, "expected a path without /sandbox/NAME"),
    "a regex without a slash": ({"path_regex": "^jobs"}, "expected a pattern that begins with /, such as /jobs"),
    "a header that is a number": ({"headers": {"a": 1}}, "header fields are text; expected a text, or one of"),
    "a header that is true": ({"headers": {"a": True}}, "header fields are text"),
    "a header that is a list": ({"headers": {"a": ["b"]}}, "header fields are text"),
    "a header that equals a number": ({"headers": {"a": {"equals": 1}}}, "header fields are text"),
    "a header by an unknown form": ({"headers": {"a": {"is": "b"}}}, "header fields are text"),
    "no name of a header": ({"headers": {"a b": "c"}}, "expected the name of a header field"),
}
OFTEN: list[dict[str, Any]] = [
    {"method": "get"},
    {"method": "HEAD"},
    {"path": "*"},
    {"path": "*/jobs"},
    {"path": "?jobs"},
    {"path": "/jobs*"},
    {"path_regex": "jobs"},
    {"path_regex": "^/jobs"},
    {"path_regex": "^(/jobs|/v1)"},
    {"headers": {"a": "1", "B-c": {"regex": "x"}, "d": {"exists": False}, "e": {"equals": "1"}}},
    {"api": "xio", "method": "PUT"},
]


@pytest.mark.parametrize("case", NEVER)
def test_a_rule_or_fault_that_could_never_match_is_refused(bench: Bench, case: str) -> None:
    scope, reason = NEVER[case]

    rule = bench.post("/_mock/rules", json={"match": scope, "answer": {"status": 503}})
    fault = bench.post("/_mock/faults", json={"kind": "status", "status": 503, "scope": scope})

    for answer in (rule, fault):
        assert answer.status_code == 400
        assert reason in answer.json()["error"]["message"]


@pytest.mark.parametrize("scope", OFTEN, ids=str)
def test_a_rule_or_fault_that_can_match_is_taken(bench: Bench, scope: dict[str, Any]) -> None:
    rule = bench.post("/_mock/rules", json={"match": scope, "answer": {"status": 503}})
    fault = bench.post("/_mock/faults", json={"kind": "status", "status": 503, "scope": scope})

    assert (rule.status_code, fault.status_code) == (201, 201)


def test_a_rule_for_a_request_that_never_comes_is_refused(bench: Bench) -> None:
    answer = bench.post("/_mock/rules", json={"match": {"nth": 5, "first": 2}, "answer": {"status": 503}})

    assert "rule.match.nth is 5: expected at most 2" in answer.json()["error"]["message"]


@pytest.mark.parametrize("api", specs.names())
def test_a_state_that_the_api_does_not_have_is_refused_with_those_it_has(bench: Bench, api: str) -> None:
    answer = bench.get("/_mock/jobs", params={"api": api, "state": "zzz"})

    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    assert answer.status_code == 400
    assert all(state in answer.text for state in lifecycle.states)
    assert f"the states of {api}" in answer.text
    for state in lifecycle.states:
        assert bench.get("/_mock/jobs", params={"api": api, "state": state}).json()["total"] == 0


def test_a_state_that_no_api_has_is_refused_and_one_of_any_is_taken(bench: Bench) -> None:
    wrong = bench.get("/_mock/jobs", params={"state": "procesing"})
    right = bench.get("/_mock/jobs", params={"state": "processing"})

    assert wrong.status_code == 400
    assert "did you mean processing?" in wrong.text
    assert right.status_code == 200


def test_exchanges_of_an_operation_that_no_api_has_are_refused(bench: Bench) -> None:
    wrong = bench.get("/_mock/exchanges", params={"operation": "submit_job_jobs"})
    of_another = bench.get("/_mock/exchanges", params={"api": "xio", "operation": "submit_job_jobs_post"})
    right = bench.get("/_mock/exchanges", params={"operation": "submit_job_jobs_post"})

    assert wrong.status_code == of_another.status_code == 400
    assert "did you mean submit_job_jobs_post?" in wrong.text
    assert "expected one of xio_" in of_another.text
    assert right.status_code == 200


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/job-runs", "/v1/job-recipes", "/v1/gpu-registry"])
def test_a_filter_that_the_list_does_not_have_is_refused_with_those_it_has(bench: Bench, path: str) -> None:
    answer = bench.get(path, params={"filter[foo]": "x"})

    operation = next(
        one for one in specs.load("xio").operations.values() if "/v1" + one.path == path and one.method == "GET"
    )
    known = [one["name"] for one in operation.parameters if one["name"].startswith("filter[")]
    assert answer.status_code == 400
    assert all(name in answer.json()["error"]["message"] for name in known)
    assert bench.get(path, params={"foo": "x"}).status_code == 200  # an unknown member is nobody's mistake


def test_a_header_that_names_another_sandbox_than_the_path_is_refused(bench: Bench) -> None:
    two = bench.http.get("/sandbox/a/jobs", headers={"X-Mock-Sandbox": "b"})
    same = bench.http.get("/sandbox/a/jobs", headers={"X-Mock-Sandbox": "a"})

    assert two.status_code == 422
    assert "the path names the sandbox 'a', header X-Mock-Sandbox 'b'; expected one of the two" in two.text
    assert same.status_code == 200


@pytest.mark.parametrize("list_", ["/api/jobs/", "/api/job", "/v1/jobs", "/jobs", "/v1/customer/jobs", "/_mock/clock"])
def test_no_api_takes_a_request_for_two_sandboxes(bench: Bench, list_: str) -> None:
    fields = {"X-Mock-Sandbox": "b", "Authorization": "t"}

    answer = httpx.get(f"{bench.url}/sandbox/a{list_}", headers=fields)

    assert answer.status_code in (400, 422)
    assert "the path names the sandbox 'a'" in answer.text
