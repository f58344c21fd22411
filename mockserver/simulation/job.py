"""A job: its request, its present stage, and its history. It does not run itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.lifecycle import Stage
from mockserver.simulation.request import JobRequest, Outcome

DISCARDED = -2
"""Generation of a job that was taken out of its world."""


@dataclass(slots=True)
class Attempt:
    """One try of a job, read off its history; instants are microseconds since the world began, None while not reached.

    `outcome` is the event that ended it: succeeded, failed, retried, timed_out, cancelled, displaced, or "" while it
    goes on.
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

    def __init__(
        self, request: JobRequest, *, serial: int, now: int, stage: Stage, shape: Shape, parent: Job | None
    ) -> None:
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
        return self.since if self.stage.is_terminal else None

    @property
    def since(self) -> int:
        """The instant at which the job entered the stage it is in, in microseconds."""
        instant: int = self.history[-4]
        return instant

    @property
    def last_event(self) -> str:
        """The event that brought the job to the stage it is in."""
        event: str = self.history[-2]
        return event

    @property
    def last_detail(self) -> object:
        """What is known beside the last event: an outcome, the nodes given, or None."""
        detail: object = self.history[-1]
        return detail

    @property
    def previous_stage(self) -> Stage | None:
        """The stage before the one that the job is in, or None."""
        stage: Stage | None = self.history[-7] if len(self.history) > 4 else None
        return stage

    @property
    def step_count(self) -> int:
        """How many stages the job has entered so far."""
        return len(self.history) // 4

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

    def relive(self, steps: list[tuple[int, Stage, str, object]]) -> None:
        """Take these steps for the job's history: it was created at the first and is where the last led."""
        self.history = [part for step in steps for part in step]
        self.created, self.stage = steps[0][0], steps[-1][1]

    def entered(self, state: str) -> int | None:
        """The first instant at which the job was in `state`, or None."""
        return next((instant for instant, stage, _, _ in self.steps() if stage.name == state), None)

    def last_entered(self, phase: str) -> int | None:
        """The latest instant at which the job came into a stage of `phase`, or None."""
        history = self.history
        places = (index for index in range(len(history) - 4, -1, -4) if history[index + 1].phase == phase)
        return next((history[index] for index in places), None)

    def left(self, state: str) -> int | None:
        """The first instant at which the job left `state`, or None."""
        history = self.history
        for index in range(1, len(history) - 4, 4):
            if history[index].name == state:
                instant: int = history[index + 3]
                return instant
        return None

    def stages_after(self, count: int) -> list[Stage]:
        """The stages that the job has entered after its first `count`."""
        return self.history[4 * count + 1 :: 4]

    def allocations(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(instant, names of the nodes) of each time that the job was given nodes."""
        history = self.history
        for index in range(0, len(history), 4):
            if history[index + 2] == "allocated":
                yield history[index], history[index + 3]

    def nodes_given(self, instant: int) -> tuple[str, ...]:
        """The names of the nodes that the job was given at `instant`, the last time if more than once; none if it was
        not.
        """
        history = self.history
        for index in range(len(history) - 4, -1, -4):
            if history[index] == instant and history[index + 2] == "allocated":
                nodes: tuple[str, ...] = history[index + 3]
                return nodes
        return ()

    def first_allocated(self) -> int | None:
        """The instant at which the job was first given nodes, or None."""
        return next((instant for instant, _ in self.allocations()), None)

    def nodes_of(self, attempt: int) -> tuple[str, ...]:
        """The names of the nodes that attempt number `attempt` (from 1; -1 is the last) was given; none if
        it was not.
        """
        attempts = self.attempts()
        return (
            attempts[attempt - 1 if attempt > 0 else attempt].nodes
            if -len(attempts) <= attempt <= len(attempts)
            else ()
        )

    def attempts(self) -> list[Attempt]:
        """Every attempt so far, first to last; none for a draft."""
        tries: list[Attempt] = []
        for instant, stage, event, detail in self.steps():
            if (
                tries
                and not tries[-1].outcome
                and (stage.is_terminal or (event in _ENDINGS and stage.phase not in _GOING_ON.get(event, ())))
            ):
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


class Crew:
    """The team of one job at work: its members so far, how many of them have not ended (`open`), hold nodes (`active`),
    are done, have failed for good.
    """

    __slots__ = ("active", "done", "failed", "members", "open")

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.open = self.active = self.done = self.failed = 0


class Member(Job):
    """One of a team; `parent` is the job it works for. Of one team those of a lower `index` go first."""

    __slots__ = ("index",)

    def __init__(self, request: JobRequest, lead: Job, *, index: int, now: int, stage: Stage) -> None:
        super().__init__(request, serial=lead.serial, now=now, stage=stage, shape=lead.shape, parent=lead)
        self.index = index

    def __lt__(self, other: Job) -> bool:
        if isinstance(other, Member) and other.serial == self.serial:
            return self.index < other.index
        return super().__lt__(other)
