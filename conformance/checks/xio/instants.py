"""The instants and durations that compute.x.io reports."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio.steps import ENDS, LIMIT_MS, RUN, SKEW, need_instants, runs_of, waiting_again
from conformance.oracles.members import instant
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls

SLACK_MS = 2000
ENDED = ("succeeded", "failed", "cancelled")


def _told(view: Json, name: str) -> float:
    """Seconds from a job's creation to one of its instants."""
    created, found = instant(get(view, "/created_at")), instant(get(view, f"/{name}"))
    needed(created is not None, "the job has no instant of creation")
    need_instants(view, "created_at", name)
    expect(found is not None, f"{name} is {get(view, f'/{name}')!r}, which is no instant")
    assert created is not None
    assert found is not None
    return found - created


def _seen(
    session: Session, job: JobRef, phases: tuple[str, ...], made: float, *, step: float = 1.0
) -> tuple[float, float]:
    """Between which seconds after its creation the job came into one of these phases."""
    before = (session.now or 0.0) - made
    for state in session.watch(job, within=400, step=step):
        passed = (session.now or 0.0) - made
        if session.phase_of(state) in phases:
            return before, passed
        before = passed
    needed(False, f"the job was never {' or '.join(phases)}")
    return before, before


def _fits(told: float, seen: tuple[float, float], what: str) -> None:
    lowest, highest = seen[0] - SKEW, seen[1] + SKEW
    expect(
        lowest <= told <= highest,
        f"{what} is {told:g} seconds after the creation, seen was it between {seen[0]:g} and {seen[1]:g}",
    )


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
            expect(not told, f"a job that is {get(view, '/status')} for the first time started at {told!r}")


@check("XIO-TIM-009")
def time_passes_between_creations(session: Session) -> None:
    """A minute and a half."""
    first = session.submit()
    session.advance(90)
    second = session.submit()
    views = [session.view(job) for job in (first, second)]
    need_instants(views[0], "created_at")
    told = [instant(get(view, "/created_at")) for view in views]
    needed(None not in told, "a job has no instant of creation")
    apart = (told[1] or 0.0) - (told[0] or 0.0)
    expect(abs(apart - 90) <= SKEW, f"two jobs made 90 seconds apart were created {apart:g} seconds apart")


@check("XIO-TIM-010")
def a_start_is_told_as_it_was_seen(session: Session) -> None:
    """Twenty seconds after the creation; and still so after the end."""
    staged(session, ROOMY, startup=20)
    made = session.now or 0.0
    job = session.submit("lasts", seconds=RUN)
    seen = _seen(session, job, ("running",), made)
    for _ in range(2):
        _fits(_told(session.view(job), "started_at"), seen, "the start")
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
            _fits(_told(session.view(job), name), seen, f"{name} of a job of the kind {shape!r}")


@check("XIO-TIM-012")
def to_wait_again_is_an_update(session: Session) -> None:
    """A minute after the start of the run that failed."""
    job = waiting_again(session)
    view = session.view(job)
    started, updated = instant(get(view, "/started_at")), instant(get(view, "/updated_at"))
    needed(
        started is not None and updated is not None, "a job that waits again does not report its start and its update"
    )
    apart = (updated or 0.0) - (started or 0.0)
    expect(
        apart >= 60 - SLACK_MS / 1000,
        f"a job that waits again since its run of a minute failed was updated {apart:g} seconds after its start",
    )


@check("XIO-TIM-012")
def every_change_of_state_is_an_update(session: Session) -> None:
    """To its assignment, its start, its end."""
    staged(session, ROOMY, startup=20)
    made = session.now or 0.0
    job = session.submit("lasts", seconds=RUN)
    for phase in ("running", "succeeded"):
        seen = _seen(session, job, (phase,), made)
        session.advance(5)
        _fits(_told(session.view(job), "updated_at"), seen, f"the update that made the job {phase}")


@check("XIO-TIM-013")
def the_end_of_waiting_is_told_in_advance(session: Session) -> None:
    """For the least limit, a longer one and the usual one."""
    for limit in (300_000, 450_000, None):
        job = session.submit("waits", {"max_timeout_assign_ms": limit})
        view = session.view(job)
        created, told = instant(get(view, "/created_at")), get(view, "/timeout_assign_at_ms")
        need_instants(view, "created_at")
        needed(created is not None and get(view, "/status") == "PENDING", "the job does not wait")
        assert created is not None
        expect(
            isinstance(told, int | float) and not isinstance(told, bool),
            f"timeout_assign_at_ms of a job that waits is {told!r}",
        )
        late = told - created * 1000 - (limit or 300_000)
        expect(abs(late) <= SKEW * 1000, f"waiting ends {late:g} ms beside the assign limit of {limit or 300_000} ms")


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
        expect(fits, f"{name} of a job that waits was {one.get(name)!r} and is {other.get(name)!r}")


@check("XIO-TIM-021")
def the_end_of_a_second_wait_is_told(session: Session) -> None:
    """The limit after the failure of the first run."""
    job = waiting_again(session)
    runs = runs_of(session, job)
    needed(runs and isinstance(runs[0].get("ended_at_ms"), int | float), "the first run does not report its end")
    told = get(session.view(job), "/timeout_assign_at_ms")
    needed(isinstance(told, int | float), "a job that waits does not report its assign limit's end")
    off = told - runs[0]["ended_at_ms"] - LIMIT_MS
    expect(
        abs(off) <= SLACK_MS,
        f"timeout_assign_at_ms of a second wait lies {off / 1000:+g} seconds from where its limit ends",
    )


@check("XIO-TIM-022")
def the_start_of_a_job_is_that_of_its_last_run(session: Session) -> None:
    """Of a job that was tried again."""
    job = session.submit("retried", until="end")
    runs = runs_of(session, job)
    needed(
        len(runs) == 2 and isinstance(runs[1].get("started_at_ms"), int | float),
        "the job has no second run that reports its start",
    )
    needed(runs[1]["started_at_ms"] - runs[0]["started_at_ms"] > SLACK_MS, "both runs started at about the same time")
    told = instant(get(session.view(job), "/started_at"))
    expect(
        told is not None and abs(told * 1000 - runs[1]["started_at_ms"]) <= 1000,
        f"a job whose last run started at {runs[1]['started_at_ms']} reports {told}",
    )


@check("XIO-TIM-023")
def the_start_stays_told(session: Session) -> None:
    """Of a job that is stopped, that fails, that ends well."""
    for shape in ("long", "breaks", "lasts"):
        job = session.submit(shape, seconds=30, until="running")
        before = get(session.view(job), "/started_at")
        needed(isinstance(before, str), "a job that runs does not report its start")
        if shape == "long":
            session.cancel(job)
        session.until(job)
        same(before, get(session.view(job), "/started_at"), f"the start of a job that is {session.state(job)}")
