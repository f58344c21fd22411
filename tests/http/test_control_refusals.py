"""What the control API says to a wrong request: what was expected, all choices, and what may have been meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import specs
from tests.conftest import Bench

SPAN = "a number from 0 to 31536000"
ONE_OF_FIVE = "the body: expected exactly one of seconds, to, next_event, idle, until, got "
KINDS = "latency, status, drop, truncate, malformed, slow, quota"
BODIES: list[tuple[str, str, Any, str]] = [
    ("POST", "clock/advance", {}, ONE_OF_FIVE + "none"),
    ("POST", "clock/advance", {"second": 60}, ONE_OF_FIVE + "second (did you mean seconds?)"),
    ("POST", "clock/advance", {"seconds": 1, "idle": True}, ONE_OF_FIVE + "seconds, idle"),
    ("POST", "clock/advance", {"seconds": "60"}, f'seconds: expected {SPAN}, got "60"'),
    ("POST", "clock/advance", {"seconds": -60}, f"seconds: expected {SPAN}, got -60"),
    ("POST", "clock/advance", {"seconds": 1, "withn": 3}, 'withn: unknown "withn"; expected seconds'),
    (
        "POST",
        "clock/advance",
        {"to": "tomorrow"},
        'to: expected a UTC date such as 2026-01-01T00:00:00Z, got "tomorrow"',
    ),
    ("POST", "clock/advance", {"to": True}, "to: expected a number or a text, got true"),
    ("POST", "clock/advance", {"idle": False}, "idle: expected true, got false"),
    (
        "POST",
        "clock/advance",
        {"idle": True, "withn": 3},
        'unknown "withn" (did you mean within?); expected one of idle, within',
    ),
    ("POST", "clock/advance", {"until": {"api": "xio"}}, "until: expected exactly one of state, phase, got none"),
    (
        "POST",
        "clock/advance",
        {"until": {"api": "xio", "job": "j", "phase": "runing"}},
        '"runing" (did you mean running?)',
    ),
    ("POST", "clock/advance", [], "the body: expected "),
    ("POST", "clock/advance", "x", 'the body: expected an object, got "x"'),
    ("POST", "clock/advance", {"next_event": 1}, "next_event: expected true, got 1"),
    ("POST", "clock/advance", {"until": 1}, "until: expected an object, got 1"),
    ("POST", "clock/advance", {"until": []}, "until: expected an object, got []"),
    ("POST", "clock/advance", {"k" * 1_000_000: 1}, "k…"),
    ("POST", "faults", {"kind": "k" * 1_000_000}, "expected one of latency"),
    ("POST", "faults", {"kind": "truncate", "keep": 2}, "keep: expected a number from 0 to below 1, got 2"),
    ("POST", "faults", {"kind": "status", "status": 500, "headers": {"a": 1}}, "headers.a: expected a text, got 1"),
    ("POST", "rules", [1], "the body: expected an object, got [1]"),
    ("POST", "rules", {"answer": {"status": 500, "headers": {"a": 1}}}, "answer.headers.a: expected a text, got 1"),
    ("POST", "nodes", {"name": "n", "cpu": 1, "memory_gib": 1, "labels": {"a": 1}}, "labels.a: expected a text, got 1"),
    ("PUT", "clock", {}, "the body: expected exactly one of pace, rate, got none"),
    (
        "PUT",
        "clock",
        {"pace": "fast"},
        "pace: expected real, manual, auto, step, or x and a factor up to 1000000, such as x100",
    ),
    ("PUT", "clock", {"rate": 0}, "rate: expected a number from 0.001 to 1000000, got 0"),
    ("PUT", "clock", {"rate": 2, "pace": "real"}, "exactly one of pace, rate, got pace, rate"),
    ("POST", "faults", {}, "kind is missing; expected kind, scope"),
    ("POST", "faults", {"kind": "delay"}, f'kind: expected one of {KINDS}, got "delay"'),
    ("POST", "faults", {"kind": "latncy"}, "(did you mean latency?)"),
    ("POST", "faults", {"kind": "latency", "ms": 20}, 'ms: unknown "ms"; expected one of kind, scope, probability'),
    ("POST", "faults", {"kind": "latency"}, "expected exactly one of seconds, uniform, log_normal, got none"),
    ("POST", "faults", {"kind": "latency", "seconds": 1, "uniform": [0, 1]}, "got seconds, uniform"),
    ("POST", "faults", {"kind": "drop", "ttl": 0}, "ttl: expected a number above 0, at most 3600, got 0"),
    ("POST", "faults", {"kind": "status"}, "a fault of kind status needs status"),
    ("POST", "faults", {"kind": "drop", "scope": {"api": "xoi"}}, "did you mean xio?"),
    ("POST", "rules", {}, "the body: expected exactly one of job, answer, got none"),
    ("POST", "rules", {"jobs": {}}, "got jobs (did you mean job?)"),
    ("POST", "rules", {"job": {}, "answer": {"status": 500}}, "got job, answer"),
    ("POST", "rules", {"answer": {"status": 99}}, "answer.status: expected a whole number from 200 to 599, got 99"),
    ("POST", "rules", {"answer": {}}, "status is missing"),
    ("POST", "rules", {"job": {"run_second": 1}}, "(did you mean run_seconds?)"),
    (
        "POST",
        "sandboxes",
        {"name": "bad name!"},
        "name: expected up to 64 letters, digits, dots, dashes and underscores",
    ),
    (
        "POST",
        "sandboxes",
        {"nam": "x"},
        'nam: unknown "nam" (did you mean name?); expected one of name, scenario, seed',
    ),
    (
        "POST",
        "sandboxes",
        {"auth": "strct"},
        'auth: expected one of lenient, strict, got "strct" (did you mean strict?)',
    ),
    ("POST", "sandboxes", {"seed": "7"}, 'seed: expected a whole number from 0 to 9223372036854775807, got "7"'),
    ("POST", "sandboxes", {"scenario": 7}, "scenario: expected a text or an object, got 7"),
    ("POST", "sandboxes", {"scenario": "defalt"}, "did you mean default?"),
    ("POST", "restore", {"snapshot": "!"}, "snapshot: expected a snapshot in base64"),
    ("POST", "restore", {}, "snapshot is missing"),
    ("POST", "nodes", {"name": "n", "cpu": "many", "memory_gib": 1}, "cpu: expected a number"),
    ("POST", "nodes", {"cpu": 1, "memory_gib": 1}, "name is missing"),
    ("POST", "nodes", {"name": "n", "cpu": 1, "memory_gib": 1, "gpu": 1}, "(did you mean gpus?)"),
    ("POST", "jobs/xio/none/outcome", {"outcome": "finish"}, "outcome: expected one of complete, fail"),
    ("POST", "jobs/xio/none/outcome", {}, "outcome is missing"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"), BODIES, ids=[f"{one[1]} {one[2]}"[:70] for one in BODIES]
)
def test_a_wrong_body_is_explained(bench: Bench, method: str, path: str, body: Any, sentence: str) -> None:
    answer = bench.http.request(method, f"/_mock/{path}", json=body)

    message = answer.json()["error"]["message"]
    assert answer.status_code in (400, 422)
    assert sentence in message
    assert len(answer.content) < 10_000
    assert not re.search(
        r"oneOf|is not valid under|other candidates|is a required property|None|\^|were? unexpected", message
    )


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("exchanges?api=nonsense", "expected one of "),
        ("exchanges?foo=1", 'unknown "foo"; expected one of '),
        ("exchanges?limt=1", "(did you mean limit?)"),
        ("exchanges?limit=many", "limit: expected a whole number from "),
        ("jobs?phase=runing", '"runing" (did you mean running?)'),
        ("jobs?stat=x", "(did you mean state?)"),
        ("clock?verbose=1", 'unknown "verbose"; expected no query'),
    ],
)
def test_unknown_members_and_values_of_a_query_are_refused(bench: Bench, path: str, sentence: str) -> None:
    bench.post("/_mock/reset")

    answer = bench.get(f"/_mock/{path}")

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


READS = ("clock", "jobs", "nodes", "rules", "faults", "exchanges", "callbacks", "snapshot", "fork")


@pytest.mark.parametrize("path", READS)
def test_a_question_about_a_sandbox_that_is_not_there_makes_none_and_says_so(bench: Bench, path: str) -> None:
    bench.post("/_mock/reset")
    name = f"{bench.http.headers['X-Mock-Sandbox']}-typo"
    method = "POST" if path in ("snapshot", "fork") else "GET"

    answer = bench.http.request(
        method, f"/_mock/{path}", headers={"X-Mock-Sandbox": name}, json={} if path == "fork" else None
    )

    assert answer.status_code == 404
    assert f"no sandbox is called {name}; did you mean " in answer.json()["error"]["message"]
    assert name not in [one["name"] for one in bench.get("/_mock/sandboxes").json()["sandboxes"]]


def test_the_body_itself_is_named_without_a_stray_space(bench: Bench) -> None:
    message = bench.post("/v1/jobs", json={}).json()["error"]["message"]

    assert message.startswith("body: ")


def test_the_document_of_the_control_api_is_yaml_for_every_reader() -> None:
    document = yaml.safe_load((Path(specs.__file__).parent / "control" / "openapi.yaml").read_text())

    assert document["openapi"].startswith("3.1")
