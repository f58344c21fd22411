from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from copy import deepcopy
from hashlib import blake2b
from typing import Any
from zlib import compress, decompress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.simulation import snapshot
from mockserver.simulation.clock import MICRO
from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.request import JobRequest, ResourceRequest, Team
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import NodeFailures, Scenario
from mockserver.simulation.snapshot import MAGIC, Readers, freeze, thaw
from mockserver.simulation.world import World
from tests.simulation import test_backfill, worlds
from tests.simulation.test_metamorphic import at_once, journals, play


@given(worlds.scenarios, journals, st.integers(0, 20))
def test_a_restored_world_goes_on_exactly_like_the_original(
    scenario: Scenario, journal: list[tuple[int, JobRequest | None]], pause: int
) -> None:
    original = play(scenario, journal, move=at_once)

    copy = thaw(freeze(original), worlds.LIFECYCLES)

    for here in (original, copy):
        here.submit(worlds.ask("later", cpu=2))
        worlds.after(here, pause)
    assert worlds.timeline(copy) == worlds.timeline(original)
    assert copy.new_id("any", fingerprint=b"x") == original.new_id("any", fingerprint=b"x")


@pytest.mark.parametrize("queue", ["backfill", "conservative"])
def test_a_restored_world_keeps_what_backfill_has_promised(queue: str) -> None:
    for seed in range(12):
        lines = test_backfill.random_trace(seed, exact=True)
        whole = test_backfill.played(lines, queue, test_backfill.MACHINES["one node"])
        parts = test_backfill.played(
            lines, queue, test_backfill.MACHINES["one node"], between=lambda here: thaw(freeze(here), worlds.LIFECYCLES)
        )
        assert parts == whole


def test_two_restores_of_one_snapshot_do_not_influence_each_other() -> None:
    here = worlds.world()
    here.submit(worlds.ask("a"))
    data = freeze(here)
    first, second = thaw(data, worlds.LIFECYCLES), thaw(data, worlds.LIFECYCLES)

    worlds.after(first, 100)

    assert first.job("xio", "a").state == "COMPLETED"
    assert second.job("xio", "a").state == "RUNNING"
    assert here.job("xio", "a").state == "RUNNING"


def record(here: World) -> dict[str, Any]:
    """What a snapshot of `here` says."""
    told: dict[str, Any] = json.loads(decompress(freeze(here)[len(MAGIC) + 32 :]))
    return told


def sealed(text: bytes) -> bytes:
    """A snapshot that says `text`, as anybody can make one."""
    body = compress(text)
    return MAGIC + blake2b(body, digest_size=32).digest() + body


def busy() -> World:
    """A world in which jobs of several kinds wait, run and have ended."""
    here = worlds.world(projects=(), node_failures=NodeFailures(Distribution(fixed=400), Distribution(fixed=40)))
    here.submit(worlds.ask("first", cpu=2, payload={"a": [1, b"x", (2,), {("k", "l"): None}, 10**40]}))
    here.submit(worlds.ask("parent", api="ionworks", cpu=1, command="sleep 3"))
    here.submit(worlds.ask("child", api="ionworks", cpu=1, parent="parent", retries=2, command="sleep 1; exit 2"))
    here.submit(worlds.ask("team", api="runai", cpu=1, team=Team(3, 2), ttl=60))
    here.submit(worlds.ask("elastic", api="runai", cpu=1, gpu=2, elastic=(ResourceRequest(cpu=1, gpu=1),)))
    here.submit(worlds.ask("draft", api="bytenite", cpu=1))
    worlds.after(here, 7)
    for number in range(12):
        here.submit(worlds.ask(f"later-{number}", cpu=number % 4 + 1, run=90, total=900))
    here.shelf("mine")["count"] = 1
    here.settle()
    return here


READERS = Readers(shelves={"mine": dict})


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


BUSY = record(busy())
PLACES = list(places(BUSY))
STRANGE = [0, -1, 1, 7, 2**61, 2**63, 10**30, 1.5, -0.5, "", "x", "failed", "COMPLETED", None, True, [], {}, [0]]
STRANGE += [[[0, [0]]], {"\x00tuple": [1]}, {"a": 1}]


def changed(place: tuple[Any, ...], value: Any, *, is_removed: bool = False) -> dict[str, Any]:
    """The busy record with another value at a place, or without it."""
    told: dict[str, Any] = deepcopy(BUSY)
    node: Any = told
    for key in place[:-1]:
        node = node[key]
    if is_removed:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return told


def attempt(data: bytes) -> tuple[World | None, str]:
    """The world of a snapshot, or why there is none."""
    try:
        return thaw(data, worlds.LIFECYCLES, READERS), ""
    except SnapshotError as refused:
        return None, str(refused)


@settings(max_examples=400, deadline=None)
@given(place=st.sampled_from(PLACES), value=st.sampled_from(STRANGE), is_removed=st.booleans())
def test_a_forged_snapshot_is_refused_in_one_sentence_or_gives_a_world_that_goes_on(
    place: tuple[Any, ...], value: Any, is_removed: bool
) -> None:
    here, refusal = attempt(sealed(json.dumps(changed(place, value, is_removed=is_removed)).encode()))
    if here is None:
        assert "\n" not in refusal
        assert 20 < len(refusal) < 400
        return

    here.advance_to(here.now_us + 3_000 * MICRO, most=20_000)
    here.settle()
    assert {job.phase for job in here.everybody()}


@pytest.mark.parametrize("number", range(8))
def test_a_snapshot_with_other_bytes_is_refused(number: int) -> None:
    data = bytearray(freeze(busy()))
    data[number * (len(data) - 1) // 7] ^= 1 << number

    with pytest.raises(SnapshotError, match=r"no snapshot|damaged|version"):
        thaw(bytes(data), worlds.LIFECYCLES, READERS)


GOOD = json.dumps(BUSY, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "this is no snapshot"),
        (b"PK\x03\x04 something else", "this is no snapshot"),
        (b"understudy snapshot 1\n" + bytes(64), "an older version of Understudy .format 1.; this one reads format 2"),
        (b"understudy snapshot 3\n" + bytes(64), "written by a newer version of Understudy .format 3."),
        (sealed(GOOD)[:-1], "damaged"),
        (sealed(GOOD)[:-1] + b"!", "damaged"),
        (MAGIC, "damaged"),
        (MAGIC + blake2b(b"abc", digest_size=32).digest() + b"abc", "not compressed"),
        (MAGIC + blake2b(compress(GOOD)[:-9], digest_size=32).digest() + compress(GOOD)[:-9], "ends early"),
        (sealed(b""), "does not hold what one does"),
        (sealed(b"{}"), "missing required field `scenario`"),
        (sealed(b"[" * 100_000), "does not hold what one does"),
        (sealed(GOOD.replace(b'"seed":1', b'"seed":"1"', 1)), "Expected `int`, got `str`"),
        (sealed(b'{"extra":1,' + GOOD[1:]), "unknown field `extra`"),
        (
            sealed(GOOD.replace(b"1e", b"1e999", 1).replace(b'"epoch":0', b'"epoch":1e999')),
            "does not hold what one does",
        ),
        (sealed(b"\x80\x05cbuiltins\nprint\n(S'broke in'\ntR."), "does not hold what one does"),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotError, match=reason) as refused:
        thaw(data, worlds.LIFECYCLES, READERS)

    assert "\n" not in str(refused.value)


BOMBS = {"blanks": (b" ", 100_000_000), "lists": (b"[],", 2_000_000), "numbers": (b"0,", 7_000_000)}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_is_unpacked(kind: str) -> None:
    piece, count = BOMBS[kind]
    data = sealed(b'{"shelves":{"mine":[' + piece * count + b"0]}}")
    tracemalloc.start()
    try:
        with pytest.raises(SnapshotError, match="which is the most that is brought back"):
            thaw(data, worlds.LIFECYCLES, READERS)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_what_is_too_large_is_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MOST_PACKED", 1000)

    with pytest.raises(SnapshotError, match="expected at most 1000; delete some of the"):
        freeze(busy())


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


DEEP_KEY = {"\x00tuple": [{"\x00tuple": ["a"]}]}
FORGERIES = {
    "deep values": (("jobs", 0, "request", "payload"), nested(200), "nested deeper"),
    "a tuple of tuples as a key": (("shelves", "mine"), {"\x00map": [[DEEP_KEY, 1]]}, "neither a text nor a tuple"),
    "a kind of value there is not": (("shelves", "mine"), {"\x00course": ["xio"]}, "no kind of value"),
    "bytes that are none": (("shelves", "mine"), {"\x00bytes": "?"}, "mine does not fit"),
    "a shelf nobody keeps": (("shelves", "theirs"), {"a": 1}, "theirs, which no API here keeps"),
    "an API that is not served": (("jobs", 0, "request", "api"), "azure", "azure, which is not served here"),
    "a state its API does not have": (("jobs", 0, "history", 0, 1), "AFLOAT", "AFLOAT, which its API does not have"),
    "a way its API does not go": (("jobs", 0, "history", 1, 1), "COMPLETED", "cannot have gone"),
    "a job from the future": (("jobs", 0, "history", 0, 0), 10**15, "in disorder"),
    "a job that is not there": (("log", 0, 1), 10**6, "refers to a job that is not there"),
    "itself as its parent": (("jobs", 2, "parent"), 2, "cannot have the parent"),
    "more than a node has": (("jobs", 0, "request", "resources", "cpu"), 4.5, "cannot have given it"),
    "an amount below 0": (("jobs", 0, "request", "resources", "cpu"), -4, "an amount that there is not"),
    "a node that is not there": (("jobs", 0, "held", 0, 0), 77, "a node that is not there"),
    "nobody's nodes": (("jobs", 0, "held"), [], "says otherwise"),
    "a team of millions": (("jobs", 3, "request", "team", "size"), 9_000_000, "not the room that its team needs"),
    "an event of the past": (("agenda", 0, 0), 1, "due before"),
    "an event of no kind": (("agenda", 0, 2), 17, "due before"),
    "a clock that stands at -1": (("now",), -1, "a count or instant is -1"),
    "an unknown switch": (("scenario", "switches"), ["ionworks.free-lunch"], "unknown switch"),
    "a scenario that cannot be": (("scenario", "placement"), "anywhere", "expected placement"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_what_does_not_fit_together_is_refused_by_name(kind: str) -> None:
    place, value, reason = FORGERIES[kind]

    with pytest.raises(SnapshotError, match=reason) as refused:
        thaw(sealed(json.dumps(changed(place, value)).encode()), worlds.LIFECYCLES, READERS)

    assert "\n" not in str(refused.value)


def test_what_jobs_and_shelves_keep_comes_back_as_it_was() -> None:
    here = busy()
    here.shelf("mine")[("a", "b")] = (1, [2.5, b"\xff", "\x00bytes", {"\x00map": "x"}, -(10**30)])

    copy = thaw(freeze(here), worlds.LIFECYCLES, READERS)

    assert copy.shelf("mine") == here.shelf("mine")
    assert copy.job("xio", "first").payload == here.job("xio", "first").payload
    assert record(copy) == record(here)


def test_a_copy_goes_on_as_the_original_and_shares_nothing_with_it() -> None:
    here = busy()
    twin = snapshot.finished(snapshot.copying(here, worlds.LIFECYCLES, READERS))

    worlds.after(twin, 500)
    assert record(here) == record(busy())

    worlds.after(here, 500)
    assert worlds.timeline(twin) == worlds.timeline(here)
    assert record(twin) == record(here)
