"""What jobs of ByteNite hold of the nodes, and give back."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import PATIENCE, begins_within, chunks, crowd, running_tasks, seen
from conformance.checks.families.capacity import makes_room
from conformance.checks.families.queue import order_of_starts
from conformance.session.expect import accepted, expect, needed
from conformance.session.phases import ENDED, GOES_ON, expect_end, expect_not
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json, get, shown


@check("BYT-PRI-002")
def jobs_wait_their_turn(session: Session) -> None:
    """Five alike; four of them were run in the reverse order of their creation."""
    fillers, first = crowd(session)
    drafts = [session.submit("long", draft=True) for _ in range(4)]
    for job in reversed(drafts):
        session.start(job)
        session.advance(10)
    waiting = [first, *reversed(drafts)]
    holders = fillers[: len(waiting)]
    order = order_of_starts(session, holders, waiting, within=PATIENCE)
    needed(len(order) == len(holders), f"of {len(holders)} jobs {len(order)} have begun")
    allowed = [orders[: len(order)] for orders in ([0, 1, 2, 3, 4], [0, 4, 3, 2, 1])]
    expect(order in allowed, f"jobs that wait begin in the order {order}")


@check("BYT-STM-021")
def an_aborted_job_makes_room(session: Session) -> None:
    """While its tasks run, for one that waits; and one that was aborted while it waited does not begin."""
    fillers, waiting = crowd(session)
    gone = session.submit("long")
    accepted(session.cancel(gone), "aborting a job that waits")
    makes_room(session, fillers[0], waiting, "cancel", within=PATIENCE)
    accepted(session.cancel(fillers[1]), "aborting a running job")
    session.advance(PATIENCE)
    expect_not(session, gone, GOES_ON, "a job that was aborted while it waited")


@check("BYT-STM-021")
def every_task_of_an_aborted_job_makes_room(session: Session) -> None:
    """Where there is room for two, a job of two tasks is aborted and two jobs of one find it."""
    if not session.settings.knobs.get("chunks"):
        return  # a single task is looked at above
    fillers, waiting = crowd(session)
    needed(len(fillers) > 1, "there is room for one task only")
    for job in (waiting, *fillers[:2]):
        session.cancel(job)
    pair = session.submit("long", chunks(session, 2), until="running")
    session.advance(5)
    accepted(session.cancel(pair), "aborting a job of two tasks")
    for _ in range(2):
        job = session.submit("long")
        expect(begins_within(session, job), "where a job of two tasks was aborted, two jobs of one do not begin")


@check("BYT-STM-022")
def a_deleted_job_makes_room(session: Session) -> None:
    """While its tasks run, for one that waits."""
    fillers, waiting = crowd(session)
    makes_room(session, fillers[0], waiting, "delete", within=PATIENCE)


@check("BYT-STM-023")
def an_ended_job_makes_room(session: Session) -> None:
    """Where there is room for one job only, jobs that end well, fail and pass their timeouts find it free after each
    other."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    session.cancel(fillers[0])
    limits: tuple[Json, ...] = ({"jobTimeout": 20}, {"taskTimeout": 5})
    kinds = [("quick", None), ("fails", None), *(("long", {"config": limit}) for limit in limits)]
    for shape, patch in [kind for kind in kinds for _ in range(2) if kind[0] in (*session.settings.shapes, "quick")]:
        job = session.submit(shape, patch)
        expect_end(session, job, ENDED, "two minutes later, though those before it have ended, a job", within=120)


@check("BYT-STM-024")
def tasks_run_beside_each_other(session: Session) -> None:
    """Four, where nothing else runs: as many are counted, and together they take as long as one."""
    lengths = []
    for replicas in (1, 4):
        job = session.submit(patch=chunks(session, replicas))
        needed(session.phase_of(session.until(job)) == "succeeded", "the job fails")
        lengths.append(get(seen(session, job), "/duration"))
    needed(all(isinstance(one, int | float) and one > 0 for one in lengths), "the jobs tell no durations")
    expect(lengths[1] < 2 * lengths[0], f"one task takes {lengths[0]:g} seconds, four take {lengths[1]:g}")
    running = session.submit("long", chunks(session, 4), until="running")
    session.advance(5)
    count = running_tasks(session).get(running.id)
    expect(count in (None, 4), f"of four tasks that find room {shown(count)} run")
