"""What a run was asked for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.exchange import Exchange
from conformance.verdict import Exit, Result, Verdict

REPETITIONS = 2
"""How often what failed is done again; it counts only if it fails every time."""


@dataclass(frozen=True)
class Options:
    """What to run and how: `only` are globs of requirement ids, `profiles` None means all of them.

    `floor` is the share of testable MUSTs that must have been judged; `most_requests` and `most_seconds` bound the run. `machine` and `fuzz_examples`
    let random clients play as well.
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
    machine: bool = False
    fuzz_examples: int = 0
    keep_traffic: bool = False


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
    traffic: list[Exchange] = field(default_factory=list)

    def of(self, *verdicts: Verdict) -> list[Result]:
        """The results with one of these verdicts."""
        return [one for one in self.results.values() if one.verdict in verdicts]
