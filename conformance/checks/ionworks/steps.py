"""Steps that checks of Ionworks share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.errors import Inconclusive, NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import accepted, need_success, needed, refused
from conformance.session.paging import paging_of
from conformance.session.phases import need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, shown
from specs.lifecycle import TERMINAL

PATIENCE = 120.0
MOST_FILLERS = 24
SLOWEST = 30.0
"""Seconds within which the first of several jobs has started, or there is no capacity."""
STEP = 2.0


@dataclass
class Life:
    """A job that waited, ran and ended.

    When each of its states was first seen, in seconds since its submission, and all looks at it.
    """

    job: JobRef
    first_seen: dict[str, float] = field(default_factory=dict)
    looks: list[tuple[float, Json]] = field(default_factory=list)

    def since_creation(self, look: Json, pointer: str) -> float | None:
        """An instant as seconds since the submission, by the job's own word, or None."""
        made, found = instant(get(look, "/created_at")), instant(get(look, pointer))
        return None if made is None or found is None else found - made

    @property
    def end(self) -> Json:
        """The last look."""
        return self.looks[-1][1]


METADATA = "get_job_metadata_jobs__job_id__metadata_get"
CHANNELS = "get_series_channels_jobs__job_id__series_channels_get"
SERIES, PLOT = "get_series_jobs__job_id__series_get", "get_plot_data_pipelines_datafits__job_id__plot_data_get"
BESIDE = (METADATA, CHANNELS, SERIES, PLOT)
TYPES = ("dummy", "datafit", "validation", "simulate", "evaluate_variables", "optimize", "ecm_fit", "simple_pipeline")
PAGE, ARRAY = "list_jobs_jobs_get", "list_jobs_jobs__get"
Query = list[tuple[str, Any]]
STRANGERS, DENIED = (404, 403), (401, 403)


def running_job(session: Session) -> JobRef:
    """A job whose run goes on."""
    return session.submit("long", until="running")


def crowd(session: Session) -> list[JobRef]:
    """Running jobs that leave no room for another one of their kind."""
    return crowded(session)[0]


def crowded(session: Session) -> tuple[list[JobRef], float]:
    """The same, and the seconds within which whatever can start has started.

    Longer at a server that is slow to start the first.
    """
    fillers: list[JobRef] = []
    patience = SLOWEST
    for _ in range(MOST_FILLERS):
        job = session.submit("fills")
        passed = _start(session, job, patience)
        if passed is None:
            session.cancel(job)
            needed(session.phase_of(session.stopped(job)) != "queued", "a job that waits cannot be stopped")
            needed(fillers, "there is no capacity at all")
            return fillers, patience
        patience = patience if fillers else 1 + 2 * passed
        fillers.append(job)
    raise Inconclusive(
        f"{MOST_FILLERS} jobs did not use up all capacity; where there is no end of it, take the shape `fills` "
        "away in the target file"
    )


def _start(session: Session, job: JobRef, within: float) -> float | None:
    """Seconds until a job has left the queue, or None if it never does."""
    return next((passed for passed in session.ticks(within) if session.phase(job) != "queued"), None)


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
        if session.phase_of(state) in TERMINAL:
            break
    session.advance(20)
    _look(session, life, born)
    needed({"processing", "completed"} <= life.first_seen.keys(), f"the job went through {', '.join(life.first_seen)}")
    return life


def _look(session: Session, life: Life, born: float) -> str:
    view = session.view(life.job)
    needed(isinstance(view, dict), "the job cannot be read")
    state, now = str(view.get("status")), (session.now or 0.0) - born
    life.looks.append((now, view))
    life.first_seen.setdefault(state, now)
    return state


def ask(session: Session, operation: str, job: JobRef | str, **query: Any) -> Exchange:
    """Make a call about a job."""
    id_, tenant = (job.id, job.tenant) if isinstance(job, JobRef) else (job, "")
    return session.call(operation, {"job_id": id_}, query=query, tenant=tenant)


def completed_fit(session: Session, **options: Any) -> JobRef:
    """A fit that has completed."""
    job = session.submit("fit", until="end", **options)
    need_phase(session, job, "succeeded")
    return job


def jobs_of_page(session: Session, query: Query, operation: str = PAGE) -> tuple[list[Json], int | None]:
    """The jobs of one page, and the total where one is reported."""
    exchange = accepted(session.call(operation, query=query), f"the list for {shown(query)}")
    page = exchange.response.json
    jobs, total = (page, None) if operation == ARRAY else (get(page, "/jobs"), get(page, "/total"))
    needed(isinstance(jobs, list), "the list is no list")
    return jobs, None if total is MISSING else total


def behind(session: Session, count: int) -> Query:
    """The parameter that passes over so many jobs."""
    return [(paging_of(session.target)["offset"], count)]


def refused_as_invalid(session: Session, body: Json, what: str) -> Exchange:
    """A submission that is refused with 422, after a valid twin."""
    need_success(session.post(session.body()), "the control twin")
    return refused(session.post(body), what, (422,))


def is_taken_here(exchange: Exchange) -> None:
    """Leave the check where a submission to the path with a slash is only sent on to the other path."""
    if exchange.response.status in (307, 308):
        raise NotApplicable("a submission to the path with a slash is sent on to the path without")
    need_success(exchange, "a submission to the path with a slash")
