"""The judge of Ionworks: every row of the request's table is judged, every MUST has its fault, and two faults at once
do not hide each other.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.checks import all_checks
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import all_faults

API = "ionworks"
PAIRS = [
    ("ionworks:lowest-first", "ionworks:page-two-backwards"),
    ("ionworks:canceled-goes-on", "ionworks:eleven-is-accepted"),
    ("ionworks:cancel-touches-ended", "ionworks:milliseconds"),
]


def test_every_checked_requirement_has_something_that_judges_it() -> None:
    for one in catalogues.load(API).requirements.values():
        if one.id.startswith("ION"):
            judged = one.probe is not None or one.rules or one.id in all_checks("ionworks")
            assert bool(judged) is not bool(one.not_tested), one.id


def test_every_checked_must_has_a_fault() -> None:
    seeded = {fault.requirement for fault in all_faults(API)}

    musts = [
        one.id
        for one in catalogues.load(API).requirements.values()
        if one.id.startswith("ION") and one.level == "MUST" and not one.not_tested
    ]

    assert [id_ for id_ in musts if id_ not in seeded] == []


def test_every_row_of_the_request_is_judged() -> None:
    schema = specs.load(API).document["components"]["schemas"]["SubmitJobRequest"]
    requirements = [one for one in catalogues.load(API).requirements.values() if one.id.startswith("ION-REQ")]

    for name, facts in schema["properties"].items():
        rows = [one.probe for one in requirements if one.probe is not None and one.probe["pointer"] == f"/{name}"]
        assert any("refuses" in row for row in rows), name
        assert any("accepts" in row for row in rows), name
        if name in schema["required"]:
            assert any(row.get("required") for row in rows), name
        if "enum" in facts:
            assert any(set(facts["enum"]) <= set(row.get("accepts", ())) for row in rows), name


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_faults_at_once_are_both_noticed(pair: tuple[str, str]) -> None:
    known = {fault.id: fault for fault in all_faults(API)}
    wanted = tuple(known[id_].requirement for id_ in pair)

    with ExitStack() as stack:
        app: Any = create_app([API])
        for id_ in pair:
            app = stack.enter_context(known[id_].apply(app))
        target = Target.in_process(app, API)
        report = run(target, Options(only=wanted))
        target.close()

    assert {one.requirement for one in report.of(Verdict.FAIL, Verdict.WARN)} == set(wanted)
