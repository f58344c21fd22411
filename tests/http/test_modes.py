"""However simulated time follows real time, the same commands at the same simulated instants give the same story."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.http.pace import Tempo
from mockserver.http.sandboxes.sandbox import Sandboxes, SandboxSettings
from mockserver.simulation.clock import MICRO
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.world import World
from tests.simulation import worlds
from tests.simulation.test_metamorphic import Command, at_once, journals, play


class Following:
    """Moves a world as a sandbox of that pace is moved: by a hand clock that shows real seconds, looked at `looks`
    times on the way.
    """

    def __init__(self, pace: Tempo, scenario: Scenario, looks: int) -> None:
        self.now, self.looks, self.rate = 0.0, looks, pace.rate or 1.0
        self.boxes = Sandboxes(worlds.LIFECYCLES, SandboxSettings(scenario, None, pace), clock=lambda: self.now)

    def __call__(self, here: World, instant: int) -> None:
        box = self.boxes.get("default")
        box.world = here
        start, end = self.now, instant / MICRO / self.rate
        for look in range(1, self.looks + 1):
            self.now = start + (end - start) * look / self.looks
            while box.move().now_us < box.pace.target(here) or box.lags:
                pass
        assert here.now_us == instant


@given(
    worlds.scenarios,
    journals,
    st.sampled_from([Tempo("real", 1.0), Tempo("x4", 4.0), Tempo("x1024", 1024.0)]),
    st.sampled_from([1, 2, 4]),
)
def test_a_clock_that_follows_real_time_gives_the_same_log(
    scenario: Scenario, journal: list[Command], pace: Tempo, looks: int
) -> None:
    followed = play(scenario, journal, move=Following(pace, scenario, looks))

    assert worlds.timeline(followed) == worlds.timeline(play(scenario, journal, move=at_once))


@given(worlds.scenarios, journals, st.sampled_from(["step", "auto"]))
def test_a_clock_that_goes_from_event_to_event_gives_the_same_log(
    scenario: Scenario, journal: list[Command], name: str
) -> None:
    boxes = Sandboxes(worlds.LIFECYCLES, SandboxSettings(scenario, None, Tempo(name, None)))

    def stepped(here: World, instant: int) -> None:
        box = boxes.get("default")
        box.world = here
        here.settle()
        while (following := here.next_event_us()) is not None and following <= instant:
            assert box.move(is_read=True).now_us == following
        here.advance_to(instant)

    assert worlds.timeline(play(scenario, journal, move=stepped)) == worlds.timeline(
        play(scenario, journal, move=at_once)
    )
