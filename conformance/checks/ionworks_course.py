"""Checks of the course that Ionworks' jobs take: canceled, in families, in the order of their priorities, and beyond their limit."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks_crowd import crowd, lived, running, starts
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls
from specs.lifecycle import TERMINAL

DAY = 86_400.0


@check("ION-STM-001")
@check("ION-STM-002")
def every_state_is_seen(session: Session) -> None:
    """The oracles look at a family in which each state comes about, in answers and in lists."""
    parent = session.submit()
    shapes = ["quick", "long", *(shape for shape in ("fails", "waits") if shape in session.settings.shapes)]
    family = [session.submit(shape, {"parent_job_id": parent.id}) for shape in shapes]
    for _ in session.ticks(12, 3):
        for job in (parent, *family):
            session.view(job)
    for job in (family[1], parent):
        session.cancel(job)
        session.view(job)
    if "list" in session.roles:
        session.list_jobs()
    if session.settings.capabilities.get("array"):
        session.call("list_jobs_jobs__get")


@check("ION-STM-007")
def a_cancel_is_answered_with_the_job(session: Session) -> None:
    """While it runs, and as soon as it is submitted; the cancel may take some seconds."""
    for job in (running(session), session.submit("long")):
        told = accepted(session.cancel(job), "a request to cancel", (200,))
        expect(get(told.response.json, "/job_id") == job.id, "the answer tells of another job", told)
        expect(is_soon_canceled(session, job), "the job is not canceled though that was granted", told, session.exchanges[-1])


def is_soon_canceled(session: Session, job: JobRef) -> bool:
    """At once or some seconds later."""
    return any(state == "canceled" for state in session.watch(job, within=10))


@check("ION-STM-028")
def a_cancel_answers_with_the_canceled_job(session: Session) -> None:
    """It has been done when it is answered."""
    job = running(session)
    told = accepted(session.cancel(job), "a request to cancel", (200,))
    expect(get(told.response.json, "/status") == "canceled", f"the answer says {get(told.response.json, '/status')!r}", told)
    expect(session.state(job) == "canceled", "the job goes on", told, session.exchanges[-1])


@check("ION-STM-008")
def a_cancel_changes_nothing_of_an_ended_job(session: Session) -> None:
    """Completed, failed, canceled; no member changes."""
    for shape in ("quick", "fails", "long"):
        if shape != "quick" and shape not in session.settings.shapes:
            continue
        job = session.submit(shape)
        session.advance(2)
        if shape == "long":
            session.cancel(job)
        session.until(job)
        before = session.view(job)
        session.advance(20)
        told = session.cancel(job)
        after = session.view(job)
        changed = [name for name in before if not same_value(without_nulls(before[name]), without_nulls(get(after, f"/{name}") or None))]
        changed = [name for name in changed if before[name] or get(after, f"/{name}")]
        expect(not changed, f"canceling a job that was {before['status']} changed {', '.join(changed)}", told, session.exchanges[-1])


@check("ION-STM-009")
def a_cancel_of_an_ended_job_is_answered_with_the_job(session: Session) -> None:
    """200 and the job as it is, or 409."""
    for shape in ("quick", "fails"):
        job = session.submit(shape)
        ended = session.until(job)
        told = accepted(session.cancel(job), f"canceling a job that is {ended}", (200, 409))
        if told.response.status == 200:
            expect(get(told.response.json, "/status") == ended, f"the answer says {get(told.response.json, '/status')!r}", told)


@check("ION-STM-010")
def a_cancel_needs_no_body(session: Session) -> None:
    """With an empty object, and with nothing."""
    ways: tuple[dict[str, Json], ...] = ({"body": {}}, {})
    for options in ways:
        job = running(session)
        accepted(session.cancel(job, **options), f"canceling with {options or 'no body'}")
        expect(is_soon_canceled(session, job), "the job goes on", session.exchanges[-1])


@check("ION-STM-011")
def a_canceled_job_gives_back_what_it_held(session: Session) -> None:
    """A job that waits for room starts, and not before."""
    fillers = crowd(session)
    job = session.submit("large")
    session.advance(10)
    needed(session.phase(job) == "queued", "the job does not wait")
    told = session.cancel(fillers[-1])
    session.advance(2)
    expect(session.phase(job) != "queued", "a job still waits although another was canceled", told, session.exchanges[-1])


@check("ION-STM-022")
def a_job_canceled_in_the_queue_never_starts(session: Session) -> None:
    """All others are canceled after it, so that there is room."""
    fillers = crowd(session)
    job = session.submit("large")
    session.advance(5)
    needed(session.phase(job) == "queued", "the job does not wait")
    session.cancel(job)
    ended = session.view(job)
    needed(get(ended, "/status") == "canceled", "a job that waits cannot be stopped")
    for filler in fillers:
        session.cancel(filler)
    _stays(session, job, ended)


@check("ION-STM-023")
def a_job_canceled_in_its_run_never_completes(session: Session) -> None:
    """Looked at while it would have run, and long after."""
    job = session.submit("large")
    session.until(job, "running")
    session.cancel(job)
    ended = session.view(job)
    needed(get(ended, "/status") == "canceled", "a running job cannot be stopped")
    _stays(session, job, ended)


def _stays(session: Session, job: JobRef, ended: Json) -> None:
    for _ in session.ticks(60, 10):
        now = session.view(job)
        changed = [name for name in ended if not same_value(ended[name], get(now, f"/{name}"))]
        expect(not changed, f"of a canceled job {', '.join(changed)} changed", session.exchanges[-1])


@check("ION-STM-012")
def cancels_at_the_same_time_cancel_once(session: Session) -> None:
    """Four at once."""
    job = running(session)
    operation = session.spec.operations[session.role("cancel").operation]
    path = session.directory.path(operation.id, {session.role("cancel").parameter or "job_id": job.id})
    told = session.together([session.request(operation.method, path, body={}) for _ in range(4)])
    expect(any(one.response.is_success for one in told), "none of four requests to cancel a job was granted", *told)
    expect(all(one.response.is_success or one.response.status == 409 for one in told), "requests to cancel one job disturb each other", *told)
    view = session.view(job)
    expect(get(view, "/status") == "canceled", f"the job is {get(view, '/status')}", *told, session.exchanges[-1])
    session.advance(5)
    expect(same_value(session.view(job), view), "the job changed after it was canceled", *told, session.exchanges[-1])


@check("ION-STM-020")
def a_cancel_at_the_end_of_the_run_leaves_one_end(session: Session) -> None:
    """The run is watched once to learn its length; then the cancel comes at that instant."""
    first = session.submit()
    length = next((passed for passed in session.ticks(600) if session.phase(first) in TERMINAL), None)
    needed(length, "the job does not end")
    job = session.submit()
    session.advance(length or 0)
    told = session.cancel(job)
    ended = session.state(job)
    expect(session.phase_of(ended) in ("succeeded", "cancelled"), f"the job is {ended}", told, session.exchanges[-1])
    session.advance(60)
    expect(session.state(job) == ended, f"the job had ended as {ended}", told, session.exchanges[-1])


@check("ION-STM-019")
def a_job_waits_then_computes(session: Session) -> None:
    """At every look it is pending until there is room, then processing until it has completed."""
    job = session.submit("large")
    seen = list(session.watch(job, within=120))
    needed(len(seen) > 4, "the job ended too soon to be watched")
    expect("processing" in seen, f"a job that ran for {len(seen)} seconds was only ever {', '.join(dict.fromkeys(seen))}", session.exchanges[-1])
    seen = [look["status"] for _, look in lived(session).looks]
    course = list(dict.fromkeys(seen))
    expect(course == ["pending", "processing", "completed"], f"a job that waited and ran was {', '.join(course)}", session.exchanges[-1])
    expect(seen == sorted(seen, key=course.index), f"a job went back: {', '.join(seen)}", session.exchanges[-1])


@check("ION-PRI-001")
def jobs_start_in_the_order_of_their_priorities(session: Session) -> None:
    """Neither as they came nor the other way round: the priorities are mixed."""
    priorities = [4, 9, 0, 10, 2, 7]
    order = [priorities[number] for number in starts(session, [{"priority": one} for one in priorities])]
    expect(sorted(order) in (order, order[::-1]), f"jobs of the priorities {priorities} were started as {order}", session.exchanges[-1])


@check("ION-PRI-002")
def the_highest_priority_is_started_first(session: Session) -> None:
    """Ten is the most urgent; neighbours differ."""
    priorities = [0, 9, 1, 10, 5, 6]
    order = [priorities[number] for number in starts(session, [{"priority": one} for one in priorities])]
    expect(order == sorted(order, reverse=True), f"jobs of the priorities {priorities} were started as {order}", session.exchanges[-1])


@check("ION-PRI-003")
def equal_priorities_start_as_they_came(session: Session) -> None:
    """Four of one priority and two of another."""
    order = starts(session, [{"priority": one} for one in (8, 2, 8, 8, 2, 8)])
    for of_one in ([number for number in order if number in (0, 2, 3, 5)], [number for number in order if number in (1, 4)]):
        expect(of_one == sorted(of_one), f"jobs of one priority were started as {of_one}", session.exchanges[-1])


@check("ION-PRI-004")
def no_priority_is_the_lowest(session: Session) -> None:
    """Behind a later job of priority 1, before a later one of priority 0."""
    order = starts(session, [{}, {"priority": 1}, {"priority": 0}])
    expect(order == [1, 0, 2], f"without a priority, priority 1 and priority 0 were started as {order}", session.exchanges[-1])


@check("ION-TMO-001")
def a_run_of_more_than_a_day_fails(session: Session) -> None:
    """It goes on until the day is over, and not much longer."""
    job = session.submit("endless")
    session.until(job, "running")
    session.advance(DAY - 60)
    expect(session.phase(job) == "running", f"a run of less than a day is {session.state(job)}", session.exchanges[-1])
    session.advance(120)
    expect(session.phase(job) == "failed", f"a run of more than a day is {session.state(job)}", session.exchanges[-1])


@check("ION-TMO-002")
def a_run_that_took_too_long_says_so(session: Session) -> None:
    """Wherever the limit is, if it is within a week."""
    job = session.submit("endless")
    session.until(job, "running")
    for _ in session.ticks(7 * DAY, DAY / 4):
        if session.phase(job) in TERMINAL:
            break
    view = session.view(job)
    if get(view, "/status") != "failed":
        raise NotApplicable("a run of a week meets no limit")
    expect(get(view, "/error_code") == "EXECUTION_TIMEOUT", f"error_code is {get(view, '/error_code')!r}", session.exchanges[-1])


@check("ION-TMO-003")
def a_failure_is_no_timeout(session: Session) -> None:
    """After a run of seconds."""
    job = session.submit("fails")
    session.until(job)
    view = session.view(job)
    needed(get(view, "/status") == "failed", "the job has not failed")
    expect(get(view, "/error_code") != "EXECUTION_TIMEOUT", "a run that failed within seconds says EXECUTION_TIMEOUT", session.exchanges[-1])
