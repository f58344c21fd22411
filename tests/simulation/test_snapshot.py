from __future__ import annotations

import pickle
from hashlib import blake2b
from zlib import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.request import JobRequest
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.snapshot import MAGIC, freeze, thaw
from mockserver.simulation.world import World
from tests.simulation import worlds
from tests.simulation.test_metamorphic import at_once, journals, play


@given(worlds.scenarios, journals, st.integers(0, 20))
def test_a_restored_world_goes_on_exactly_like_the_original(scenario: Scenario, journal: list[tuple[int, JobRequest | None]], pause: int) -> None:
    original = play(scenario, journal, move=at_once)

    copy = thaw(freeze(original), worlds.COURSES)

    for here in (original, copy):
        here.submit(worlds.ask("later", cpu=2))
        worlds.after(here, pause)
    assert worlds.timeline(copy) == worlds.timeline(original)
    assert copy.new_id("any", fingerprint=b"x") == original.new_id("any", fingerprint=b"x")


def test_two_restores_of_one_snapshot_do_not_influence_each_other() -> None:
    here = worlds.world()
    here.submit(worlds.ask("a"))
    data = freeze(here)
    first, second = thaw(data, worlds.COURSES), thaw(data, worlds.COURSES)

    worlds.after(first, 100)

    assert first.job("xio", "a").state == "COMPLETED"
    assert second.job("xio", "a").state == "RUNNING"
    assert here.job("xio", "a").state == "RUNNING"


def sealed(thing: object) -> bytes:
    body = compress(pickle.dumps(thing))
    return MAGIC + blake2b(body, digest_size=32).digest() + body


class Burglar:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("broke in",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no snapshot"),
        (b"PK\x03\x04 something else", "no snapshot"),
        (freeze(worlds.world())[:-1], "damaged"),
        (freeze(worlds.world())[:-1] + b"!", "damaged"),
        (sealed(Burglar()), "builtins.print"),
        (sealed({"a": 1}), "holds a dict"),
        (sealed(World), "holds a type"),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SnapshotError, match=reason):
        thaw(data, worlds.COURSES)

    assert capsys.readouterr().out == ""
