"""EASY and conservative backfill on identical processors, written from the published definitions alone.

EASY: D. Lifka, "The ANL/IBM SP scheduling system", 1995; A. Mu'alem and D. Feitelson, "Utilization, predictability,
workloads, and user runtime estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS 12(6), 2001, figures 1 and
2. Nothing here is taken from, or knows of, the engine under test: no nodes, no vectors, no shapes, only processors.

What the publications leave open is read as follows:

- everything that ends at an instant has given its processors back before anybody is started at that instant;
- "available at the shadow time" counts every job that is expected to end at that very instant;
- a job that runs longer than it asked for is expected to end now, again and again, until it ends;
- conservative backfill compresses at each instant at which a job ends: the waiting jobs, in order of arrival and once
  each, leave their place in the profile and take the earliest place that is free then, which is never later than the
  one they had; whoever arrives takes the earliest place that is free beside all promises;
- in the profile of conservative backfill, a job that overruns ends a tick (one unit of time) from now. A promise that
  came due and could not be kept for that voids all: they are made anew in order of arrival.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a trace: when it is submitted, how long it runs, how long it asked for, on how many processors.

    Instants and spans are whole ticks, whatever a tick is; nobody asks for less than one.
    """

    submitted: int
    runs: int
    asked: int
    processors: int


@dataclass(slots=True)
class Running:
    """A job that holds processors: when it is expected to end, and when it really ends."""

    expected: int
    processors: int
    ends: int
    number: int

    def expected_from(self, now: int) -> int:
        """The instant at which it is expected to end, seen from now: never in the past."""
        return max(self.expected, now)


@dataclass(slots=True)
class Profile:
    """What conservative backfill remembers: the start promised to each that waits, and who ran when it last looked."""

    promised: dict[int, int]
    running: set[int]


Rule = Callable[[int, list[int], list[Running], int], list[int]]
"""From now, the queue (numbers in order of arrival), what runs and the free processors: the numbers that start next."""


def easy(trace: Sequence[Asked], processors: int) -> list[int]:
    """When each job starts under EASY backfill, in the order of the trace; -1 where it asks for more than there is."""
    return _played(trace, processors, lambda *moment: _easy_starts(*moment, trace))


def conservative(trace: Sequence[Asked], processors: int) -> list[int]:
    """When each job starts under conservative backfill, in the order of the trace; -1 where it asks for too much."""
    profile = Profile({}, set())

    def starts(now: int, queue: list[int], running: list[Running], free: int) -> list[int]:
        return _conservative_starts(now, queue, running, trace=trace, processors=processors, profile=profile)

    return _played(trace, processors, starts)


def first_come(trace: Sequence[Asked], processors: int) -> list[int]:
    """When each job starts without backfill: strictly in order of arrival."""

    def starts(now: int, queue: list[int], running: list[Running], free: int) -> list[int]:
        return queue[:1] if queue and trace[queue[0]].processors <= free else []

    return _played(trace, processors, starts)


def _played(trace: Sequence[Asked], processors: int, starts: Rule) -> list[int]:
    """Play a trace: at each instant first ends, then arrivals, then starts until the rule starts nobody more."""
    began = [-1] * len(trace)
    arrivals = sorted((job.submitted, number) for number, job in enumerate(trace) if job.processors <= processors)
    queue: list[int] = []
    running: list[Running] = []
    instants = [submitted for submitted, _ in arrivals]
    heapq.heapify(instants)
    arrived = 0
    while instants:
        now = heapq.heappop(instants)
        running = [job for job in running if job.ends > now]
        while arrived < len(arrivals) and arrivals[arrived][0] <= now:
            queue.append(arrivals[arrived][1])
            arrived += 1
        while True:
            free = processors - sum(job.processors for job in running)
            started = starts(now, queue, running, free)
            if not started:
                break
            for number in started:
                job = trace[number]
                queue.remove(number)
                began[number] = now
                heapq.heappush(instants, now + job.runs)
                if job.runs > 0:
                    running.append(Running(now + job.asked, job.processors, now + job.runs, number))
    return began


def _easy_starts(now: int, queue: list[int], running: list[Running], free: int, trace: Sequence[Asked]) -> list[int]:
    """One step of EASY: the head if it fits, else the first waiting job that may be backfilled."""
    if not queue:
        return []
    head = trace[queue[0]]
    if head.processors <= free:
        return queue[:1]
    shadow, extra = _shadow(now, running, free, head.processors)
    for number in queue[1:]:
        job = trace[number]
        ends_in_time = job.processors <= free and now + job.asked <= shadow
        if ends_in_time or job.processors <= min(free, extra):
            return [number]
    return []


def _shadow(now: int, running: Iterable[Running], free: int, wanted: int) -> tuple[int, int]:
    """The instant at which the head is expected to start, and how many processors it leaves free then."""
    expected = sorted((job.expected_from(now), job.processors) for job in running)
    available = free
    shadow = now
    for ends, processors in expected:
        if available >= wanted and ends > shadow:
            break
        available += processors
        shadow = max(shadow, ends)
    return shadow, available - wanted


def _conservative_starts(
    now: int, queue: list[int], running: list[Running], *, trace: Sequence[Asked], processors: int, profile: Profile
) -> list[int]:
    """All whose promise is for now, once the promises are what they have to be at this instant."""
    held = [(now, max(job.expected, now + 1), job.processors) for job in running]
    ended, profile.running = profile.running - {job.number for job in running}, {job.number for job in running}
    waiting = {number: profile.promised[number] for number in queue if number in profile.promised}
    if any(start < now for start in waiting.values()):
        waiting = {}
    for attempt in (waiting, {}):
        promised = dict(attempt)
        for number in queue:
            if number not in attempt or ended or promised[number] == now:
                others = [
                    (start, start + trace[other].asked, trace[other].processors)
                    for other, start in promised.items()
                    if other != number
                ]
                promised[number] = _earliest(now, trace[number], held + others, processors)
        if all(promised[number] == now for number, start in attempt.items() if start == now):
            break
    starts = [number for number in queue if promised[number] == now]
    profile.promised = promised
    profile.running |= set(starts)
    return starts


def _earliest(now: int, job: Asked, taken: list[tuple[int, int, int]], processors: int) -> int:
    """The earliest instant from now on at which the profile has room for the whole of what a job asks for."""
    for begin in sorted({now, *(end for _, end, _ in taken if end > now)}):
        end = begin + job.asked
        edges = {begin, *(start for start, _, _ in taken if begin < start < end)}
        if all(
            sum(held for start, stop, held in taken if start <= edge < stop) + job.processors <= processors
            for edge in edges
        ):
            return begin
    raise AssertionError("a job that asks for no more than there is finds a place after everybody else")
