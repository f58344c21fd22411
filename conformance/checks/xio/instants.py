"""The instants and durations that compute.x.io reports."""

from __future__ import annotations

import math

from conformance.checks import check
from conformance.checks.families.instants import (
    Seen,
    created_apart,
    expect_seen,
    instants,
    moment,
    reports_nothing,
    seconds_between,
    see,
)
from conformance.checks.xio.steps import ENDS, LIMIT_MS, RUN, SKEW, runs_of, waiting_again
from conformance.oracles.members import instant
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown, without_nulls

STARTED, UPDATED = "/started_at", "/updated_at"


def _fits(session: Session, job: JobRef, name: str, seen: Seen, what: str = "") -> None:
    """An instant of a job lies as many seconds after its creation as was seen."""
    view = session.view(job)
    instants(view, "/created_at")
    expect(get(view, name), f"the job reports no {name[1:]}")
    expect_seen(seconds_between(view, "/created_at", name), seen, f"from creation to {name[1:]}{what}", within=SKEW)


def _assign_limit_ends(view: Json) -> float:
    """When the waiting of a job ends by its own word, in Unix milliseconds."""
    value = get(view, "/timeout_assign_at_ms")
    needed(_is_number(value), "a job that waits does not report its assign limit's end")
    return float(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@check("XIO-TIM-008")
def what_has_not_begun_has_no_start(session: Session) -> None:
    """While it waits and while it is prepared."""
    staged(session, ROOMY, startup=20)
    for shape in ("waits", "quick"):
        job = session.submit(shape)
        for _ in session.ticks(10, 5):
            view = session.view(job)
            needed(get(view, "/status") in ("PENDING", "ASSIGNED"), "the job runs already")
            reports_nothing(view, [STARTED], f"a job that is {get(view, '/status')} for the first time")


@check("XIO-TIM-009")
def time_passes_between_creations(session: Session) -> None:
    """A minute and a half."""
    created_apart(session, [90], "/created_at", within=SKEW)


@check("XIO-TIM-010")
def a_start_is_reported_as_it_was_seen(session: Session) -> None:
    """Twenty seconds after the creation; and still so after the end."""
    staged(session, ROOMY, startup=20)
    made, job = moment(session), session.submit("lasts", seconds=RUN)
    seen = see(session, job, "running").since(made)
    for _ in range(2):
        _fits(session, job, STARTED, seen)
        session.advance(RUN + 10)


@check("XIO-TIM-011")
def an_end_is_reported_as_it_was_seen(session: Session) -> None:
    """Well, badly, at a limit, stopped while it ran and while it waited."""
    for shape, patch, stop in ENDS:
        if not session.shapes(shape):
            continue
        made, job = moment(session), session.submit(shape, patch, seconds=RUN)
        if stop:
            session.advance(25)
            session.cancel(job)
        seen = see(session, job, step=3).since(made)
        session.advance(60)
        for name in ("/completed_at", UPDATED):
            _fits(session, job, name, seen, f" of a job of the kind {shown(shape)}")


@check("XIO-TIM-012")
def to_wait_again_is_an_update(session: Session) -> None:
    """A minute after the start of the run that failed."""
    view = session.view(waiting_again(session))
    updated = Seen(60, math.inf)
    expect_seen(seconds_between(view, STARTED, UPDATED), updated, "from a start to waiting again", within=SKEW)


@check("XIO-TIM-012")
def every_change_of_state_is_an_update(session: Session) -> None:
    """To its assignment, its start, its end."""
    staged(session, ROOMY, startup=20)
    made, job = moment(session), session.submit("lasts", seconds=RUN)
    for phase in ("running", "succeeded"):
        seen = see(session, job, phase).since(made)
        session.advance(5)
        _fits(session, job, UPDATED, seen, f" of a job that is {phase}")


@check("XIO-TIM-013")
def the_end_of_waiting_is_reported_in_advance(session: Session) -> None:
    """For the least limit, a longer one and the usual one."""
    for limit in (300_000, 450_000, None):
        view = session.view(session.submit("waits", {"max_timeout_assign_ms": limit}))
        created = instants(view, "/created_at")[0]
        needed(get(view, "/status") == "PENDING", "the job does not wait")
        end = get(view, "/timeout_assign_at_ms")
        expect(_is_number(end), f"timeout_assign_at_ms of a job that waits is {shown(end)}")
        waits = _assign_limit_ends(view) / 1000 - created
        expect_seen(waits, (limit or 300_000) / 1000, "from the creation to the end of waiting", within=SKEW)


@check("XIO-TIM-020")
def nothing_happens_while_a_job_waits(session: Session) -> None:
    """Two readings a minute apart."""
    job = session.submit("waits")
    session.advance(1)
    one = session.view(job)
    session.advance(60)
    other = session.view(job)
    needed(get(one, "/status") == get(other, "/status") == "PENDING", "the job does not wait")
    for name in one.keys() | other.keys():
        same(without_nulls(one.get(name)), without_nulls(other.get(name)), f"{name} of a job that waits")


@check("XIO-TIM-021")
def the_end_of_a_second_wait_is_reported(session: Session) -> None:
    """The limit after the failure of the first run."""
    job = waiting_again(session)
    runs = runs_of(session, job)
    needed(runs and isinstance(runs[0].get("ended_at_ms"), int | float), "the first run does not report its end")
    waits = _assign_limit_ends(session.view(job)) - runs[0]["ended_at_ms"]
    expect_seen(waits / 1000, LIMIT_MS / 1000, "from the end of a run to the end of waiting", within=SKEW)


@check("XIO-TIM-022")
def the_start_of_a_job_is_that_of_its_last_run(session: Session) -> None:
    """Of a job that was tried again."""
    job = session.submit("retried", until="end")
    starts = [instant(run.get("started_at_ms")) for run in runs_of(session, job)]
    needed(len(starts) == 2 and starts[0] and starts[1], "the job has no second run that reports its start")
    first, last = (start or 0.0 for start in starts)
    needed(last - first > SKEW, "both runs started at about the same time")
    started = instant(get(session.view(job), STARTED)) or 0.0
    expect_seen(started - last, 0, "from the start of the last run to that of the job", within=1)


@check("XIO-TIM-023")
def the_start_stays(session: Session) -> None:
    """Of a job that is stopped, that fails, that ends well."""
    for shape in ("long", "breaks", "lasts"):
        job = session.submit(shape, seconds=30, until="running")
        before = get(session.view(job), STARTED)
        needed(isinstance(before, str), "a job that runs does not report its start")
        if shape == "long":
            session.cancel(job)
        session.until(job)
        same(before, get(session.view(job), STARTED), f"the start of a job that is {session.state(job)}")
