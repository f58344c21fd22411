"""How checks of Ionworks use up capacity, so that jobs wait for each other, and what they see of a job that waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.errors import Inconclusive
from conformance.oracles.members import instant
from conformance.session.expect import needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

MOST_FILLERS = 24
SLOWEST = 30.0
"""Seconds within which the first of several jobs has started, or there is no capacity."""
STEP = 2.0
LAG = 4.0
"""Seconds by which what is seen may lag behind what happened, at one look every `STEP` seconds."""


def running(session: Session) -> JobRef:
    """A job whose run goes on."""
    job = session.submit("long")
    session.until(job, "running")
    return job


def crowd(session: Session) -> list[JobRef]:
    """Running jobs that leave no room for another one of their kind."""
    return _crowded(session)[0]


def _crowded(session: Session) -> tuple[list[JobRef], float]:
    """The same, and the seconds within which whatever can start has started: longer at a server that is slow to start the first."""
    fillers: list[JobRef] = []
    patience = SLOWEST
    for _ in range(MOST_FILLERS):
        job = session.submit("fills")
        passed = _start(session, job, patience)
        if passed is None:
            session.cancel(job)
            needed(session.phase(job) != "queued", "a job that waits cannot be stopped")
            needed(fillers, "there is no capacity at all")
            return fillers, patience
        patience = patience if fillers else 1 + 2 * passed
        fillers.append(job)
    raise Inconclusive(f"{MOST_FILLERS} jobs did not use up all capacity; where there is no end of it, take the shape `fills` away in the target file")


def _start(session: Session, job: JobRef, within: float) -> float | None:
    """Seconds until a job has left the queue, or None if it never does."""
    return next((passed for passed in session.ticks(within) if session.phase(job) != "queued"), None)


def starts(session: Session, bodies: Sequence[Json]) -> list[int]:
    """Submit jobs that all wait, then make room for one after the other: their numbers in the order in which they stop waiting."""
    fillers, patience = _crowded(session)
    needed(len(fillers) >= len(bodies), "there is too little capacity to see an order")
    jobs = [session.submit("large", patch) for patch in bodies]
    session.advance(patience)
    needed(all(session.phase(job) == "queued" for job in jobs), "not every job waits")
    order: list[int] = []
    for filler in fillers[: len(jobs)]:
        session.cancel(filler)
        for _ in session.ticks(patience):
            started = [number for number, job in enumerate(jobs) if number not in order and session.phase(job) != "queued"]
            if started:
                break
        needed(len(started) <= 1, "several jobs started between two looks, so that their order cannot be told")
        order += started
    needed(len(order) == len(jobs), f"of {len(jobs)} jobs that waited {len(order)} have started")
    return order


@dataclass
class Life:
    """A job that waited, ran and ended: when each of its states was first seen, in seconds since its submission, and all looks at it."""

    job: JobRef
    first_seen: dict[str, float] = field(default_factory=dict)
    looks: list[tuple[float, Json]] = field(default_factory=list)

    def told(self, look: Json, pointer: str) -> float | None:
        """An instant as seconds since the submission, by the job's own word, or None."""
        made, found = instant(get(look, "/created_at")), instant(get(look, pointer))
        return None if made is None or found is None else found - made

    @property
    def end(self) -> Json:
        """The last look."""
        return self.looks[-1][1]


def lived(session: Session, waits: float = 30.0) -> Life:
    """Let a job wait for capacity, make room, and look at it until it has ended and a little longer."""
    fillers = crowd(session)
    life = Life(session.submit("large"))
    born = session.now or 0.0
    session.advance(waits)
    _look(session, life, born)
    session.cancel(fillers[0])
    for _ in session.ticks(200, STEP):
        state = _look(session, life, born)
        if session.phase_of(state) in ("succeeded", "failed", "cancelled"):
            break
    session.advance(20)
    _look(session, life, born)
    needed("processing" in life.first_seen and "completed" in life.first_seen, f"the job went through {', '.join(life.first_seen)}")
    return life


def _look(session: Session, life: Life, born: float) -> str:
    view = session.view(life.job)
    needed(isinstance(view, dict), "the job cannot be read")
    state, now = str(view.get("status")), (session.now or 0.0) - born
    life.looks.append((now, view))
    life.first_seen.setdefault(state, now)
    return state
