"""Ten thousand hostile requests of every kind: the server lives, says 5xx only where that is documented, stays small.

`tox -e hostile` sends a hundred thousand to each of the two servers (`HOSTILE_REQUESTS`).
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.hostile.attack import MODES, attack
from tests.hostile.kinds import KINDS
from tests.hostile.process import serving

REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "5000"))


@pytest.mark.parametrize("mode", MODES)
def test_hostile_requests_neither_break_the_server_nor_make_it_slow_or_large(mode: str) -> None:
    with serving(*MODES[mode]) as server:
        outcome = attack(server, REQUESTS, seed=1)

        assert server.answers()
        assert outcome.broken() == []


def test_right_requests_are_among_them_and_taken_in_both_modes() -> None:
    for options in MODES.values():
        with serving(*options) as server:
            outcome = attack(server, 60, seed=1, only=["right submissions"])

        statuses = outcome.tolls["right submissions"].statuses
        assert set(statuses) <= {"200", "201", "202", "left"}
        assert {"200", "201", "202"} <= set(statuses)


def test_each_kind_is_told_apart_by_chance_and_repeated_by_its_seed() -> None:
    for name, make in KINDS.items():
        made = {make(Random(seed)) for seed in range(12)}
        assert len(made) > 1 or name == "too large"
