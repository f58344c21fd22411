"""Ordinary lives of jobs, lived only to give the passive oracles something to see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from conformance.checks.common.steps import NOBODY
from conformance.errors import Inconclusive, NotApplicable
from conformance.session.session import Session
from conformance.target.target import request_examples


def a_job_runs_well(session: Session) -> None:
    """Submit, look at it in every way until it has ended, and a while longer."""
    job = session.submit()
    for _ in session.watch(job):
        if "list" in session.roles:
            session.list_jobs()
    session.advance(30)
    session.read(job)


def a_job_fails(session: Session) -> None:
    """One that ends badly."""
    session.submit("fails", until="end")
    session.list_jobs()


def a_job_is_retried(session: Session) -> None:
    """One whose first attempt fails."""
    session.submit("retried", until="end")


def a_job_is_stopped(session: Session) -> None:
    """One that is stopped while it runs, and asked for again."""
    job = session.submit("long", until="running")
    session.cancel(job)
    session.read(job)
    session.advance(60)
    session.read(job)
    session.list_jobs()


def a_waiting_job_is_stopped(session: Session) -> None:
    """One that is stopped before it has any capacity."""
    job = session.submit("waits")
    session.advance(5)
    session.read(job)
    session.cancel(job)
    session.read(job)


def several_jobs_are_forgotten(session: Session) -> None:
    """Jobs that end and are deleted, where there is a way."""
    jobs = [session.submit(until="end") for _ in range(3)]
    if "delete" in session.roles:
        for job in jobs:
            session.delete(job)
            with suppress(Inconclusive, NotApplicable):
                session.read(job)
    session.list_jobs()


def examples_are_sent(session: Session) -> None:
    """Every example of a submission that the document gives."""
    for example in request_examples(session.spec, session.role("submit").operation):
        exchange = session.post(example)
        if exchange.response.is_success:
            session.read(session.job_of(exchange))


def everything_readable_is_read(session: Session) -> None:
    """Every operation that only reads, about a job that is new, that runs, and that has ended.

    And those that name no job.
    """
    going = session.submit("long" if "long" in session.settings.shapes else "quick")
    jobs = [session.submit(draft=True), session.submit(until="end"), going]
    for operation in session.spec.operations.values():
        if operation.method != "GET" or "text/event-stream" in str(operation.node["responses"]):
            continue
        names = [one["name"] for one in operation.parameters if one["in"] == "path"]
        for job in jobs if names else jobs[:1]:
            session.call(operation.id, dict.fromkeys(names, job.id))


def some_requests_are_refused(session: Session) -> None:
    """An empty submission, and calls about a job that nobody made."""
    session.post({})
    for name in ("read", "cancel", "delete"):
        if name in session.roles:
            session.on(name, NOBODY)


ORDINARY_LIVES: tuple[Callable[[Session], None], ...] = (
    a_job_runs_well,
    a_job_fails,
    a_job_is_retried,
    a_job_is_stopped,
    a_waiting_job_is_stopped,
    several_jobs_are_forgotten,
    examples_are_sent,
    everything_readable_is_read,
    some_requests_are_refused,
)
LASTING: dict[Callable[[Session], None], float] = {
    a_job_runs_well: 40.0,
    a_job_is_stopped: 65.0,
    everything_readable_is_read: 30.0,
}
"""About how many seconds of the target's clock those ordinary lives wait that wait for long."""
