"""Runs what a catalogue asks for against a target, in an order that a seed fixes, and says what came of every
requirement."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from conformance import catalogue as catalogues
from conformance.catalogue import Catalogue, Requirement
from conformance.errors import SafetyStop, TransportError, Unready
from conformance.oracles.document import ASSUMED_ERROR_SHAPE, ASSUMED_SHAPE, ERROR_SHAPE, SERVER_ERROR
from conformance.oracles.emptiness import EMPTY
from conformance.oracles.lifecycle import FIRST
from conformance.oracles.oracle import Violation, in_short
from conformance.oracles.secrecy import REPEATED
from conformance.run import waivers
from conformance.run.cases import Case, Outcome, cases_of
from conformance.run.estimate import run_seconds
from conformance.run.execution import Execution, unconfirmed
from conformance.run.failing import compared, failing
from conformance.run.interruption import exit_of
from conformance.run.player import KEPT_BODY, OnCase, Player
from conformance.run.preflight import Unfit
from conformance.run.results import Options, Report, Search
from conformance.run.schedule import scheduled
from conformance.run.verdict import OF_LEVEL, Exit, Result, Verdict
from conformance.run.waivers import Waiver
from conformance.session.connection import missing_capabilities
from conformance.session.made_jobs import MadeJobs
from conformance.target.cures import lack
from conformance.target.target import Target

Searching = Callable[..., Iterable[Search]]
"""`conformance.search.search.search`, which is handed in: hypothesis and schemathesis take a second to import."""
SELDOM = (FIRST, ASSUMED_SHAPE, ERROR_SHAPE, ASSUMED_ERROR_SHAPE, EMPTY, REPEATED)
"""Requirements that a document may give no occasion for."""
_EARLY = (Exit.UNREACHABLE, Exit.SAFETY_STOP, Exit.INTERRUPTED, Exit.TERMINATED, Exit.OWN_ERROR)
_SAW_NOTHING = "the run saw nothing that this requirement speaks about"
SUSPICIOUS = 3
"""After so many inconclusive cases in a row, the target is asked whether it is still there."""


class Run:
    """One run of one catalogue against one target.

    `on_case` is called before each case begins with its number, how many there are, and the case; `search` lets random
    clients play where the options ask for them.
    """

    def __init__(
        self,
        target: Target,
        options: Options,
        *,
        journal: MadeJobs | None = None,
        on_case: OnCase | None = None,
        waived: Sequence[Waiver] = (),
        search: Searching | None = None,
    ) -> None:
        self.target, self.options, self.journal, self._search_with = target, options, journal, search
        self.catalogue: Catalogue = catalogues.load(target.spec.name)
        self.report = Report(target.spec.name, target.redaction.text(target.name), options, began=time.time())
        self._on_case = on_case or (lambda number, count, case: None)
        self._player = Player(target, self.catalogue, self.report, journal=journal, on_case=self._on_case)
        self.progress = self._player.progress
        self._in_vain = 0
        self._waivers = waived
        self._flaky: dict[str, str] = {}
        self._began = time.monotonic()

    def __call__(self) -> Report:
        """Do it all; whatever ends it early, the report says what is known."""
        try:
            exit_, sentence = self._run()
        except SafetyStop as error:
            exit_, sentence = Exit.SAFETY_STOP, str(error)
        except Unready as error:
            exit_, sentence = Exit.UNREACHABLE, str(error)
        except KeyboardInterrupt as stop:
            exit_ = exit_of(stop)
            sentence = f"the run was {exit_.name.lower()}; what was judged until then is reported"
        except Exception as error:  # whatever else escapes is our own fault and is reported as such
            exit_, sentence = Exit.OWN_ERROR, f"the suite itself failed: {type(error).__name__}: {error}"
        self._settle(f"not judged, since the run ended early: {sentence}" if exit_ in _EARLY else _SAW_NOTHING)
        return self._end(exit_, sentence)

    def _run(self) -> tuple[Exit, str]:
        chosen = self._chosen()
        if not any(result.verdict is None for result in self.report.results.values()):
            return (
                Exit.USAGE,
                "nothing was selected: no requirement that can be judged fits the given names and profiles",
            )
        try:
            for violation in self._player.preflight():
                self._break(violation)
        except Unready as error:
            return self._unready(error)
        if not self.options.only:
            self._look_at_fundamentals()
        cases = scheduled(
            cases_of(self.catalogue, chosen),
            self.catalogue,
            self.options,
            seconds_left=self.target.budget.seconds_left(),
            estimated=self._estimated,
        )
        self._judge(cases)
        if self._in_vain or not self.report.of(Verdict.PASS):
            self._ensure_there(None)
        self._search(len(cases))
        self._settle(_SAW_NOTHING)
        waivers.apply(self._waivers, self.report)
        exit_, sentence = self._sum_up()
        return exit_, sentence + self._time_was_short() + self._stands_on_nothing()

    def _unready(self, error: Unready) -> tuple[Exit, str]:
        """How a run ends that cannot begin: with what is broken already, where the target is the API and breaks it."""
        for violation in error.violations if isinstance(error, Unfit) else ():
            self._break(violation)
        broken = [one.requirement for one in self.report.of(Verdict.FAIL)]
        for result in self.report.results.values():
            if result.verdict is None:
                result.add(Verdict.INCONCLUSIVE, str(error))
        return Exit.UNREACHABLE, str(error) + (f"; this breaks {', '.join(broken)}" if broken else "")

    def _stands_on_nothing(self) -> str:
        """What is added to the summary where checks could not be judged since something else is broken."""
        first = next(iter(self._player.broken.values()), None)
        return f"; what stands on {first.requirement} was not judged: {first.seen}" if first else ""

    def _time_was_short(self) -> str:
        """What is added to the summary where checks were left out."""
        count, most = self._player.left_out, (self.target.budget.most_seconds or 0.0) / 60
        if not count:
            return ""
        checks, minutes = (
            ("1 check was" if count == 1 else f"{count} checks were"),
            ("minute" if most == 1 else "minutes"),
        )
        return f"; {checks} left out: {most:g} {minutes} {'was' if most == 1 else 'were'} not enough"

    def _look_at_fundamentals(self) -> None:
        """What most checks stand on is judged first."""
        self._player.look_at_fundamentals()
        for one in self._player.broken.values():
            if one.shown_by is not None:
                self._break(Violation(one.requirement, one.seen, (one.shown_by,)))

    def _chosen(self) -> list[Requirement]:
        """The requirements to judge; all others get their verdict here."""
        options, chosen = self.options, []
        for requirement in self.catalogue.requirements.values():
            if not self._selected(requirement.id):
                continue
            result = self.report.results[requirement.id] = Result(requirement.id)
            missing = missing_capabilities(self.target, requirement.needs)
            if requirement.not_tested:
                result.add(
                    Verdict.SKIPPED,
                    f"not tested ({requirement.not_tested['reason']}): {requirement.not_tested['detail']}",
                )
            elif options.profiles is not None and not set(requirement.profiles) & set(options.profiles):
                result.add(Verdict.SKIPPED, f"not of the profile {' or '.join(options.profiles)}")
            elif missing:
                result.add(Verdict.NOT_APPLICABLE, lack(missing))
            else:
                chosen.append(requirement)
        return chosen

    def _selected(self, id_: str) -> bool:
        """Whether the user wants a requirement judged, as far as its name says."""
        return not self.options.only or any(fnmatch.fnmatchcase(id_, glob) for glob in self.options.only)

    def _judge(self, cases: Sequence[Case]) -> None:
        """Play all cases, and take in what came of them in their order, however they ended."""
        execution = Execution(
            self._player.play,
            self._look,
            lanes=self.options.jobs,
            repetitions=self.options.repetitions,
            stop=self.target.budget.stop,
            quiet=self._player.quiet,
        )
        outcomes: dict[int, tuple[Case, Outcome]] = {}
        self.progress.expect(cases)
        try:
            for case, outcome in execution.outcomes(cases):
                outcomes[case.number] = case, outcome
        finally:
            self.target.budget.go_on()
            for case, outcome in execution.doubtful.values():
                unconfirmed(outcome)
                outcomes[case.number] = case, outcome
            for number in sorted(outcomes):
                self._take(*outcomes[number])

    def _look(self, outcome: Outcome, is_alone: bool) -> None:
        """See to it that the target is still there where nothing can be judged any more. Raises Unready."""
        in_vain = outcome.verdict is Verdict.INCONCLUSIVE and not outcome.is_final
        self._in_vain = self._in_vain + 1 if in_vain else 0
        if outcome.trouble is not None or self._in_vain >= SUSPICIOUS:
            self._ensure_there(outcome.trouble if is_alone else None)

    def _take(self, case: Case, outcome: Outcome) -> None:
        """Take in what came of a case."""
        for id_, reason in outcome.flakes.items():
            self._flaky.setdefault(id_, reason)
        for id_ in outcome.examined:
            if id_ in self.report.results:
                self.report.results[id_].observations += 1
        for id_ in case.requirements:
            result = self.report.results[id_]
            result.requests += outcome.requests
            result.seconds += outcome.seconds
            if not any(one.requirement == id_ for one in outcome.violations):
                result.add(outcome.verdict, outcome.reason)
        for violation in outcome.violations:
            self._break(violation)

    def _search(self, count: int) -> None:
        """Let random clients play, where that was asked for and nothing in particular was selected."""
        options = self.options
        if options.only or not (options.games or options.fuzz_examples):
            return
        if self._search_with is None:
            raise ValueError("the options ask for random clients, but the run was given no `search`")

        def tell(text: str) -> None:
            self.progress.activity = text
            self._on_case(count, count, Case(text, lambda session: None))

        played = self._search_with(
            self.target,
            self.catalogue,
            seed=options.seed,
            games=options.games,
            examples=options.fuzz_examples,
            tell=tell,
            journal=self.journal,
        )
        for one in played:
            self._player.unfinished += one.left
            one.violations = list(map(self._shown, one.violations))
            one.note = self.target.redaction.text(one.note)
            one.others = list(map(self.target.redaction.text, one.others))
            self.report.searches.append(one)
            self.report.requests += one.steps
            for violation in one.violations:
                self._break(violation)

    def _break(self, violation: Violation) -> None:
        """Take in a violation of what was selected; that the server fails counts whatever was."""
        requirement, result = (
            self.catalogue.requirements[violation.requirement],
            self.report.results.get(violation.requirement),
        )
        if violation.requirement == SERVER_ERROR:
            result = self.report.results.setdefault(SERVER_ERROR, Result(SERVER_ERROR))
        elif result is None or result.verdict in (Verdict.SKIPPED, Verdict.NOT_APPLICABLE):
            return
        verdict = Verdict.CONFLICT if requirement.conflicts else OF_LEVEL[requirement.level]
        shown = self._shown(violation)
        result.add(verdict, shown.message, [shown])

    def _shown(self, violation: Violation) -> Violation:
        """The violation without secrets."""
        redaction = self.target.redaction
        return replace(
            violation,
            message=redaction.about(violation.exchanges).text(violation.message),
            exchanges=tuple(redaction.exchange(one.shortened(KEPT_BODY)) for one in violation.exchanges),
        )

    def _estimated(self, cases: Sequence[Case]) -> float:
        return run_seconds(cases, self._player.pace, lanes=self.options.jobs)

    def _ensure_there(self, trouble: TransportError | None) -> None:
        """Raise Unready where the target is gone.

        If it still answers, a broken connection was its answer to that one request.
        """
        try:
            self._player.preflight()
        except Unready as error:
            raise Unready(f"the target stopped answering in the middle of the run: {error}") from error
        self._in_vain = 0
        if trouble is not None and trouble.kind not in ("refused", "unsent"):
            self._break(Violation(SERVER_ERROR, str(trouble)))

    def _settle(self, otherwise: str) -> None:
        """Give every requirement its verdict; `otherwise` is why there is none."""
        for id_, result in self.report.results.items():
            if id_ in self._flaky and (result.verdict is None or result.verdict < Verdict.INCONCLUSIVE):
                result.add(Verdict.INCONCLUSIVE, self._flaky[id_])
            if result.verdict is None:
                if result.observations:
                    result.add(Verdict.PASS)
                elif id_ in SELDOM:
                    result.add(Verdict.NOT_APPLICABLE, "no answer came whose shape is given in this way")
                else:
                    result.add(Verdict.INCONCLUSIVE, otherwise)

    def _sum_up(self) -> tuple[Exit, str]:
        results, requirements = self.report.results, self.catalogue.requirements
        errors = self.report.of(Verdict.ERROR)
        broken, known = failing(self.report), compared(self.report)
        if broken:
            told = (
                f"{len(broken)} requirement{'s are' if len(broken) > 1 else ' is'} broken: "
                f"{', '.join(one.requirement for one in broken[:8])}"
            )
            fails = any(one.requirement == SERVER_ERROR for one in broken) and not self._selected(SERVER_ERROR)
            return (
                Exit.BROKEN,
                told + known + f"; {SERVER_ERROR} was not selected, but a server that fails cannot be judged" * fails,
            )
        if errors:
            return Exit.OWN_ERROR, f"the suite itself failed: {errors[0].requirement}: {errors[0].reason}"
        out = (Verdict.SKIPPED, Verdict.NOT_APPLICABLE)
        musts = [one for id_, one in results.items() if requirements[id_].level == "MUST" and one.verdict not in out]
        judged = [one for one in musts if one.verdict is not Verdict.INCONCLUSIVE]
        if not judged and not any(one.verdict not in (*out, Verdict.INCONCLUSIVE) for one in results.values()):
            return Exit.BELOW_FLOOR, "not a single requirement could be judged"
        if musts and len(judged) < self.options.floor * len(musts):
            return (
                Exit.BELOW_FLOOR,
                f"only {len(judged)} of {len(musts)} MUSTs could be judged; at least {self.options.floor:.0%} are "
                "needed",
            )
        return Exit.CONFORMANT, f"{len(judged)} MUSTs were judged and none is {'newly ' * bool(known)}broken{known}"

    def _end(self, exit_: Exit, sentence: str) -> Report:
        with suppress(SafetyStop, KeyboardInterrupt), self.target.budget.cleaning_up():
            self._player.tidy()
        redaction = self.target.redaction
        self.report.exit, self.report.sentence = exit_, in_short(redaction.text(sentence))
        for result in self.report.results.values():
            result.reason = redaction.text(result.reason)
        self.report.seconds = time.monotonic() - self._began
        return self.report


def run(target: Target, options: Options | None = None, **others: object) -> Report:
    """Judge a target."""
    return Run(target, options or Options(), **others)()  # type: ignore[arg-type]
