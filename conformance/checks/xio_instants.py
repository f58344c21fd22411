"""Checks of what compute.x.io says about when things happened, against when they were seen to happen."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_runs import runs_of
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls

SKEW = 2.0
"""Seconds by which a clock may differ."""
RUN = 30

ENDED = ("succeeded", "failed", "cancelled")
ENDS: tuple[tuple[str, Json, bool], ...] = (
    ("lasts", None, False),
    ("breaks", None, False),
    ("long", {"max_timeout_run_ms": 60_000}, False),
    ("waits", {"max_timeout_assign_ms": 300_000}, False),
    ("long", None, True),
    ("waits", None, True),
)
"""Ways to end: the kind of job, how it is changed, whether it is stopped."""


def _no_days(view: Json, *names: str) -> None:
    """The page that creation is documented on shows days; of those nothing follows. NotApplicable."""
    for name in names:
        told = get(view, f"/{name}")
        if isinstance(told, str) and len(told) == len("2026-01-01"):
            raise NotApplicable(f"{name} is a day and no instant: {told}")


def _told(session: Session, view: Json, name: str) -> float:
    """Seconds from a job's creation to one of its instants."""
    created, found = instant(get(view, "/created_at")), instant(get(view, f"/{name}"))
    needed(created is not None, "the job has no instant of creation")
    _no_days(view, "created_at", name)
    expect(found is not None, f"{name} is {get(view, f'/{name}')!r}, which is no instant", session.exchanges[-1])
    assert created is not None
    assert found is not None
    return found - created


def _seen(session: Session, job: JobRef, phases: tuple[str, ...], made: float, *, step: float = 1.0) -> tuple[float, float]:
    """Between which seconds after its creation the job came into one of these phases."""
    before = (session.now or 0.0) - made
    for state in session.watch(job, within=400, step=step):
        passed = (session.now or 0.0) - made
        if session.phase_of(state) in phases:
            return before, passed
        before = passed
    needed(False, f"the job was never {' or '.join(phases)}")
    return before, before


def _fits(session: Session, told: float, seen: tuple[float, float], what: str) -> None:
    lowest, highest = seen[0] - SKEW, seen[1] + SKEW
    expect(lowest <= told <= highest, f"{what} is {told:g} seconds after the creation, seen was it between {seen[0]:g} and {seen[1]:g}", session.exchanges[-1])


@check("XIO-TIM-008")
def what_has_not_begun_has_no_start(session: Session) -> None:
    """While it waits and while it is prepared."""
    staged(session, ROOMY, startup=20)
    for shape in ("waits", "quick"):
        job = session.submit(shape)
        for _ in session.ticks(10, 5):
            view = session.view(job)
            needed(get(view, "/status") in ("PENDING", "ASSIGNED"), "the job runs already")
            told = get(view, "/started_at")
            expect(not told, f"a job that is {get(view, '/status')} for the first time started at {told!r}", session.exchanges[-1])


@check("XIO-TIM-009")
def time_passes_between_creations(session: Session) -> None:
    """A minute and a half."""
    first = session.submit()
    session.advance(90)
    second = session.submit()
    views = [session.view(job) for job in (first, second)]
    _no_days(views[0], "created_at")
    told = [instant(get(view, "/created_at")) for view in views]
    needed(None not in told, "a job has no instant of creation")
    apart = (told[1] or 0.0) - (told[0] or 0.0)
    expect(abs(apart - 90) <= SKEW, f"two jobs made 90 seconds apart were created {apart:g} seconds apart", session.exchanges[-1])


@check("XIO-TIM-010")
def a_start_is_told_as_it_was_seen(session: Session) -> None:
    """Twenty seconds after the creation; and still so after the end."""
    staged(session, ROOMY, startup=20)
    made = session.now or 0.0
    job = session.submit("lasts", seconds=RUN)
    seen = _seen(session, job, ("running",), made)
    for _ in range(2):
        _fits(session, _told(session, session.view(job), "started_at"), seen, "the start")
        session.advance(RUN + 10)


@check("XIO-TIM-011")
def an_end_is_told_as_it_was_seen(session: Session) -> None:
    """Well, badly, at a limit, stopped while it ran and while it waited."""
    for shape, patch, stop in ENDS:
        if shape not in session.settings.shapes and shape != "quick":
            continue
        made = session.now or 0.0
        job = session.submit(shape, patch, seconds=RUN)
        if stop:
            session.advance(25)
            session.cancel(job)
        seen = _seen(session, job, ENDED, made, step=3)
        session.advance(60)
        for name in ("completed_at", "updated_at"):
            _fits(session, _told(session, session.view(job), name), seen, f"{name} of a job of the kind {shape!r}")


@check("XIO-TIM-012")
def every_change_of_state_is_an_update(session: Session) -> None:
    """To its assignment, its start, its end."""
    staged(session, ROOMY, startup=20)
    made = session.now or 0.0
    job = session.submit("lasts", seconds=RUN)
    for phase in ("running", "succeeded"):
        seen = _seen(session, job, (phase,), made)
        session.advance(5)
        _fits(session, _told(session, session.view(job), "updated_at"), seen, f"the update that made the job {phase}")


@check("XIO-TIM-013")
def the_end_of_waiting_is_told_in_advance(session: Session) -> None:
    """For the least limit, a longer one and the usual one."""
    for limit in (300_000, 450_000, None):
        job = session.submit("waits", {"max_timeout_assign_ms": limit})
        view = session.view(job)
        created, told = instant(get(view, "/created_at")), get(view, "/timeout_assign_at_ms")
        _no_days(view, "created_at")
        needed(created is not None and get(view, "/status") == "PENDING", "the job does not wait")
        assert created is not None
        expect(isinstance(told, int | float) and not isinstance(told, bool), f"timeout_assign_at_ms of a job that waits is {told!r}", session.exchanges[-1])
        late = told - created * 1000 - (limit or 300_000)
        expect(abs(late) <= SKEW * 1000, f"waiting ends {late:g} ms beside the assign limit of {limit or 300_000} ms", session.exchanges[-1])


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
        fits = same_value(without_nulls(one.get(name)), without_nulls(other.get(name)))
        expect(fits, f"{name} of a job that waits was {one.get(name)!r} and is {other.get(name)!r}", session.exchanges[-1])


@check("XIO-TIM-016")
def the_duration_of_a_run_is_its_length(session: Session) -> None:
    """In milliseconds; however it ended, the first of two runs as well."""
    for shape, patch, stop in (*ENDS, ("tried", None, False)):
        if shape == "waits" or (shape not in session.settings.shapes and shape != "quick"):
            continue
        job = session.submit(shape, patch, seconds=RUN)
        if stop:
            session.advance(25)
            session.cancel(job)
        session.until(job)
        for run in runs_of(session, job):
            begun, ended, told = (run.get(name) for name in ("started_at_ms", "ended_at_ms", "duration_ms"))
            is_told = isinstance(begun, int | float) and isinstance(ended, int | float)
            expect(is_told, f"a run that ran and ended began at {begun!r} and ended at {ended!r}", session.exchanges[-1])
            same(round(ended - begun), round(told) if isinstance(told, int | float) else told, "the duration of a run", session.exchanges[-1])


@check("XIO-TIM-017")
def a_run_begins_and_ends_with_its_job(session: Session) -> None:
    """Prepared for twenty seconds; ended by itself, and stopped."""
    staged(session, ROOMY, startup=20)
    for stop in (False, True):
        job = session.submit("lasts", seconds=RUN)
        if stop:
            session.advance(35)
            needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
        session.until(job)
        _with_its_job(session, job)


def _with_its_job(session: Session, job: JobRef) -> None:
    view, runs = session.view(job), runs_of(session, job)
    needed(len(runs) == 1, f"the job has {len(runs)} runs")
    for mine, its in (("started_at_ms", "started_at"), ("ended_at_ms", "completed_at")):
        told, at = runs[0].get(mine), instant(get(view, f"/{its}"))
        needed(at is not None, f"the job has no {its}")
        _no_days(view, its)
        fits = isinstance(told, int | float) and abs(told - (at or 0.0) * 1000) <= SKEW * 1000
        expect(fits, f"{mine} of the run is {told!r}, {its} of its job {get(view, f'/{its}')!r}", *session.exchanges[-2:])
