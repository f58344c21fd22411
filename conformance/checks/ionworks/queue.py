"""In which order Ionworks starts jobs that wait."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks import check
from conformance.checks.families.queue import order_of_starts
from conformance.checks.ionworks.steps import crowded
from conformance.session.expect import expect, needed
from conformance.session.phases import need_phase
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
    for job in jobs:
        need_phase(session, job, "queued")
    order = order_of_starts(session, fillers[: len(jobs)], jobs, within=patience)
    needed(len(order) == len(jobs), f"of {len(jobs)} jobs that waited {len(order)} have started")
    return order


@check("ION-PRI-001", "jobs start in the order of their priorities", False, [4, 9, 0, 10, 2, 7])
@check("ION-PRI-002", "the highest priority is started first", True, [0, 9, 1, 10, 5, 6])
def priorities_give_the_order(session: Session, is_highest_first: bool, priorities: list[int]) -> None:
    """Neither as they came nor the other way round: the priorities are mixed, neighbours differ, ten is most urgent."""
    order = [priorities[number] for number in starts(session, [{"priority": one} for one in priorities])]
    highest_first = sorted(order, reverse=True)
    is_right = order == highest_first or (not is_highest_first and order == highest_first[::-1])
    expect(is_right, f"jobs of the priorities {priorities} were started as {order}")


@check("ION-PRI-003")
def equal_priorities_start_as_they_came(session: Session) -> None:
    """Four of one priority and two of another."""
    order = starts(session, [{"priority": one} for one in (8, 2, 8, 8, 2, 8)])
    for equal in ((0, 2, 3, 5), (1, 4)):
        of_one = [number for number in order if number in equal]
        expect(of_one == sorted(of_one), f"jobs of one priority were started as {of_one}")


@check("ION-PRI-004")
def no_priority_is_the_lowest(session: Session) -> None:
    """Behind a later job of priority 1, before a later one of priority 0."""
    order = starts(session, [{}, {"priority": 1}, {"priority": 0}])
    expect(order == [1, 0, 2], f"without a priority, priority 1 and priority 0 were started as {order}")
