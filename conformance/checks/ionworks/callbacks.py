"""The calls that Ionworks makes when a job ends."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import DAY
from conformance.checks.ionworks.steps import METADATA, PATIENCE, is_taken_here
from conformance.session.expect import expect, needed, same
from conformance.session.phases import expect_phase
from conformance.session.session import JobRef, Session
from conformance.target.callback_receiver import Delivery, Receiver
from conformance.traffic.json_pointer import get, same_value, shown, without_nulls


def _calls(session: Session, receiver: Receiver) -> list[Delivery]:
    """What was called as soon as there is a call, or the time is up."""
    any(receiver.calls for _ in session.ticks(PATIENCE, 2))  # time passes until there is one
    return list(receiver.calls)


def _submit(session: Session, url: str, shape: str = "quick", *, until: str = "") -> JobRef:
    return session.submit(shape, {"callback_url": url}, until=until)


def _is_reported(session: Session, receiver: Receiver, status: str) -> None:
    """Somebody is called, and hears of this end only."""
    calls = _calls(session, receiver)
    expect(calls, f"nobody was notified that a job is {status}")
    same(status, get(calls[0].body, "/status"), f"the status in the call about a job that is {status}")


@check("ION-WHK-001")
def the_very_url_is_called(session: Session) -> None:
    """With a path of its own, escapes and a query."""
    with Receiver() as receiver:
        target = "/called/A%20b/c?key=V%26w&again=1"
        _submit(session, receiver.url.removesuffix("/called") + target, until="end")
        calls = _calls(session, receiver)
        needed(calls, "nobody was called")
        expect(calls[0].request.target == target, f"called was {calls[0].request.target}, submitted was {target}")


@check("ION-WHK-002")
def the_call_posts_json(session: Session) -> None:
    """An object, declared as what it is, of a job that ended well and of one that failed."""
    for shape, status in (("quick", "completed"), ("fails", "failed")):
        with Receiver() as receiver:
            _submit(session, receiver.url, shape, until="end")
            calls = _calls(session, receiver)
            needed(calls, "nobody was called")
            same("POST", calls[0].request.method, "the method of the call")
            media = (calls[0].request.header("content-type") or "").partition(";")[0].strip().lower()
            same("application/json", media, "the media type of the call")
            same(status, get(calls[0].body, "/status"), f"the status in the call about a job that is {status}")


@check("ION-WHK-003")
def the_end_of_a_job_that_waited_is_reported(session: Session) -> None:
    """Canceled before it started."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "waits")
        session.advance(5)
        expect(not receiver.calls, "the client was called while the job waits")
        session.cancel(job)
        needed(session.phase_of(session.stopped(job)) == "cancelled", "a job that waits cannot be stopped")
        expect(_calls(session, receiver), "nobody was notified that a job that waited was canceled")


@check("ION-WHK-003")
def the_end_of_a_canceled_job_is_reported_once(session: Session) -> None:
    """Not again when its run would have ended; one identical repetition is allowed."""
    with Receiver() as receiver:
        session.cancel(_submit(session, receiver.url, "large", until="running"))
        _is_reported(session, receiver, "canceled")
        session.advance(60)
        expect(len(receiver.calls) <= 2, f"the client was called {len(receiver.calls)} times")
        bodies = {call.request.body for call in receiver.calls}
        expect(len(bodies) == 1, "the client was notified of two ends of one job")


@check("ION-WHK-004")
def each_job_calls_its_own_url(session: Session) -> None:
    """Two with a URL each, and one without."""
    with Receiver() as one, Receiver() as other:
        jobs = [_submit(session, one.url), _submit(session, other.url), session.submit()]
        for job in jobs:
            session.until(job)
        _calls(session, one)
        _calls(session, other)
        needed(one.calls or other.calls, "nobody was called")
        for receiver, mine in ((one, jobs[0]), (other, jobs[1])):
            expect(receiver.calls, f"the URL of job {mine.id} was not called, that of another job was")
            bodies = b"".join(call.request.body or b"" for call in receiver.calls)
            strangers = [job.id for job in jobs if job is not mine and job.id.encode() in bodies]
            expect(not strangers, f"the URL of job {mine.id} was notified of {', '.join(strangers)}")


@check("ION-WHK-005")
def a_job_does_not_depend_on_its_callback(session: Session) -> None:
    """Nobody listens, and somebody who always fails."""
    with Receiver(failures=1000) as receiver:
        jobs = [_submit(session, receiver.url), _submit(session, "http://127.0.0.1:9/nobody")]
        for job in jobs:
            session.until(job)
            expect_phase(session, job, "succeeded", "a job whose callback fails")
        session.advance(60)
        for job in jobs:
            expect_phase(session, job, "succeeded", "a job whose callback failed")


@check("ION-WHK-007")
def the_end_of_a_run_that_took_too_long_is_reported(session: Session) -> None:
    """Whatever its limit is, within two days."""
    with Receiver() as receiver:
        job = _submit(session, receiver.url, "endless")
        session.until(job, within=2 * DAY, step=DAY / 4)
        needed(get(session.view(job), "/status") == "failed", "a run that takes for days does not fail")
        _is_reported(session, receiver, "failed")


@check("ION-WHK-008")
def children_and_parents_are_reported(session: Session) -> None:
    """The child when it ends; the parent when the child has ended, and not when its own run is over."""
    with Receiver() as receiver, Receiver() as other:
        parent = session.submit(patch={"callback_url": receiver.url})
        child = session.submit("large", {"callback_url": other.url, "parent_job_id": parent.id}, until="running")
        session.advance(10)
        is_early = receiver.calls and not session.view(parent)["is_terminal"]
        expect(not is_early, "the client was called before the parent has ended")
        session.until(child)
        _is_reported(session, other, "completed")
        session.until(parent)
        _is_reported(session, receiver, "completed")


@check("ION-WHK-009")
def a_submission_to_the_slash_is_called_back(session: Session) -> None:
    """Like one to the path without it; all else that it says counts too."""
    with Receiver() as receiver:
        parent = session.submit("long")
        members = {"priority": 6, "parent_job_id": parent.id}
        body = session.body(patch={"callback_url": receiver.url, "metadata": {"a": 1}, **members})
        exchange = session.call("submit_job_jobs__post", body=body, query={"project_id": "project-7"})
        is_taken_here(exchange)
        job = session.job_of(exchange)
        view = session.view(job)
        twin = session.submit(patch={"metadata": {"a": 1}})
        if session.call(METADATA, {"job_id": twin.id}).response.is_success:
            same(1, get(session.call(METADATA, {"job_id": job.id}).response.json, "/a"), "`a` of the metadata")
        plain = session.call("submit_job_jobs__post", body=session.body())
        usual, found = (get(one.response.json, "/priority") for one in (twin.created, plain))
        same(usual, found, "the priority of a job without one, on the path with a slash,")
        for name, value in {**members, "project_id": "project-7"}.items():
            same(value, get(view, f"/{name}"), name)
        session.until(job)
        _is_reported(session, receiver, "completed")


@check("ION-WHK-010")
def a_callback_shows_the_result(session: Session) -> None:
    """Of a fit, as reading the job does; members that it leaves out are its own affair."""
    with Receiver() as receiver:
        parent = session.submit()
        said = {"callback_url": receiver.url, "priority": 7, "parent_job_id": parent.id}
        job = session.submit("fit", said, query={"project_id": "project-7"}, until="end")
        _is_reported(session, receiver, "completed")
        view, event = session.view(job), receiver.calls[0].body
        needed(isinstance(view, dict) and isinstance(event, dict), "the job cannot be read")
        for name in sorted(view.keys() & event.keys()):
            its, mine = view[name], event[name]
            instants = name.endswith("_at") and isinstance(mine, str) and isinstance(its, str)
            agrees = instants or same_value(without_nulls(its), without_nulls(mine))
            expect(agrees, f"the callback says {name} is {shown(mine)}, the job {shown(its)}")


@check("ION-WHK-011")
def one_url_is_called_about_every_job(session: Session) -> None:
    """Of three that end at the same time; an answer of 204 is as good as any."""
    with Receiver(status=204) as receiver:
        jobs = [session.submit(patch={"callback_url": receiver.url}) for _ in range(3)]
        for job in jobs:
            session.until(job)
        session.advance(PATIENCE)
        announced = {get(call.body, "/job_id") for call in receiver.calls}
        needed(announced, "nobody was called")
        expect({job.id for job in jobs} <= announced, f"of {len(jobs)} jobs {len(announced)} were announced")
        session.advance(600)
        count = len(receiver.calls)
        expect(count <= 2 * len(jobs), f"a client that answers 204 was called {count} times about {len(jobs)} jobs")
