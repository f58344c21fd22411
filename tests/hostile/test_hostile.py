"""Ten thousand hostile requests of every kind: the server lives, says 5xx only where that is documented, and stays small.

`tox -e hostile` sends a hundred thousand (`HOSTILE_REQUESTS`).
"""

from __future__ import annotations

import os
from functools import cache

import pytest

from tests.hostile.__main__ import MODES
from tests.hostile.attack import Outcome, attack, attacked

REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "10000"))
MOST_CPU_SECONDS, MOST_MIB, MOST_GROWTH = 0.5, 100.0, 1.2


@cache
def attacked_in(mode: str) -> Outcome:
    """What came of all requests to a server of this mode, which is alive and answers at the end."""
    with attacked(*MODES[mode]) as server:
        outcome = attack(server, REQUESTS // len(MODES), seed=1)
        assert server.process.poll() is None
        assert server.answers()
    return outcome


@pytest.mark.parametrize("mode", MODES)
def test_no_hostile_request_breaks_the_server_or_costs_too_much(mode: str) -> None:
    outcome = attacked_in(mode)

    assert not outcome.wrong()
    assert {name: toll.cpu for name, toll in outcome.tolls.items() if toll.cpu > MOST_CPU_SECONDS} == {}
    assert {name: toll.memory for name, toll in outcome.tolls.items() if toll.memory > MOST_MIB} == {}


@pytest.mark.xfail(reason="not met yet in short runs: strict 93 MiB when warm, 119 at the end (1.27 times); lenient sometimes")
@pytest.mark.parametrize("mode", MODES)
def test_hostile_requests_do_not_make_the_server_grow(mode: str) -> None:
    outcome = attacked_in(mode)

    assert outcome.late <= outcome.early * MOST_GROWTH
