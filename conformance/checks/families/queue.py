"""Jobs that wait for one place."""

from __future__ import annotations

from collections.abc import Collection

from conformance.session.expect import needed, same
from conformance.session.session import JobRef, Session


def first_come_first_served(
    session: Session, waiting: list[JobRef], *, within: float, step: float, placed: Collection[str]
) -> None:
    """Equal jobs reach a phase of those that are `placed` in the order of their submission."""
    order: list[str] = []
    for _ in session.ticks(within, step):
        order += [job.id for job in waiting if job.id not in order and session.phase(job) in placed]
    needed(order, "none of the jobs that wait runs")
    same([job.id for job in waiting][: len(order)], order, "the order in which equal jobs run")


def order_of_starts(session: Session, holders: list[JobRef], waiting: list[JobRef], *, within: float) -> list[int]:
    """Cancel one job that has room after the other; the numbers of the jobs that wait in the order in which they begin.

    Inconclusive where several begin between two looks.
    """
    order: list[int] = []
    for holder in holders:
        session.cancel(holder)
        session.stopped(holder)
        begun: list[int] = []
        for _ in session.ticks(within):
            begun = [at for at, job in enumerate(waiting) if at not in order and session.phase(job) != "queued"]
            if begun:
                break
        needed(len(begun) <= 1, f"{len(begun)} jobs begin between two looks, so that their order cannot be determined")
        order += begun
    return order
