"""Whether each MUST has a fault that it alone catches: the whole suite against one fault after the other.

The suite is run once on the clean mock, with its traffic kept; of each fault only those cases are run again whose
traffic it touches. Nothing is repeated to make sure, since nothing here is left to chance.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from benchmarks.recording import Recorder, touched

SEED = 1
WORDS = ("alone", "with companions", "with others", "not caught")


@dataclass
class Alone:
    """What came of a MUST: the fault that was best caught, what else broke, and the faults tried. `level` is the worse
    the higher.
    """

    api: str
    requirement: str
    fault: str = ""
    level: int = 3
    others: list[str] = field(default_factory=list)
    cases: int = 0
    of: int = 0
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """What the level means."""
        return WORDS[self.level]


@dataclass
class Suite:
    """All cases of an API's suite, the traffic that each had with the clean mock, and what the clean mock breaks, if
    anything.
    """

    cases: list[Any]
    chosen: frozenset[str]
    broken: set[str]
    traffic: dict[str, list[Any]]


@cache
def suite(api: str) -> Suite:
    """Run the suite on the clean mock, once per process."""
    from conformance.run.cases import cases_of, play
    from mockserver.http.app import create_app

    recorder = Recorder(create_app([api]))
    with _target(api, recorder) as target:
        chosen = _chosen(target)
        cases, broken = list(cases_of(_catalogue(api), chosen)), set[str]()
        for number, case in enumerate(cases):
            recorder.name = str(number)
            broken |= {one.requirement for one in play(case, _session(target, number, strict=case.strict)).violations}
    return Suite(cases, frozenset(one.id for one in chosen), broken, dict(recorder.kept))


def broken_by(api: str, fault: Any) -> tuple[set[str], int]:
    """The requirements that a fault breaks in a whole run, and how many cases it touches."""
    from conformance.oracles.document import SERVER_ERROR
    from conformance.run.cases import play
    from mockserver.http.app import create_app

    known, found = suite(api), set()
    names = sorted(map(int, touched(fault.apply, known.traffic)))
    with fault.apply(create_app([api])) as app, _target(api, app) as target:
        for number in names:
            outcome = play(known.cases[number], _session(target, number, strict=known.cases[number].strict))
            found |= {one.requirement for one in outcome.violations}
            if outcome.trouble is not None and outcome.trouble.kind != "refused":
                found.add(SERVER_ERROR)
    return (found & known.chosen) - known.broken, len(names)


def judged(api: str, requirement: str, faults: list[Any]) -> Alone:
    """Try the faults of a MUST until one is caught by it alone."""
    from tests.conformance.companions import companions_of

    best, began = Alone(api, requirement), time.monotonic()
    levels = {one.id: one.level for one in _catalogue(api).requirements.values()}
    for fault in faults:
        broken, cases = broken_by(api, fault)
        if requirement not in broken:
            continue
        area = requirement.split("-")[1]
        others = sorted(one for one in broken - {requirement} if levels[one] == "MUST" or one.split("-")[1] == area)
        listed = (*fault.also, *companions_of(requirement))
        strangers = [one for one in others if not any(fnmatchcase(one, glob) for glob in listed)]
        level = 2 if strangers else 1 if others else 0
        if (level, len(strangers)) < (best.level, len(best.others)) or best.level == 3:
            best = Alone(
                api, requirement, fault.id, level, strangers if strangers else others, cases, len(suite(api).cases)
            )
        if level == 0:
            break
    best.seconds = time.monotonic() - began
    return best


def musts(api: str, *, fault: str = "*", sample: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Every MUST of an API that has faults of its own, with their ids; with `sample` only so many, spread evenly."""
    from tests.conformance.faults import all_faults

    found: dict[str, list[str]] = {}
    for one in all_faults(api):
        if _catalogue(api).requirements[one.requirement].level == "MUST" and fnmatchcase(one.id, fault):
            found.setdefault(one.requirement, []).append(one.id)
    ids = sorted(found)
    step = max(1, len(ids) // sample) if sample else 1
    yield from ((id_, found[id_]) for id_ in (ids[step // 2 :: step][:sample] if sample else ids))


def _catalogue(api: str) -> Any:
    from conformance import catalogue

    return catalogue.load(api)


def _target(api: str, app: Any) -> Any:
    from conformance.target.target import Target

    return Target.in_process(app, api)


def _chosen(target: Any) -> list[Any]:
    from conformance.session.connection import missing_capabilities

    catalogue = _catalogue(target.spec.name)
    return [
        one
        for one in catalogue.requirements.values()
        if not one.not_tested and not missing_capabilities(target, one.needs)
    ]


def _session(target: Any, number: int, *, strict: bool) -> Any:
    from conformance.oracles.all_oracles import AllOracles
    from conformance.session.session import Session

    return Session(
        target, AllOracles(target.spec, _catalogue(target.spec.name)), name=f"ex{SEED}-{number}", strict=strict
    )
