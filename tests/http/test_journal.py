"""The journal: what was asked and answered, without secrets, within bounds, as a list, an archive and a stream."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx
import pytest

from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.limits import (
    JOURNAL_BODY_BYTES,
    JOURNAL_BYTES,
    JOURNAL_EXCHANGES,
    SHOWN_BEGINNING_BYTES,
    SHOWN_BYTES,
    VIOLATIONS_HEADER_BYTES,
)
from mockserver.http.records import violation_header
from mockserver.http.records.events import events
from mockserver.http.records.exchange import Entry, readable
from mockserver.http.records.journal import Journal
from mockserver.http.redaction import redacted, redacted_text
from mockserver.http.server import serving
from mockserver.simulation.snapshot.pauses import finished
from specs.command_secrets import HIDDEN
from specs.secret_names import is_secret
from tests.conftest import Bench
from tests.http.steering import fault, ionworks, rule, xio


def entry(
    body: bytes = b"{}", *, status: int = 200, api: str = "ionworks", operation: str = "op", answer: bytes = b"{}"
) -> Entry:
    return (api, operation, "POST", b"/jobs", b"", [], body, status, [], answer, 0, 0.0, 0.001, "")


def exchanges(bench: Bench, **filters: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = bench.get("/_mock/exchanges", params=filters).json()["exchanges"]
    return told


def test_an_exchange_tells_what_was_asked_answered_and_whether_it_kept_the_document(bench: Bench) -> None:
    ionworks(bench, priority=3)
    bench.advance(5)
    bench.post("/jobs", json={"job_type": "nonsense", "params": {}})

    kept, broken = exchanges(bench)

    assert (kept["api"], kept["operation"], kept["method"], kept["path"]) == (
        "ionworks",
        "submit_job_jobs_post",
        "POST",
        "/jobs",
    )
    assert (kept["verdict"], kept["status"], kept["violations"], kept["at"]) == ("kept", 202, [], 0)
    assert kept["request"]["body"]["priority"] == 3
    assert kept["answer"]["body"]["status"] == "pending"
    assert (broken["verdict"], broken["refused"], broken["status"], broken["at"]) == ("broken", "invalid", 422, 5)
    assert broken["violations"][0]["pointer"] == "/job_type"


@pytest.mark.parametrize(
    ("method", "path", "verdict", "refused"),
    [
        ("GET", "/nowhere", "broken", "unrouted"),
        ("DELETE", "/v1/jobs", "broken", "method"),
        ("GET", "/v1/jobs/00000000-0000-4000-8000-000000000000", "kept", "unknown"),
    ],
)
def test_refusals_by_the_world_are_no_breach_of_the_document(
    bench: Bench, method: str, path: str, verdict: str, refused: str
) -> None:
    bench.request(method, path)

    [one] = exchanges(bench)

    assert (one["verdict"], one["refused"]) == (verdict, refused)


def test_missing_credentials_are_in_the_journal_too(strict_bench: Bench) -> None:
    strict_bench.get("/v1/jobs")

    [one] = exchanges(strict_bench)

    assert (one["status"], one["verdict"], one["refused"]) == (401, "broken", "unauthenticated")


def test_exchanges_are_filtered_and_read_on_from_a_number(bench: Bench) -> None:
    ionworks(bench)
    xio(bench)
    bench.get("/v1/jobs/00000000-0000-4000-8000-000000000000")

    assert [one["number"] for one in exchanges(bench)] == [1, 2, 3]
    assert [one["number"] for one in exchanges(bench, api="xio")] == [2, 3]
    assert [one["number"] for one in exchanges(bench, status=404)] == [3]
    assert [one["number"] for one in exchanges(bench, operation="submit_job_jobs_post")] == [1]
    assert [one["number"] for one in exchanges(bench, since=1, limit=1)] == [2]
    assert [one["number"] for one in exchanges(bench, limit=1)] == [3]


def test_secrets_are_not_shown(bench: Bench) -> None:
    secret = "s3cr3t-value"
    headers = {"Authorization": f"Bearer {secret}", "X-Api-Key": secret, "Cookie": f"a={secret}"}
    ionworks(bench, params={"password": secret, "deep": [{"apiKey": secret, "kept": 1}]})
    bench.get("/jobs", headers=headers, params={"access_token": secret, "limit": 5})
    bench.post(
        "/jobs",
        content=b'{"params": {"signature": "' + secret.encode() + b'", ',
        headers={"Content-Type": "application/json"},
    )

    shown = bench.get("/_mock/exchanges").text + bench.get("/_mock/exchanges/har").text

    assert secret not in shown
    assert f"Bearer {HIDDEN}" in shown
    assert '"kept":1' in shown


def test_the_journal_stays_bounded_under_100_000_requests() -> None:
    journal = Journal()

    for number in range(100_000):
        journal.add(entry(b'{"n": %d}' % number, answer=b"x" * 700))

    shown = finished(journal.listing(limit=10**6))
    assert len(journal) == len(shown) <= JOURNAL_EXCHANGES
    assert journal.bytes <= JOURNAL_BYTES
    assert shown[-1]["number"] == 100_000
    assert shown[-1]["request"]["body"] == {"n": 99_999}


def test_large_bodies_are_cut_and_count() -> None:
    journal = Journal()

    for _ in range(300):
        journal.add(entry(b"a" * 1_000_000, answer=b"b" * 1_000_000))

    kept = list(journal.after(0))
    assert journal.bytes <= JOURNAL_BYTES
    assert sum(sys.getsizeof(one.body) + sys.getsizeof(one.answer) for one in kept) < JOURNAL_BYTES
    assert {len(one.body) for one in kept} == {JOURNAL_BODY_BYTES}


def test_an_emptied_journal_goes_on_counting(bench: Bench) -> None:
    ionworks(bench)
    bench.delete("/_mock/exchanges")
    ionworks(bench)
    before_reset = [one["number"] for one in exchanges(bench)]
    bench.post("/_mock/reset")

    assert before_reset == [2]
    assert exchanges(bench) == []


def test_the_archive_is_a_har_of_every_exchange(bench: Bench) -> None:
    ionworks(bench)
    bench.get("/jobs", params={"limit": 5})

    log = bench.get("/_mock/exchanges/har").json()["log"]

    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "Understudy"
    posted, listed = log["entries"]
    assert json.loads(posted["request"]["postData"]["text"])["job_type"] == "simulate"
    assert json.loads(posted["response"]["content"]["text"])["status"] == "pending"
    assert listed["request"]["url"].endswith("/jobs?limit=5")
    assert (listed["response"]["status"], listed["response"]["statusText"]) == (200, "OK")


def test_what_had_a_hand_in_an_answer_is_named(bench: Bench) -> None:
    rule(bench, match={"api": "xio"}, answer={"status": 503})
    fault(bench, kind="malformed", scope={"api": "xio"})
    xio(bench, ok=False)
    bench.get("/jobs", headers={"Prefer": "code=500"})

    assert [one["steered"] for one in exchanges(bench)] == [["fault-1", "rule-1"], ["prefer code=500"]]


def test_events_tell_exchanges_and_transitions_as_they_happen(bench: Bench) -> None:
    told: list[dict[str, Any]] = []
    watcher = httpx.Client(base_url=bench.url, headers={"X-Mock-Sandbox": bench.sandbox}, timeout=10)

    with watcher.stream("GET", "/_mock/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        job = ionworks(bench).json()["job_id"]
        bench.advance(3600)
        for line in lines:
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
            if {"completed", "submit_job_jobs_post"} <= {one.get("state", one.get("operation")) for one in told}:
                break
    watcher.close()

    assert [one["state"] for one in told if one["event"] == "transition" and one["job"] == job] == [
        "pending",
        "processing",
        "completed",
    ]
    assert [one["operation"] for one in told if one["event"] == "exchange"] == ["submit_job_jobs_post"]


def test_a_slow_subscriber_is_told_how_much_it_missed() -> None:
    journal = Journal()
    subscription = events(journal)

    async def live() -> list[dict[str, Any]]:
        assert await anext(subscription) == {}
        for number in range(JOURNAL_EXCHANGES + 50):
            journal.add(entry(b"%d" % number))
        journal.note("delivery", 3.0, {"job": "a"})
        told = []
        while one := await anext(subscription):
            told.append(one)
        return told

    told = asyncio.run(live())

    assert told[0] == {"event": "delivery", "at": 3.0, "job": "a"}
    assert told[-1] == {"event": "missed", "what": "exchange", "count": 50}
    assert len(told) == JOURNAL_EXCHANGES + 2


@pytest.mark.parametrize(
    "name", ["X-Api-Key", "apiKey", "access_token", "client_secret", "X-Signature", "PASSWORD", "authorization"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["job_id", "monkey", "tokenize", "status", "authority"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret(name)


def test_secrets_are_hidden_at_any_depth_and_in_broken_text() -> None:
    assert redacted({"a": [{"token": "t", "b": 1}], "key": None}) == {"a": [{"token": HIDDEN, "b": 1}], "key": None}
    assert "t0p" not in redacted_text('{"token": "t0p", "password":\'t0p\', x') + redacted_text("a=1&secret=t0p&b=2")
    assert readable(b"") is None
    assert readable(b"\xff") == "\ufffd"


def test_every_refused_request_says_why_in_a_header(bench: Bench) -> None:
    wrong = bench.post("/jobs", json={"job_type": 7, "params": {}})
    absent = bench.get("/v1/jobs/00000000-0000-4000-8000-000000000000")
    method = bench.delete("/v1/jobs")
    broken = bench.post("/v1/jobs", content=b"{", headers={"Content-Type": "application/json"})

    def said(answer: httpx.Response) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(answer.headers["X-Mock-Violations"])
        assert all(set(one) == {"place", "pointer", "keyword", "expected", "got"} for one in told)
        return told

    assert said(wrong)[0] == {
        "place": "body",
        "pointer": "/job_type",
        "keyword": "type",
        "expected": ["string"],
        "got": 7,
    }
    assert said(absent)[0]["keyword"] == "unknown"
    assert "POST" in said(method)[0]["expected"]
    assert said(broken)[0]["keyword"] == "malformed"
    assert "X-Mock-Violations" not in bench.get("/jobs").headers


def test_the_header_is_bounded_ascii_and_keeps_secrets() -> None:
    violations = tuple(
        Violation("body", ("a", n), "enum", ["é" * 500], {"token": "t0p", "text": "ü" * 5000}, "no") for n in range(60)
    )
    secret = Violation("header", ("X-Api-Key",), "pattern", "x", "t0p", "no")

    text = violation_header.header(Refusal("invalid", "no", violations=(secret, *violations)))

    assert len(text.encode("ascii")) <= VIOLATIONS_HEADER_BYTES
    assert "t0p" not in text
    assert json.loads(text)[0]["got"] == HIDDEN


def test_a_list_shows_the_newest_bodies_whole_and_the_beginnings_of_older_ones() -> None:
    with serving(apis=["ionworks"], pace="manual") as url, httpx.Client(base_url=url) as client:
        for number in range(14):
            body = f'{{"job_type": {number}, "params": "' + "p" * 60_000
            client.post("/jobs", content=body, headers={"Content-Type": "application/json"})

        shown = client.get("/_mock/exchanges").json()["exchanges"]
        oldest = client.get("/_mock/exchanges", params={"since": 0, "limit": 1}).json()["exchanges"]
        archive = client.get("/_mock/exchanges/har").json()["log"]["entries"]

    lengths = [len(one["request"]["body"]) for one in shown]
    assert lengths == sorted(lengths)
    assert lengths[0] == SHOWN_BEGINNING_BYTES
    assert lengths[-1] > 60_000
    assert SHOWN_BYTES - 61_000 < sum(one for one in lengths if one > 60_000) <= SHOWN_BYTES
    assert {one["request"]["bytes"] for one in shown} == {len(body), len(body) - 1}
    assert len(oldest[0]["request"]["body"]) > 60_000
    assert all(len(one["request"]["postData"]["text"]) > 60_000 for one in archive)
