"""The calls that Ionworks makes when a job ends."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import DAY, METADATA, PATIENCE, is_taken_here
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.target.callback_receiver import Delivery, Receiver
from conformance.traffic.json_pointer import Json, get, same_value, shown, without_nulls


def _told(session: Session, receiver: Receiver, calls: int = 1) -> list[Delivery]:
    """What has been called as soon as there are so many calls, or the time is up."""
    for _ in session.ticks(PATIENCE, 2):
        if len(receiver.calls) >= calls:
            break
    return list(receiver.calls)


def _submit(session: Session, url: str, shape: str = "quick") -> JobRef:
    return session.submit(shape, {"callback_url": url})


def _is_told(session: Session, receiver: Receiver, status: str) -> None:
    """Somebody is called, and hears of this end only."""
    for _ in session.ticks(PATIENCE, 5):
        if receiver.calls:
            break
    expect(receiver.calls, f"nobody was notified that a job is {status}")
    told = get(receiver.calls[0].body, "/status")
    expect(told == status, f"the call about a job that is {status} says {shown(told)}")


@check("ION-WHK-001")
def the_very_url_is_called(session: Session) -> None:
    """With a path of its own, escapes and a query."""
    with Receiver() as receiver:
        target = "/called/A%20b/c?key=V%26w&again=1"
        job = _submit(session, receiver.url.removesuffix("/called") + target)
        session.until(job)
        calls = _told(session, receiver)
        needed(calls, "nobody was called")
        expect(calls[0].request.target == target, f"called was {calls[0].request.target}, submitted was {target}")


@check("ION-WHK-002")
def the_call_posts_json(session: Session) -> None:
    """An object, declared as what it is, of a job that ended well and of one that failed."""
    for shape, status in (("quick", "completed"), ("fails", "failed")):
        with Receiver() as receiver:
            job = _submit(session, receiver.url, shape)
            session.until(job)
            calls = _told(session, receiver)
            needed(calls, "nobody was called")
            expect(calls[0].request.method == "POST", f"the method of the call is {calls[0].request.method}")
            media = (calls[0].request.header("content-type") or "").partition(";")[0].strip().lower()
            expect(media == "application/json", f"the media type of the call is {shown(media)}")
            told = get(calls[0].body, "/status")
            expect(told == status, f"the call about a job that is {status} says {shown(told)}")


@check("ION-WHK-003")
def the_end_of_a_job_that_waited_is_told(session: Session) -> None:
    """Canceled before it started."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "waits")
        session.advance(5)
        expect(not receiver.calls, "the client was called while the job waits")
        session.cancel(job)
        needed(session.phase(job) == "cancelled", "a job that waits cannot be stopped")
        expect(_told(session, receiver), "nobody was notified that a job that waited was canceled")


@check("ION-WHK-003")
def the_end_of_a_canceled_job_is_told_once(session: Session) -> None:
    """Not again when its run would have ended; one identical repetition is allowed."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "large")
        session.until(job, "running")
        session.cancel(job)
        calls = _told(session, receiver)
        expect(calls, "nobody was notified that a running job was canceled")
        expect(
            get(calls[0].body, "/status") == "canceled",
            f"the call about a canceled job says {shown(get(calls[0].body, '/status'))}",
        )
        session.advance(60)
        expect(len(receiver.calls) <= 2, f"the client was called {len(receiver.calls)} times")
        expect(
            len({call.request.body for call in receiver.calls}) == 1, "the client was notified of two ends of one job"
        )


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
            expect(receiver.calls, f"the URL of job {mine.id} was not called, that of another job was")
            strangers = [
                job.id
                for job in jobs
                if job is not mine and any(job.id.encode() in (call.request.body or b"") for call in receiver.calls)
            ]
            expect(not strangers, f"the URL of job {mine.id} was notified of {', '.join(strangers)}")


@check("ION-WHK-005")
def a_job_does_not_depend_on_its_callback(session: Session) -> None:
    """Nobody listens, and somebody who always fails."""
    with Receiver(failures=1000) as receiver:
        jobs = [_submit(session, receiver.url), _submit(session, "http://127.0.0.1:9/nobody")]
        for job in jobs:
            ended = session.until(job)
            expect(session.phase_of(ended) == "succeeded", f"a job whose callback fails is {ended}")
        session.advance(60)
        for job in jobs:
            expect(session.phase(job) == "succeeded", f"a job whose callback failed is {session.state(job)}")


@check("ION-WHK-007")
def the_end_of_a_run_that_took_too_long_is_told(session: Session) -> None:
    """Whatever its limit is, within two days."""
    with Receiver() as receiver:
        job = session.submit("endless", {"callback_url": receiver.url})
        session.until(job, within=2 * DAY, step=DAY / 4)
        needed(get(session.view(job), "/status") == "failed", "a run that takes for days does not fail")
        _is_told(session, receiver, "failed")


@check("ION-WHK-008")
def children_and_parents_are_told_of(session: Session) -> None:
    """The child when it ends; the parent when the child has ended, and not when its own run is over."""
    with Receiver() as receiver, Receiver() as other:
        parent = session.submit(patch={"callback_url": receiver.url})
        child = session.submit("large", {"callback_url": other.url, "parent_job_id": parent.id}, until="running")
        session.advance(10)
        expect(
            not receiver.calls or session.view(parent)["is_terminal"],
            "the client was called before the parent has ended",
        )
        session.until(child)
        _is_told(session, other, "completed")
        session.until(parent)
        _is_told(session, receiver, "completed")


@check("ION-WHK-009")
def a_submission_to_the_slash_is_called_back(session: Session) -> None:
    """Like one to the path without it; all else that it says counts too."""
    with Receiver() as receiver:
        parent = session.submit("long")
        said: dict[str, Json] = {
            "callback_url": receiver.url,
            "priority": 6,
            "parent_job_id": parent.id,
            "metadata": {"a": 1},
        }
        exchange = session.call(
            "submit_job_jobs__post", body=session.body(patch=said), query={"project_id": "project-7"}
        )
        is_taken_here(exchange)
        job = session.job_of(exchange)
        view = session.view(job)
        twin = session.submit(patch={"metadata": {"a": 1}})
        if session.call(METADATA, {"job_id": twin.id}).response.is_success:
            stored = session.call(METADATA, {"job_id": job.id})
            expect(get(stored.response.json, "/a") == 1, "what was handed in as metadata is lost", exchange, stored)
        plain = session.call("submit_job_jobs__post", body=session.body())
        told, right = (get(one.response.json, "/priority") for one in (plain, twin.created))
        expect(told == right, f"without a priority a job has {shown(told)}, on the path without a slash {shown(right)}")
        for name, value in (("priority", 6), ("parent_job_id", parent.id), ("project_id", "project-7")):
            expect(
                get(view, f"/{name}") == value,
                f"{name} is {shown(get(view, f'/{name}'))}, submitted was {shown(value)}",
                exchange,
            )
        session.until(job)
        _is_told(session, receiver, "completed")


@check("ION-WHK-010")
def a_callback_shows_the_result(session: Session) -> None:
    """Of a fit, as reading the job does; members that it leaves out are its own affair."""
    with Receiver() as receiver:
        parent = session.submit()
        said = {"callback_url": receiver.url, "priority": 7, "parent_job_id": parent.id}
        job = session.submit("fit", said, query={"project_id": "project-7"}, until="end")
        _is_told(session, receiver, "completed")
        view, told = session.view(job), receiver.calls[0].body
        needed(isinstance(view, dict) and isinstance(told, dict), "the job cannot be read")
        for name in sorted(view.keys() & told.keys()):
            agrees = same_value(without_nulls(view[name]), without_nulls(told[name]))
            instants = name.endswith("_at") and isinstance(told[name], str) and isinstance(view[name], str)
            expect(agrees or instants, f"the callback says {name} is {shown(told[name])}, the job {shown(view[name])}")


@check("ION-WHK-011")
def one_url_is_told_of_every_job(session: Session) -> None:
    """Of three that end at the same time; an answer of 204 is as good as any."""
    with Receiver(status=204) as receiver:
        jobs = [session.submit(patch={"callback_url": receiver.url}) for _ in range(3)]
        for job in jobs:
            session.until(job)
        session.advance(PATIENCE)
        told = [get(call.body, "/job_id") for call in receiver.calls]
        needed(told, "nobody was called")
        expect({job.id for job in jobs} <= set(told), f"of {len(jobs)} jobs {len(set(told))} were announced")
        session.advance(600)
        expect(
            len(receiver.calls) <= 2 * len(jobs),
            f"a client that answers 204 was called {len(receiver.calls)} times about {len(jobs)} jobs",
        )
