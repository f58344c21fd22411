"""The verdicts on requirements in order of precedence, and the exit codes that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from conformance.errors import JudgeError, SafetyStop, TransportError, Unready
from conformance.oracles.oracle import Violation, in_short


class Verdict(IntEnum):
    """Ordered by precedence: the highest value among a requirement's findings is its verdict."""

    NOT_APPLICABLE = 0
    PASS = 1
    SKIPPED = 2
    WAIVED = 3
    INCONCLUSIVE = 4
    INFO = 5
    WARN = 6
    CONFLICT = 7
    STALE_WAIVER = 8
    FAIL = 9
    ERROR = 10

    @property
    def word(self) -> str:
        """As it is printed."""
        return self.name.replace("_", "-")


class Exit(IntEnum):
    """What a run ends with."""

    CONFORMANT = 0
    BROKEN = 1
    USAGE = 2
    UNREACHABLE = 3
    BELOW_FLOOR = 4
    OWN_ERROR = 5
    SAFETY_STOP = 6
    INTERRUPTED = 130
    TERMINATED = 143


INTERRUPTIONS = (Exit.INTERRUPTED, Exit.TERMINATED)


def exit_code(codes: Iterable[int]) -> int:
    """The exit code of several runs: that of one that was interrupted, else of the first that is not conformant."""
    ended = [code for code in codes if code]
    return next((code for code in ended if code in INTERRUPTIONS), ended[0] if ended else int(Exit.CONFORMANT))


def exit_for(error: JudgeError) -> Exit:
    """What a command ends with that an error of the judge ends."""
    if isinstance(error, TransportError | Unready):
        return Exit.UNREACHABLE
    return Exit.SAFETY_STOP if isinstance(error, SafetyStop) else Exit.USAGE


MOST_ALIKE = 3
"""Most violations of a requirement that are kept of each signature."""
OF_LEVEL = {"MUST": Verdict.FAIL, "SHOULD": Verdict.WARN, "MAY": Verdict.INFO}
"""The verdict on a broken requirement, by its level."""


@dataclass(slots=True)
class Result:
    """All that a run found out about one requirement of one API; `folded` violations are like ones that are kept."""

    requirement: str
    verdict: Verdict | None = None
    reason: str = ""
    violations: list[Violation] = field(default_factory=list)
    observations: int = 0
    requests: int = 0
    seconds: float = 0.0
    folded: int = 0

    def add(self, verdict: Verdict, reason: str = "", violations: Iterable[Violation] = ()) -> None:
        """Take in one more finding; the worst counts."""
        if self.verdict is None or verdict > self.verdict:
            self.verdict, self.reason = verdict, in_short(reason)
        for one in violations:
            if sum(known.signature == one.signature for known in self.violations) < MOST_ALIKE:
                self.violations.append(one)
            else:
                self.folded += 1
