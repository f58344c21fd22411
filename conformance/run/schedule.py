"""The order of a run's cases, and which of them may overlap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from conformance.catalogue import Catalogue, Requirement
from conformance.run.cases import Case
from conformance.run.results import Options

HOLDING = frozenset({"makes-long", "makes-lasts", "makes-endless", "makes-large", "makes-fills", "makes-breaks"})
"""Needs of requirements whose jobs keep a place at the target for long."""
JOB_SECONDS = 5.0
"""About how long a check waits that makes jobs and of which the catalogue says nothing else."""
LEVELS = ("MUST", "SHOULD", "MAY")


def scheduled(
    cases: Iterable[Case],
    catalogue: Catalogue,
    options: Options,
    *,
    seconds_left: float = math.inf,
    estimated: Callable[[Sequence[Case]], float] = lambda cases: 0.0,
) -> list[Case]:
    """The cases in the order in which they begin, numbered.

    The catalogue's order, or one that the seed fixes; where several are under way at a time the longest begin first.
    Where there is not enough time for all of them, MUSTs come first, and of those what takes least.
    """
    found = [_placed(case, [catalogue.requirements[id_] for id_ in case.requirements]) for case in cases]
    if options.shuffle:
        Random(options.seed).shuffle(found)
    if options.jobs > 1:
        found.sort(key=lambda case: -case.seconds)
    if estimated(found) > seconds_left:
        found.sort(key=lambda case: (case.rank, case.seconds))
    return [replace(case, number=number) for number, case in enumerate(found, 1)]


def _placed(case: Case, requirements: Sequence[Requirement]) -> Case:
    if not requirements:
        return case
    return replace(
        case,
        alone=any(one.alone for one in requirements),
        holds=any(not HOLDING.isdisjoint(one.needs) for one in requirements),
        seconds=max(map(_seconds, requirements)),
        rank=min(LEVELS.index(one.level) for one in requirements),
    )


def _seconds(requirement: Requirement) -> float:
    usual = JOB_SECONDS if requirement.effects.get("creates") else 0.0
    return float(requirement.effects.get("seconds", usual))
