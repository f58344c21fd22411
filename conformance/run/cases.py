"""What there is to do for a choice of requirements, and how one of it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance.catalogue import Catalogue, Requirement
from conformance.checks import all_checks
from conformance.checks.probes import probe
from conformance.checks.tours import TOURS
from conformance.errors import Inconclusive, NotApplicable, SafetyStop, TransportError
from conformance.oracles.oracle import Violation
from conformance.run.verdict import Verdict
from conformance.session.expect import Failure
from conformance.session.session import Session
from conformance.session.story import with_story


@dataclass(frozen=True)
class Case:
    """Something to run in a world of its own.

    For one requirement, or a tour that only gives the oracles something to see.
    """

    name: str
    run: Callable[[Session], None]
    requirement: str | None = None
    strict: bool = False


@dataclass
class Outcome:
    """What one run of a case gave."""

    verdict: Verdict
    reason: str = ""
    violations: list[Violation] = field(default_factory=list)
    examined: set[str] = field(default_factory=set)
    requests: int = 0
    trouble: TransportError | None = None


def cases_of(catalogue: Catalogue, chosen: Iterable[Requirement]) -> Iterator[Case]:
    """Every check and probe of the chosen requirements, and tours where oracles alone judge some of them."""
    passive = False
    for requirement in chosen:
        filed = all_checks(catalogue.api).get(requirement.id, [])
        for check in filed:
            yield Case(check.name, check.function, requirement.id, check.strict)
        if requirement.probe is not None:
            yield Case(f"probe {requirement.probe['pointer']}", _probing(catalogue, requirement), requirement.id)
        passive = passive or (not filed and requirement.probe is None)
    if passive:
        for tour in TOURS:
            yield Case(f"tour: {tour.__name__.replace('_', ' ')}", tour)


def play(case: Case, session: Session) -> Outcome:
    """Do it, in the session's world."""
    outcome = Outcome(Verdict.PASS)
    try:
        with session:
            case.run(session)
    except Failure as failure:
        outcome.verdict = Verdict.FAIL
        shown = failure.exchanges or tuple(session.exchanges[-2:])
        outcome.violations.append(Violation(case.requirement or "", failure.message, shown, check=case.name))
    except Inconclusive as error:
        outcome.verdict, outcome.reason = Verdict.INCONCLUSIVE, str(error)
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
    outcome.examined = {id_ for id_, count in session.panel.examined.items() if count}
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
