"""Which nodes have room: for each dimension and requested amount one integer, whose bit n says that node n has at least
so much free.

What fits is an AND of integers; how many nodes fail a demand is a bit count. Above `MOST_LEVELS` distinct
amounts a dimension answers with the nearest lower level, and the caller verifies node by node.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

MOST_LEVELS = 64


class Ladder:
    """Nodes by their exact free amount in one dimension, for packing: `rungs` ascending, `at` the nodes on each."""

    __slots__ = ("at", "rungs")

    def __init__(self, free: list[int]) -> None:
        nodes: dict[int, list[int]] = {}
        for node, amount in enumerate(free):
            nodes.setdefault(amount, []).append(node)
        self.at = {amount: mask_of(members) for amount, members in nodes.items()}
        self.rungs = sorted(self.at)

    def move(self, bit: int, old: int, new: int) -> None:
        """Put the node of `bit` from rung `old` to rung `new`."""
        at = self.at
        left = at[old] ^ bit
        if left:
            at[old] = left
        else:
            del at[old]
            del self.rungs[bisect_left(self.rungs, old)]
        self.put(bit, new)

    def put(self, bit: int, rung: int) -> None:
        """Put the node of `bit` on `rung`."""
        if rung in self.at:
            self.at[rung] |= bit
        else:
            self.at[rung] = bit
            insort(self.rungs, rung)


class Level:
    """The nodes with at least `amount` free, as a mask that is kept true."""

    __slots__ = ("amount", "mask")

    def __init__(self, amount: int, mask: int) -> None:
        self.amount = amount
        self.mask = mask


class Dimension:
    """One kind of resource over all nodes: free amounts, and a level per requested amount, ascending."""

    __slots__ = ("amounts", "free", "is_packed", "ladder", "levels")

    def __init__(self, free: list[int], *, packed: bool) -> None:
        self.free = free
        self.amounts: list[int] = []
        self.levels: list[Level] = []
        self.ladder: Ladder | None = None
        self.is_packed = packed

    def pack(self) -> None:
        """Keep the nodes by their exact free amounts from now on, if this dimension may be packed by."""
        if self.is_packed and self.ladder is None:
            self.ladder = Ladder(self.free)

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
        amounts = self.amounts
        if amounts:
            low, high = (new, old) if new < old else (old, new)
            first, last = bisect_right(amounts, low), bisect_right(amounts, high)
            if first != last:
                bit = 1 << node
                for level in self.levels[first:last]:
                    level.mask ^= bit
        if self.ladder is not None:
            self.ladder.move(1 << node, old, new)

    def add(self, free: int) -> None:
        """One more node, the last in order, with so much free."""
        bit = 1 << len(self.free)
        self.free.append(free)
        for level in self.levels:
            if free >= level.amount:
                level.mask |= bit
        if self.ladder is not None:
            self.ladder.put(bit, free)


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
