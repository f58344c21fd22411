"""The judge of Run:AI's API: its catalogue covers the vendor's table, the mock keeps it in any order, what is broken is
noticed.
"""

from __future__ import annotations

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import Fault, all_faults

CATALOGUE = catalogues.load("runai")
FAULTS = [fault for fault in all_faults("runai") if fault.requirement.startswith("RAI-")]


def test_every_row_of_the_table_has_a_requirement():
    document = specs.load("runai").document
    rows = document["components"]["schemas"]["JobParameters"]["properties"]
    probed = {one.probe["pointer"].removeprefix("/job/") for one in CATALOGUE.requirements.values() if one.probe}

    assert rows.keys() - probed == set()


def test_every_must_has_a_fault():
    named = {id_ for fault in FAULTS for id_ in (fault.requirement, *fault.also)}
    musts = [
        one.id
        for one in CATALOGUE.requirements.values()
        if one.id.startswith("RAI-") and one.level == "MUST" and not one.not_tested
    ]

    assert [id_ for id_ in musts if id_ not in named] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_mock_keeps_every_requirement_in_any_order(seed):
    target = Target.in_process(create_app(["runai"]), "runai")

    report = run(target, Options(seed=seed, shuffle=True, only=("RAI-*",)))
    target.close()

    assert [
        (one.requirement, one.reason)
        for one in report.results.values()
        if one.verdict not in (Verdict.PASS, Verdict.SKIPPED)
    ] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


@pytest.mark.parametrize("fault", FAULTS[::11], ids=lambda fault: fault.id)
def test_what_is_broken_is_noticed_by_the_requirement_that_says_so(fault: Fault):
    with fault.apply(create_app(["runai"])) as broken:
        target = Target.in_process(broken, "runai")
        report = run(target, Options(only=(fault.requirement,)))
        target.close()

    assert fault.requirement in {one.requirement for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.INFO)}, (
        report.sentence
    )
