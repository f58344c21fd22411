"""Checks of what ByteNite's jobs hold: an end of any kind gives it back, tasks run beside each other where there is room, jobs wait their turn."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite_calls import NEW, chunks, running_tasks, seen
from conformance.errors import Inconclusive
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import get
from specs.lifecycle import TERMINAL

MOST = 40
PATIENCE = 30.0
"""Seconds within which a job that finds room has begun, or there is none."""


def _waits(session: Session, job: JobRef) -> bool:
    return session.phase(job) == "queued"


def _begins(session: Session, job: JobRef, within: float = PATIENCE) -> bool:
    return any(not _waits(session, job) for _ in session.ticks(within))


def crowd(session: Session) -> tuple[list[JobRef], JobRef]:
    """Jobs whose tasks leave no room for another one, and one more that waits behind them."""
    fillers: list[JobRef] = []
    while len(fillers) < MOST:
        job = session.submit("long")
        if not _begins(session, job, PATIENCE if not fillers else 10.0):
            needed(fillers, "there is no capacity at all")
            return fillers, job
        session.until(job, "running")
        fillers.append(job)
    raise Inconclusive(f"{MOST} jobs did not use up all capacity")


@check("BYT-STM-021")
def an_aborted_job_makes_room(session: Session) -> None:
    """While its tasks run, for one that waits; and one that was aborted while it waited does not begin."""
    fillers, waiting = crowd(session)
    gone = session.submit("long")
    accepted(session.cancel(gone), "aborting a job that waits")
    accepted(session.cancel(fillers[0]), "aborting a running job")
    expect(_begins(session, waiting), "a job that waits does not begin though a running one was aborted", session.exchanges[-1])
    accepted(session.cancel(fillers[1]), "aborting a running job")
    session.advance(PATIENCE)
    view = session.view(gone)
    state = str(get(view, "/state")) if isinstance(view, dict) else ""
    expect(session.phase_of(state) in ("", *TERMINAL), f"a job that was aborted while it waited is {state}", session.exchanges[-1])


@check("BYT-STM-021")
def every_task_of_an_aborted_job_makes_room(session: Session) -> None:
    """Where there is room for two, a job of two tasks is aborted and two jobs of one find it."""
    if not session.settings.knobs.get("chunks"):
        return  # a single task is looked at above
    fillers, waiting = crowd(session)
    needed(len(fillers) > 1, "there is room for one task only")
    for job in (waiting, *fillers[:2]):
        session.cancel(job)
    pair = session.submit("long", chunks(session, 2))
    session.until(pair, "running")
    session.advance(5)
    accepted(session.cancel(pair), "aborting a job of two tasks")
    for _ in range(2):
        job = session.submit("long")
        expect(_begins(session, job), "where a job of two tasks was aborted, two jobs of one do not begin", session.exchanges[-1])


@check("BYT-STM-022")
def a_deleted_job_makes_room(session: Session) -> None:
    """While its tasks run, for one that waits."""
    fillers, waiting = crowd(session)
    accepted(session.delete(fillers[0]), "deleting a running job")
    expect(_begins(session, waiting), "a job that waits does not begin though a running one was deleted", session.exchanges[-1])


@check("BYT-STM-023")
def an_ended_job_makes_room(session: Session) -> None:
    """Where there is room for one job only, jobs that end well, fail and pass their timeouts find it free after each other."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    session.cancel(fillers[0])
    kinds = [("quick", {}), ("fails", {}), ("long", {"config": {"jobTimeout": 20}}), ("long", {"config": {"taskTimeout": 5}})]
    for shape, patch in [kind for kind in kinds for _ in range(2) if kind[0] in (*session.settings.shapes, "quick")]:
        job = session.submit(shape, patch)
        *_, last = session.watch(job, within=120)
        message = f"a job is {last} two minutes after it was run, though all that held its place before have ended"
        expect(session.phase_of(last) in TERMINAL, message, job.created, session.exchanges[-1])


@check("BYT-STM-024")
def tasks_run_beside_each_other(session: Session) -> None:
    """Four, where nothing else runs: as many are counted, and together they take as long as one."""
    lengths = []
    for replicas in (1, 4):
        job = session.submit(patch=chunks(session, replicas))
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
        lengths.append(get(seen(session, job), "/duration"))
    needed(all(isinstance(one, int | float) and one > 0 for one in lengths), "the jobs tell no durations")
    expect(lengths[1] < 2 * lengths[0], f"one task takes {lengths[0]:g} seconds, four take {lengths[1]:g}", *session.exchanges[-1:])
    running = session.submit("long", chunks(session, 4))
    session.until(running, "running")
    session.advance(5)
    count = running_tasks(session).get(running.id)
    expect(count in (None, 4), f"of four tasks that find room {count!r} run", session.exchanges[-1])


@check("BYT-PRI-002")
def jobs_wait_their_turn(session: Session) -> None:
    """Five alike; four of them were run in the reverse order of their creation."""
    fillers, first = crowd(session)
    drafts = [session.submit("long", draft=True) for _ in range(4)]
    for job in reversed(drafts):
        session.start(job)
        session.advance(10)
    waiting = [first, *reversed(drafts)]
    order = []
    for filler in fillers[: len(waiting)]:
        session.cancel(filler)
        for _ in session.ticks(PATIENCE):
            begun = [number for number, job in enumerate(waiting) if number not in order and not _waits(session, job)]
            if begun:
                break
        needed(len(begun) == 1, f"{len(begun)} jobs begin between two looks")
        order += begun
    allowed = [orders[: len(order)] for orders in ([0, 1, 2, 3, 4], [0, 4, 3, 2, 1])]
    expect(order in allowed, f"jobs that wait begin in the order {order}", *session.exchanges[-1:])


@check("BYT-TMO-014")
def the_job_timeout_counts_in_every_state(session: Session) -> None:
    """It passes while the input is taken in, and while the output is put together."""
    alone = session.submit(draft=True)
    session.start(alone)
    entered: dict[str, float] = {}
    begun = session.now or 0.0
    for state in session.watch(alone, step=0.5):
        entered.setdefault(session.phase_of(state), (session.now or 0.0) - begun)
    for phase in ("starting", "finishing"):
        limit = int(entered[phase]) + 1 if phase in entered else 0
        if phase not in entered or limit >= max(entered.values()):
            continue
        job = session.submit(patch={"config": {"jobTimeout": limit}})
        session.until(job)
        state = session.state(job)
        expect(session.phase_of(state) != "succeeded", f"a job whose timeout of {limit} seconds passes before its end is {state}", job.created)
    expect(session.state(alone) != NEW, "a job that was run is new", session.exchanges[-1])


@check("BYT-RSP-026")
def tasks_that_wait_are_not_running(session: Session) -> None:
    """Where there is room for one task only, one of four is counted."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    session.cancel(fillers[0])
    job = session.submit("long", chunks(session, 4))
    session.until(job, "running")
    session.advance(5)
    count = running_tasks(session).get(job.id)
    expect(count == 1, f"where one task finds room {count!r} of four run", session.exchanges[-1])


@check("BYT-TIM-022")
def waiting_is_no_part_of_the_duration(session: Session) -> None:
    """A job waits half a minute for capacity: its start comes after, its submission before; what it costs is its work."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    job = session.submit()
    session.advance(PATIENCE)
    needed(_waits(session, job), "the job does not wait")
    session.cancel(fillers[0])
    session.until(job)
    view = seen(session, job)
    submitted, started, ended = (instant(get(view, f"/{name}")) for name in ("submittedAt", "startedAt", "endedAt"))
    needed(None not in (submitted, started, ended), "the job does not tell its instants")
    assert submitted is not None
    assert started is not None
    assert ended is not None
    expect(started - submitted >= PATIENCE - 2, f"a job that waited {PATIENCE:g} seconds tells a start {started - submitted:g} seconds after it was run")
    told = get(view, "/duration")
    agrees = isinstance(told, int | float) and abs(told - (ended - started)) <= 1.1
    expect(agrees, f"a job that waited tells the duration {told!r}, from start to end are {ended - started:g} seconds", session.exchanges[-1])
