"""A server of Run:AI's API that shares nothing with the mock, and chooses otherwise wherever the vendor's pages let it
choose, is found in order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_servers.runai import Server
from tests.conformance.small_servers.serving import served

SCALE = 100.0
SETTINGS = """
submit:
  body: {job: {command: null, environment: {RUN: 3}}}
  shapes:
    long: {job: {command: null, environment: {RUN: 600}}}
    lasts: {job: {command: null, environment: {RUN: '{seconds}'}}}
    fails: {job: {command: null, backoffLimit: 0, environment: {FAIL: 1}}}
    breaks: {job: {command: null, environment: {RUN: '{seconds}', FAIL: 1}}}
    retried: {job: {backoffLimit: 2, environment: {MOCK_FAIL_ATTEMPTS: null, FAIL_FIRST: 1}}}
"""
CHOICES = ("JOB-CRT-*", "JOB-IDM-*", "JOB-LST-*", "JOB-RSP-*", "RAI-CRT-*", "RAI-ERR-*", "RAI-LST-0*", "RAI-STM-00*")
"""Where this server chooses otherwise, of what can be judged in time that passes by itself."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(SETTINGS)
    return file


@pytest.mark.parametrize("seed", [1, 2])
def test_other_choices_are_in_order(seed: int, settings: Path) -> None:
    with Target.in_process(Server(), "runai", file=settings) as target:
        report = run(target, Options(seed=seed, shuffle=True))

    assert [
        (one.requirement, one.reason)
        for one in report.of(Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.INCONCLUSIVE)
    ] == []
    assert len(report.of(Verdict.PASS)) >= 195, report.sentence
    assert report.exit is Exit.CONFORMANT, report.sentence


class Curt(Server):
    """It says nothing of a deletion but that it was granted, since no page of this generation gives its answer."""

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> tuple[int, Any]:
        status, body = super().answer(method, path, query, headers, raw)
        return (204, None) if (method, path) == ("DELETE", "/api/job") else (status, body)


def test_what_no_page_says_breaks_no_must(settings: Path) -> None:
    with Target.in_process(Curt(), "runai", file=settings) as target:
        report = run(target, Options(only=("JOB-RSP-*", "JOB-ERR-*", "JOB-LST-*", "RAI-LST-*")))

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR)] == []
    assert {"JOB-RSP-003", "RAI-LST-011"} <= {one.requirement for one in report.of(Verdict.WARN)}


def test_they_are_in_order_in_time_that_passes_by_itself(settings: Path) -> None:
    with served(Server(SCALE)) as url, Target.at("runai", url, file=settings, scale=SCALE) as target:
        report = run(target, Options(only=CHOICES))

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR, Verdict.WARN)] == []
    assert len(report.of(Verdict.PASS)) >= 45, report.sentence
    assert report.exit is Exit.CONFORMANT, report.sentence
