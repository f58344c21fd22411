"""The instants and durations that openYuanrong reports."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.instants import Seen, expect_seen, moment, reports_nothing, seconds_between
from conformance.checks.openyuanrong.steps import in_state, instant_of, long_running, node, submit_one, without_room
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.cluster import staged
from conformance.session.expect import need_success
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get

NEAR = 1.1
"""Seconds by which two instants may differ that are one: they are reported in whole seconds."""


def _apart(session: Session, first: JobRef, second: JobRef, name: str) -> float:
    """Seconds between the same instant of two jobs."""
    return instant_of(session, second, name) - instant_of(session, first, name)


@check("OYR-TIM-007")
def the_start_is_when_it_was(session: Session) -> None:
    """Two jobs that start more than a hundred seconds apart, by what was seen of them from second to second."""
    first, began = in_state(session, "long", "running"), moment(session)
    session.advance(100)
    second, apart = in_state(session, "long", "running"), moment(session) - began
    expect_seen(_apart(session, first, second, "start_time"), apart, "between the starts of two jobs", within=NEAR)


@check("OYR-TIM-008")
def the_end_is_when_it_was(session: Session) -> None:
    """Of a job that is stopped after forty seconds, and of one that ends by itself."""
    job = in_state(session, "long", "running")
    began = moment(session)
    session.advance(40)
    asked = moment(session)
    need_success(session.cancel(job), "stopping a running job")
    session.until(job)
    stopped = Seen(asked, moment(session))
    ran = seconds_between(session.view(job), "/start_time", "/end_time")
    expect_seen(ran, stopped.since(began), "from start to end of a job that was stopped", within=NEAR)
    other = in_state(session, "quick", "succeeded")
    ended = Seen(moment(session) - 1, moment(session)).since(stopped)
    expect_seen(_apart(session, job, other, "end_time"), ended, "between the ends of two jobs", within=NEAR)


@check("OYR-TIM-008")
def the_end_of_a_failure_is_when_it_was(session: Session) -> None:
    """Beside a job that succeeded as late."""
    began = moment(session)
    good = in_state(session, "quick", "succeeded")
    session.advance(30)
    bad = in_state(session, "fails", "failed")
    ended = Seen(30, moment(session) - began)
    expect_seen(_apart(session, good, bad, "end_time"), ended, "from an end to a failure", within=NEAR)


@check("OYR-TIM-010")
def the_start_of_a_job_that_waited_is_when_it_was_placed(session: Session) -> None:
    """Eight seconds after it was submitted."""
    staged(session, node("only"))
    first = long_running(session, {"entrypoint": "sleep 8", "entrypoint_num_cpus": 3})
    second = submit_one(session, "long", {"entrypoint_num_cpus": 3})
    session.until(second, "running", within=17, step=0.5)
    end, start = instant_of(session, first, "end_time"), instant_of(session, second, "start_time")
    expect_seen(start - end, 0, "from an end to the start of the job that waited for it", within=NEAR)


@check("OYR-TIM-011")
def a_job_that_found_no_room_never_started(session: Session) -> None:
    """So it reports neither a start nor a node."""
    if (job := without_room(session)) is None:
        raise NotApplicable("jobs that find no room wait on for more than a minute")
    pointers = ("/start_time", "/driver_node_id")
    reports_nothing(session.view(job), pointers, "a job that never had a node", ("0",))


@check("OYR-TIM-013")
def instants_are_reported_by_the_clock(session: Session) -> None:
    """As the control API reports it."""
    clock = session.target.ask_control("GET", "/clock", sandbox=session.name)
    now = instant(get(clock.json, "/time")) if clock.is_success else None
    if now is None:
        raise NotApplicable("the control API does not report the time")
    asked = moment(session)
    started = instant_of(session, in_state(session, "long", "running"), "start_time")
    expect_seen(started - now, Seen(0, moment(session) - asked), "from the clock to a start", within=5)
