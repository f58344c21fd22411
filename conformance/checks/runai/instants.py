"""The instants and durations that Run:AI reports."""

from __future__ import annotations

import time

from conformance.checks import check
from conformance.checks.runai.steps import listed_job
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get

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
    found = listed_job(session, job).get("createdAt")
    needed(isinstance(found, int | float), f"createdAt is {found!r}")
    return float(found or 0) / 1000


@check("RAI-TIM-001")
def a_job_is_created_when_it_is_submitted(session: Session) -> None:
    """At first, and more than an hour later; whether it runs by then does not matter."""
    for pause in (0, 4000):
        session.advance(pause)
        began = _now(session)
        job = session.submit("long")
        session.advance(30)
        told = _created(session, job)
        expect(abs(told - began) <= SKEW, f"createdAt is {told - began:g} seconds after the submission")


@check("RAI-TIM-002")
def creation_follows_the_clock(session: Session) -> None:
    """Ninety seconds apart, and an hour."""
    earlier = _created(session, session.submit("long"))
    for pause in (90, 3600):
        session.advance(pause)
        job = session.submit("long")
        later = _created(session, job)
        told = f"createdAt differs by {later - earlier:g} seconds, the submissions by {pause}"
        expect(abs(later - earlier - pause) <= SKEW, told)
        earlier = later


@check("RAI-TIM-003")
def creation_goes_up_over_projects(session: Session) -> None:
    """Whatever projects and jobs are called."""
    for project in ("zz", "mm", "aa"):
        session.submit(patch={"job": {"project": session.unique(project), "name": session.unique(project)}})
        session.advance(10)
    told = [one.get("createdAt") for one in session.items()]
    expect(told == sorted(told), f"createdAt along the list of all projects is {told}")


@check("RAI-TIM-003")
def creation_goes_up_along_the_list(session: Session) -> None:
    """The oldest first."""
    for _ in range(3):
        session.submit()
        session.advance(10)
    told = [one.get("createdAt") for one in session.items()]
    expect(told == sorted(told), f"createdAt along the list is {told}")
