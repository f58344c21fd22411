"""About how long cases take, before and while they run."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.run.cases import Case
from conformance.run.side_by_side import HOLDERS
from conformance.target.target import Target

OVERHEAD = 0.5
"""Real seconds that a case takes besides waiting, where time passes by itself."""
AT_ONCE = 0.06
"""Real seconds that a case takes where nothing is waited for, since the judge moves the clock."""
AGAIN = 1.15
"""By how much a run gets longer since some cases are played again."""


@dataclass(frozen=True)
class Pace:
    """How a target's time passes, and how long a check may wait for it, in real seconds."""

    scale: float = 1.0
    patience: float = math.inf
    is_virtual: bool = False

    @classmethod
    def of(cls, target: Target) -> Pace:
        """That of a target."""
        return cls(target.scale, target.patience, target.has_virtual_time)


def case_seconds(case: Case, pace: Pace) -> float:
    """Real seconds of one case."""
    return AT_ONCE if pace.is_virtual else OVERHEAD + min(case.seconds / pace.scale, pace.patience)


def run_seconds(cases: Iterable[Case], pace: Pace, *, lanes: int) -> float:
    """Real seconds of cases that begin in this order, so many at a time."""
    free, places, alone = [0.0] * lanes, [0.0] * HOLDERS, 0.0
    for case in cases:
        seconds = case_seconds(case, pace)
        if case.alone:
            alone += seconds
            continue
        begin = max(heapq.heappop(free), heapq.heappop(places) if case.holds else 0.0)
        heapq.heappush(free, begin + seconds)
        if case.holds:
            heapq.heappush(places, begin + seconds)
    return AGAIN * (max(free) + alone)
