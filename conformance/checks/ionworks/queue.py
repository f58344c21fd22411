"""In which order Ionworks starts jobs that wait."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks import check
from conformance.checks.ionworks.steps import crowded
from conformance.session.expect import expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json


def starts(session: Session, bodies: Sequence[Json]) -> list[int]:
    """Submit jobs that all wait, then make room for one after the other.

    Their numbers in the order in which they stop waiting.
    """
    fillers, patience = crowded(session)
    needed(len(fillers) >= len(bodies), "there is too little capacity to see an order")
    jobs = [session.submit("large", patch) for patch in bodies]
    session.advance(patience)
    needed(all(session.phase(job) == "queued" for job in jobs), "not every job waits")
    order: list[int] = []
    for filler in fillers[: len(jobs)]:
        session.cancel(filler)
        for _ in session.ticks(patience):
            started = [
                number for number, job in enumerate(jobs) if number not in order and session.phase(job) != "queued"
            ]
            if started:
                break
        needed(len(started) <= 1, "several jobs started between two looks, so that their order cannot be determined")
        order += started
    needed(len(order) == len(jobs), f"of {len(jobs)} jobs that waited {len(order)} have started")
    return order


@check("ION-PRI-001")
def jobs_start_in_the_order_of_their_priorities(session: Session) -> None:
    """Neither as they came nor the other way round: the priorities are mixed."""
    priorities = [4, 9, 0, 10, 2, 7]
    order = [priorities[number] for number in starts(session, [{"priority": one} for one in priorities])]
    expect(sorted(order) in (order, order[::-1]), f"jobs of the priorities {priorities} were started as {order}")


@check("ION-PRI-002")
def the_highest_priority_is_started_first(session: Session) -> None:
    """Ten is the most urgent; neighbours differ."""
    priorities = [0, 9, 1, 10, 5, 6]
    order = [priorities[number] for number in starts(session, [{"priority": one} for one in priorities])]
    expect(order == sorted(order, reverse=True), f"jobs of the priorities {priorities} were started as {order}")


@check("ION-PRI-003")
def equal_priorities_start_as_they_came(session: Session) -> None:
    """Four of one priority and two of another."""
    order = starts(session, [{"priority": one} for one in (8, 2, 8, 8, 2, 8)])
    for of_one in (
        [number for number in order if number in (0, 2, 3, 5)],
        [number for number in order if number in (1, 4)],
    ):
        expect(of_one == sorted(of_one), f"jobs of one priority were started as {of_one}")


@check("ION-PRI-004")
def no_priority_is_the_lowest(session: Session) -> None:
    """Behind a later job of priority 1, before a later one of priority 0."""
    order = starts(session, [{}, {"priority": 1}, {"priority": 0}])
    expect(order == [1, 0, 2], f"without a priority, priority 1 and priority 0 were started as {order}")
