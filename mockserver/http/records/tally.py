"""Counts requests and the time that their answers took, by API and operation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
"""Upper bounds of the latency histogram, in real seconds."""


class Passed:
    """The requests of one operation: a count per status, a count per latency bucket, and the sum in seconds."""

    __slots__ = ("counts", "statuses", "sum")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, status: int, took: float) -> None:
        """Count one request; `took` is real seconds."""
        statuses = self.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self.counts[bisect_left(BUCKETS, took)] += 1
        self.sum += took

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """Upper bound in seconds, and how many took no longer."""
        total = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            total += count
            yield bound, total


class Tally:
    """The requests of one server since it started, by API and operation."""

    __slots__ = ("passed",)

    def __init__(self) -> None:
        self.passed: dict[tuple[str, str], Passed] = {}

    def of(self, api: str, operation: str) -> Passed:
        """The counts of one operation, for its callers to update."""
        return self.passed.setdefault((api, operation), Passed())
