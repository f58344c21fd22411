"""Keeps the sandboxes: one isolated world each, made on first use, bounded in number."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.limits import SANDBOX_IDLE_SECONDS, SANDBOXES
from mockserver.http.pace import FIXED_EPOCH_US, Pace, Tempo, ticks, wall_us
from mockserver.simulation.course import Course
from mockserver.simulation.scenario import Scenario
from mockserver.simulation.world import World, epoch_of
from specs import Spec

DEFAULT = "default"
HEADER = b"x-mock-sandbox"
PREFIX = "/sandbox/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(slots=True)
class Sandbox:
    """A world and the pace at which it is moved. `used` is the real time of the last request."""

    name: str
    world: World
    pace: Pace
    used: float

    def move(self) -> World:
        """The world, with everything happened that is due."""
        self.pace.move(self.world)
        return self.world


class Sandboxes:
    """All sandboxes of one server, by name. `clock` gives real seconds."""

    def __init__(self, make: Callable[[], World], tempo: Tempo, clock: Callable[[], float] = ticks) -> None:
        self.tempo = tempo
        self._make, self._clock = make, clock
        self._kept: dict[str, Sandbox] = {}

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name, made if need be. Raises Refusal: not a name, or no room."""
        sandbox = self._kept.get(name)
        now = self._clock()
        if sandbox is None:
            if not _NAME.match(name):
                message = f"{name!r} is no sandbox name; expected: up to 64 letters, digits, dots, dashes and underscores"
                raise Refusal("invalid", message, violations=(Violation("header", ("X-Mock-Sandbox",), "pattern", _NAME.pattern, name, message),))
            self._make_room(now)
            sandbox = self._kept[name] = Sandbox(name, self._make(), Pace(self.tempo, self._clock), now)
        sandbox.used = now
        return sandbox

    def holding(self, world: World) -> Sandbox:
        """The sandbox that a world belongs to. Raises LookupError."""
        for sandbox in self._kept.values():
            if sandbox.world is world:
                return sandbox
        raise LookupError("the world belongs to no sandbox of this server")

    def reset(self, sandbox: Sandbox) -> None:
        """Begin a sandbox anew, at time 0."""
        sandbox.world, sandbox.pace = self._make(), Pace(self.tempo, self._clock)

    def __len__(self) -> int:
        return len(self._kept)

    def _make_room(self, now: float) -> None:
        if len(self._kept) < SANDBOXES:
            return
        idle = min((box for box in self._kept.values() if box.name != DEFAULT), key=lambda box: box.used)
        if now - idle.used < SANDBOX_IDLE_SECONDS:
            raise Refusal("unavailable", f"{SANDBOXES} sandboxes are in use; none was idle for {SANDBOX_IDLE_SECONDS:.0f} seconds")
        del self._kept[idle.name]


def world_maker(apis: list[Spec], scenario: Scenario, tempo: Tempo, seed: int | None) -> Callable[[], World]:
    """How each sandbox's world is made: one cluster for all APIs, beginning now or, where real time does not matter, at a fixed instant."""
    courses = {spec.name: Course(spec.lifecycle) for spec in apis if spec.lifecycle is not None}

    def make() -> World:
        began = FIXED_EPOCH_US if tempo.rate is None else wall_us()
        return World(scenario, courses, epoch_us=epoch_of(scenario, began), seed=seed)

    return make
