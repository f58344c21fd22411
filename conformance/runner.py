"""Runs what a catalogue asks for against a target, in an order that a seed fixes, and says what came of every requirement."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue, Requirement
from conformance.checks import all_checks
from conformance.contract import ASSUMED_ERROR_SHAPE, ASSUMED_SHAPE, ERROR_SHAPE, SERVER_ERROR
from conformance.expect import Failure, Inconclusive, NotApplicable
from conformance.journal import Journal
from conformance.oracle import Violation
from conformance.panel import Panel
from conformance.preflight import Unready, preflight
from conformance.probes import probe
from conformance.session import Session
from conformance.target import Target
from conformance.tours import TOURS
from conformance.transport import TransportError
from conformance.verdict import OF_LEVEL, Exit, Result, Verdict
from conformance.wire import missing_capabilities

REPETITIONS = 2
"""How often what failed is done again; it counts only if it fails every time."""

SELDOM = (ASSUMED_SHAPE, ERROR_SHAPE, ASSUMED_ERROR_SHAPE)
"""Requirements that a document may give no occasion for."""


@dataclass(frozen=True)
class Options:
    """What to run and how: `only` are globs of requirement ids, `profiles` None means all of them.

    `floor` is the share of testable MUSTs that must have been judged; `most_requests` and `most_seconds` bound the run.
    """

    seed: int = 1
    shuffle: bool = False
    only: tuple[str, ...] = ()
    profiles: tuple[str, ...] | None = None
    floor: float = 0.95
    repetitions: int = REPETITIONS
    most_requests: int | None = None
    most_seconds: float | None = None
    name: str = "cf"


@dataclass(frozen=True)
class Case:
    """Something to run in a world of its own: for one requirement, or a tour that only gives the oracles something to see."""

    name: str
    run: Callable[[Session], None]
    requirement: str | None = None
    strict: bool = False


@dataclass
class Report:
    """What a run found: a result per requirement, and what it means."""

    api: str
    target: str
    options: Options
    results: dict[str, Result] = field(default_factory=dict)
    exit: Exit = Exit.CONFORMANT
    sentence: str = ""
    requests: int = 0
    seconds: float = 0.0
    left_behind: list[str] = field(default_factory=list)

    def of(self, *verdicts: Verdict) -> list[Result]:
        """The results with one of these verdicts."""
        return [one for one in self.results.values() if one.verdict in verdicts]


@dataclass
class _Outcome:
    """What one run of a case gave."""

    verdict: Verdict
    reason: str = ""
    violations: list[Violation] = field(default_factory=list)
    examined: set[str] = field(default_factory=set)
    requests: int = 0
    trouble: TransportError | None = None


class Run:
    """One run of one catalogue against one target. `on_case` is told of each case before it begins: its number, how many, the case."""

    def __init__(self, target: Target, options: Options, *, journal: Journal | None = None, on_case: Callable[[int, int, Case], None] | None = None) -> None:
        self.target, self.options, self.journal = target, options, journal
        self.catalogue: Catalogue = catalogues.load(target.spec.name)
        self.report = Report(target.spec.name, target.name, options)
        self._on_case = on_case or (lambda number, count, case: None)
        self._sessions = 0
        self._flaky: dict[str, str] = {}
        self._began = time.monotonic()

    def __call__(self) -> Report:
        """Do it all."""
        chosen = self._chosen()
        report = self.report
        if not any(result.verdict is None for result in report.results.values()):
            return self._end(Exit.USAGE, "nothing was selected: no requirement that can be judged fits the given names and profiles")
        try:
            preflight(self._session())
        except Unready as error:
            for result in report.results.values():
                if result.verdict is None:
                    result.add(Verdict.INCONCLUSIVE, str(error))
            return self._end(Exit.UNREACHABLE, str(error))
        cases = list(self._cases(chosen))
        if self.options.shuffle:
            Random(self.options.seed).shuffle(cases)
        for number, case in enumerate(cases, 1):
            self._on_case(number, len(cases), case)
            stop = self._budget() or self._judge(case)
            if stop:
                self._settle()
                return self._end(*stop)
        self._settle()
        return self._end(*self._sum_up())

    def _chosen(self) -> list[Requirement]:
        options, chosen = self.options, []
        for requirement in self.catalogue.requirements.values():
            if options.only and not any(fnmatch.fnmatchcase(requirement.id, glob) for glob in options.only):
                continue
            result = self.report.results[requirement.id] = Result(requirement.id)
            missing = missing_capabilities(self.target, requirement.needs)
            if requirement.not_tested:
                result.add(Verdict.SKIPPED, f"not tested ({requirement.not_tested['reason']}): {requirement.not_tested['detail']}")
            elif options.profiles is not None and not set(requirement.profiles) & set(options.profiles):
                result.add(Verdict.SKIPPED, f"not of the profile {' or '.join(options.profiles)}")
            elif missing:
                result.add(Verdict.NOT_APPLICABLE, f"the target has no {', '.join(missing)}")
            else:
                chosen.append(requirement)
        return chosen

    def _cases(self, chosen: Iterable[Requirement]) -> Iterator[Case]:
        passive = False
        for requirement in chosen:
            filed = all_checks().get(requirement.id, [])
            for check in filed:
                yield Case(check.name, check.function, requirement.id, check.strict)
            if requirement.probe is not None:
                yield Case(f"probe {requirement.probe['pointer']}", _probing(self.catalogue, requirement), requirement.id)
            passive = passive or (not filed and requirement.probe is None)
        if passive:
            for tour in TOURS:
                yield Case(f"tour: {tour.__name__.replace('_', ' ')}", tour)

    def _judge(self, case: Case) -> tuple[Exit, str] | None:
        began = time.monotonic()
        outcome = self._once(case)
        if outcome.trouble is not None and (lost := self._lost(outcome.trouble)):
            return lost
        if outcome.violations:
            self._confirm(case, outcome)
        for id_ in outcome.examined:
            if id_ in self.report.results:
                self.report.results[id_].observations += 1
        if case.requirement is not None:
            result = self.report.results[case.requirement]
            result.requests += outcome.requests
            result.seconds += time.monotonic() - began
            if not any(one.requirement == case.requirement for one in outcome.violations):
                result.add(outcome.verdict, outcome.reason)
        for violation in outcome.violations:
            if violation.requirement in self.report.results:
                self._break(violation)
        return None

    def _break(self, violation: Violation) -> None:
        requirement, result = self.catalogue.requirements[violation.requirement], self.report.results[violation.requirement]
        if result.verdict in (Verdict.SKIPPED, Verdict.NOT_APPLICABLE):
            return
        verdict = Verdict.CONFLICT if requirement.conflicts else OF_LEVEL[requirement.level]
        result.add(verdict, violation.message, [replace(violation, exchanges=tuple(map(self.target.redaction.exchange, violation.exchanges)))])

    def _once(self, case: Case) -> _Outcome:
        session = self._session(strict=case.strict)
        outcome = _Outcome(Verdict.PASS)
        try:
            with session:
                case.run(session)
        except Failure as failure:
            outcome.verdict = Verdict.FAIL
            outcome.violations.append(Violation(case.requirement or "", failure.message, failure.exchanges or tuple(session.exchanges[-2:]), check=case.name))
        except Inconclusive as error:
            outcome.verdict, outcome.reason = Verdict.INCONCLUSIVE, str(error)
        except NotApplicable as error:
            outcome.verdict, outcome.reason = Verdict.NOT_APPLICABLE, str(error)
        except TransportError as error:
            outcome.verdict, outcome.reason, outcome.trouble = Verdict.INCONCLUSIVE, str(error), error
        except Exception as error:  # whatever else escapes is our own fault and is reported as such
            outcome.verdict, outcome.reason = Verdict.ERROR, f"{case.name}: {type(error).__name__}: {error}"
        outcome.violations += _first_of_each(session.violations)
        outcome.examined = {id_ for id_, count in session.panel.examined.items() if count}
        outcome.requests = session.requests
        self.report.requests += session.requests
        return outcome

    def _confirm(self, case: Case, outcome: _Outcome) -> None:
        """Do it again; what does not break every time is no finding but a flake."""
        for _ in range(self.options.repetitions):
            again = {one.requirement for one in self._once(case).violations}
            for violation in [one for one in outcome.violations if one.requirement not in again]:
                outcome.violations.remove(violation)
                self._flaky.setdefault(violation.requirement, f"seen once and not again: {violation.message}")
                if violation.requirement == case.requirement:
                    outcome.verdict, outcome.reason = Verdict.INCONCLUSIVE, f"seen once and not again: {violation.message}"

    def _lost(self, trouble: TransportError) -> tuple[Exit, str] | None:
        """Whether the target is gone; if it still answers, a broken connection was its answer to that one request."""
        try:
            preflight(self._session())
        except Unready as error:
            return Exit.UNREACHABLE, f"the target stopped answering in the middle of the run: {error}"
        if trouble.kind != "refused" and SERVER_ERROR in self.report.results:
            self._break(Violation(SERVER_ERROR, str(trouble)))
        return None

    def _settle(self) -> None:
        for id_, result in self.report.results.items():
            if id_ in self._flaky and (result.verdict is None or result.verdict < Verdict.INCONCLUSIVE):
                result.add(Verdict.INCONCLUSIVE, self._flaky[id_])
            if result.verdict is None:
                if result.observations:
                    result.add(Verdict.PASS)
                elif id_ in SELDOM:
                    result.add(Verdict.NOT_APPLICABLE, "no answer came whose shape is given in this way")
                else:
                    result.add(Verdict.INCONCLUSIVE, "the run saw nothing that this requirement speaks about")

    def _sum_up(self) -> tuple[Exit, str]:
        results, requirements = self.report.results, self.catalogue.requirements
        errors = self.report.of(Verdict.ERROR)
        broken = self.report.of(Verdict.FAIL, Verdict.STALE_WAIVER)
        if broken:
            return Exit.BROKEN, f"{len(broken)} requirement{'s are' if len(broken) > 1 else ' is'} broken: {', '.join(one.requirement for one in broken[:8])}"
        if errors:
            return Exit.OWN_ERROR, f"the suite itself failed: {errors[0].requirement}: {errors[0].reason}"
        out = (Verdict.SKIPPED, Verdict.NOT_APPLICABLE)
        musts = [one for id_, one in results.items() if requirements[id_].level == "MUST" and one.verdict not in out]
        judged = [one for one in musts if one.verdict is not Verdict.INCONCLUSIVE]
        if not judged and not any(one.verdict not in (*out, Verdict.INCONCLUSIVE) for one in results.values()):
            return Exit.BELOW_FLOOR, "not a single requirement could be judged"
        if musts and len(judged) < self.options.floor * len(musts):
            return Exit.BELOW_FLOOR, f"only {len(judged)} of {len(musts)} MUSTs could be judged; at least {self.options.floor:.0%} are needed"
        return Exit.CONFORMANT, f"{len(judged)} MUSTs were judged and none is broken"

    def _budget(self) -> tuple[Exit, str] | None:
        options = self.options
        if options.most_requests is not None and self.report.requests >= options.most_requests:
            return Exit.SAFETY_STOP, f"the budget of {options.most_requests} requests is used up"
        if options.most_seconds is not None and time.monotonic() - self._began >= options.most_seconds:
            return Exit.SAFETY_STOP, f"the budget of {options.most_seconds:g} seconds is used up"
        return None

    def _end(self, exit_: Exit, sentence: str) -> Report:
        self.report.exit, self.report.sentence = exit_, sentence
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def _session(self, *, strict: bool = False) -> Session:
        self._sessions += 1
        panel = Panel(self.target.spec, self.catalogue)
        return Session(self.target, panel, name=f"{self.options.name}{self.options.seed}-{self._sessions}", strict=strict, journal=self.journal)


def run(target: Target, options: Options | None = None, **others: object) -> Report:
    """Judge a target."""
    return Run(target, options or Options(), **others)()  # type: ignore[arg-type]


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
