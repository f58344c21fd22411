"""What there is to do for a choice of requirements, and how one of it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance.catalogue import Catalogue, Requirement
from conformance.checks import all_checks
from conformance.checks.ordinary_lives import LASTING, ORDINARY_LIVES
from conformance.checks.probes import probe
from conformance.errors import Inconclusive, NotApplicable, NotJudged, OutOfPatience, SafetyStop, TransportError
from conformance.oracles.oracle import Violation
from conformance.run.verdict import Verdict
from conformance.session.expect import Failure
from conformance.session.session import Session
from conformance.session.story import with_story

LIFE_SECONDS = 8.0
"""About how long any other life waits, in seconds of the target's clock."""


@dataclass(frozen=True)
class Case:
    """Something to run in a world of its own.

    For one requirement, for several that one check judges together, or a life that only gives the oracles something
    to see. `number` is its place in the run. While one that is `alone` runs, nothing else does; of those whose jobs
    keep a place for long (`holds`) only a few run at a time. It waits for about so many `seconds` of the target's
    clock; `rank` is 0 for what judges a MUST, 1 for a SHOULD, 2 for a MAY.
    """

    name: str
    run: Callable[[Session], None]
    requirements: tuple[str, ...] = ()
    strict: bool = False
    number: int = 0
    alone: bool = False
    holds: bool = False
    seconds: float = 0.0
    rank: int = 0

    @property
    def requirement(self) -> str | None:
        """The requirement, or the first of those that are judged together."""
        return self.requirements[0] if self.requirements else None


@dataclass
class Outcome:
    """What one run of a case gave.

    `is_final` says that another run would give the same whatever the target does; `flakes` are requirements that were
    seen broken and not again, with the reason that is given.
    """

    verdict: Verdict
    reason: str = ""
    violations: list[Violation] = field(default_factory=list)
    examined: set[str] = field(default_factory=set)
    requests: int = 0
    seconds: float = 0.0
    trouble: TransportError | None = None
    is_final: bool = False
    flakes: dict[str, str] = field(default_factory=dict)


def cases_of(catalogue: Catalogue, chosen: Iterable[Requirement]) -> Iterator[Case]:
    """Every check and probe of the chosen requirements, and ordinary lives where oracles alone judge some of them.

    A check that is filed for several of them is there once.
    """
    chosen, passive, seen = list(chosen), False, set[object]()
    checks = all_checks(catalogue.api)
    judged = defaultdict[object, list[str]](list)
    for requirement in chosen:
        for check in checks.get(requirement.id, []):
            judged[check.key].append(requirement.id)
    for requirement in chosen:
        filed = checks.get(requirement.id, [])
        for check in filed:
            if check.key not in seen:
                seen.add(check.key)
                yield Case(check.name, check.function, tuple(judged[check.key]), check.strict)
        if requirement.probe is not None:
            yield Case(f"probe {requirement.probe['pointer']}", _probing(catalogue, requirement), (requirement.id,))
        passive = passive or (not filed and requirement.probe is None)
    if passive:
        for life in ORDINARY_LIVES:
            seconds = LASTING.get(life, LIFE_SECONDS)
            yield Case(f"life: {life.__name__.replace('_', ' ')}", life, holds=life in LASTING, seconds=seconds)


def play(case: Case, session: Session) -> Outcome:
    """Do it, in the session's world."""
    outcome = Outcome(Verdict.PASS)
    try:
        with session:
            case.run(session)
    except Failure as failure:
        outcome.verdict = Verdict.FAIL
        shown = failure.exchanges or tuple(session.exchanges[-2:])
        outcome.violations += [
            Violation(id_, failure.message, shown, check=case.name) for id_ in case.requirements or ("",)
        ]
    except Inconclusive as error:
        outcome.verdict, outcome.reason = Verdict.INCONCLUSIVE, str(error)
        outcome.is_final = isinstance(error, OutOfPatience | NotJudged)
    except NotApplicable as error:
        outcome.verdict, outcome.reason = Verdict.NOT_APPLICABLE, str(error)
    except TransportError as error:
        outcome.verdict, outcome.reason, outcome.trouble = Verdict.INCONCLUSIVE, str(error), error
    except SafetyStop:
        raise
    except Exception as error:  # whatever else escapes is our own fault and is reported as such
        outcome.verdict, outcome.reason = Verdict.ERROR, f"{case.name}: {type(error).__name__}: {error}"
    outcome.violations += _first_of_each(session.violations)
    outcome.violations = [with_story(session.spec, session.exchanges, one) for one in outcome.violations]
    outcome.examined = {id_ for id_, count in session.oracles.examined.items() if count}
    outcome.requests = session.requests
    return outcome


def _probing(catalogue: Catalogue, requirement: Requirement) -> Callable[[Session], None]:
    def run_probe(session: Session) -> None:
        probe(session, catalogue, requirement)

    return run_probe


def _first_of_each(violations: Iterable[Violation]) -> list[Violation]:
    """One violation per requirement: the first."""
    found: dict[str, Violation] = {}
    for one in violations:
        found.setdefault(one.requirement, one)
    return list(found.values())
