"""Ways to make room for a job, tried on the real ledger and undone to the bit: eviction, and moving others (consolidation)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.cluster.cluster import Cluster, Hold
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job

_EVERYWHERE = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """Shrink elastic jobs to the sizes in `cuts`, evict `victims`, put the job on `nodes` (a mask), then put each of `moves` on its new node."""

    victims: tuple[Job, ...]
    nodes: int
    moves: tuple[tuple[Job, int], ...] = ()
    cuts: tuple[tuple[Job, Shape], ...] = ()


@contextmanager
def _without(cluster: Cluster, jobs: Iterable[Job]) -> Iterator[None]:
    """The ledger as if `jobs` held nothing."""
    gone = list(jobs)
    for job in gone:
        _return(cluster, job)
    try:
        yield
    finally:
        for job in reversed(gone):
            _retake(cluster, job)


def eviction(cluster: Cluster, job: Job, candidates: Iterable[Job]) -> Plan | None:
    """Evict as few of `candidates`, the first of them first, as it takes to place `job`; None if all do not help.

    Nobody is evicted without whom the job would fit as well.
    """
    chosen: list[Job] = []
    try:
        for candidate in candidates:
            _return(cluster, candidate)
            chosen.append(candidate)
            if _fits(cluster, job.shape):
                break
        else:
            return None
        for candidate in list(chosen[:-1]):
            _retake(cluster, candidate)
            chosen.remove(candidate)
            if not _fits(cluster, job.shape):
                _return(cluster, candidate)
                chosen.append(candidate)
        return Plan(tuple(chosen), cluster.feasible(job.shape, _EVERYWHERE))
    finally:
        for candidate in reversed(chosen):
            _retake(cluster, candidate)


def consolidation(cluster: Cluster, job: Job, candidates: Iterable[Job]) -> Plan | None:
    """Move as few of `candidates` as it takes to other nodes so that `job` fits on one; None if that cannot be."""
    if job.shape.count > 1:
        return None
    movable: dict[int, list[Job]] = {}
    for candidate in candidates:
        if len(candidate.holding) == 1 and candidate.request.restartable:
            movable.setdefault(candidate.holding[0][0], []).append(candidate)
    best: Plan | None = None
    for node in bits(job.shape.possible & cluster.ready & mask_of(movable)):
        for count in range(1, len(movable[node]) + 1):
            if best is not None and count >= len(best.moves):
                break
            plan = _clear(cluster, job, node, movable[node][:count]) or next(_each(cluster, job, node, movable[node], count), None)
            if plan is not None:
                best = plan
                break
        if best is not None and len(best.moves) == 1:
            break
    return best


def works(cluster: Cluster, job: Job, plan: Plan) -> int:
    """The nodes on which `job` has room once `plan` is carried out, none if somebody who is moved has none then."""
    if plan.moves:
        found = _clear(cluster, job, plan.nodes.bit_length() - 1, list(plan.victims))
        return plan.nodes if found is not None and found.moves == plan.moves else 0
    with _without(cluster, plan.victims):
        nodes = cluster.feasible(job.shape, _EVERYWHERE)
        return nodes if nodes.bit_count() >= job.shape.count else 0


def _each(cluster: Cluster, job: Job, node: int, movable: list[Job], count: int) -> Iterator[Plan]:
    """Plans that move one other than the first; for more than one the first in line must do."""
    if count == 1:
        for candidate in movable[1:]:
            plan = _clear(cluster, job, node, [candidate])
            if plan is not None:
                yield plan


def _clear(cluster: Cluster, job: Job, node: int, movers: list[Job]) -> Plan | None:
    """The plan that moves exactly `movers` off `node` and puts `job` there, if everybody finds a place."""
    with _without(cluster, movers):
        if not cluster.feasible(job.shape, 1 << node):
            return None
        taken: list[tuple[Shape, Hold]] = [(job.shape, cluster.take_on(job.shape, node))]
        moves = []
        try:
            for mover in movers:
                elsewhere = cluster.feasible(mover.shape, ~(1 << node))
                if not elsewhere:
                    return None
                hold = cluster.take(mover.shape, elsewhere)
                taken.append((mover.shape, hold))
                moves.append((mover, hold[0]))
            return Plan(tuple(movers), 1 << node, tuple(moves))
        finally:
            for shape, hold in reversed(taken):
                cluster.give_back(shape, hold)


def _fits(cluster: Cluster, shape: Shape) -> bool:
    return cluster.feasible(shape, _EVERYWHERE).bit_count() >= shape.count


def _return(cluster: Cluster, job: Job) -> None:
    for hold in job.holding:
        cluster.give_back(job.shape, hold)


def _retake(cluster: Cluster, job: Job) -> None:
    for hold in job.holding:
        cluster.take_again(job.shape, hold)
