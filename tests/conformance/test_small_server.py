"""Independence: a server that shares nothing with the mock passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_ionworks import TinyServer

SETTINGS = """
submit:
  body: {job_type: dummy, params: {MOCK_RUN_SECONDS: null, seconds: 3}}
  shapes:
    long: {params: {MOCK_RUN_SECONDS: null, seconds: 600}}
    fills: {params: {MOCK_RUN_SECONDS: null, seconds: 600}}
    large: {params: {MOCK_RUN_SECONDS: null, seconds: 60}}
    fails: {params: {MOCK_RUN_SECONDS: null, MOCK_EXIT_CODE: null, fails: true}}
    waits: {params: {MOCK_STAY_QUEUED: null, waits: true}}
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_a_server_written_by_hand_passes(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(SETTINGS)
    with Target.in_process(TinyServer(), "ionworks", file=file) as target:
        report = run(target, Options(seed=seed, shuffle=True))

    # What rests on assumptions about the vendor's silence may differ in a server that was not built on ours, what every
    # job API owes may not.
    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR)] == []
    assert [
        (one.requirement, one.reason) for one in report.of(Verdict.WARN) if one.requirement.startswith("JOB-")
    ] == []
    assert len(report.of(Verdict.PASS)) >= 100, report.sentence
    assert report.exit is Exit.CONFORMANT, report.sentence
