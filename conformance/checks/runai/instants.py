"""The instants and durations that Run:AI reports."""

from __future__ import annotations

import time

from conformance.checks import check
from conformance.checks.families.instants import created_apart, expect_seen, instants
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import expect
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get, shown

SKEW = 2.0
"""Seconds by which two clocks may differ."""


def _now(session: Session) -> float:
    """The target's clock in seconds since 1970."""
    if not session.target.has_virtual_time:
        return time.time()
    answer = session.target.ask_control("GET", "/clock", sandbox=session.name)
    found = instant(get(answer.json, "/time"))
    if found is None:
        raise NotApplicable("the control API does not report what time it is")
    return found


def _created(session: Session, job: JobRef) -> float:
    """Seconds since 1970; they are reported in milliseconds."""
    value, created = get(session.view(job), "/createdAt"), instants(session.view(job), "/createdAt")[0]
    expect(value == created * 1000, f"createdAt is {shown(value)}, which is no number of milliseconds since 1970")
    return created


def _goes_up(session: Session) -> None:
    created = [one.get("createdAt") for one in session.items()]
    expect(created == sorted(created), f"createdAt along the list is {created}")


@check("RAI-TIM-001")
def a_job_is_created_when_it_is_submitted(session: Session) -> None:
    """At first, and more than an hour later; whether it runs by then does not matter."""
    for pause in (0, 4000):
        session.advance(pause)
        began, job = _now(session), session.submit("long")
        session.advance(30)
        expect_seen(_created(session, job) - began, 0, "from the submission to createdAt", within=SKEW)


@check("RAI-TIM-002")
def creation_follows_the_clock(session: Session) -> None:
    """Ninety seconds apart, and an hour."""
    created_apart(session, (90, 3600), "/createdAt", within=SKEW, shape="long")
    _created(session, session.submit("long"))


@check("RAI-TIM-003")
def creation_goes_up_over_projects(session: Session) -> None:
    """Whatever projects and jobs are called."""
    for project in ("zz", "mm", "aa"):
        session.submit(patch={"job": {"project": session.unique(project), "name": session.unique(project)}})
        session.advance(10)
    _goes_up(session)


@check("RAI-TIM-003")
def creation_goes_up_along_the_list(session: Session) -> None:
    """The oldest first."""
    for _ in range(3):
        session.submit()
        session.advance(10)
    _goes_up(session)
