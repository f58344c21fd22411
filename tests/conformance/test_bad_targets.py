"""The judge is judged: whatever a target does, the exit code is right, the sentence is clear, and nothing is left
behind.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

import specs
from conformance.cli.main import main
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.bad_servers import Choosy, Mortal, bad_server

SENTENCES = {
    "401": "refused the credentials",
    "404": "does not know the operation that submits",
    "429": "takes no more requests",
    "500": "answered a valid submission with 500",
    "html": "not JSON",
    "redirect": "redirects to https://elsewhere.example/",
    "hang": "no answer within",
    "close": "the connection broke",
    "reset": "the connection broke",
    "flood": "MiB",
    "garbage": "the connection broke",
    "half": "the connection broke",
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_target_that_cannot_be_judged_is_unreachable_and_says_why(kind: str) -> None:
    before = threading.active_count()  # other tests share servers in this process
    with bad_server(kind) as url:
        target = Target.at("ionworks", url, timeout=1.0)
        report = run(target, Options())
        target.close()

    assert report.exit is Exit.UNREACHABLE
    assert SENTENCES[kind] in report.sentence
    assert not report.of(Verdict.PASS, Verdict.ERROR)
    assert threading.active_count() - before <= 5


def test_a_target_that_is_down_is_unreachable() -> None:
    target = Target.at("ionworks", "http://127.0.0.1:9", timeout=1.0)

    report = run(target, Options())

    assert report.exit is Exit.UNREACHABLE
    assert "cannot connect" in report.sentence


@pytest.mark.parametrize("politely", [503, 0])
def test_a_target_that_goes_away_in_the_middle_ends_the_run(politely: int) -> None:
    target = Target.in_process(Mortal(create_app(["ionworks"]), 60, politely=politely), "ionworks")

    report = run(target, Options())
    target.close()

    assert report.exit is Exit.UNREACHABLE
    assert "in the middle of the run" in report.sentence or "cannot be" in report.sentence
    assert not report.of(Verdict.FAIL, Verdict.ERROR)


def test_selecting_nothing_is_a_usage_error() -> None:
    target = Target.in_process(create_app(["ionworks"]), "ionworks")

    report = run(target, Options(only=("NOPE-*",)))
    target.close()

    assert report.exit is Exit.USAGE


def test_a_budget_stops_the_run() -> None:
    target = Target.in_process(create_app(["ionworks"]), "ionworks")

    report = run(target, Options(most_requests=30))
    target.close()

    assert report.exit is Exit.SAFETY_STOP
    assert report.requests < 80


def test_the_command_line_says_the_same(tmp_path: Path) -> None:
    with bad_server("401") as url:
        told = CliRunner().invoke(main, ["run", "ionworks", "--url", url, "--json", str(tmp_path / "report.json")])

    assert told.exit_code == Exit.UNREACHABLE
    assert "refused the credentials" in told.output
    assert (tmp_path / "report.json").read_text().startswith("{")


@pytest.mark.parametrize("api", specs.names())
@pytest.mark.parametrize(
    ("only", "after"), [("JOB-RSP-002", 2), ("JOB-REQ-003", 1), ("JOB-STM-00?", 3), ("JOB-IDM-*", 1)]
)
def test_a_target_that_fails_is_not_conformant_however_little_was_selected(api: str, only: str, after: int) -> None:
    target = Target.in_process(Mortal(create_app([api]), after, politely=500), api)

    report = run(target, Options(only=(only,)))
    target.close()

    assert report.exit in (Exit.BROKEN, Exit.UNREACHABLE)
    told = (
        "JOB-ERR-010 was not selected, but a server that fails cannot be judged",
        "in the middle of the run",
        "submission with 500",
    )
    assert any(words in report.sentence for words in told)


@pytest.mark.parametrize(("status", "verdict"), [(400, Verdict.INCONCLUSIVE), (409, Verdict.INCONCLUSIVE)])
def test_who_refuses_whatever_comes_is_given_no_credit_for_refusing_what_is_wrong(
    status: int, verdict: Verdict
) -> None:
    app = Choosy(create_app(["ionworks"]), "/jobs", status)
    target = Target.in_process(app, "ionworks")

    report = run(target, Options(only=("JOB-REQ-001", "JOB-CRT-001")))
    target.close()

    assert app.refused
    assert report.results["JOB-REQ-001"].verdict is verdict
    assert report.exit is not Exit.CONFORMANT


def test_a_wrong_submission_that_is_refused_for_another_reason_is_none_that_was_seen() -> None:
    app = Choosy(create_app(["ionworks"]), "/jobs", 409, only=lambda body: b"job_type" not in body)
    target = Target.in_process(app, "ionworks")

    report = run(target, Options(only=("JOB-REQ-001",)))
    target.close()

    assert report.results["JOB-REQ-001"].verdict is Verdict.FAIL
    assert "was answered 409, expected" in report.results["JOB-REQ-001"].reason
