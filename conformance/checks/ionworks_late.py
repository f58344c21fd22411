"""Checks of Ionworks that came to mind late: what params may be called, what children do not inherit, waits that a cancel ends, each type of job."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks_crowd import crowd, running
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, get

TYPES = ("dummy", "datafit", "validation", "simulate", "evaluate_variables", "optimize", "ecm_fit", "simple_pipeline")
URL = "https://client.example/told"
NAMES: dict[str, Json] = {
    "priority": 9,
    "callback_url": "https://other.example/hook",
    "parent_job_id": "of-nobody",
    "project_id": "of-params",
    "job_type": "optimize",
    "status": "completed",
}
"""What a submission and a job call their members, as the names of params."""


@check("ION-REQ-030")
def names_in_params_are_only_params(session: Session) -> None:
    """Where the submission says something else, and where it says nothing."""
    for said in ({"priority": 2, "callback_url": URL}, {}):
        exchange = session.post(session.body(patch={**said, "params": NAMES}))
        needed(exchange.response.is_success, "params with the names of a submission's members are refused")
        view = session.view(session.job_of(exchange))
        right: dict[str, Json] = {"priority": 0, "callback_url": None, "parent_job_id": None, "project_id": None, **said}
        for name, value in right.items():
            told = get(view, f"/{name}")
            expect(told == value or (value is None and told is MISSING), f"{name} is {told!r}, params said {NAMES[name]!r}", exchange, session.exchanges[-1])


@check("ION-DEF-010")
def a_child_does_not_inherit(session: Session) -> None:
    """Its parent names a URL, a priority and metadata, and the child does not."""
    parent = session.submit("long", {"callback_url": URL, "priority": 8, "metadata": {"a": 1}})
    for child in (session.submit(patch={"parent_job_id": parent.id}), session.submit(patch={"parent_job_id": parent.id, "priority": 3})):
        view = session.view(child)
        told, priority = get(view, "/callback_url"), get(view, "/priority")
        expect(told in (None, MISSING), f"a child that names no callback_url has {told!r}", child.created, session.exchanges[-1])
        right = child.body.get("priority", 0)
        expect(priority == right, f"the priority of a child is {priority!r}, it asked for {right}", child.created, session.exchanges[-1])


@check("ION-REQ-018")
def families_have_many_generations(session: Session) -> None:
    """A chain of five."""
    parent = session.submit("long")
    for generation in range(4):
        exchange = accepted(session.post(session.body("long", {"parent_job_id": parent.id})), f"a submission {generation + 1} generations below the first")
        parent = session.job_of(exchange)


@check("ION-TIM-014")
def the_wait_of_a_canceled_job_is_no_run(session: Session) -> None:
    """It waits for half a minute, runs for some seconds and is canceled."""
    fillers = crowd(session)
    job = session.submit("large")
    session.advance(30)
    session.cancel(fillers[0])
    session.until(job, "running")
    session.advance(5)
    session.cancel(job)
    view = session.view(job)
    begun, ended, spent = instant(get(view, "/started_at")), instant(get(view, "/completed_at")), get(view, "/compute_time")
    needed(get(view, "/status") == "canceled" and begun is not None and ended is not None, "the job does not tell when it started and ended")
    assert begun is not None
    assert ended is not None
    expect(isinstance(spent, int | float), f"a job that ran and was canceled has the compute_time {spent!r}", session.exchanges[-1])
    expect(abs(spent - (ended - begun)) <= 1, f"compute_time of a canceled job is {spent:g}, its run took {ended - begun:g} seconds", session.exchanges[-1])


@check("ION-TIM-009")
def what_was_told_of_a_run_is_told_after_a_cancel(session: Session) -> None:
    """When it was made and when it started; the oracles look at all else."""
    if "cancel" not in session.roles or "long" not in session.settings.shapes:
        raise NotApplicable("no running job can be canceled")
    job = running(session)
    before = session.view(job)
    session.cancel(job)
    session.until(job)
    after = session.view(job)
    for name in ("created_at", "started_at"):
        told, left = get(before, f"/{name}"), get(after, f"/{name}")
        stays = told in (None, MISSING) or instant(told) == instant(left)
        expect(stays, f"{name} was {told!r} and is {left!r} since the job was canceled", session.exchanges[-1])


@check("ION-STM-029")
def jobs_of_every_type_end(session: Session) -> None:
    """Well or badly: what the params of each type are is not said."""
    jobs = {name: session.submit(patch={"job_type": name}) for name in TYPES}
    for name, job in jobs.items():
        state = list(session.watch(job))[-1]
        expect(session.phase_of(state) in ("succeeded", "failed"), f"a job of the type {name} is {state} after ten minutes", job.created, session.exchanges[-1])
