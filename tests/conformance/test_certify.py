"""The mode `certify`, as somebody would use it who wants a proof: three whole runs, in process and over a URL, and an
evidence bundle.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import specs
from conformance.cli.main import main
from conformance.run import modes
from conformance.run.modes import CERTIFYING_SEEDS, options_for
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.search.search import search
from conformance.target.target import Target
from mockserver.http.app import create_app
from mockserver.http.server import serving

BUNDLE = {"report.json", "junit.xml", "summary.md", "report.html", "badge.json", "traffic.har"}


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random clients play only a little here."""
    monkeypatch.setattr(modes, "GAMES", 3)
    monkeypatch.setattr(modes, "FUZZ_EXAMPLES", 1)


def test_nothing_can_be_left_out_of_a_certificate() -> None:
    runs = options_for("certify", Options(seed=5, only=("JOB-*",), profiles=("core",), floor=0.1), quick=True)

    assert [one.seed for one in runs] == [5, 6, 7]
    assert {(one.only, one.profiles, one.floor, one.shuffle, one.keep_traffic) for one in runs} == {
        ((), None, 1.0, True, True)
    }


@pytest.mark.parametrize("api", specs.names())
def test_the_mock_is_certified_in_process(api: str) -> None:
    with Target.in_process(create_app([api]), api) as target:
        report = run(target, options_for("certify", Options(), quick=False)[0], search=search)

    assert [
        (one.requirement, one.reason)
        for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR, Verdict.INCONCLUSIVE)
    ] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


@pytest.mark.parametrize("api", ["openyuanrong"])
def test_the_mock_is_certified_over_a_url_with_evidence(api: str, tmp_path: Path) -> None:
    with serving(apis=[api], pace="manual") as url:
        told = CliRunner().invoke(
            main,
            ["run", api, "--url", url, "--control", url, "--mode", "certify", "--bundle", str(tmp_path / "bundle")],
        )

    assert told.exit_code == Exit.CONFORMANT, told.output[-3000:]
    assert {file.name for file in (tmp_path / "bundle").iterdir()} == BUNDLE
    runs = json.loads((tmp_path / "bundle" / "report.json").read_text())["runs"]
    assert [one["exit"] for one in runs] == [0] * CERTIFYING_SEEDS
    assert json.loads((tmp_path / "bundle" / "traffic.har").read_text())["log"]["entries"]
