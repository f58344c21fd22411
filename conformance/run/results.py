"""What a run was asked for, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.oracles.oracle import Violation
from conformance.run.verdict import Exit, Result, Verdict
from conformance.traffic.exchange import Exchange

REPETITIONS = 2
"""How often what failed is done again; it counts only if it fails every time."""


@dataclass(frozen=True)
class Options:
    """What to run and how: `only` are globs of requirement ids, `profiles` None means all of them.

    `floor` is the share of testable MUSTs that must have been judged; `most_requests` bounds the run.
    `games` of the state machine and `fuzz_examples` of each operation and phase of schemathesis let random clients play
    as well. So many `jobs` of judging go on at the same time. The run fails on a broken `must`, on a broken `should`
    too, or only on what is `new`: not among the `known` ids.
    """

    seed: int = 1
    shuffle: bool = False
    only: tuple[str, ...] = ()
    profiles: tuple[str, ...] | None = None
    floor: float = 0.95
    repetitions: int = REPETITIONS
    most_requests: int | None = None
    name: str = "cf"
    games: int = 0
    fuzz_examples: int = 0
    keep_traffic: bool = False
    jobs: int = 1
    fail_on: str = "must"
    known: frozenset[str] = frozenset()


@dataclass
class Search:
    """What one kind of random clients did and found; equal seeds do and find the same.

    `examples` are games or cases, `steps` the moves or requests they were made of, shrinking included; `others` is what
    they found that no requirement speaks of; `left` the jobs that they may have left at the target, each with its
    tenant; `note` says why they stopped before they were done.
    """

    by: str
    seed: int
    examples: int = 0
    steps: int = 0
    operations: set[str] = field(default_factory=set)
    violations: list[Violation] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""


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
    began: float = 0.0
    left_behind: list[str] = field(default_factory=list)
    traffic: list[Exchange] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)

    def end_early(self, exit_: Exit) -> None:
        """Say that a signal ended the run."""
        self.exit, self.sentence = exit_, f"the run was {exit_.name.lower()}; what was judged until then is reported"

    def of(self, *verdicts: Verdict) -> list[Result]:
        """The results with one of these verdicts."""
        return [one for one in self.results.values() if one.verdict in verdicts]
