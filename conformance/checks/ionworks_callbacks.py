"""Checks of Ionworks' callbacks, beside those that every API with callbacks owes."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.target.callback_receiver import Delivery, Receiver
from conformance.traffic.json_pointer import get

PATIENCE = 120.0


def _told(session: Session, receiver: Receiver, calls: int = 1) -> list[Delivery]:
    """What has been called as soon as there are so many calls, or the time is up."""
    for _ in session.ticks(PATIENCE, 2):
        if len(receiver.calls) >= calls:
            break
    return list(receiver.calls)


def _submit(session: Session, url: str, shape: str = "quick") -> JobRef:
    return session.submit(shape, {"callback_url": url})


@check("ION-WHK-001")
def the_very_url_is_called(session: Session) -> None:
    """With a path of its own, escapes and a query."""
    with Receiver() as receiver:
        target = "/called/A%20b/c?key=V%26w&again=1"
        job = _submit(session, receiver.url.removesuffix("/called") + target)
        session.until(job)
        calls = _told(session, receiver)
        needed(calls, "nobody was called")
        expect(calls[0].request.target == target, f"called was {calls[0].request.target}, submitted was {target}", job.created)


@check("ION-WHK-002")
def the_call_posts_json(session: Session) -> None:
    """An object, declared as what it is, of a job that ended well and of one that failed."""
    for shape, status in (("quick", "completed"), ("fails", "failed")):
        with Receiver() as receiver:
            job = _submit(session, receiver.url, shape)
            session.until(job)
            calls = _told(session, receiver)
            needed(calls, "nobody was called")
            expect(calls[0].request.method == "POST", f"the method of the call is {calls[0].request.method}", job.created)
            media = (calls[0].request.header("content-type") or "").partition(";")[0].strip().lower()
            expect(media == "application/json", f"the media type of the call is {media!r}", job.created)
            told = get(calls[0].body, "/status")
            expect(told == status, f"the call about a job that is {status} says {told!r}", job.created)


@check("ION-WHK-003")
def the_end_of_a_job_that_waited_is_told(session: Session) -> None:
    """Canceled before it started."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "waits")
        session.advance(5)
        expect(not receiver.calls, "the client was called while the job waits", job.created)
        session.cancel(job)
        needed(session.phase(job) == "cancelled", "a job that waits cannot be stopped")
        expect(_told(session, receiver), "nobody was told that a job that waited was canceled", job.created, session.exchanges[-1])


@check("ION-WHK-003")
def the_end_of_a_canceled_job_is_told_once(session: Session) -> None:
    """Not again when its run would have ended; one identical repetition is allowed."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "large")
        session.until(job, "running")
        session.cancel(job)
        calls = _told(session, receiver)
        expect(calls, "nobody was told that a running job was canceled", job.created, session.exchanges[-1])
        expect(get(calls[0].body, "/status") == "canceled", f"the call about a canceled job says {get(calls[0].body, '/status')!r}", job.created)
        session.advance(60)
        expect(len(receiver.calls) <= 2, f"the client was called {len(receiver.calls)} times", job.created)
        expect(len({call.request.body for call in receiver.calls}) == 1, "the client was told two ends of one job", job.created)


@check("ION-WHK-004")
def each_job_calls_its_own_url(session: Session) -> None:
    """Two with a URL each, and one without."""
    with Receiver() as one, Receiver() as other:
        jobs = [_submit(session, one.url), _submit(session, other.url), session.submit()]
        for job in jobs:
            session.until(job)
        _told(session, one)
        _told(session, other)
        needed(one.calls or other.calls, "nobody was called")
        for receiver, mine in ((one, jobs[0]), (other, jobs[1])):
            expect(receiver.calls, f"the URL of job {mine.id} was not called, that of another job was", mine.created)
            strangers = [job.id for job in jobs if job is not mine and any(job.id.encode() in (call.request.body or b"") for call in receiver.calls)]
            expect(not strangers, f"the URL of job {mine.id} was told of {', '.join(strangers)}", mine.created)


@check("ION-WHK-005")
def a_job_does_not_depend_on_its_callback(session: Session) -> None:
    """Nobody listens, and somebody who always fails."""
    with Receiver(failures=1000) as receiver:
        jobs = [_submit(session, receiver.url), _submit(session, "http://127.0.0.1:9/nobody")]
        for job in jobs:
            ended = session.until(job)
            expect(session.phase_of(ended) == "succeeded", f"a job whose callback fails is {ended}", job.created, session.exchanges[-1])
        session.advance(60)
        for job in jobs:
            expect(session.phase(job) == "succeeded", f"a job whose callback failed is {session.state(job)}", job.created, session.exchanges[-1])
