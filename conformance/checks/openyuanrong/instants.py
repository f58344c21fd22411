"""The instants and durations that openYuanrong reports."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.openyuanrong.steps import in_state, instant_of, long_running, node, submit_one, without_room
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.cluster import staged
from conformance.session.expect import expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import get

NEAR = 1.1
"""Seconds by which two instants may differ that are one: they are reported in whole seconds."""


@check("OYR-TIM-007")
def the_start_is_when_it_was(session: Session) -> None:
    """Two jobs that start more than a hundred seconds apart, by what was seen of them from second to second."""
    first, began = in_state(session, "long", "running"), session.now or 0.0
    session.advance(100)
    second, lies = in_state(session, "long", "running"), (session.now or 0.0) - began
    apart = instant_of(session, second, "start_time") - instant_of(session, first, "start_time")
    expect(abs(apart - lies) <= NEAR, f"jobs that started {lies:g} seconds apart tell {apart:g}")


@check("OYR-TIM-008")
def the_end_is_when_it_was(session: Session) -> None:
    """Of a job that is stopped after forty seconds, and of one that ends by itself."""
    job = in_state(session, "long", "running")
    session.advance(40)
    needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
    session.until(job)
    apart = instant_of(session, job, "end_time") - instant_of(session, job, "start_time")
    expect(abs(apart - 40) <= NEAR, f"a job that was stopped after 40 seconds reports {apart:g}")
    began = session.now or 0.0
    other = in_state(session, "quick", "succeeded")
    apart, lived = (
        instant_of(session, other, "end_time") - instant_of(session, job, "end_time"),
        (session.now or 0.0) - began,
    )
    expect(
        lived - 1 - NEAR <= apart <= lived + NEAR, f"a job that ended {lived:g} seconds after another reports {apart:g}"
    )


@check("OYR-TIM-008")
def the_end_of_a_failure_is_when_it_was(session: Session) -> None:
    """Beside a job that succeeded as late."""
    began = session.now or 0.0
    good = in_state(session, "quick", "succeeded")
    session.advance(30)
    bad = in_state(session, "fails", "failed")
    apart, lived = (
        instant_of(session, bad, "end_time") - instant_of(session, good, "end_time"),
        (session.now or 0.0) - began,
    )
    expect(
        30 - NEAR <= apart <= lived + NEAR,
        f"a job that failed at most {lived:g} seconds after another had ended reports {apart:g}",
    )


@check("OYR-TIM-010")
def the_start_of_a_job_that_waited_is_when_it_was_placed(session: Session) -> None:
    """Eight seconds after it was submitted."""
    staged(session, node("only"))
    first = long_running(session, {"entrypoint": "sleep 8", "entrypoint_num_cpus": 3})
    second = submit_one(session, "long", {"entrypoint_num_cpus": 3})
    session.until(second, "running", within=17, step=0.5)
    end, start = instant_of(session, first, "end_time"), instant_of(session, second, "start_time")
    expect(abs(start - end) <= NEAR, f"a job that waited until {end:g} reports that it started at {start:g}")


@check("OYR-TIM-011")
def a_job_that_found_no_room_never_started(session: Session) -> None:
    """So it reports neither a start nor a node."""
    if (job := without_room(session)) is None:
        raise NotApplicable("jobs that find no room wait on for more than a minute")
    view = session.view(job)
    for name in ("start_time", "driver_node_id"):
        expect(
            get(view, f"/{name}") in ("", "0", None),
            f"{name} of a job that never had a node is {get(view, f'/{name}')!r}",
        )


@check("OYR-TIM-013")
def instants_are_told_by_the_clock(session: Session) -> None:
    """As the control API reports it."""
    clock = session.target.ask_control("GET", "/clock", sandbox=session.name)
    now = instant(get(clock.json, "/time")) if clock.is_success else None
    if now is None:
        raise NotApplicable("the control API does not report the time")
    lies = session.now or 0.0
    told = instant_of(session, in_state(session, "long", "running"), "start_time")
    lived = (session.now or 0.0) - lies
    expect(
        -5 <= told - now <= lived + 5,
        f"a job that started within {lived:g} seconds reports that it did {told - now:g} seconds later",
    )
