"""Text that no encoding has is judged like any other text, and shown escaped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import specs
from conformance.cli.main import main
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from conformance.traffic.exchange import Response
from mockserver.http.app import create_app
from tests.conformance.faults import answers

LONE = "p\ud800nding"


@pytest.mark.parametrize(
    "body", [b'["p\\ud800nding"]', b'["p\\uD800nding"]', b'["p\xed\xa0\x80nding"]', b'[{"p\\ud800nding": 1}]']
)
def test_half_a_pair_is_read_as_the_text_that_spells_it(body: bytes) -> None:
    (read,) = Response(200, (), body).json

    assert (read if isinstance(read, str) else next(iter(read))) == "p\\ud800nding"


def test_a_whole_pair_is_the_character_it_means() -> None:
    assert Response(200, (), b'["\\ud83d\\ude00"]').json == ["\U0001f600"]


@pytest.mark.parametrize("role", ["submit", "read"])
@pytest.mark.parametrize("api", specs.names())
def test_a_run_judges_answers_whose_texts_hold_one(api: str, role: str) -> None:
    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoil(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item) for item in value]
        return f"{value[:1]}\ud800{value[1:]}" if isinstance(value, str) else value

    def revise(asked: Any, told: Any) -> None:
        told.body = spoil(told.body)

    where = role if specs.load(api).lifecycle and role in specs.load(api).lifecycle.roles else "list"  # type: ignore[union-attr]
    with answers(api, where, revise)(create_app([api])) as app, Target.in_process(app, api) as target:
        report = run(target, Options(only=("JOB-CRT-005",)))

    assert [one.reason for one in report.of(Verdict.ERROR)] == []
    assert report.exit is not Exit.OWN_ERROR, report.sentence


def test_recorded_traffic_with_one_is_judged(tmp_path: Path) -> None:
    one = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": {"method": "GET", "url": "http://a/jobs/a", "headers": []},
        "response": {
            "status": 200,
            "headers": [],
            "content": {"mimeType": "application/json", "text": json.dumps({"job_id": "a", "status": LONE})},
        },
    }
    (tmp_path / "t.har").write_text(json.dumps({"log": {"entries": [one]}}))

    told = CliRunner().invoke(main, ["check", "ionworks", str(tmp_path / "t.har")])

    assert told.exit_code == Exit.BROKEN, told.output
    assert "p\\ud800nding" in told.output
