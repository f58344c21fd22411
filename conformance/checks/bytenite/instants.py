"""The instants and durations that ByteNite reports."""

from __future__ import annotations

import math

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, PATIENCE, chunks, crowd, is_waiting, seen
from conformance.checks.families.instants import (
    Seen,
    created_apart,
    duration_fits,
    expect_seen,
    instants,
    moment,
    reports_nothing,
    seconds_between,
    see,
)
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get

RUN = ("/startedAt", "/endedAt")
NEAR = 1.1
"""Seconds by which two instants may differ that are one: an instant may be reported in whole seconds."""


def _stamps(view: Json) -> dict[str, float]:
    stamps = get(view, "/stateTimestamps")
    needed(isinstance(stamps, dict), "the job reports no instants of its states")
    return {state: found for state, value in stamps.items() if (found := instant(value)) is not None}


def _order(session: Session) -> list[str]:
    states: list[str] = session.spec.document["components"]["schemas"]["jobJobState"]["enum"]
    return states


def _is_stamped(session: Session, state: str, entered: Seen | None) -> None:
    """The last answer reports when the state of its job was entered, where that was seen just now."""
    view = get(session.exchanges[-1].response.json, "/job")
    stamps = _stamps(view)
    expect(state in stamps, f"a job that is {state} has no instant of it")
    if entered is not None:
        apart = stamps[state] - instants(view, "/createdAt")[0]
        expect_seen(apart, entered, f"from the creation to {state}", within=NEAR)


def _none_ahead(session: Session, state: str) -> None:
    """The last answer reports no instant of a state that its job has not reached."""
    order, view = _order(session), get(session.exchanges[-1].response.json, "/job")
    ahead = set(order[order.index(state) + 1 :]) if session.phase_of(state) != "failed" else {order[-2]}
    needed(get(view, "/stateTimestamps"), "the job reports no instants of its states")
    early = sorted(ahead & _stamps(view).keys())
    expect(not early, f"a job that is {state} has instants of {', '.join(early)}")


@check("BYT-TIM-001")
@check("BYT-TIM-003")
def a_draft_that_takes_its_time(session: Session) -> None:
    """Run half a minute after its creation and looked at till well after its end; the oracles look at its instants."""
    job = session.submit(draft=True)
    session.advance(30)
    session.read(job)
    session.start(job)
    session.until(job)
    for _ in range(3):
        session.advance(30)
        session.read(job)


@check("BYT-TIM-015")
def the_creation_is_when_it_was(session: Session) -> None:
    """Two jobs a hundred seconds apart, and the first again later."""
    created_apart(session, [100], "/createdAt", within=NEAR, draft=True)


@check("BYT-TIM-016")
def the_submission_is_when_the_job_was_run(session: Session) -> None:
    """A draft that is run after fifty seconds."""
    job = session.submit(draft=True)
    session.advance(50)
    session.start(job)
    session.advance(2)
    apart = seconds_between(seen(session, job), "/createdAt", "/submittedAt")
    expect_seen(apart, 50, "from the creation to the submission", within=NEAR)


@check("BYT-TIM-017")
def the_end_is_when_it_was(session: Session) -> None:
    """Between the last look that saw it at work and the first that saw it ended."""
    for shape in session.shapes("quick", "fails"):
        session.advance(20)
        before, job = moment(session), session.submit(shape)
        created = Seen(before, moment(session))
        ended, view = see(session, job, step=0.5).since(created), seen(session, job)
        expect_seen(seconds_between(view, "/createdAt", "/endedAt"), ended, "from creation to end", within=NEAR)
        lived, started = Seen(0, ended.before), seconds_between(view, "/createdAt", "/startedAt")
        expect_seen(started, lived, "from creation to start", within=NEAR)


@check("BYT-TIM-018")
def states_have_their_instants(session: Session) -> None:
    """Watched every half second: each new state was entered since the look before."""
    for shape in session.shapes("quick", "fails"):
        job, created = session.submit(shape, draft=True), moment(session)
        before, last = session.state(job), created
        _is_stamped(session, before, Seen(0, 0))
        session.advance(7)
        session.start(job)
        for state in session.watch(job, step=0.5):
            entered = Seen(last, moment(session)).since(created) if state != before else None
            _is_stamped(session, state, entered)
            before, last = state, moment(session)


@check("BYT-TIM-019")
def states_to_come_have_no_instant(session: Session) -> None:
    """At every look, the instants are of states up to the one that the job is in."""
    for shape in session.shapes("quick", "fails"):
        job = session.submit(shape, draft=True)
        _none_ahead(session, session.state(job))
        session.start(job)
        for state in session.watch(job):
            _none_ahead(session, state)


@check("BYT-TIM-020")
def first_and_last_state_agree_with_creation_and_end(session: Session) -> None:
    """The same instants under two names."""
    for shape in session.shapes("quick", "fails"):
        job = session.submit(shape, draft=True)
        session.advance(30)
        session.start(job)
        ended = session.until(job)
        view = seen(session, job)
        stamps = _stamps(view)
        needed(NEW in stamps and ended in stamps, "the first or the last state has no instant")
        for state, name in ((NEW, "createdAt"), (ended, "endedAt")):
            apart = stamps[state] - instants(view, f"/{name}")[0]
            expect(abs(apart) <= NEAR, f"{name} is {view.get(name)} and {state} {view['stateTimestamps'][state]}")


@check("BYT-TIM-021")
def a_duration_is_reported_to_the_tenth(session: Session) -> None:
    """Of a run that takes no whole number of seconds, after a wait, and of a failed one."""
    for shape, patch in (("quick", {"params": {"app": {"MOCK_RUN_SECONDS": 2.6}}}), ("fails", {})):
        job = session.submit(shape, patch, draft=True)
        session.advance(10)
        session.start(job)
        session.until(job)
        view = seen(session, job)
        has_fractions = "." in f"{get(view, '/startedAt')}{get(view, '/endedAt')}"
        what = f"a job that is {view['state']}"
        duration_fits(view, "/duration", RUN, within=0.1 if has_fractions else math.inf, what=what)


@check("BYT-TIM-022")
def waiting_is_no_part_of_the_duration(session: Session) -> None:
    """A job waits half a minute for capacity: its start comes after, its submission before.

    What it costs is its work.
    """
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    job = session.submit()
    session.advance(PATIENCE)
    needed(is_waiting(session, job), "the job does not wait")
    session.cancel(fillers[0])
    session.until(job)
    view = seen(session, job)
    waited = Seen(PATIENCE - 2, math.inf)
    expect_seen(seconds_between(view, "/submittedAt", "/startedAt"), waited, "from submission to start", within=0)
    duration_fits(view, "/duration", RUN, within=NEAR, what="a job that waited")


@check("BYT-TIM-023")
def a_complete_job_has_been_in_every_state(session: Session) -> None:
    """It reports the instant of each, whether or not anybody saw it, be it of one chunk or of three."""
    for patch in ({}, *([chunks(session, 3)] if "chunks" in session.settings.knobs else [])):
        job = session.submit(patch=patch)
        needed(session.until(job) == "JOB_STATE_COMPLETE", "the job is not complete")
        stamps = _stamps(seen(session, job))
        needed(stamps, "the job reports no instants of its states")
        missing = [state for state in _order(session)[:-1] if state not in stamps]
        expect(not missing, f"a complete job reports no instant of {', '.join(missing)}")


@check("BYT-TIM-025")
def what_never_began_has_no_start(session: Session) -> None:
    """A job that is aborted while it waits."""
    job = session.submit("waits", until="queued")
    session.advance(20)
    accepted(session.cancel(job), "aborting a job that waits")
    session.until(job)
    nothing = ("/startedAt", "/duration", "/numChunks")
    reports_nothing(seen(session, job), nothing, "a job that was aborted while it waited")
