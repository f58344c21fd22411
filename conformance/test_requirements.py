"""One test per requirement of the API that `--target` names; only the selected ones are judged."""

from __future__ import annotations

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.run.results import Options, Report
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case per requirement."""
    api = metafunc.config.getoption("--target")
    if api and api not in specs.names():
        raise pytest.UsageError(f"--target {api}: no such API; known are {', '.join(specs.names())}")
    if not api:
        reason = f"--target is missing: the API to judge, one of {', '.join(specs.names())}"
        metafunc.parametrize("requirement", [pytest.param("none", marks=pytest.mark.skip(reason))])
        return
    metafunc.parametrize("requirement", list(catalogues.load(api).requirements))


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    """One run over all selected requirements."""
    config = request.config
    api, url = config.getoption("--target"), config.getoption("--url")
    chosen = tuple(
        item.callspec.params["requirement"]
        for item in request.session.items
        if hasattr(item, "callspec") and "requirement" in item.callspec.params
    )
    options = {
        "control": config.getoption("--control"),
        "scale": config.getoption("--time-scale"),
        "file": config.getoption("--target-file"),
    }
    target = Target.at(api, url, **options)
    told = run(target, Options(only=chosen, seed=config.getoption("--conformance-seed")))
    target.close()
    return told


def test_requirement(requirement: str, report: Report) -> None:
    """Its verdict."""
    if report.exit in (Exit.UNREACHABLE, Exit.USAGE):
        pytest.fail(report.sentence)
    result = report.results[requirement]
    sentence = catalogues.load(report.api).requirements[requirement].statement
    if result.verdict is Verdict.INCONCLUSIVE and report.exit is not Exit.CONFORMANT:
        pytest.fail(f"INCONCLUSIVE: {result.reason}\n{report.sentence}", pytrace=False)
    if result.verdict in (
        Verdict.SKIPPED,
        Verdict.NOT_APPLICABLE,
        Verdict.INCONCLUSIVE,
        Verdict.CONFLICT,
        Verdict.WAIVED,
    ):
        pytest.skip(f"{result.verdict.word}: {result.reason}")
    if result.verdict in (Verdict.FAIL, Verdict.STALE_WAIVER, Verdict.ERROR):
        commands = "\n".join(exchange.curl for one in result.violations[:1] for exchange in one.exchanges)
        pytest.fail(f"{sentence}\n{result.reason}\n{commands}", pytrace=False)
