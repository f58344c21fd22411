"""Which nodes have room: for each dimension and requested amount one integer, whose bit n says that node n has at least
so much free.

What fits is an AND of integers; how many nodes fail a demand is a bit count. Above `MOST_LEVELS` distinct
amounts a dimension answers with the nearest lower level, and the caller verifies node by node.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

MOST_LEVELS = 64
MOST_STEPS = 4096
"""Steps from one free amount to another that a dimension remembers."""

MOST_EMPTY = 64
"""Rungs on which no node is that a ladder keeps, since one may come back."""


class Level:
    """The nodes with at least `amount` free (or, as a rung of a ladder, with exactly that), as a mask that is kept
    true.
    """

    __slots__ = ("amount", "mask")

    def __init__(self, amount: int, mask: int) -> None:
        self.amount = amount
        self.mask = mask


class Ladder:
    """Nodes by their exact free amount in one dimension, for packing: a rung for each amount, ascending; nodes may have
    left a rung empty.
    """

    __slots__ = ("_at", "rungs")

    def __init__(self, free: list[int]) -> None:
        nodes: dict[int, list[int]] = {}
        for node, amount in enumerate(free):
            nodes.setdefault(amount, []).append(node)
        self.rungs = [Level(amount, mask_of(nodes[amount])) for amount in sorted(nodes)]
        self._at = {rung.amount: rung for rung in self.rungs}

    def rung(self, amount: int) -> Level:
        """The rung of that amount, empty if it is a new one."""
        rung = self._at.get(amount)
        if rung is None:
            rung = self._at[amount] = Level(amount, 0)
            insort(self.rungs, rung, key=lambda one: one.amount)
        return rung

    def prune(self) -> bool:
        """Let go of empty rungs if there are many; whether any are gone."""
        full = [rung for rung in self.rungs if rung.mask]
        if len(self.rungs) - len(full) <= max(MOST_EMPTY, len(full)):
            return False
        self.rungs = full
        self._at = {rung.amount: rung for rung in full}
        return True


class Dimension:
    """One kind of resource over all nodes: free amounts, and a level per requested amount, ascending."""

    __slots__ = ("_steps", "amounts", "free", "is_packed", "ladder", "levels")

    def __init__(self, free: list[int], *, packed: bool) -> None:
        self.free = free
        self.amounts: list[int] = []
        self.levels: list[Level] = []
        self.ladder: Ladder | None = None
        self.is_packed = packed
        self._steps: dict[tuple[int, int], tuple[Level, ...]] = {}

    def pack(self) -> None:
        """Keep the nodes by their exact free amounts from now on, if this dimension may be packed by."""
        if self.is_packed and self.ladder is None:
            self.ladder = Ladder(self.free)
            self._steps.clear()

    def level(self, amount: int) -> Level | None:
        """The highest level that stands for `amount`: its own while there is room for levels, else the nearest lower
        one, if any.
        """
        place = bisect_left(self.amounts, amount)
        if place < len(self.amounts) and self.amounts[place] == amount:
            return self.levels[place]
        if len(self.levels) < MOST_LEVELS:
            level = Level(amount, self.scan(amount))
            self.amounts.insert(place, amount)
            self.levels.insert(place, level)
            self._steps.clear()
            return level
        return self.levels[place - 1] if place else None

    def scan(self, amount: int) -> int:
        """The mask of nodes with at least `amount` free, by looking at each node."""
        return mask_of(node for node, free in enumerate(self.free) if free >= amount)

    def set(self, node: int, new: int) -> None:
        """Node `node` has `new` free from now on."""
        old = self.free[node]
        if new == old:
            return
        self.free[node] = new
        bit = 1 << node
        for level in self._steps.get((old, new)) or self._step(old, new):
            level.mask ^= bit

    def _step(self, old: int, new: int) -> tuple[Level, ...]:
        """The levels and rungs that a node joins or leaves when it has `new` free instead of `old`."""
        if len(self._steps) >= MOST_STEPS or (self.ladder is not None and self.ladder.prune()):
            self._steps.clear()
        low, high = (new, old) if new < old else (old, new)
        first, last = bisect_right(self.amounts, low), bisect_right(self.amounts, high)
        rungs = [] if self.ladder is None else [self.ladder.rung(old), self.ladder.rung(new)]
        step = self._steps[old, new] = (*self.levels[first:last], *rungs)
        return step

    def add(self, free: int) -> None:
        """One more node, the last in order, with so much free."""
        bit = 1 << len(self.free)
        self.free.append(free)
        for level in self.levels:
            if free >= level.amount:
                level.mask |= bit
        if self.ladder is not None:
            self.ladder.rung(free).mask |= bit


def mask_of(nodes: Iterable[int]) -> int:
    """The mask with the bits of these nodes."""
    mask = bytearray()
    for node in nodes:
        byte = node >> 3
        if byte >= len(mask):
            mask.extend(bytes(byte + 1 - len(mask)))
        mask[byte] |= 1 << (node & 7)
    return int.from_bytes(mask, "little")


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits of `mask`, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
