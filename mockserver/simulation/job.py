"""A job is what was asked for, the stage it is in, and its history; it does not run itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.simulation.clock import micros

if TYPE_CHECKING:
    from mockserver.simulation.course import Stage
    from mockserver.simulation.queue import Shape
    from mockserver.simulation.team import Crew


class ResourceRequest(msgspec.Struct, frozen=True, cache_hash=True):  # a struct, since each submission looks its shape up by hash
    """What a job needs on one node: cores and GPUs (a fraction below 1 shares a device), bytes, custom amounts, labels.

    `gpu_model` and `gpu_registry` name a GPU exactly. `labels` must all be on the node; of `any_labels` one must be; of the nodes
    that fit, those with the first of `preferred` that any has are taken. A label is its name, or `name=value`; `region=value` fits a node's region too.
    """

    cpu: float = 0.0
    memory: int = 0
    gpu: float = 0.0
    storage: int = 0
    vram: int = 0
    gpu_model: str | None = None
    gpu_registry: str | None = None
    custom: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    any_labels: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which a job leaves by `timed_out`: assign, start and run per attempt, total over all attempts.

    The total counts from the job's creation, that of a draft from its release.
    """

    assign: float | None = None
    start: float | None = None
    run: float | None = None
    total: float | None = None

    def or_else(self, other: Limits) -> Limits:
        """These limits, and those of `other` where there are none."""
        return Limits(*[_first(getattr(self, name), getattr(other, name)) for name in ("assign", "start", "run", "total")])


def _first(own: float | None, other: float | None) -> float | None:
    return other if own is None else own


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait before the k-th retry: `first * 2**(k-1)` seconds, at most `most`."""

    first: float = 0.0
    most: float = 0.0

    def micros(self, retry: int) -> int:
        """Microseconds before retry number `retry` (from 1)."""
        return micros(min(self.first * 2.0 ** min(retry - 1, 60), self.most))


DISCARDED = -2
"""Generation of a job that was taken out of its world."""

NO_LIMITS = Limits()
NO_BACKOFF = Backoff()


class Outcome(msgspec.Struct, frozen=True, gc=False):  # a struct, since every run makes one and every history keeps it
    """How one run goes: microseconds it takes (None: until somebody ends it), exit code, why it failed, a vendor's word for that."""

    duration: int | None
    exit_code: int = 0
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What somebody wants this job to do, whatever the workload would draw; None and 0 leave it to the workload.

    The first `fail_attempts` attempts end with `exit_code` (1 unless given). `code` is a vendor's word for the error.
    """

    run_seconds: float | None = None
    exit_code: int | None = None
    reason: str = ""
    code: str = ""
    stay_queued: bool = False
    fail_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """How a job's work is divided: `size` members, at most `parallel` at once, each ended after `run` seconds; more failures than `tolerate` end the job."""

    size: int
    parallel: int
    tolerate: int = 0
    run: float | None = None


# A struct, since each submission makes one that lives as long as its job.
class JobRequest(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A job as an adapter asks for it, in house units.

    `key` is the public id, unique within `api`; `owner` the tenant, `project` the quota entity. A gang asks for `resources` on each
    of `nodes` nodes, all or nothing. A `preemptible` job may exceed its project's quota and be evicted; a `restartable` one then
    waits again. `command` is read for `sleep N` and `exit N`. `endless` runs go on until cancelled. `not_before` is seconds since
    the world began. `ttl` is seconds a finished job is kept. `draw` names the job's stream of random draws (the key where a client
    chose it). `callback` is where its client, which may be `remote` (on another machine), wants to be called when it has ended.
    `team` divides its work among members that take the resources each. An `elastic` job makes do with one of these smaller
    requests, falling, and grows when there is room.
    `unready` says how preparation fails, if it is bound to. `payload` is the adapter's own.
    """

    api: str
    key: str
    resources: ResourceRequest
    owner: str = ""
    project: str = ""
    priority: int = 0
    limits: Limits = NO_LIMITS
    retries: int = 0
    backoff: Backoff = NO_BACKOFF
    nodes: int = 1
    preemptible: bool = False
    restartable: bool = True
    command: str = ""
    endless: bool = False
    not_before: float = 0.0
    ttl: float | None = None
    parent: str | None = None
    draw: str = ""
    script: Script | None = None
    callback: str | None = None
    remote: bool = False
    team: Team | None = None
    unready: Outcome | None = None
    elastic: tuple[ResourceRequest, ...] = ()
    payload: Any = None


@dataclass(slots=True)
class Attempt:
    """One try of a job, read off its history; instants are microseconds since the world began, None while not reached.

    `outcome` is the event that ended it: succeeded, failed, retried, timed_out, cancelled, displaced, or "" while it goes on.
    """

    number: int
    queued: int
    assigned: int | None = None
    started: int | None = None
    ended: int | None = None
    nodes: tuple[str, ...] = ()
    outcome: str = ""
    exit_code: int | None = None
    reason: str = ""
    states: list[tuple[int, str]] = field(default_factory=list)


class Job:
    """One job of one world. Only the scheduler changes it; adapters read.

    `history` is flat: instant, stage, event, detail for every stage entered. `changed` is the instant of the last
    transition or accepted edit, `crew` the members that do its work.
    """

    __slots__ = (
        "changed",
        "created",
        "crew",
        "failures",
        "generation",
        "history",
        "holding",
        "open_children",
        "parent",
        "request",
        "serial",
        "shape",
        "stage",
    )

    def __init__(self, request: JobRequest, *, serial: int, now: int, stage: Stage, shape: Shape, parent: Job | None) -> None:
        self.request = request
        self.serial = serial
        self.created = self.changed = now
        self.stage = stage
        self.shape = shape
        self.parent = parent
        self.generation = 0
        self.failures = 0
        self.open_children = 0
        self.crew: Crew | None = None
        self.holding: tuple[tuple[int, tuple[int, ...]], ...] = ()
        self.history: list[Any] = [now, stage, "submitted", None]

    def __lt__(self, other: Job) -> bool:
        return self.serial < other.serial

    def __repr__(self) -> str:
        return f"Job({self.request.key}, {self.stage.name})"

    @property
    def key(self) -> str:
        """The public id."""
        return self.request.key

    @property
    def state(self) -> str:
        """The vendor's word for where the job is."""
        return self.stage.name

    @property
    def phase(self) -> str:
        """Our word for where the job is."""
        return self.stage.phase

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.stage.is_terminal

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to the job any more: it has ended or was discarded."""
        return self.stage.is_terminal or self.generation == DISCARDED

    @property
    def ended(self) -> int | None:
        """The instant at which the job ended, in microseconds, or None."""
        return self.history[-4] if self.stage.is_terminal else None

    @property
    def payload(self) -> Any:
        """What the adapter keeps with the job."""
        return self.request.payload

    @property
    def outcome(self) -> Outcome:
        """How the last attempt that ended did so; an empty outcome while none has."""
        for index in range(len(self.history) - 1, 0, -4):
            detail = self.history[index]
            if isinstance(detail, Outcome):
                return detail
        return Outcome(None)

    def steps(self) -> Iterator[tuple[int, Stage, str, object]]:
        """The history as (instant, stage entered, event, detail)."""
        history = self.history
        for index in range(0, len(history), 4):
            yield history[index], history[index + 1], history[index + 2], history[index + 3]

    def entered(self, state: str) -> int | None:
        """The first instant at which the job was in `state`, or None."""
        return next((instant for instant, stage, _, _ in self.steps() if stage.name == state), None)

    def attempts(self) -> list[Attempt]:
        """Every attempt so far, first to last; none for a draft."""
        tries: list[Attempt] = []
        for instant, stage, event, detail in self.steps():
            if tries and not tries[-1].outcome and (stage.is_terminal or (event in _ENDINGS and stage.phase not in _GOING_ON.get(event, ()))):
                _close(tries[-1], instant, event if event in _ENDINGS else stage.phase, detail)
            if stage.phase == "queued" and (not tries or tries[-1].outcome):
                tries.append(Attempt(len(tries) + 1, queued=instant))
            if not tries:
                continue
            last = tries[-1]
            last.states.append((instant, stage.name))
            if event == "allocated" and last.assigned is None:
                last.assigned, last.nodes = instant, detail  # type: ignore[assignment]
            if stage.phase in ("running", "working") and last.started is None:
                last.started = instant
        return tries


_ENDINGS = frozenset({"succeeded", "failed", "retried", "timed_out", "cancelled", "displaced", "parked"})
_GOING_ON = {"succeeded": ("queued", "finishing")}
"""Phases into which an event that ends attempts goes on with the same one: the work is done, the job is not."""


def _close(attempt: Attempt, instant: int, event: str, detail: object) -> None:
    attempt.ended, attempt.outcome = instant, event
    if isinstance(detail, Outcome):
        attempt.exit_code = detail.exit_code if event in ("succeeded", "failed", "retried", "parked") else None
        attempt.reason = detail.reason
