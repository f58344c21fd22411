"""Which of the nodes that fit a job is chosen: a function from the feasible nodes (a mask, not 0) to one of them."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.simulation.cluster.capacity_index import Dimension

Placement = Callable[[int, Dimension], int]


def lowest(mask: int) -> int:
    """The number of the lowest bit."""
    return (mask & -mask).bit_length() - 1


def first_fit(feasible: int, dimension: Dimension) -> int:
    """The first feasible node in the scenario's order."""
    return lowest(feasible)


def bin_pack(feasible: int, dimension: Dimension) -> int:
    """The feasible node with the least free of `dimension`, ties by order."""
    assert dimension.ladder is not None
    for rung in dimension.ladder.rungs:
        hit = feasible & rung.mask
        if hit:
            return lowest(hit)
    raise ValueError("no node is feasible")


def spread(feasible: int, dimension: Dimension) -> int:
    """The feasible node with the most free of `dimension`, ties by order."""
    assert dimension.ladder is not None
    for rung in reversed(dimension.ladder.rungs):
        hit = feasible & rung.mask
        if hit:
            return lowest(hit)
    raise ValueError("no node is feasible")


PLACEMENTS: dict[str, Placement] = {"bin-pack": bin_pack, "first-fit": first_fit, "spread": spread}
