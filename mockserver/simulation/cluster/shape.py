"""A shape: all requests for the same resources, and the nodes that could serve them."""

from __future__ import annotations

from mockserver.simulation.cluster.capacity_index import Dimension, Level
from mockserver.simulation.request import ResourceRequest


class Shape:
    """What all jobs ask for that ask for the same; `demand` is (dimension, amount) in ledger units, `amounts` the same
    without GPUs, `needs` the levels that stand for it.

    `allowed` are the nodes whose fixed traits suit, `possible` those that could hold it when empty, `version` the
    cluster's version these were computed for; `exact` says that `needs` is all of `demand`; `share` is a fraction of
    one GPU in thousandths, or 0; `packing` the dimension that placement looks at, `gpus` the thousandths of GPUs on all
    its nodes, `preferred` the nodes of each label that is liked, the dearest first. `larger` are the shapes, falling,
    that an elastic job would rather have; each of them, and the least itself, names the least as its `smallest`, which
    shapes of other jobs have none of. A gang asks for this on each of `count` nodes.
    """

    __slots__ = (
        "allowed",
        "amounts",
        "count",
        "demand",
        "exact",
        "gpus",
        "larger",
        "needs",
        "packing",
        "possible",
        "preferred",
        "request",
        "share",
        "smallest",
        "version",
    )

    def __init__(
        self, request: ResourceRequest, *, count: int, demand: tuple[tuple[int, int], ...], share: int, packing: int
    ) -> None:
        self.request = request
        self.count = count
        self.demand = demand
        self.gpus = 0
        self.share = share
        self.packing = packing
        self.amounts: tuple[tuple[Dimension, int], ...] = ()
        self.needs: tuple[Level, ...] = ()
        self.exact = True
        self.allowed = self.possible = 0
        self.preferred: tuple[int, ...] = ()
        self.larger: tuple[Shape, ...] = ()
        self.smallest: Shape | None = None
        self.version = -1

    @property
    def can_ever_run(self) -> bool:
        """Whether there are enough nodes that could hold it when empty."""
        return self.possible.bit_count() >= self.count if self.count > 1 else self.possible != 0
