"""Two runs that must tell the same story: repeated, cut into slices, stepped event by event, or beside an unrelated
job.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from mockserver.simulation.clock import MICRO
from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.request import JobRequest, ResourceRequest
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.world import World
from tests.simulation import worlds

Command = tuple[int, JobRequest | None]
journals = st.lists(st.tuples(st.integers(0, 4), st.none() | worlds.requests), max_size=25)


def play(scenario: Scenario, journal: list[Command], *, move: Callable[[World, int], object]) -> World:
    """A world in which each entry of the journal waits its seconds, then submits its request, or cancels the oldest
    live job.
    """
    here, instant = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None), 0
    for number, (pause, request) in enumerate(journal):
        instant += pause * MICRO
        move(here, instant)
        if request is not None:
            job = here.submit(structs.replace(request, key=str(number)))
            if job.phase == "draft":
                here.release(job)
            continue
        for job in (job for api in worlds.LIFECYCLES for job in here.jobs(api).values() if not job.is_terminal):
            try:
                here.cancel(job)
            except NotCancellable:
                continue
            break
    move(here, instant + 500 * MICRO)
    return here


def at_once(here: World, instant: int) -> None:
    here.advance_to(instant)


@given(worlds.scenarios, journals)
def test_the_same_commands_give_the_same_log(scenario: Scenario, journal: list[Command]) -> None:
    first, second = (play(scenario, journal, move=at_once) for _ in range(2))

    assert worlds.timeline(first) == worlds.timeline(second)


@given(worlds.scenarios, journals, st.integers(1, 7))
def test_the_log_does_not_depend_on_the_size_of_slices(scenario: Scenario, journal: list[Command], most: int) -> None:
    def sliced(here: World, instant: int) -> None:
        while not here.advance_to(instant, most=most):
            pass

    assert worlds.timeline(play(scenario, journal, move=sliced)) == worlds.timeline(
        play(scenario, journal, move=at_once)
    )


@given(worlds.scenarios, journals)
def test_stepping_from_event_to_event_gives_the_same_log(scenario: Scenario, journal: list[Command]) -> None:
    def stepped(here: World, instant: int) -> None:
        here.settle()
        while (following := here.next_event_us()) is not None and following <= instant:
            here.advance_to(following)
            assert here.now_us == following
        here.advance_to(instant)

    assert worlds.timeline(play(scenario, journal, move=stepped)) == worlds.timeline(
        play(scenario, journal, move=at_once)
    )


@given(worlds.scenarios, journals, st.integers(1, 999_999))
def test_two_advances_are_as_good_as_one(scenario: Scenario, journal: list[Command], part: int) -> None:
    def halved(here: World, instant: int) -> None:
        here.advance_to(here.now_us + (instant - here.now_us) * part // 1_000_000)
        here.advance_to(instant)

    assert worlds.timeline(play(scenario, journal, move=halved)) == worlds.timeline(
        play(scenario, journal, move=at_once)
    )


@settings(max_examples=50)
@given(worlds.scenarios, st.lists(worlds.requests, min_size=1, max_size=10))
def test_a_job_that_takes_no_room_shifts_no_draw_of_the_others(scenario: Scenario, wanted: list[JobRequest]) -> None:
    alone, beside = (World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None) for _ in range(2))

    for number, request in enumerate(wanted):
        beside.submit(
            structs.replace(request, key=f"extra{number}", resources=ResourceRequest(gpu_model="none such"), elastic=())
        )
        for here in (alone, beside):
            here.submit(structs.replace(request, key=str(number)))
    for here in (alone, beside):
        here.advance_to(200 * MICRO)

    def stories(here: World) -> dict[str, list[tuple[float, str]]]:
        return {
            key: worlds.path(job)
            for api in worlds.LIFECYCLES
            for key, job in here.jobs(api).items()
            if not key.startswith("extra")
        }

    assert stories(alone) == stories(beside)


@given(worlds.scenarios, st.lists(worlds.requests, max_size=10))
def test_worlds_do_not_touch_each_other(scenario: Scenario, wanted: list[JobRequest]) -> None:
    crowded, quiet = (World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None) for _ in range(2))

    for number, request in enumerate(wanted):
        crowded.submit(structs.replace(request, key=str(number)))
    crowded.advance_to(100 * MICRO)

    assert (quiet.now_us, quiet.count, worlds.timeline(quiet)) == (0, 0, [])
    fresh = World(scenario, worlds.LIFECYCLES, epoch_us=0)
    assert quiet.new_id("any", fingerprint=b"x") == fresh.new_id("any", fingerprint=b"x")
