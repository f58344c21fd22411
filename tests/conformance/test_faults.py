"""Every fault is noticed by the requirement it names, and the clean mock by none."""

from __future__ import annotations

import fnmatch
from collections import Counter

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.session.connection import missing_capabilities
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.companions import COMPANIONS
from tests.conformance.faults import PLACES, Fault, all_faults, found


@pytest.mark.parametrize("api", specs.names())
def test_the_mock_conforms_beside_the_other_apis(api: str) -> None:
    target = Target.in_process(create_app(), api)

    report = run(target, Options(shuffle=True, seed=7))
    target.close()

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR)] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


def test_every_fault_names_a_requirement_and_no_id_is_used_twice() -> None:
    counted = Counter(fault.id for fault in all_faults())

    assert [id_ for id_, count in counted.items() if count > 1] == []
    for fault in all_faults():
        assert {fault.requirement, *fault.also} <= catalogues.load(fault.api).requirements.keys(), fault.id


def test_every_place_that_a_fault_replaces_is_there() -> None:
    all_faults()
    lost = []
    for place in sorted(PLACES):
        try:
            found(place)
        except (ImportError, AttributeError, KeyError) as error:
            lost.append(f"{place}: {error}")

    assert len(PLACES) > 100
    assert lost == []


@pytest.mark.parametrize("api", specs.names())
def test_each_must_that_the_mock_can_show_has_a_fault_of_its_own(api: str) -> None:
    own = {fault.requirement for fault in all_faults(api)}
    with Target.in_process(create_app([api]), api) as target:
        shown = [
            one
            for one in catalogues.load(api).requirements.values()
            if not one.not_tested and not missing_capabilities(target, one.needs)
        ]

    assert [one.id for one in shown if one.level == "MUST" and one.id not in own] == []


@pytest.mark.parametrize("glob", COMPANIONS)
def test_what_breaks_together_says_why(glob: str) -> None:
    globs, reason = COMPANIONS[glob]
    known = {id_ for api in specs.names() for id_ in catalogues.load(api).requirements}
    musts = {fault.requirement for fault in all_faults()}

    assert any(fnmatch.filter(known, one) for one in globs)
    assert fnmatch.filter(musts, glob)
    assert len(reason.split()) > 3


SAMPLE = [fault for number, fault in enumerate(all_faults()) if number % 31 == 0]


@pytest.mark.parametrize("fault", SAMPLE, ids=lambda fault: fault.id)
def test_a_fault_is_noticed(fault: Fault) -> None:
    with fault.apply(create_app([fault.api])) as broken:
        target = Target.in_process(broken, fault.api)
        report = run(target, Options(only=(fault.requirement, *fault.also)))
        target.close()

    noticed = {one.requirement for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.INFO)}
    assert noticed & {fault.requirement, *fault.also}, report.sentence
