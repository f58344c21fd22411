"""The sandboxes: one isolated world each, created on first use or on request, bounded in number and in jobs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import count

from mockserver.adapters.exchange import Refusal
from mockserver.http.callbacks.webhooks import Deliveries
from mockserver.http.guard import checked_host
from mockserver.http.limits import (
    GONE_BYTES,
    GONE_WORLD_BYTES,
    JOURNALS_BYTES,
    KEPT_BYTES,
    KEPT_PART,
    SANDBOX_IDLE_SECONDS,
    SANDBOX_JOBS,
    SANDBOXES,
    SLICE_STEPS,
)
from mockserver.http.pace import FIXED_EPOCH_US, Pace, Tempo, ticks, wall_us
from mockserver.http.records.journal import Journal, JournalBudget
from mockserver.http.records.tally import Tally
from mockserver.http.sandbox_name import DEFAULT, check_name
from mockserver.http.steering.faults import Faults
from mockserver.http.steering.rules import Rules
from mockserver.simulation.errors import WorldFull
from mockserver.simulation.job_limits import ByteBudget, plain_bytes
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.world import World, epoch_of
from specs import Spec


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox's world is made; `strict` says whether credentials are verified, None leaves it to the server."""

    scenario: Scenario
    seed: int | None
    tempo: Tempo
    strict: bool | None = None


@dataclass(slots=True, eq=False)
class Sandbox:
    """A world with its pace, rules, faults, journal and callbacks.

    `used` is the real time of the last request. `ended` is set when whatever waits in the world must give up; `moving`
    is held by whoever moves the clock on demand.
    """

    name: str
    settings: SandboxSettings
    world: World
    pace: Pace
    calls: Deliveries
    rules: Rules
    faults: Faults
    journal: Journal
    used: float
    is_removed: bool = False
    is_attended: bool = False
    lags: bool = False
    steering_bytes: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    moving: asyncio.Lock = field(default_factory=asyncio.Lock)

    def end_waiting(self) -> None:
        """Cancel everything that waits here at this moment."""
        self.ended.set()
        self.ended = asyncio.Event()

    def count_steering(self) -> None:
        """Count the bytes of rules and faults as they are now. Raises WorldFull."""
        size = self.rules.bytes + self.faults.bytes
        self.world.job_limits.hold(size - self.steering_bytes)
        self.steering_bytes = size

    def move(self, *, is_read: bool = False) -> World:
        """The world after everything due has happened; `is_read` says that a job is about to be read.

        A world that follows real time takes one slice at most: what is left over (`lags`) is made up for by the
        background task, and until then the world shows the instant it has come to.
        """
        world = self.world
        if self.pace.stands and world.scheduler.is_settled:
            return world
        target = min(self.pace.target(world, is_read=is_read), world.end_us)
        # nothing is due but, perhaps, another attempt to call somebody
        if target == world.now_us and self.pace.tempo.is_auto:
            target = max(target, self.calls.next_due(world) or 0)
        most = None if self.pace.tempo.rate is None else SLICE_STEPS
        while True:
            self.lags = not world.advance_to(target, most)
            if not self.lags or not world.scheduler.announced:
                return world
            self.calls.collect(world)

    @property
    def needs_moving(self) -> bool:
        """Whether something will happen here by itself, or a callback is pending."""
        return not self.is_removed and (
            self.world.awaited > 0 or self.moves_by_itself or bool(self.calls.pending(self.world))
        )

    @property
    def moves_by_itself(self) -> bool:
        """Whether time moves by itself here, and anything will ever be due."""
        return self.pace.tempo.rate is not None and bool(self.world.scheduler.agenda.heap)


class Sandboxes:
    """All sandboxes of one server, by name; new ones follow `settings` unless another is given. `clock` gives
    real seconds.
    """

    def __init__(
        self,
        lifecycles: Mapping[str, CompiledLifecycle],
        settings: SandboxSettings,
        *,
        callback_hosts: Sequence[str] = (),
        most_bytes: int = KEPT_BYTES,
        clock: Callable[[], float] = ticks,
    ) -> None:
        self.lifecycles, self.settings = lifecycles, settings
        self._hosts, self._clock = frozenset(checked_host(host).lower().strip("[]") for host in callback_hosts), clock
        self._kept: dict[str, Sandbox] = {}
        self._gone_bytes = 0  # of worlds that were replaced or deleted since the last collection
        self._numbers = count(1)
        self.copying = asyncio.Lock()  # of several worlds that are written or read, one is at a time
        self.tally = Tally()
        self.budget = ByteBudget(most_bytes, most_bytes // KEPT_PART)
        self.journal_budget = JournalBudget(self._shrink_journals)

    def get(self, name: str) -> Sandbox:
        """The sandbox of that name, created if necessary. Raises Refusal: an invalid name, or no room."""
        sandbox = self._kept.get(name)
        if sandbox is None:
            return self.create(name)
        sandbox.used = self._clock()
        return sandbox

    def existing(self, name: str) -> Sandbox:
        """The sandbox of that name, which is used by this. Raises Refusal: not a name, or none is called so."""
        if name not in self._kept:
            check_name(name)
            raise Refusal("unknown", f"no sandbox is called {name}; {self._those_there_are(name)}")
        return self.get(name)

    def _those_there_are(self, name: str) -> str:
        near = get_close_matches(name, self._kept, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"{hint}a request that does something makes one, or POST /_mock/sandboxes"

    def find(self, name: str) -> Sandbox:
        """The sandbox of that name. Raises Refusal when there is none."""
        if name not in self._kept:
            raise Refusal("unknown", f"no sandbox is called {name!r}")
        return self._kept[name]

    def create(self, name: str, settings: SandboxSettings | None = None, *, world: World | None = None) -> Sandbox:
        """A new sandbox, around `world` if one is given. Raises Refusal: not a name, taken, or no room."""
        self.check_free(name)
        now = self._clock()
        self._make_room(now)
        settings = settings or self.settings
        made = world or self._world(settings)
        made.job_limits.join(self.budget)  # raises WorldFull
        pace, journal, faults = self._pace(settings, made), Journal(self.journal_budget), Faults(self._clock)
        calls = Deliveries(self._hosts, tell=journal.note)
        sandbox = self._kept[name] = Sandbox(
            name, settings, made, pace, calls=calls, rules=Rules(), faults=faults, journal=journal, used=now
        )
        journal.watch(lambda: sandbox.world)
        return sandbox

    def check_free(self, name: str) -> None:
        """Raises Refusal for a name that is invalid or taken."""
        check_name(name)
        if name in self._kept:
            raise Refusal("conflict", f"a sandbox called {name!r} exists already")

    def remove(self, name: str) -> None:
        """Delete a sandbox with everything in it. Raises Refusal if there is none."""
        sandbox = self.find(name)
        del self._kept[name]
        sandbox.is_removed = sandbox.calls.is_over = True
        sandbox.world.job_limits.leave()
        sandbox.journal.leave()
        sandbox.end_waiting()
        self._let_go(sandbox.world)

    def close(self) -> None:
        """Cancel everything that waits in any sandbox, because the server is about to stop."""
        for sandbox in self._kept.values():
            sandbox.end_waiting()

    def holding(self, world: World) -> Sandbox:
        """The sandbox that a world belongs to. Raises LookupError."""
        for sandbox in self._kept.values():
            if sandbox.world is world:
                return sandbox
        raise LookupError("the world belongs to no sandbox of this server")

    def reset(self, sandbox: Sandbox) -> None:
        """Reset a sandbox: time 0, nothing in it."""
        self._begin(sandbox, self._world(sandbox.settings))
        for kept in (sandbox.rules, sandbox.faults, sandbox.journal):
            kept.clear()
        sandbox.count_steering()

    def restore(self, sandbox: Sandbox, world: World) -> None:
        """Replace the world of a sandbox; it continues from there at the sandbox's pace."""
        self._begin(sandbox, world)

    def fork(self, sandbox: Sandbox, name: str, world: World) -> Sandbox:
        """A second sandbox with a copy of the world of `sandbox`. Raises Refusal."""
        return self.create(name, sandbox.settings, world=world)

    def set_tempo(self, sandbox: Sandbox, tempo: Tempo) -> None:
        """Change the pace of a sandbox from this instant on, also after a reset."""
        sandbox.settings = replace(sandbox.settings, tempo=tempo)
        sandbox.pace = self._pace(sandbox.settings, sandbox.world)

    def free_name(self) -> str:
        """An unused name."""
        return next(name for name in (f"sandbox-{number}" for number in self._numbers) if name not in self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Sandbox]:
        return iter(self._kept.values())

    def idle_seconds(self, sandbox: Sandbox) -> float:
        """Real seconds since a sandbox's last request."""
        return max(0.0, self._clock() - sandbox.used)

    def _begin(self, sandbox: Sandbox, world: World) -> None:
        old = sandbox.world.job_limits
        old.leave()
        world.job_limits.hold(sandbox.steering_bytes)
        try:
            world.job_limits.join(self.budget)
        except WorldFull:
            old.join(self.budget)
            raise
        sandbox.calls.is_over = True
        sandbox.end_waiting()
        gone = sandbox.world
        sandbox.world, sandbox.pace = world, self._pace(sandbox.settings, world)
        sandbox.calls = Deliveries(self._hosts, tell=sandbox.journal.note)
        self._let_go(gone)

    def _let_go(self, world: World) -> None:
        """Give back the memory of worlds that are gone, once it is a lot: their parts refer to each other, so that a
        collection is needed, and those are rare."""
        self._gone_bytes += GONE_WORLD_BYTES + world.job_limits.bytes
        if self._gone_bytes > GONE_BYTES:
            self._gone_bytes = 0
            _soon(gc.collect)

    def _pace(self, settings: SandboxSettings, world: World) -> Pace:
        return Pace(settings.tempo, self._clock, shows=world.now_us)

    def _world(self, settings: SandboxSettings) -> World:
        began = FIXED_EPOCH_US if settings.tempo.rate is None else wall_us()
        world = World(
            settings.scenario, self.lifecycles, epoch_us=epoch_of(settings.scenario, began), seed=settings.seed
        )
        if settings.scenario is not self.settings.scenario:
            world.job_limits.hold(plain_bytes(settings.scenario))
        return world

    def _shrink_journals(self) -> None:
        """Cut the journals of the sandboxes that were idle longest, until a tenth of the room is free again."""
        for sandbox in sorted(self._kept.values(), key=lambda box: box.used):
            too_much = self.journal_budget.bytes - JOURNALS_BYTES * 9 // 10
            if too_much <= 0:
                return
            sandbox.journal.cut(max(0, sandbox.journal.bytes - too_much))

    def _make_room(self, now: float) -> None:
        """Evict the longest idle sandboxes as far as number or jobs demand it. Raises Refusal when none is idle."""
        while (
            len(self._kept) >= SANDBOXES
            or sum(box.world.job_limits.taken for box in self._kept.values()) >= SANDBOX_JOBS
        ):
            others = [box for box in self._kept.values() if box.name != DEFAULT]
            idle = min(others, key=lambda box: box.used, default=None)
            if idle is None or now - idle.used < SANDBOX_IDLE_SECONDS:
                in_use = f"{len(self._kept)} sandboxes of at most {SANDBOXES} are in use"
                full = f"{in_use}, with at most {SANDBOX_JOBS} jobs together"
                raise Refusal("unavailable", f"{full}; none was idle for {SANDBOX_IDLE_SECONDS:.0f} seconds")
            self.remove(idle.name)


def _soon(work: Callable[[], object]) -> None:
    """Do some work once nobody on the way here holds what is gone; at once where no loop runs."""
    try:
        asyncio.get_running_loop().call_soon(work)
    except RuntimeError:
        work()


def compiled_lifecycles(apis: Sequence[Spec]) -> dict[str, CompiledLifecycle]:
    """The compiled lifecycles of APIs."""
    return {spec.name: CompiledLifecycle(spec.lifecycle) for spec in apis if spec.lifecycle is not None}
