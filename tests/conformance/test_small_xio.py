"""The judge of compute.x.io's API before a server that is not ours, in virtual time and in time that passes
by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance import catalogue
from conformance.run.results import Options, Report
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_servers.xio import Server

API = "xio"
SPEED = 400
SETTINGS = """
submit:
  body: {parameters: {parameters: {env: {MOCK_RUN_SECONDS: null, SLEEP: '3'}}}}
  shapes:
    long: {parameters: {parameters: {env: {MOCK_RUN_SECONDS: null, SLEEP: '600'}}}}
    lasts: {parameters: {parameters: {env: {MOCK_RUN_SECONDS: null, SLEEP: '{seconds}'}}}}
    fails: {parameters: {parameters: {env: {MOCK_EXIT_CODE: null, EXIT: '3'}}}}
    breaks: {parameters: {parameters: {env:
      {MOCK_RUN_SECONDS: null, MOCK_EXIT_CODE: null, SLEEP: '{seconds}', EXIT: '3'}}}}
    waits: {parameters: {parameters: {env: {MOCK_STAY_QUEUED: null, HOLD: '1'}}}}
    retried: {parameters: {parameters: {env: {MOCK_FAIL_ATTEMPTS: null, MOCK_EXIT_CODE: null, FLAKY: '1', EXIT: '3'}}}}
    tried: {parameters: {parameters: {env:
      {MOCK_RUN_SECONDS: null, MOCK_FAIL_ATTEMPTS: null, MOCK_EXIT_CODE: null,
       SLEEP: '{seconds}', FLAKY: '1', EXIT: '3'}}}}
credentials:
  good: {signature: {scheme: xio, public: pk_tiny, secret: sk_tiny}}
  wrong: {signature: {scheme: xio, public: pk_tiny, secret: sk_other}}
capabilities: {xio_list_compute_offers: false, xio_list_nodes: false}
"""
LATER_COPY = {"XIO-REQ-027", "XIO-STM-024"}
"""What only a later copy of the page knows: `allowed_region_codes`."""


def judged(server: Server, folder: Path, options: Options, **how: Any) -> Report:
    file = folder / "tiny.yaml"
    file.write_text(SETTINGS)
    with Target.in_process(server, API, file=file, **how) as target:
        return run(target, options)


def assert_clean(report: Report) -> None:
    known = catalogue.load(API).requirements
    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR)] == []
    warned = [
        one
        for one in report.of(Verdict.WARN)
        if known[one.requirement].basis != "assumption" and one.requirement not in LATER_COPY
    ]
    assert [(one.requirement, one.reason) for one in warned] == []


def test_a_server_written_by_hand_passes(tmp_path: Path) -> None:
    report = judged(Server(), tmp_path, Options(seed=1, shuffle=True))

    # What is assumed of the vendor's silence may differ.
    assert_clean(report)
    assert [
        (one.requirement, one.reason)
        for one in report.of(Verdict.INCONCLUSIVE)
        if catalogue.load(API).requirements[one.requirement].level == "MUST"
    ] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


def test_it_passes_in_time_that_cannot_be_moved(tmp_path: Path) -> None:
    """A part of what there is; all callers sign."""
    only = ("JOB-*", "XIO-REQ-00*", "XIO-DEF-00*", "XIO-RTY-00[12]", "XIO-STM-00[6-9]")

    report = judged(
        Server(speed=SPEED, strict=True), tmp_path, Options(only=only), control=None, scale=SPEED, patience=3
    )

    assert_clean(report)
    assert len(report.of(Verdict.PASS)) >= 60, report.sentence
