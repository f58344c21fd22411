"""The catalogue holds together: every requirement is judged or says why not, every check names one, every row of the
documents is covered.
"""

from __future__ import annotations

import jsonschema_rs
import pytest
import yaml

import specs
from conformance import catalogue as catalogues
from conformance.catalogue import RULES, Requirement
from conformance.catalogue.coverage import rows
from conformance.catalogue.draft import draft
from conformance.checks import all_checks
from conformance.oracles.document import (
    ASSUMED_ERROR_SHAPE,
    ASSUMED_SHAPE,
    ERROR_SHAPE,
    HEADERS,
    MEDIA,
    SERVER_ERROR,
    SHAPE,
    STATUS,
)
from conformance.oracles.emptiness import EMPTY
from conformance.oracles.identity import ASKED, DISTINCT
from conformance.oracles.lifecycle import FINAL, FIRST, KNOWN, ORDER
from conformance.oracles.secrecy import REPEATED
from conformance.run.verdict import OF_LEVEL, Result, Verdict
from conformance.target import settings

ORACLES = {
    SHAPE,
    STATUS,
    ASSUMED_SHAPE,
    MEDIA,
    HEADERS,
    ERROR_SHAPE,
    ASSUMED_ERROR_SHAPE,
    SERVER_ERROR,
    ASKED,
    DISTINCT,
    KNOWN,
    ORDER,
    FINAL,
    FIRST,
    REPEATED,
    EMPTY,
}
"""Common requirements that oracles judge without any data in the catalogue."""


def judged(api: str, requirement: Requirement) -> bool:
    return bool(
        all_checks(api).get(requirement.id) or requirement.probe or requirement.rules or requirement.id in ORACLES
    )


@pytest.mark.parametrize("api", specs.names())
def test_every_requirement_is_judged_or_says_why_not(api: str) -> None:
    open_ones = [
        one.id for one in catalogues.load(api).requirements.values() if not one.not_tested and not judged(api, one)
    ]

    assert open_ones == []


def test_every_check_names_a_requirement() -> None:
    for api in specs.names():
        assert set(all_checks(api)) <= catalogues.load(api).requirements.keys()


def test_there_are_at_least_250_judged_requirements() -> None:
    ids = {
        one.id
        for api in specs.names()
        for one in catalogues.load(api).requirements.values()
        if not one.not_tested and judged(api, one)
    }

    assert len(ids) >= 250


@pytest.mark.parametrize("api", specs.names())
def test_pointers_operations_and_capabilities_exist(api: str) -> None:
    spec, catalogue = specs.load(api), catalogues.load(api)
    words = {
        "read",
        "list",
        "cancel",
        "delete",
        "start",
        "submit",
        "virtual-time",
        "sandboxes",
        "strict",
        "tenants",
        "callbacks",
        "makes-quick",
    }
    words |= {"paged", "counted", "filtered", "list-order"} | set(settings.load(api).capabilities)
    words |= {f"makes-{shape}" for name in specs.names() for shape in settings.load(name).shapes}
    for requirement in catalogue.requirements.values():
        assert set(requirement.needs) <= words, requirement.id
        for name in RULES:
            rule = getattr(requirement, name)
            if name == "answer" and rule is not None:
                named = [rule["operation"]] if isinstance(rule["operation"], str) else rule["operation"]
                assert set(named) <= spec.operations.keys(), requirement.id
        if requirement.probe is not None and "operation" in requirement.probe:
            assert requirement.probe["operation"] in spec.operations, requirement.id
        if requirement.view is not None:
            jsonschema_rs.meta.validate(requirement.view)


@pytest.mark.parametrize("api", specs.names())
def test_every_row_of_the_parameter_tables_is_covered_or_says_why_not(api: str) -> None:
    assert [row.name for row in rows(api) if row.is_open] == []


@pytest.mark.parametrize("api", specs.names())
def test_drafts_are_entries_but_for_what_is_marked(api: str) -> None:
    entries = yaml.safe_load(draft(api))

    document = {"requirements": entries}
    assert jsonschema_rs.Draft202012Validator(catalogues.schema()).is_valid(document)


@pytest.mark.parametrize("api", specs.names())
def test_what_is_assumed_or_only_an_example_is_no_must(api: str) -> None:
    soft = [one for one in catalogues.load(api).requirements.values() if one.basis in ("assumption", "example")]

    assert soft
    assert [one.id for one in soft if one.level not in ("SHOULD", "MAY")] == []


@pytest.mark.parametrize("basis", ["assumption", "example"])
def test_a_catalogue_that_makes_a_must_of_an_assumption_is_refused(basis: str) -> None:
    entry = {
        "id": "JOB-CRT-999",
        "level": "MUST",
        "basis": basis,
        "source": "nowhere",
        "statement": "It is so.",
        "kind": "schema",
        "profiles": ["core"],
    }

    with pytest.raises(catalogues.CatalogueError, match=r"JOB-CRT-999: what rests on an .* is at most SHOULD"):
        catalogues._requirement("common", entry, {})


@pytest.mark.parametrize(("level", "shown"), [("MUST", Verdict.FAIL), ("SHOULD", Verdict.WARN), ("MAY", Verdict.INFO)])
def test_a_break_of_any_level_has_a_verdict_of_its_own(level: str, shown: Verdict) -> None:
    assert OF_LEVEL[level] is shown
    assert shown > Verdict.PASS


@pytest.mark.parametrize("broken", sorted(OF_LEVEL.values()))
def test_a_break_that_was_seen_outweighs_a_doubt(broken: Verdict) -> None:
    first, second = Result("JOB-STM-001"), Result("JOB-STM-001")
    for result, verdicts in ((first, (broken, Verdict.INCONCLUSIVE)), (second, (Verdict.INCONCLUSIVE, broken))):
        for verdict in verdicts:
            result.add(verdict, verdict.word)

    assert (first.verdict, first.reason) == (second.verdict, second.reason) == (broken, broken.word)
