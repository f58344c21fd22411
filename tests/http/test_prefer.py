"""What one request prefers for itself."""

from __future__ import annotations

import time

import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http.steering.prefer import NONE, Preference, read
from tests.conftest import Bench
from tests.http.steering import ionworks, xio

JOB = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("status", [400, 404, 409, 418, 429, 500, 503])
def test_a_code_is_answered_in_the_vendors_error_shape(bench: Bench, status: int) -> None:
    ours = bench.get(f"/jobs/{JOB}", headers={"Prefer": f"code={status}"})
    theirs = bench.get(f"/v1/jobs/{JOB}", headers={"Prefer": f"code={status}"})

    assert ours.status_code == theirs.status_code == status
    assert "error_code" in ours.json() or "detail" in ours.json()
    assert set(theirs.json()) == {"error"}
    assert ours.headers["Preference-Applied"] == f"code={status}"


def test_a_success_is_the_documents_example_and_nothing_happens(bench: Bench) -> None:
    answer = bench.post("/jobs", json={"job_type": "simulate", "params": {}}, headers={"Prefer": "code=202"})

    assert answer.status_code == 202
    assert answer.json()["job_id"]
    assert bench.get("/jobs").json()["total"] == 0


def test_wait_holds_the_answer_for_real_seconds(bench: Bench) -> None:
    began = time.monotonic()

    answer = bench.get("/v1/jobs", headers={"Prefer": 'respond-async, wait="0.2"'})

    assert time.monotonic() - began >= 0.2
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=0.2"


def test_a_waiting_request_does_not_hold_up_others(bench: Bench) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(bench.get, "/jobs", headers={"Prefer": "wait=3"})
        xio(bench)
        ionworks(bench)
        was_waiting = not slow.done()
        answer = slow.result()

    assert was_waiting
    assert answer.json()["total"] == 1


@pytest.mark.parametrize("value", ["code=99", "code=abc", "code=700", "wait=61", "wait=-1", "wait=nan", "code="])
def test_what_cannot_be_is_refused(bench: Bench, value: str) -> None:
    answer = bench.get("/v1/jobs", headers={"Prefer": value})

    assert answer.status_code == 400
    assert value.partition("=")[2] in answer.text
    with pytest.raises(Refusal, match="Prefer"):
        read(value.encode())


def test_a_success_that_is_not_declared_is_refused(bench: Bench) -> None:
    assert bench.get("/v1/jobs", headers={"Prefer": "code=206"}).status_code == 400


def test_other_preferences_are_passed_over(bench: Bench) -> None:
    assert read(b"return=minimal; foo=bar, handling=strict") is NONE
    assert read(b"code=404, wait=2") == Preference(404, 2.0)
    assert bench.get("/v1/jobs", headers={"Prefer": "return=minimal"}).status_code == 200
