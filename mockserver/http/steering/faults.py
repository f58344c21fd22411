"""The faults of a sandbox: answers that are delayed, malformed, truncated, refused or dropped, for a while.

Every fault ends by itself: after `ttl` seconds of real time, whatever becomes of whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import msgspec

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import FAULT_DELAY_SECONDS, FAULT_SECONDS, FAULTS, MOST_FAULT_SECONDS
from mockserver.http.pace import ticks
from mockserver.http.steering.descriptions import check_headers, read, refuse
from mockserver.http.steering.matching import Asked, Scope, Test, compiled, kept_bytes
from mockserver.simulation.draws import uniform
from mockserver.simulation.scenario.distribution import Distribution, sample

Listed = list[dict[str, Any]]
Kind = Literal["latency", "status", "drop", "truncate", "malformed", "slow", "quota"]

_STRIKES, _SECONDS = 102, 103  # purposes of draws: whether a fault strikes, how long it delays

_OWN: dict[Kind, tuple[str, ...]] = {
    "latency": ("seconds", "uniform", "log_normal"),
    "status": ("status", "message", "headers"),
    "drop": ("after",),
    "truncate": ("keep",),
    "malformed": (),
    "slow": ("seconds",),
    "quota": ("requests", "window"),
}
"""Parameters of each kind beside scope, probability, seed, count and ttl."""


class _Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    scope: Scope = Scope()
    probability: float = 1.0
    seed: int = 1
    count: int | None = None
    ttl: float = FAULT_SECONDS
    seconds: float | None = None
    uniform: tuple[float, float] | None = None
    log_normal: tuple[float, float] | None = None
    status: int | None = None
    message: str | None = None
    headers: dict[str, str] | None = None
    keep: float | None = None
    after: bool | None = None
    requests: int | None = None
    window: float | None = None


@dataclass(slots=True)
class Fault:
    """One fault. `expires` is real time; `seen` counts requests in its scope, `struck` those to which it
    was applied.
    """

    id: str
    kind: Kind
    description: dict[str, Any]
    settings: _Description
    meets: Test
    expires: float
    delay: Distribution | None = None
    size: int = 0
    seen: int = 0
    struck: int = 0
    window_ends: float = -1.0
    used: int = 0

    def strikes(self, asked: Asked, now: float) -> bool:
        """Whether it applies to this request, made at simulated second `now`; counts it."""
        settings = self.settings
        if (settings.count is not None and self.struck >= settings.count) or not self.meets(asked):
            return False
        self.seen += 1
        if (
            settings.probability < 1.0
            and uniform(settings.seed, draw=self.id, attempt=self.seen, purpose=_STRIKES) >= settings.probability
        ):
            return False
        if self.kind == "quota" and not self._exceeds(now):
            return False
        self.struck += 1
        return True

    def _exceeds(self, now: float) -> bool:
        if now >= self.window_ends:
            self.window_ends, self.used = now + (self.settings.window or 0.0), 0
        self.used += 1
        return self.used > (self.settings.requests or 0)

    def seconds(self) -> float:
        """How long this strike delays or stretches the answer, in real seconds."""
        assert self.delay is not None
        chance = uniform(self.settings.seed, draw=self.id, attempt=self.seen, purpose=_SECONDS)
        return min(sample(self.delay, chance), FAULT_DELAY_SECONDS)


@dataclass(slots=True)
class Strike:
    """What all faults together do to one request; `ids` names them. Seconds are real time, `keep` a fraction of the
    body.

    A dropped request is acted upon first if `acts` says so.
    """

    ids: list[str] = field(default_factory=list)
    delay: float = 0.0
    status: int | None = None
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    acts: bool = True
    malformed: bool = False
    keep: float | None = None
    stretch: float = 0.0

    @property
    def spoils_body(self) -> bool:
        """Whether the answer's bytes are changed."""
        return self.drop or self.malformed or self.keep is not None or self.stretch > 0

    def take(self, fault: Fault, now: float, rate: float) -> None:
        """Add what a fault does at simulated second `now`; of several that answer, the first does."""
        settings = fault.settings
        self.ids.append(fault.id)
        if fault.kind == "latency":
            self.delay = min(self.delay + fault.seconds(), FAULT_DELAY_SECONDS)
        elif fault.kind == "slow":
            self.stretch = min(self.stretch + fault.seconds(), FAULT_DELAY_SECONDS)
        elif fault.kind == "truncate":
            self.keep = 0.5 if settings.keep is None else settings.keep
        elif fault.kind == "malformed":
            self.malformed = True
        elif fault.kind == "drop":
            self.drop, self.acts = True, bool(settings.after)
        elif self.status is None:
            self._answer(fault, (fault.window_ends - now) / rate)

    def _answer(self, fault: Fault, rest: float) -> None:
        settings = fault.settings
        if fault.kind == "quota":
            self.status = 429
            self.message = f"more than {settings.requests} requests within {settings.window:g} seconds"
            self.headers = {"Retry-After": str(max(1, ceil(rest)))}
        else:
            self.status, self.message = settings.status, settings.message or "answered so by a fault of the mock"
            self.headers = dict(settings.headers or {})


class Faults:
    """The faults of one sandbox; `given` by id. `clock` gives real seconds."""

    __slots__ = ("_clock", "_made", "given")

    def __init__(self, clock: Callable[[], float] = ticks) -> None:
        self._clock = clock
        self.given: dict[str, Fault] = {}
        self._made = 0

    @property
    def bytes(self) -> int:
        """About how many bytes they take."""
        return sum(fault.size for fault in self.given.values())

    def add(self, description: dict[str, Any]) -> Fault:
        """Add a fault described as `{"kind": …, "scope": {…}, "ttl": 60, …}`. Raises Refusal."""
        self._prune()
        if len(self.given) >= FAULTS:
            raise Refusal("conflict", f"the sandbox has {FAULTS} faults, which is its limit; remove some")
        settings = read(description, _Description, "fault")
        _check(settings)
        meets = compiled(settings.scope, "fault", "scope")
        if settings.scope.body:
            raise refuse(
                "fault",
                ("scope", "body"),
                settings.scope.body,
                "expected no body expressions: a fault strikes before bodies are read",
            )
        self._made += 1
        fault = Fault(
            f"fault-{self._made}",
            settings.kind,
            description,
            settings,
            meets,
            self._clock() + settings.ttl,
            _delay(settings),
            kept_bytes(settings.scope, description),
        )
        self.given[fault.id] = fault
        return fault

    def remove(self, id: str) -> None:  # noqa: A002  (the word of the control API)
        """Delete a fault. Raises Refusal: no such fault, or it has expired."""
        self._prune()
        if self.given.pop(id, None) is None:
            raise Refusal("unknown", f"no fault is called {id!r}; there are {', '.join(self.given) or 'none'}")

    def list(self) -> Listed:
        """The faults that have not expired, as described, with id, counts and the real seconds left."""
        self._prune()
        now = self._clock()
        return [
            {
                "id": one.id,
                **one.description,
                "seen": one.seen,
                "struck": one.struck,
                "seconds_left": round(one.expires - now, 3),
            }
            for one in self.given.values()
        ]

    def clear(self) -> None:
        """Delete all faults."""
        self.given.clear()

    def strike(self, asked: Asked, now: float, rate: float = 1.0) -> Strike | None:
        """What the faults do to a request made at simulated second `now`; None if nothing.

        `rate` is simulated seconds per real second: a client that is told when to try again waits in real time.
        """
        self._prune()
        strike = None
        for fault in self.given.values():
            if fault.strikes(asked, now):
                strike = strike or Strike()
                strike.take(fault, now, rate)
        return strike

    def _prune(self) -> None:
        now = self._clock()
        for id_ in [one.id for one in self.given.values() if one.expires <= now]:
            del self.given[id_]


def _delay(settings: _Description) -> Distribution | None:
    if settings.kind not in ("latency", "slow"):
        return None
    ways = ("seconds", "uniform", "log_normal")
    given = [name for name in ways if getattr(settings, name) is not None]
    if len(given) != 1 and settings.kind == "latency":
        sentence = f"expected exactly one of {', '.join(ways)}, got {', '.join(given) or 'none'}"
        raise refuse("fault", (), {"kind": settings.kind}, sentence)
    try:
        return Distribution(fixed=settings.seconds, uniform=settings.uniform, log_normal=settings.log_normal)
    except ValueError as error:
        raise refuse(
            "fault", tuple(given), getattr(settings, given[0]), str(error).replace("fixed", "seconds")
        ) from error


def _check(settings: _Description) -> None:
    own = _OWN[settings.kind]
    for names in _OWN.values():
        for name in names:
            if name not in own and getattr(settings, name) is not None:
                raise refuse(
                    "fault",
                    (name,),
                    getattr(settings, name),
                    f"a fault of kind {settings.kind} takes {', '.join(own) or 'nothing of its own'}",
                )
    for name, is_good, expected in _RULES:
        value = getattr(settings, name)
        if value is not None and not is_good(value):
            raise refuse("fault", (name,), value, f"expected {expected}")
    needed = {"status": ("status",), "quota": ("requests", "window"), "slow": ("seconds",)}.get(settings.kind, ())
    for name in needed:
        if getattr(settings, name) is None:
            raise refuse("fault", (), {"kind": settings.kind}, f"a fault of kind {settings.kind} needs {name}")
    check_headers(settings.headers or {}, "fault", ("headers",))


_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("ttl", lambda value: 0 < value <= MOST_FAULT_SECONDS, f"real seconds above 0, at most {MOST_FAULT_SECONDS:.0f}"),
    ("probability", lambda value: 0 <= value <= 1, "a number from 0 to 1"),
    ("count", lambda value: value >= 1, "a count from 1"),
    ("seconds", lambda value: 0 <= value <= FAULT_DELAY_SECONDS, f"real seconds from 0 to {FAULT_DELAY_SECONDS:.0f}"),
    (
        "log_normal",
        lambda value: abs(value[0]) <= 20 and 0 <= value[1] <= 20,
        "[mu, sigma] with mu from -20 to 20 and sigma from 0 to 20",
    ),
    ("status", lambda value: 200 <= value <= 599, "a status from 200 to 599"),
    ("message", lambda value: len(value) <= 1000, "at most 1000 characters"),
    ("keep", lambda value: 0 <= value < 1, "the fraction of the body that is sent, from 0 to below 1"),
    ("requests", lambda value: 0 <= value <= 1_000_000, "a count from 0 to 1000000"),
    ("window", lambda value: 0 < value <= 1e9, "simulated seconds above 0"),
)
"""What each value must be like."""
