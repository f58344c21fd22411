"""What jobs of ByteNite hold of the nodes, and give back."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import PATIENCE, begins_within, chunks, crowd, is_waiting, running_tasks, seen
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import get, shown
from specs.lifecycle import TERMINAL


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
            begun = [
                number for number, job in enumerate(waiting) if number not in order and not is_waiting(session, job)
            ]
            if begun:
                break
        needed(len(begun) == 1, f"{len(begun)} jobs begin between two looks")
        order += begun
    allowed = [orders[: len(order)] for orders in ([0, 1, 2, 3, 4], [0, 4, 3, 2, 1])]
    expect(order in allowed, f"jobs that wait begin in the order {order}")


@check("BYT-STM-021")
def an_aborted_job_makes_room(session: Session) -> None:
    """While its tasks run, for one that waits; and one that was aborted while it waited does not begin."""
    fillers, waiting = crowd(session)
    gone = session.submit("long")
    accepted(session.cancel(gone), "aborting a job that waits")
    accepted(session.cancel(fillers[0]), "aborting a running job")
    expect(begins_within(session, waiting), "a job that waits does not begin though a running one was aborted")
    accepted(session.cancel(fillers[1]), "aborting a running job")
    session.advance(PATIENCE)
    view = session.view(gone)
    state = str(get(view, "/state")) if isinstance(view, dict) else ""
    expect(session.phase_of(state) in ("", *TERMINAL), f"a job that was aborted while it waited is {state}")


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
    accepted(session.delete(fillers[0]), "deleting a running job")
    expect(begins_within(session, waiting), "a job that waits does not begin though a running one was deleted")


@check("BYT-STM-023")
def an_ended_job_makes_room(session: Session) -> None:
    """Where there is room for one job only, jobs that end well, fail and pass their timeouts find it free after each
    other."""
    fillers, waiting = crowd(session)
    session.cancel(waiting)
    session.cancel(fillers[0])
    kinds = [
        ("quick", {}),
        ("fails", {}),
        ("long", {"config": {"jobTimeout": 20}}),
        ("long", {"config": {"taskTimeout": 5}}),
    ]
    for shape, patch in [kind for kind in kinds for _ in range(2) if kind[0] in (*session.settings.shapes, "quick")]:
        job = session.submit(shape, patch)
        *_, last = session.watch(job, within=120)
        message = f"a job is {last} two minutes after it was run, though all that held its place before have ended"
        expect(session.phase_of(last) in TERMINAL, message, job.created)


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
