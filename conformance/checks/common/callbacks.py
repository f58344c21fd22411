"""The calls that every API makes when a job ends."""

from __future__ import annotations

from typing import Any

from conformance import catalogue as catalogues
from conformance.checks import check
from conformance.oracles.members import instant
from conformance.session.expect import expect, need_success, needed
from conformance.session.session import JobRef, Session
from conformance.target.callback_receiver import Delivery, Receiver
from conformance.traffic.json_pointer import Json, get, put, same_value, shown, without_nulls

PATIENCE = 900.0
"""Seconds of the target's clock after a job's end within which it must have been reported, failed attempts included."""


def _facts(session: Session) -> dict[str, Any]:
    return dict(catalogues.load(session.spec.name).callbacks or {})


def _same_instant(one: Json, other: Json) -> bool:
    """Whether two texts are the same instant, however they spell it."""
    return (
        isinstance(one, str) and isinstance(other, str) and instant(one) is not None and instant(one) == instant(other)
    )


def _submit(session: Session, receiver: Receiver, shape: str = "quick") -> JobRef:
    exchange = session.post(put(session.body(shape), _facts(session)["member"], receiver.url))
    need_success(exchange, "a submission with a callback")
    return session.job_of(exchange)


def _wait(session: Session, receiver: Receiver, calls: int = 1) -> list[Delivery]:
    for _ in session.ticks(PATIENCE, 5):
        if len(receiver.calls) >= calls:
            break
    return list(receiver.calls)


@check("JOB-WHK-001")
def an_ended_job_is_announced(session: Session) -> None:
    """Whether it ended well, badly, or was stopped."""
    for shape in ("quick", "fails"):
        with Receiver() as receiver:
            job = _submit(session, receiver, shape)
            session.until(job)
            expect(_wait(session, receiver), f"nobody was notified that the job ended as {session.state(job)}")
    with Receiver() as receiver:
        job = _submit(session, receiver, "long")
        session.until(job, "running")
        session.cancel(job)
        session.until(job)
        expect(_wait(session, receiver), "nobody was notified that the job was stopped")


@check("JOB-WHK-002")
def a_callback_shows_the_job(session: Session) -> None:
    """It says what reading the job says."""
    with Receiver() as receiver:
        job = _submit(session, receiver)
        session.until(job)
        calls = _wait(session, receiver)
        needed(calls, "nobody was called")
        view = without_nulls(session.view(job))
        event = without_nulls(calls[0].body)
        needed(isinstance(view, dict), "the job cannot be read")
        expect(isinstance(event, dict), "the callback's body is no object")
        for name in event.keys() & view.keys():
            message = f"the callback says {name} is {shown(event[name])}, the job {shown(view[name])}"
            agrees = same_value(event[name], view[name]) or _same_instant(event[name], view[name])
            expect(agrees, message)
        id_ = get(calls[0].body, session.role("submit").id or "")
        expect(id_ == job.id, f"the callback is about {shown(id_)}, not {job.id}")


@check("JOB-WHK-003")
def nobody_is_called_before_the_end(session: Session) -> None:
    """Neither while the job waits nor while it runs."""
    with Receiver() as receiver:
        job = _submit(session, receiver, "long")
        session.until(job, "running")
        session.advance(60)
        expect(not receiver.calls, f"the client was called while the job is {session.state(job)}")


@check("JOB-WHK-004")
def a_failed_call_is_made_again(session: Session) -> None:
    """The receiver fails once."""
    with Receiver(failures=1) as receiver:
        job = _submit(session, receiver)
        session.until(job)
        calls = _wait(session, receiver, 2)
        needed(calls, "nobody was called")
        expect(len(calls) > 1, "a call that was answered 500 was not made again")


@check("JOB-WHK-005")
def a_client_that_was_called_is_not_called_again(session: Session) -> None:
    """One more, identical call is allowed; more are not."""
    with Receiver() as receiver:
        job = _submit(session, receiver)
        session.until(job)
        needed(_wait(session, receiver), "nobody was called")
        session.advance(600)
        expect(len(receiver.calls) <= 2, f"the client was called {len(receiver.calls)} times")
        expect(
            all(same_value(one.body, receiver.calls[0].body) for one in receiver.calls),
            "a second call says something else",
        )
