"""Steps that checks of openYuanrong share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.checks.families.instants import instants
from conformance.session.expect import accepted, expect, need_success
from conformance.session.phases import leaves
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, shown

TAKEN = (400, 403, 404, 409, 422, 500)
"""No status is documented for an id that is taken."""
ROOM: Json = {"entrypoint_num_cpus": 3}
POOL = "X-Pool-Label"
PATIENCE = 16
"""Seconds of the eighteen that a job waits for room."""


def answered(exchange: Exchange, what: str, expected: bool) -> Exchange:
    """The call was granted and answered so; the guide calls the answer a text, so a text that says it will do here."""
    accepted(exchange, what)
    answer = exchange.response.json
    answer = {"true": True, "false": False}.get(answer, answer) if isinstance(answer, str) else answer
    expect(answer is expected, f"{what} was answered {shown(answer)}, expected {shown(expected)}", exchange)
    return exchange


def in_state(session: Session, shape: str, *phases: str) -> JobRef:
    """A job of a shape, as soon as it is in one of these phases."""
    job = session.submit(shape)
    session.until(job, *phases)
    return job


def stopped_job(session: Session) -> JobRef:
    """A job that was stopped while it ran."""
    job = in_state(session, "long", "running")
    need_success(session.cancel(job), "stopping a running job")
    session.until(job)
    return job


def ended_jobs(session: Session) -> Iterator[JobRef]:
    """One job that succeeded, one that failed, one that was stopped."""
    yield in_state(session, "quick", "succeeded")
    yield in_state(session, "fails", "failed")
    yield stopped_job(session)


def instant_of(session: Session, job: JobRef, name: str) -> float:
    """An instant that a job reports, in seconds."""
    return instants(session.view(job), f"/{name}")[0]


def submit_named(session: Session, id_: str, shape: str = "quick") -> JobRef:
    """A job of that id."""
    exchange = session.post(session.body(shape, {"submission_id": id_}))
    return session.job_of(accepted(exchange, f"a submission with the id {shown(id_)}"))


def node(name: str, **others: Any) -> Json:
    """A class of nodes with four cores and four gibibytes."""
    return {"class": name, "cpu": 4, "memory_gib": 4, **others}


def submit_one(session: Session, shape: str, patch: Json = None, *, pools: str = "") -> JobRef:
    """A job unlike any other, so that two worlds of one check do not make the same id for it."""
    marked = {"metadata": {"judge": session.unique("m")}, **(patch or {})}
    return session.submit(shape, marked, headers={POOL: pools} if pools else {})


def long_running(session: Session, patch: Json = None, *, pools: str = "") -> JobRef:
    """A job that runs long, after as long as it may wait or as soon as it does not."""
    job = submit_one(session, "long", patch, pools=pools)
    leaves(session, job, "queued", within=PATIENCE)
    return job


def read_back(session: Session, patch: Json, pointer: str) -> Json:
    """What is read there of a job that was submitted so."""
    exchange = accepted(session.post(session.body(patch=patch)), "a submission of much")
    return get(session.view(session.job_of(exchange)), pointer)


def without_room(session: Session) -> JobRef | None:
    """A job that has failed since it found no room; none where such jobs wait for longer than a minute."""
    job = session.submit("waits")
    return job if any(session.phase(job) == "failed" for _ in session.ticks(60, 5)) else None
