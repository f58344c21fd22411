from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.simulation.cluster.capacity_index import MOST_LEVELS, Dimension, bits, mask_of
from mockserver.simulation.cluster.packing import bin_pack, first_fit, spread

amounts = st.integers(0, 9)


@given(
    st.lists(amounts, min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), amounts), max_size=30),
    st.lists(amounts, max_size=5),
)
def test_masks_and_rungs_follow_every_change(free: list[int], changes: list[tuple[int, int]], asked: list[int]) -> None:
    board = Dimension(list(free), packed=True)
    board.pack()
    levels = [level for amount in asked if (level := board.level(amount)) is not None]
    board.add(5)
    free.append(5)

    for node, amount in changes:
        if node < len(free):
            free[node] = amount
            board.set(node, amount)

    assert board.ladder is not None
    for level in levels:
        assert set(bits(level.mask)) == {node for node, amount in enumerate(free) if amount >= level.amount}
    everybody = mask_of(range(len(free)))
    assert first_fit(everybody, board) == 0
    assert bin_pack(everybody, board) == free.index(min(free))
    assert spread(everybody, board) == free.index(max(free))


def test_beyond_the_most_levels_the_nearest_lower_one_stands_in() -> None:
    board = Dimension([10_000], packed=False)
    for amount in range(10, 10 * MOST_LEVELS + 10, 10):
        board.level(amount)

    stand_in = board.level(25)

    assert stand_in is not None
    assert stand_in.amount == 20
    assert board.level(5) is None


@given(st.sets(st.integers(0, 200)))
def test_a_mask_is_its_bits(nodes: set[int]) -> None:
    assert list(bits(mask_of(nodes))) == sorted(nodes)
