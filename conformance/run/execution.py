"""Plays all cases of a run: what needs the target alone one by one, everything else side by side.

A verdict never depends on how many are under way at a time. Whatever is not plainly in order while others are under
way is played again alone, and only that counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.run.cases import Case, Outcome
from conformance.run.quiet import Quiet
from conformance.run.side_by_side import side_by_side
from conformance.run.verdict import Verdict

Play = Callable[[Case], Outcome]
_CHANGING = re.compile(r"[\w-]*\d[\w-]*")
"""What differs between messages that say the same: ids, instants, counts."""


class Execution:
    """The cases of one run and what came of them.

    `play` plays one case; `look` hears of every outcome at once, with whether it was had alone. `stop` ends what cases
    wait for. `doubtful` are cases that broke something and were not yet played again. Who needs the target alone need
    not wait for those that only rest, as `quiet` knows.
    """

    def __init__(
        self,
        play: Play,
        look: Callable[[Outcome, bool], None],
        *,
        lanes: int = 1,
        repetitions: int = 2,
        stop: Callable[[], None],
        quiet: Quiet | None = None,
    ) -> None:
        self._quiet, self._alone_cases = quiet or Quiet(), list[Case]()
        self._any_play, self._look, self._lanes, self._repetitions, self._stop = play, look, lanes, repetitions, stop
        self._confirmed: set[str] = set()
        self.doubtful: dict[int, tuple[Case, Outcome]] = {}

    def outcomes(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Outcome]]:
        """Every case with its outcome, whose violations were all seen every time."""
        shared = [case for case in cases if not case.alone] if self._lanes > 1 else []
        self._alone_cases = [case for case in cases if self._lanes == 1 or case.alone]
        for event in self._shared(shared, is_quiet=lambda: self._quiet.is_quiet):
            if event is None:
                yield from self._meanwhile()
                continue
            case, outcome = event
            self._look(outcome, False)
            if is_certain(outcome):
                yield case, outcome
            else:
                self.doubtful[case.number] = case, outcome
        yield from self._settled()
        yield from self._one_by_one(self._alone_cases)

    def _meanwhile(self) -> Iterator[tuple[Case, Outcome]]:
        """What can be had alone while all others rest."""
        yield from self._settled()
        while self._alone_cases and self._quiet.is_quiet:
            yield from self._one_by_one([self._alone_cases.pop(0)])

    def _shared(
        self, cases: Sequence[Case], is_quiet: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Case, Outcome] | None]:
        yield from side_by_side(cases, self._beside, lanes=self._lanes, stop=self._stop, is_quiet=is_quiet)

    def _beside(self, case: Case) -> Outcome:
        with self._quiet.at_work():
            return self._any_play(case)

    def _play(self, case: Case) -> Outcome:
        with self._quiet.alone():
            return self._any_play(case)

    def _together(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Outcome]]:
        for event in self._shared(cases):
            if event is not None:
                self._look(event[1], False)
                yield event

    def _one_by_one(self, cases: Iterable[Case]) -> Iterator[tuple[Case, Outcome]]:
        for case in cases:
            outcome = self._alone(case)
            if outcome.violations:
                self.doubtful[case.number] = case, outcome
                self._confirm([_Doubt(case, outcome, self._repetitions)])
                del self.doubtful[case.number]
            yield case, outcome

    def _alone(self, case: Case) -> Outcome:
        outcome = self._play(case)
        self._look(outcome, True)
        return outcome

    # -- what is in doubt

    def _settled(self) -> Iterator[tuple[Case, Outcome]]:
        """The outcomes of what was not plainly in order: of each group that failed alike the quickest is played again
        alone."""
        broken = [one for one in self.doubtful.values() if not is_undecided(one[1])]
        queue = sorted(broken, key=lambda one: one[1].seconds)
        while queue:
            batch, alike, signatures = list[_Doubt](), list[tuple[Case, Outcome]](), set(self._confirmed)
            for case, before in queue:
                if _is_known(before, signatures):
                    alike.append((case, before))
                else:
                    outcome = self._alone(case)
                    batch.append(_Doubt(case, outcome, self._repetitions - _is_alike(outcome, before)))
                    signatures |= {one.signature for one in outcome.violations}
            self._confirm(batch)
            settled = [(one.case, one.outcome) for one in batch] or alike
            for case, outcome in settled:
                del self.doubtful[case.number]
                yield case, outcome
            queue = alike if batch else []
        yield from self._decided()

    def _decided(self) -> Iterator[tuple[Case, Outcome]]:
        """Cases that said nothing, perhaps since others held the target's places.

        Where the first of those that were undecided alike, alone, still is, the others are played side by side again.
        """
        alike = defaultdict[str, list[int]](list)
        for number in sorted(self.doubtful):
            alike[kind_of(self.doubtful[number][1].reason)].append(number)
        for kind, numbers in alike.items():
            first, *others = [self.doubtful[number][0] for number in numbers]
            outcome = next(self._one_by_one([first]))
            yield first, outcome[1]
            is_same = is_undecided(outcome[1]) and kind_of(outcome[1].reason) == kind
            alone = [] if is_same else others
            for case, again in self._together(others if is_same else []):
                if is_certain(again) or is_undecided(again):
                    yield case, again
                else:
                    alone.append(case)
            yield from self._one_by_one(sorted(alone, key=lambda case: case.number))
            for number in numbers:
                self.doubtful.pop(number, None)

    # -- confirmation

    def _confirm(self, doubts: Sequence[_Doubt]) -> None:
        """Play cases again, all of them side by side; what does not break every time is no finding but a flake."""
        fresh = [one for one in doubts if not _is_known(one.outcome, self._confirmed)]
        missed = {one.case.number: set[str]() for one in fresh}
        for one in fresh if self._lanes == 1 else [one for one in fresh if one.case.alone]:
            missed[one.case.number] = one.missed(self._play(one.case) for _ in range(one.times))
        if self._lanes > 1:
            self._confirm_together([one for one in fresh if not one.case.alone], missed)
        for one in fresh:
            one.drop(missed[one.case.number])
            self._confirmed |= {violation.signature for violation in one.outcome.violations}

    def _confirm_together(self, doubts: Sequence[_Doubt], missed: dict[int, set[str]]) -> None:
        """Confirm what may overlap; where a repeat beside others breaks less, those alone count."""
        repeats = [one.case for one in doubts for _ in range(one.times)]
        again = defaultdict[int, list[Outcome]](list)
        for event in self._shared(repeats):
            if event is not None:
                again[event[0].number].append(event[1])
        for one in doubts:
            if one.missed(again[one.case.number]):
                missed[one.case.number] = one.missed(self._play(one.case) for _ in range(one.times))


@dataclass
class _Doubt:
    """A case whose violations need to be seen so many times more."""

    case: Case
    outcome: Outcome
    times: int

    def missed(self, repeats: Iterable[Outcome]) -> set[str]:
        """The requirements that were broken and are not in every repeat."""
        broken = {one.requirement for one in self.outcome.violations}
        kept = set(broken)
        for again in repeats:
            kept &= {one.requirement for one in again.violations}
        return broken - kept

    def drop(self, requirements: set[str]) -> None:
        """Make flakes of the violations of some requirements."""
        outcome = self.outcome
        for violation in [one for one in outcome.violations if one.requirement in requirements]:
            outcome.violations.remove(violation)
            reason = f"seen once and not again: {violation.message}"
            outcome.flakes.setdefault(violation.requirement, reason)
            if violation.requirement in self.case.requirements:
                outcome.verdict, outcome.reason = Verdict.INCONCLUSIVE, reason


def _is_known(outcome: Outcome, signatures: set[str]) -> bool:
    """Whether all that a case broke was broken in the same way by a case before it."""
    is_plain = outcome.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.FAIL) or outcome.is_final
    return is_plain and outcome.trouble is None and all(one.signature in signatures for one in outcome.violations)


def _is_alike(outcome: Outcome, before: Outcome) -> bool:
    """Whether a case broke nothing but what it broke before, which is then seen twice."""
    return {one.signature for one in outcome.violations} <= {one.signature for one in before.violations}


def is_certain(outcome: Outcome) -> bool:
    """Whether nothing that others do at the same time can be the reason for an outcome."""
    is_plain = outcome.verdict is Verdict.PASS or outcome.is_final
    return is_plain and not outcome.violations and outcome.trouble is None


def is_undecided(outcome: Outcome) -> bool:
    """Whether a case only says that nothing can be said."""
    is_silent = outcome.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)
    return is_silent and not outcome.violations and outcome.trouble is None


def kind_of(reason: str) -> str:
    """Equal for reasons that differ in ids, instants and counts alone."""
    return _CHANGING.sub("#", reason)


def unconfirmed(outcome: Outcome) -> None:
    """Keep of an outcome in doubt only that something was seen once: nothing more will be done about it."""
    for one in outcome.violations:
        outcome.flakes.setdefault(
            one.requirement, f"seen once, and the run ended before it was seen again: {one.message}"
        )
    if outcome.violations:
        reason = outcome.flakes[outcome.violations[0].requirement]
        outcome.verdict, outcome.reason, outcome.violations = Verdict.INCONCLUSIVE, reason, []
