"""Checks of ByteNite's stream of events: every change of a job's state is told on it, once, as it happens, to its customer."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from conformance.checks import check
from conformance.checks.bytenite_calls import NEW, seen
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

EVENTS = "Customer_Events"


def _heard(session: Session, meanwhile: Callable[[], None], credential: str = "good") -> list[Json]:
    """The data of all events that are told while something goes on."""
    answer = session.listen(EVENTS, meanwhile, credential=credential)
    needed(answer.is_success, f"the stream of events was answered {answer.status}")
    found = []
    for line in answer.body.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            found.append(get(json.loads(line.removeprefix("data:").strip() or "null"), "/result/data"))
    return [one for one in found if isinstance(one, dict)]


def _of(told: list[Json], job: JobRef) -> list[Json]:
    return [one for one in told if job.id in one.values()]


@check("BYT-RSP-022")
def a_job_is_heard_of(session: Session) -> None:
    """Whatever the events say, one of them names the job."""
    job = session.submit(draft=True)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    answer = session.listen(EVENTS, meanwhile)
    expect(answer.is_success, f"the stream of events was answered {answer.status}", *session.exchanges[-1:])
    expect(job.id.encode() in answer.body, "nothing was told of a job that went through all its states", *session.exchanges[-1:])


@check("BYT-RSP-038")
def changes_of_state_are_told(session: Session) -> None:
    """Each once, in order, with its instant; of a job that was over before, nothing."""
    before, job = session.submit(), session.submit(draft=True)
    session.until(before)

    def meanwhile() -> None:
        session.start(job)
        session.until(job)

    told = _heard(session, meanwhile)
    expect(_of(told, job), "nothing was told of a job that went through all its states", *session.exchanges[-1:])
    expect(not _of(told, before), "something was told of a job that was over before", *session.exchanges[-1:])
    stamps = get(seen(session, job), "/stateTimestamps")
    needed(isinstance(stamps, dict), "the job tells no instants of its states")
    states = [state for state in sorted(stamps, key=lambda state: _order(session).index(state)) if state != NEW]
    named = [get(one, "/state") for one in _of(told, job)]
    expect([state for state in named if state != NEW] == states, f"told were {named}, the job went through {states}", session.exchanges[-1])
    for one in _of(told, job):
        then, stamp = instant(get(one, "/timestamp")), instant(stamps.get(get(one, "/state")))
        is_near = then is None or stamp is None or abs(then - stamp) <= 1.1
        expect(is_near, f"{get(one, '/state')} is told with {get(one, '/timestamp')!r}, the job says {stamps.get(get(one, '/state'))!r}", session.exchanges[-1])


def _order(session: Session) -> list[str]:
    states: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    return states


@check("BYT-RSP-038")
def a_failure_is_an_event(session: Session) -> None:
    """Once, and the last of its job."""
    for shape in [one for one in ("fails", "long") if one in session.settings.shapes]:
        job = session.submit(shape, draft=True)

        def meanwhile(job: JobRef = job, shape: str = shape) -> None:
            session.start(job)
            if shape == "long":
                session.until(job, "running")
                session.cancel(job)
            session.until(job)

        named = [get(one, "/state") for one in _of(_heard(session, meanwhile), job)]
        last = session.state(job)
        expect(named.count(last) == 1 and named[-1] == last, f"of a job that is {last} were told {named}", *session.exchanges[-1:])


@check("BYT-ISO-004", strict=True)
def events_are_told_to_their_customer(session: Session) -> None:
    """What one customer's job does, the other does not hear; its own it does."""
    if "second" not in session.settings.credentials:
        raise NotApplicable("the target file knows no second customer")
    mine, other = session.submit(draft=True), session.submit(draft=True, credential="second")

    def meanwhile() -> None:
        for job, credential in ((mine, "good"), (other, "second")):
            needed(session.start(job, credential=credential).response.is_success, "a draft cannot be run")
        session.advance(10)

    told = _heard(session, meanwhile, "second")
    needed(_of(told, other), "a customer hears nothing of its own job")
    expect(not _of(told, mine), "a customer hears of the job of another", *session.exchanges[-1:])
