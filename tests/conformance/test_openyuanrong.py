"""The judge of openYuanrong's API against the mock: nothing is broken, and a few defects are found by the requirement
that speaks of them.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from conformance.run.runner import Options, run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import all_faults

API = "openyuanrong"
KNOWN = {fault.id: fault for fault in all_faults(API)}


def test_the_mock_keeps_every_requirement() -> None:
    with closing(Target.in_process(create_app([API]), API)) as target:
        report = run(target, Options(seed=11, shuffle=True))

    assert report.exit is Exit.CONFORMANT, report.sentence
    assert not [one.requirement for one in report.of(Verdict.WARN, Verdict.ERROR, Verdict.INCONCLUSIVE)]


@pytest.mark.parametrize(
    "name", ["sixty-five", "duplicate-granted", "fewer-cores", "end-late", "stop-of-stopped-says-true"]
)
def test_a_defect_is_found_by_its_requirement(name: str) -> None:
    fault = KNOWN[f"{API}:{name}"]

    with fault.apply(create_app([API])) as app, closing(Target.in_process(app, API)) as target:
        report = run(target, Options(only=(fault.requirement,)))

    assert fault.requirement in [one.requirement for one in report.of(Verdict.FAIL)]
