"""The reference for backfill is itself held to schedules worked out by hand and to what the publications prove."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.published_backfill import Asked, conservative, easy, first_come


def trace(*lines: str) -> list[Asked]:
    """Lines of "submitted: run[/asked] xprocessors", such as "3: 100/200 x2"."""
    asked = []
    for line in lines:
        submitted, rest = line.split(":")
        spans, processors = rest.split("x")
        runs, _, wanted = spans.strip().partition("/")
        asked.append(Asked(int(submitted), int(runs), int(wanted or runs), int(processors)))
    return asked


EASY = [
    pytest.param(["0: 1000 x6", "1: 1000 x10", "3: 100 x2"], [0, 1000, 3], id="ends before the head starts"),
    pytest.param(
        ["0: 1000 x6", "1: 1000 x10", "2: 999 x2", "3: 997 x2"], [0, 1000, 2000, 3], id="a second late is late"
    ),
    pytest.param(["0: 1000 x6", "1: 1000 x8", "2: 5000 x2"], [0, 1000, 2], id="uses extra processors only"),
    pytest.param(["0: 1000 x6", "1: 1000 x8", "2: 5000 x2", "3: 5000 x2"], [0, 1000, 2, 2000], id="extra is used up"),
    pytest.param(
        ["0: 1000 x6", "1: 1000 x10", "2: 5000 x2", "3: 100 x2"], [0, 1000, 2000, 3], id="every job is looked at"
    ),
    pytest.param(
        ["0: 9/1000 x6", "1: 9 x10", "2: 500 x4", "3: 1/2000 x4"], [0, 502, 2, 511], id="promises are estimates"
    ),
    pytest.param(["0: 100/50 x6", "1: 10 x10", "60: 30 x4"], [0, 100, 110], id="an overrun is expected to end now"),
    pytest.param(["0: 100/50 x6", "1: 10 x8", "60: 30 x2"], [0, 100, 60], id="extra beside an overrun"),
    pytest.param(
        ["0: 100/50 x3", "0: 100/60 x3", "70: 10 x6", "71: 500 x3"], [0, 0, 100, 71], id="all that overran count"
    ),
    pytest.param(["0: 10 x11", "0: 10 x10"], [-1, 0], id="what can never start holds nobody up"),
    pytest.param(["0: 0/1 x10", "0: 5 x10", "0: 5 x10"], [0, 0, 5], id="a run of zero seconds"),
]


@pytest.mark.parametrize(("lines", "starts"), EASY)
def test_easy_starts_jobs_when_the_definition_says(lines: list[str], starts: list[int]) -> None:
    assert easy(trace(*lines), 10) == starts


CONSERVATIVE = [
    pytest.param(["0: 1000 x6", "1: 1000 x10", "3: 100 x2"], [0, 1000, 3], id="ends before all promises"),
    pytest.param(["0: 1000 x6", "1: 1000 x8", "2: 5000 x2"], [0, 1000, 2], id="beside the promise"),
    pytest.param(["0: 1000 x6", "1: 1000 x10", "2: 5000 x2", "3: 100 x2"], [0, 1000, 2000, 3], id="behind and before"),
    pytest.param(["0: 10 x6", "1: 10 x10", "2: 8 x4"], [0, 10, 2], id="fits before the promise"),
    pytest.param(["0: 10 x6", "1: 10 x10", "2: 9 x4"], [0, 10, 20], id="a second too long"),
    pytest.param(["0: 10 x4", "1: 5 x8", "2: 5 x8", "3: 12 x2"], [0, 10, 15, 3], id="beside two promises"),
    pytest.param(["0: 10 x4", "1: 5 x8", "2: 5 x10", "3: 17 x2"], [0, 10, 15, 20], id="EASY would delay the second"),
    pytest.param(["0: 4/10 x6", "1: 10 x10", "2: 10 x4"], [0, 4, 14], id="an early end brings everybody forward"),
    pytest.param(
        ["0: 20/21 x5", "4: 15 x2", "4: 1/3 x4", "4: 1/2 x7", "4: 1 x4", "20: 1/2 x4"],
        [0, 4, 19, 21, 20, 20],
        id="each moves forward once, and who arrives at that instant goes beside what is promised then",
    ),
    pytest.param(["0: 12/5 x8", "1: 9 x5", "2: 9 x5", "6: 1 x2"], [0, 12, 12, 6], id="before the end of an overrun"),
    pytest.param(["0: 12/5 x8", "1: 9 x5", "2: 9 x5", "6: 2 x2"], [0, 12, 12, 21], id="not past that of an overrun"),
]


@pytest.mark.parametrize(("lines", "starts"), CONSERVATIVE)
def test_conservative_starts_jobs_when_the_definition_says(lines: list[str], starts: list[int]) -> None:
    assert conservative(trace(*lines), 10) == starts


def test_easy_delays_the_second_in_the_queue_where_conservative_does_not() -> None:
    lines = trace("0: 10 x4", "1: 5 x8", "2: 5 x10", "3: 17 x2")

    assert easy(lines, 10) == [0, 10, 20, 3]


HAND_WORKED = {
    "backfill": [case.values[0] for case in EASY],
    "conservative": [case.values[0] for case in CONSERVATIVE],
}
"""The same traces, for whoever plays them on the engine."""

JOBS = st.builds(
    lambda submitted, runs, beyond, processors: Asked(submitted, runs, max(1, runs + beyond), processors),
    st.integers(0, 30),
    st.integers(0, 20),
    st.integers(0, 10),
    st.integers(1, 8),
)
TRACES = st.lists(JOBS, max_size=12)


@given(TRACES)
def test_no_more_processors_are_used_than_there_are(jobs: list[Asked]) -> None:
    for rule in (easy, conservative, first_come):
        starts = rule(jobs, 8)
        for now in starts:
            used = sum(
                job.processors for job, start in zip(jobs, starts, strict=True) if start <= now < start + job.runs
            )
            assert used <= 8
        assert all(start >= job.submitted for job, start in zip(jobs, starts, strict=True))


@given(TRACES)
def test_with_exact_estimates_conservative_delays_nobody_beyond_first_come_first_served(jobs: list[Asked]) -> None:
    exact = [Asked(job.submitted, job.asked, job.asked, job.processors) for job in jobs]

    assert all(early <= late for early, late in zip(conservative(exact, 8), first_come(exact, 8), strict=True))


@given(TRACES)
def test_easy_never_delays_whoever_is_first_in_an_empty_system(jobs: list[Asked]) -> None:
    exact = sorted((Asked(0, job.asked, job.asked, job.processors) for job in jobs), key=lambda job: -job.processors)
    if not exact:
        return

    starts, plain = easy(exact, 8), first_come(exact, 8)
    waiting = [number for number, start in enumerate(plain) if start > 0]
    if waiting:
        assert starts[waiting[0]] <= plain[waiting[0]]
