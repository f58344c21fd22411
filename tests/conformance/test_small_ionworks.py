"""A server of Ionworks' API that chooses otherwise wherever the documents let it choose is found in order, over a
socket and in scaled real time.
"""

from __future__ import annotations

from pathlib import Path

from conformance.run.results import Options, Report
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_servers.ionworks import create_app
from tests.conformance.small_servers.serving import served

SCALE = 100.0
PAGES = "paging: {offset: skip, most: 100, default: 20, order: oldest}"
SETTINGS = """
submit:
  body: {job_type: dummy, params: {MOCK_RUN_SECONDS: null, duration: 3}}
  shapes:
    long: {params: {MOCK_RUN_SECONDS: null, duration: 600}}
    fails: {params: {MOCK_RUN_SECONDS: null, MOCK_EXIT_CODE: null, model: none}}
    waits: {params: {MOCK_STAY_QUEUED: null, hold: true}}
    fills: {params: {MOCK_RUN_SECONDS: null, duration: 600}}
    large: {params: {MOCK_RUN_SECONDS: null, duration: 20}}
    endless: {params: {MOCK_RUN_SECONDS: null, duration: 864000}}
tenants:
  first: {X-Organization-Id: null, X-API-Key: key-of-ann}
  second: {X-Organization-Id: null, X-API-Key: key-of-bob}
credentials:
  good: {headers: {X-API-Key: key-of-ann}}
  bearer: {headers: {Authorization: Bearer key-of-ann}}
  one-key: {headers: {X-API-Key: key-of-ann}}
  other-key: {headers: {X-API-Key: key-of-bob}}
capabilities: {curves: false, foreign: false, strict: true}
"""
LISTS = ("JOB-LST-*", "JOB-ISO-002", "ION-LST-008", "ION-LST-010")
CHOICES = (
    "JOB-ERR-001",
    "JOB-RSP-001",
    "JOB-STM-002",
    "JOB-AUT-*",
    "ION-ERR-004",
    "ION-ERR-010",
    "ION-REQ-024",
    "ION-STM-007",
    "ION-STM-010",
    *LISTS,
)
"""Where this server chooses otherwise; everything else takes a minute of waiting and holds too."""


def judged(tmp_path: Path, settings: str, *only: str) -> Report:
    file = tmp_path / "tiny.yaml"
    file.write_text(settings)
    with served(create_app(SCALE)) as url, Target.at("ionworks", url, file=file, scale=SCALE) as target:
        return run(target, Options(only=only))


def test_other_choices_are_in_order(tmp_path: Path) -> None:
    report = judged(tmp_path, SETTINGS + PAGES, *CHOICES)

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR)] == []
    assert report.exit is Exit.CONFORMANT, report.sentence
    assert len(report.of(Verdict.PASS)) >= 20, report.sentence


def test_another_name_of_a_parameter_that_no_page_names_breaks_no_must(tmp_path: Path) -> None:
    report = judged(tmp_path, SETTINGS, *LISTS)

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR)] == []
    assert "JOB-LST-008" in [one.requirement for one in report.of(Verdict.WARN)]
