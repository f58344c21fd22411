"""Ways to make room for a job, tried on the real ledger and undone to the bit: eviction, and moving others
(consolidation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, islice

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.cluster.cluster import Cluster, Hold
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job

_EVERYWHERE = -1
FEW = 11
"""So many victims on one node can be looked at in all their sets."""

MOST_TRIES = 1 << FEW
"""Sets of victims on one node that are looked at; beyond these the youngest go first."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """Shrink elastic jobs to the sizes in `cuts`, evict `victims`, put the job on `nodes` (a mask), then put each of
    `moves` on its new node.
    """

    victims: tuple[Job, ...]
    nodes: int
    moves: tuple[tuple[Job, int], ...] = ()
    cuts: tuple[tuple[Job, Shape], ...] = ()


def _always(victims: list[Job]) -> bool:
    return True


def _nothing(victims: list[Job]) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Terms:
    """Which sets of victims may be made to leave at all, which would be enough beside the room that they give, and what
    each costs first of all.
    """

    may_leave: Callable[[list[Job]], bool] = _always
    is_enough: Callable[[list[Job]], bool] = _always
    cost: Callable[[list[Job]], int] = _nothing


ANY = Terms()


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


# Eviction


def eviction(cluster: Cluster, shape: Shape, candidates: Iterable[Job], terms: Terms = ANY) -> Clearing | None:
    """Evict those of `candidates` that cost least to place `shape`: after the terms' own cost the fewest GPUs, the
    fewest jobs, the first.

    The clearing of every node is looked at. Nobody is evicted without whom the job would fit as well.
    """
    rank = {candidate: number for number, candidate in enumerate(candidates)}
    if not rank:
        return None
    victims: list[Job] = []
    nodes: list[int] = []
    try:
        while len(nodes) < shape.count:
            free = cluster.feasible(shape, ~mask_of(nodes)) if terms.is_enough(victims) else 0
            if free:
                nodes += list(bits(free))[: shape.count - len(nodes)]
                continue
            found = _cheapest(cluster, shape, rank, _after(terms, victims), ~mask_of(nodes), victims)
            if found is None:
                return None
            for victim in found[0]:
                _return(cluster, victim)
            victims += found[0]
            nodes.append(found[1])
        if shape.count > 1:
            _spare(cluster, shape, victims, mask_of(nodes), terms)
        return Clearing(tuple(victims), mask_of(nodes)) if victims else None
    finally:
        for victim in reversed(victims):
            _retake(cluster, victim)


def _after(terms: Terms, victims: list[Job]) -> Terms:
    """The terms for more victims when some are chosen already."""
    if not victims:
        return terms
    return Terms(
        lambda more: terms.may_leave([*victims, *more]),
        lambda more: terms.is_enough([*victims, *more]),
        lambda more: terms.cost([*victims, *more]),
    )


def _spare(cluster: Cluster, shape: Shape, victims: list[Job], nodes: int, terms: Terms) -> None:
    """Let each victim stay without whom there is room on all of `nodes`."""
    for victim in list(victims):
        _retake(cluster, victim)
        victims.remove(victim)
        if cluster.feasible(shape, nodes) != nodes or not terms.is_enough(victims):
            _return(cluster, victim)
            victims.append(victim)


_Found = tuple[list[Job], int]


def _cheapest(
    cluster: Cluster, shape: Shape, rank: dict[Job, int], terms: Terms, within: int, gone: list[Job]
) -> _Found | None:
    """Over all nodes: whom to evict, and for which node."""
    there: dict[int, list[Job]] = {}
    for job in rank:
        if job not in gone:
            for node, _ in job.holding:
                there.setdefault(node, []).append(job)
    best: tuple[_Price, _Found] | None = None
    cleared = [
        node
        for node in bits(within & shape.possible & cluster.ready & mask_of(there))
        if _has_room_without(cluster, shape, node, there[node])
    ]
    for node in cleared:
        victims = _on_node(cluster, shape, node, there[node], terms)
        if victims:
            price = _price(victims, rank, terms)
            if best is None or price < best[0]:
                best = price, (victims, node)
    if best is None and terms.is_enough is not _always and (cleared or cluster.feasible(shape, within)):
        return _anywhere(cluster, shape, [job for job in rank if job not in gone], terms, within)
    return None if best is None else best[1]


_Price = tuple[int, int, int, list[int]]


def _price(victims: list[Job], rank: dict[Job, int], terms: Terms) -> _Price:
    return (
        terms.cost(victims),
        sum(_gpus_on(job, None) for job in victims),
        len(victims),
        sorted(rank[job] for job in victims),
    )


def _on_node(cluster: Cluster, shape: Shape, node: int, there: list[Job], terms: Terms) -> list[Job] | None:
    """Those on `node` who make room there at the least price; None where that does not do."""
    bit = 1 << node
    lacking = _gpus_of(shape) - sum(cluster.devices[node])
    sizes = {job: _gpus_on(job, node) for job in there}
    rank = {job: number for number, job in enumerate(there)}
    best: tuple[_Price, list[Job]] | None = None
    for victims in islice(_sets(there), MOST_TRIES):
        if sum(sizes[job] for job in victims) < lacking or not terms.may_leave(victims) or not terms.is_enough(victims):
            continue
        price = _price(victims, rank, terms)
        if best is not None and price >= best[0]:
            continue
        with _without(cluster, victims):
            if cluster.feasible(shape, bit):
                best = price, victims
        if best is not None and best[0][:2] <= (0, lacking):
            break
    if best is None and len(there) > FEW:
        return _one_by_one(cluster, shape, there, terms, bit)
    return None if best is None else best[1]


def _has_room_without(cluster: Cluster, shape: Shape, node: int, jobs: list[Job]) -> bool:
    """Whether there is room on `node` when all of `jobs` have left it."""
    if _gpus_of(shape) > sum(cluster.devices[node]) + sum(_gpus_on(job, node) for job in jobs):
        return False
    with _without(cluster, jobs):
        return cluster.feasible(shape, 1 << node) != 0


def _sets(jobs: list[Job]) -> Iterator[list[Job]]:
    """Every set of jobs, small ones first, and in each size those first that come first."""
    for count in range(1, len(jobs) + 1):
        yield from map(list, combinations(jobs, count))


def _anywhere(cluster: Cluster, shape: Shape, candidates: list[Job], terms: Terms, within: int) -> _Found | None:
    """Victims from all nodes together, where it is not only room that is lacking."""
    victims = _one_by_one(cluster, shape, candidates, terms, within)
    if victims is None:
        return None
    with _without(cluster, victims):
        return victims, next(bits(cluster.feasible(shape, within)))


def _one_by_one(cluster: Cluster, shape: Shape, candidates: list[Job], terms: Terms, within: int) -> list[Job] | None:
    """The first who may leave, one after the other, until there is room; then whoever need not leave stays."""
    chosen: list[Job] = []
    try:
        for candidate in candidates:
            if not terms.may_leave([*chosen, candidate]):
                continue
            _return(cluster, candidate)
            chosen.append(candidate)
            if terms.is_enough(chosen) and cluster.feasible(shape, within):
                break
        else:
            return None
        for candidate in list(chosen[:-1]):
            _retake(cluster, candidate)
            chosen.remove(candidate)
            if not (terms.is_enough(chosen) and cluster.feasible(shape, within)):
                _return(cluster, candidate)
                chosen.append(candidate)
        return list(chosen)
    finally:
        for candidate in reversed(chosen):
            _retake(cluster, candidate)


def _gpus_on(job: Job, node: int | None) -> int:
    """Thousandths of GPUs that `job` holds on `node`, or everywhere."""
    return _gpus_of(job.shape) * sum(1 for where, _ in job.holding if node is None or where == node)


def _gpus_of(shape: Shape) -> int:
    """Thousandths of GPUs that `shape` takes of each of its nodes."""
    return shape.gpus // shape.count


# Consolidation


def consolidation(cluster: Cluster, shape: Shape, candidates: Iterable[Job]) -> Clearing | None:
    """Move as few of `candidates` as it takes to other devices or nodes so that there is room for `shape`; None if that
    cannot be.
    """
    needed = _gpus_of(shape) * shape.count
    if needed and needed > sum(sum(cluster.devices[node]) for node in bits(cluster.ready)):
        return None  # nobody's moving makes more GPUs free than there are
    movable: dict[int, list[Job]] = {}
    for candidate in candidates:
        if len(candidate.holding) == 1 and candidate.request.restartable:
            movable.setdefault(candidate.holding[0][0], []).append(candidate)
    if not movable:
        return None
    if shape.count > 1:
        return _gang_consolidation(cluster, shape, movable)
    return _best_clearing(cluster, shape, movable, shape.possible & cluster.ready)


def _best_clearing(
    cluster: Cluster, shape: Shape, movable: dict[int, list[Job]], within: int, kept: int = 0
) -> Clearing | None:
    """Over the nodes of `within`: whom to move where, nobody to the nodes of `kept`."""
    best: Clearing | None = None
    for node in bits(within & mask_of(movable)):
        for count in range(1, len(movable[node]) + 1):
            if best is not None and count >= len(best.moves):
                break
            clearing = next(_clearings(cluster, shape, node, movable[node], count, kept), None)
            if clearing is not None:
                best = clearing
                break
        if best is not None and len(best.moves) == 1:
            break
    return best


def _clearings(
    cluster: Cluster, shape: Shape, node: int, movable: list[Job], count: int, kept: int
) -> Iterator[Clearing]:
    """Clearings that move so many; for more than one the first in line must do."""
    lacking = _gpus_of(shape) - sum(cluster.devices[node])
    for movers in [movable[:count]] if count > 1 else [[one] for one in movable]:
        if lacking > 0 and sum(_gpus_of(one.shape) for one in movers) < lacking:
            continue
        moves = cleared(cluster, shape, [node], movers, kept)
        if moves is not None:
            yield Clearing(tuple(movers), 1 << node, moves)


def _gang_consolidation(cluster: Cluster, shape: Shape, movable: dict[int, list[Job]]) -> Clearing | None:
    """The same for a gang: nodes that have room stay as they are, as many others as are lacking are cleared
    one by one.
    """
    nodes = list(bits(cluster.feasible(shape, _EVERYWHERE)))[: shape.count]
    movers: list[Job] = []
    moves: tuple[tuple[Job, int], ...] | None = ()
    for _ in range(shape.count - len(nodes)):
        others = {
            node: [job for job in jobs if job not in movers] for node, jobs in movable.items() if node not in nodes
        }
        clearing = _best_clearing(cluster, shape, others, shape.possible & cluster.ready, mask_of(nodes))
        if clearing is None:
            return None
        movers += clearing.victims
        nodes.append(clearing.nodes.bit_length() - 1)
        moves = cleared(cluster, shape, nodes, movers)
        if moves is None:
            return None
    return Clearing(tuple(movers), mask_of(nodes), moves or ()) if movers else None


def cleared(
    cluster: Cluster, shape: Shape, nodes: Iterable[int], movers: Iterable[Job], kept: int = 0
) -> tuple[tuple[Job, int], ...] | None:
    """Where each of `movers` goes when `shape` takes `nodes` in their stead; None if somebody finds no place. The
    ledger is as before.
    """
    movers = list(movers)
    with _without(cluster, movers):
        taken: list[tuple[Shape, Hold]] = []
        moves = []
        try:
            for node in nodes:
                if not cluster.feasible(shape, 1 << node):
                    return None
                taken.append((shape, cluster.take_on(shape, node)))
            for mover in movers:
                elsewhere = cluster.feasible(mover.shape, ~kept)
                if not elsewhere:
                    return None
                hold = cluster.take(mover.shape, elsewhere)
                taken.append((mover.shape, hold))
                moves.append((mover, hold[0]))
            return tuple(moves)
        finally:
            for what, hold in reversed(taken):
                cluster.give_back(what, hold)


def works(cluster: Cluster, shape: Shape, clearing: Clearing) -> int:
    """The nodes on which `shape` has room after `clearing`, none if somebody who is moved has none then."""
    if clearing.moves:
        moves = cleared(cluster, shape, bits(clearing.nodes), clearing.victims)
        return clearing.nodes if moves == clearing.moves else 0
    with _without(cluster, clearing.victims):
        nodes = cluster.feasible(shape, clearing.nodes)
        return nodes if nodes.bit_count() >= shape.count else 0


def _return(cluster: Cluster, job: Job) -> None:
    for hold in job.holding:
        cluster.give_back(job.shape, hold)


def _retake(cluster: Cluster, job: Job) -> None:
    for hold in job.holding:
        cluster.take_again(job.shape, hold)
