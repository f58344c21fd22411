"""Rules: what becomes of a job, or of a request, because somebody said so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import RULES
from mockserver.http.steering.matching import Asked
from mockserver.http.steering.rules import Rules
from tests.conftest import Bench
from tests.http.steering import ionworks, ionworks_job, rule, xio, xio_job

SUBMIT = {"api": "ionworks", "operation": "submit_job_jobs_post"}


def asked(body: Any = None, *, path: str = "/jobs", **fields: str) -> Asked:
    headers = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Asked("ionworks", "submit_job_jobs_post", "POST", path, headers, body)


def matches(match: dict[str, Any], request: Asked) -> bool:
    rules = Rules()
    rules.add({"match": match, "answer": {"status": 503}})
    return rules.match(request) is not None


def test_a_rule_decides_how_long_an_ionworks_job_runs_and_why_it_fails(bench: Bench) -> None:
    rule(
        bench,
        match=SUBMIT,
        job={"run_seconds": 30, "exit_code": 3, "reason": "the mesh is broken", "code": "MODEL_ERROR"},
    )

    job = ionworks(bench).json()["job_id"]
    bench.advance(29)
    before = ionworks_job(bench, job)["status"]
    bench.advance(2)
    after = ionworks_job(bench, job)

    assert before == "processing"
    assert (after["status"], after["error_code"], after["error"]) == ("failed", "MODEL_ERROR", "the mesh is broken")


def test_an_error_code_that_the_vendor_does_not_have_stays_out_of_its_answers(bench: Bench) -> None:
    rule(bench, match=SUBMIT, job={"exit_code": 1, "code": "E_NOBODY"})

    job = ionworks(bench).json()["job_id"]
    bench.advance(3600)

    assert ionworks_job(bench, job)["error_code"] == "SOLVER_ERROR"


def test_a_rule_decides_what_becomes_of_an_xio_job_and_of_its_retries(bench: Bench) -> None:
    rule(
        bench,
        match={"api": "xio", "body": {"$.title": "flaky"}},
        job={"run_seconds": 1, "fail_attempts": 2, "reason": "evicted"},
    )

    flaky, other = (
        xio(bench, title="flaky", max_retry_count=1).json()["uuid"],
        xio(bench, title="steady").json()["uuid"],
    )
    bench.advance(3600)

    assert xio_job(bench, flaky)["status"] == "FAILED"
    assert xio_job(bench, flaky)["status_reason"] == "evicted"
    assert xio_job(bench, other)["status"] == "COMPLETED"


def test_a_job_can_stay_queued_whatever_is_free(bench: Bench) -> None:
    rule(bench, match=SUBMIT, job={"stay_queued": True})

    job = ionworks(bench).json()["job_id"]
    bench.advance(10_000)

    assert ionworks_job(bench, job)["status"] == "pending"


def test_an_error_is_answered_in_the_words_of_each_vendor_and_makes_no_job(bench: Bench) -> None:
    rule(
        bench,
        match={"method": "POST"},
        answer={"status": 503, "message": "down for repairs", "headers": {"Retry-After": "7"}},
    )

    ours, theirs = ionworks(bench, ok=False), xio(bench, ok=False)

    assert (ours.status_code, ours.json()["message"]) == (503, "down for repairs")
    assert (theirs.status_code, theirs.json()["error"]["message"]) == (503, "down for repairs")
    assert ours.headers["Retry-After"] == "7"
    assert ours.headers["X-Mock-Steered"] == "rule-1"
    assert bench.get("/jobs").json()["total"] == 0


def test_a_status_below_400_is_the_documents_example_and_a_body_is_sent_as_it_is(bench: Bench) -> None:
    rule(bench, match={"operation": "get_job_jobs__job_id__get"}, answer={"status": 200})
    rule(bench, match={"operation": "list_jobs_jobs_get"}, answer={"status": 200, "body": {"surprise": [1, None]}})

    assert bench.get("/jobs/0b9c4d6e-2f1a-4c3b-8d7e-91a2b3c4d5e6").json()["status"] == "completed"
    assert bench.get("/jobs").json() == {"surprise": [1, None]}


def test_a_request_that_breaks_its_document_is_refused_whatever_the_rules_say(bench: Bench) -> None:
    rule(bench, match=SUBMIT, answer={"status": 202})

    assert bench.post("/jobs", json={"job_type": "nonsense", "params": {}}).status_code == 422


def test_the_first_rule_that_applies_wins_and_first_and_nth_count_requests(bench: Bench) -> None:
    rule(bench, match={**SUBMIT, "first": 2}, answer={"status": 503})
    rule(bench, match={**SUBMIT, "nth": 2}, answer={"status": 429})

    statuses = [ionworks(bench, ok=False).status_code for _ in range(6)]

    assert statuses == [503, 503, 202, 429, 202, 202]
    assert [(one["seen"], one["applied"]) for one in bench.get("/_mock/rules").json()["rules"]] == [(6, 2), (4, 1)]


def test_a_probability_is_drawn_from_the_seed_alone(bench: Bench) -> None:
    def draw(seed: int) -> list[bool]:
        rules = Rules()
        rules.add({"match": {"probability": 0.5, "seed": seed}, "answer": {"status": 500}})
        return [rules.match(asked()) is not None for _ in range(200)]

    assert draw(1) == draw(1) != draw(2)
    assert 70 < sum(draw(1)) < 130


@pytest.mark.parametrize(
    ("match", "is_met"),
    [
        ({}, True),
        ({"api": "xio"}, False),
        ({"method": "post"}, True),
        ({"path": "/jo*"}, True),
        ({"path": "/job"}, False),
        ({"path_regex": "obs$"}, True),
        ({"headers": {"X-Team": "blue"}}, True),
        ({"headers": {"x-team": {"regex": "^b"}}}, True),
        ({"headers": {"x-other": {"exists": False}}}, True),
        ({"headers": {"x-other": "blue"}}, False),
        ({"body": {"$.params.steps[*].amps": 3}}, True),
        ({"body": {"$.params.steps[?@.amps > 2]": {"exists": True}}}, True),
        ({"body": {"$.params.steps[?@.amps > 5]": {"exists": True}}}, False),
        ({"body": {"$.job_type": {"regex": "^sim"}}}, True),
        ({"body": {"$.params": {"equals": {"steps": [{"amps": 3}]}}}}, True),
        ({"body": {"$.flag": True}}, False),
        ({"body": {"$.one": True}}, False),
    ],
)
def test_what_a_match_looks_at(match: dict[str, Any], is_met: bool) -> None:
    body = {"job_type": "simulate", "params": {"steps": [{"amps": 3}]}, "one": 1}

    assert matches(match, asked(body, x_team="blue")) is is_met


@pytest.mark.parametrize(
    ("description", "named"),
    [
        ({"match": {"api": "azure"}, "answer": {"status": 500}}, '"azure"'),
        ({"match": {"operation": "launch"}, "answer": {"status": 500}}, '"launch"'),
        ({"match": {"path_regex": "("}, "answer": {"status": 500}}, '"("'),
        ({"match": {"body": {"$.[": 1}}, "answer": {"status": 500}}, '"$.["'),
        ({"match": {"headers": {"x": {"regex": 3}}}, "answer": {"status": 500}}, "3"),
        ({"match": {"nth": 0}, "answer": {"status": 500}}, "0"),
        ({"match": {"probability": 1.5}, "answer": {"status": 500}}, "1.5"),
        ({"match": {"colour": "red"}, "answer": {"status": 500}}, "colour"),
        ({"answer": {"status": 99}}, "99"),
        ({"answer": {"status": "high"}}, '"high"'),
        ({"answer": {"status": 500, "headers": {"Content-Length": "1"}}}, '"1"'),
        ({"answer": {"status": 500, "headers": {"X": "a\r\nb: c"}}}, "b: c"),
        ({"job": {"run_seconds": -1}}, "-1"),
        ({"job": {"exit_code": 256}}, "256"),
        ({"job": {"fail_attempts": -2}}, "-2"),
        ({"match": {}}, "exactly one of job and answer"),
        ({"job": {}, "answer": {"status": 500}}, "exactly one of job and answer"),
    ],
)
def test_a_bad_description_is_refused_with_the_value_in_the_sentence(description: dict[str, Any], named: str) -> None:
    rules = Rules()

    with pytest.raises(Refusal, match="rule") as refused:
        rules.add(description)

    assert refused.value.kind == "invalid"
    assert named in refused.value.message
    assert refused.value.violations
    assert not rules.given


def test_rules_are_bounded_removed_and_gone_after_a_reset(bench: Bench) -> None:
    rules = Rules()
    for _ in range(RULES):
        rules.add({"answer": {"status": 500}})
    first = rule(bench, match=SUBMIT, answer={"status": 503})
    rule(bench, match=SUBMIT, answer={"status": 500})

    bench.delete(f"/_mock/rules/{first}")
    after_removal = ionworks(bench, ok=False).status_code
    bench.post("/_mock/reset")

    assert after_removal == 500
    assert ionworks(bench).status_code == 202
    with pytest.raises(Refusal, match="limit"):
        rules.add({"answer": {"status": 500}})
    with pytest.raises(Refusal, match="'rule-999'"):
        rules.remove("rule-999")


def test_64_parallel_sandboxes_with_different_rules_never_see_each_other(bench_of: Callable[..., Bench]) -> None:
    url = bench_of().url

    def live(number: int) -> tuple[list[int], int]:
        bench = Bench(url, f"parallel-{number}")
        rule(bench, match=SUBMIT, answer={"status": 500 + number})
        statuses = [ionworks(bench, ok=False).status_code for _ in range(5)]
        seen = bench.get("/_mock/exchanges").json()["exchanges"]
        bench.http.close()
        return statuses, len(seen)

    with ThreadPoolExecutor(16) as pool:
        lives = list(pool.map(live, range(64)))

    assert lives == [([500 + number] * 5, 5) for number in range(64)]
