"""The states that jobs of Ionworks pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.calls import at_once
from conformance.checks.families.capacity import makes_room
from conformance.checks.families.stops import late_stop_changes_nothing, stopped_job_stays
from conformance.checks.ionworks.steps import PATIENCE, TYPES, crowd, lived, running_job
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.phases import expect_end, expect_phase, submit_waiting
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown
from specs.lifecycle import TERMINAL


def is_soon_canceled(session: Session, job: JobRef) -> bool:
    """At once or some seconds later."""
    return any(state == "canceled" for state in session.watch(job, within=10))


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


@check("ION-STM-004")
@check("ION-STM-005")
def every_type_fails_alike(session: Session) -> None:
    """Of each type one that fails; the oracles look at it when it is read and when it is listed."""
    for job in [session.submit("fails", {"job_type": name}) for name in TYPES]:
        session.until(job)
    session.list_jobs()


@check("ION-STM-006")
def every_type_has_a_result(session: Session) -> None:
    """Of each type one that completes."""
    for name in TYPES:
        job = session.submit(patch={"job_type": name})
        ended, result = session.until(job), get(session.view(job), "/result")
        fits = ended != "completed" or isinstance(result, dict)
        expect(fits, f"the result of a completed job of the type {name} is {shown(result)}")


@check("ION-STM-007")
def a_cancel_is_answered_with_the_job(session: Session) -> None:
    """While it runs, and as soon as it is submitted; the cancel may take some seconds."""
    for job in (running_job(session), session.submit("long")):
        answer = accepted(session.cancel(job), "a request to cancel", (200,))
        same(job.id, get(answer.response.json, "/job_id"), "the job that the answer is about")
        expect(is_soon_canceled(session, job), "the job is not canceled though that was granted", answer)


@check("ION-STM-008")
def a_cancel_changes_nothing_of_an_ended_job(session: Session) -> None:
    """Completed, failed, canceled; no member changes."""
    for shape in session.shapes("quick", "fails", "long"):
        job = session.submit(shape)
        session.advance(2)
        if shape == "long":
            session.cancel(job)
        session.until(job)
        late_stop_changes_nothing(session, job, empty_is_null=True)


@check("ION-STM-009")
def a_cancel_of_an_ended_job_is_answered_with_the_job(session: Session) -> None:
    """200 and the job as it is, or 409."""
    for shape in ("quick", "fails"):
        job = session.submit(shape)
        ended = session.until(job)
        answer = accepted(session.cancel(job), f"canceling a job that is {ended}", (200, 409)).response
        if answer.status == 200:
            same(ended, get(answer.json, "/status"), "the status in the answer to a late cancel")


@check("ION-STM-010")
def a_cancel_needs_no_body(session: Session) -> None:
    """With an empty object, and with nothing."""
    ways: tuple[dict[str, Json], ...] = ({"body": {}}, {})
    for options in ways:
        job = running_job(session)
        accepted(session.cancel(job, **options), f"canceling with {shown(options or 'no body')}")
        expect(is_soon_canceled(session, job), "the job goes on")


@check("ION-STM-011")
def a_canceled_job_gives_back_what_it_held(session: Session) -> None:
    """A job that waits for room starts, and not before."""
    fillers = crowd(session)
    makes_room(session, fillers[-1], submit_waiting(session, "large", after=10), "cancel", within=2)


@check("ION-STM-012")
def cancels_at_the_same_time_cancel_once(session: Session) -> None:
    """Four at once."""
    job = running_job(session)
    answers = at_once(session, "cancel", job, body={})
    expect(any(one.response.is_success for one in answers), "none of four cancels at once was granted", *answers)
    fits = all(one.response.is_success or one.response.status == 409 for one in answers)
    expect(fits, "requests to cancel one job disturb each other", *answers)
    session.stopped(job)
    view = session.view(job)
    same("canceled", get(view, "/status"), "the status of a job after four cancels at once")
    session.advance(5)
    same(view, session.view(job), "a job some seconds after it was canceled")


@check("ION-STM-019")
def a_job_waits_then_computes(session: Session) -> None:
    """At every look it is pending until there is room, then processing until it has completed."""
    job = session.submit("large")
    seen = list(session.watch(job, within=120))
    needed(len(seen) > 4, "the job ended too soon to be watched")
    expect("processing" in seen, f"a job of {len(seen)} seconds was only ever {', '.join(dict.fromkeys(seen))}")
    seen = [look["status"] for _, look in lived(session).looks]
    course = list(dict.fromkeys(seen))
    expect(course == ["pending", "processing", "completed"], f"a job that waited and ran was {', '.join(course)}")
    expect(seen == sorted(seen, key=course.index), f"a job went back: {', '.join(seen)}")


@check("ION-STM-020")
def a_cancel_at_the_end_of_the_run_leaves_one_end(session: Session) -> None:
    """The run is watched once to learn its length; then the cancel comes at that instant."""
    first = session.submit()
    length = next((passed for passed in session.ticks(600) if session.phase(first) in TERMINAL), None)
    needed(length, "the job does not end")
    job = session.submit()
    session.advance(length or 0)
    session.cancel(job)
    ended = expect_phase(session, job, "succeeded cancelled", "a job that was canceled at the end of its run")
    session.advance(60)
    same(ended, session.state(job), "the state of the job a minute later")


@check("ION-STM-022", "a job canceled in the queue never starts, though there is room", True)
@check("ION-STM-023", "a job canceled in its run never completes", False)
def a_canceled_job_stays_canceled(session: Session, waits: bool) -> None:
    """Looked at while it would have run, and long after."""
    fillers = crowd(session) if waits else []
    job = submit_waiting(session, "large") if waits else session.submit("large", until="running")
    stopped_job_stays(session, job, fillers)


@check("ION-STM-024")
def every_end_gives_back_what_was_held(session: Session) -> None:
    """Where there is room for one job only, three that end well and three that fail find it free after each other."""
    fillers = crowd(session)
    session.cancel(fillers[0])
    for shape in ("large", "fails"):
        for _ in range(3):
            job = session.submit(shape, {"job_type": "optimize"})
            what = f"{PATIENCE:g} seconds after its submission, though those before it have ended, a job"
            expect_end(session, job, "succeeded failed", what, within=PATIENCE)


@check("ION-STM-028")
def a_cancel_answers_with_the_canceled_job(session: Session) -> None:
    """It has been done when it is answered."""
    job = running_job(session)
    answer = accepted(session.cancel(job), "a request to cancel", (200,)).response.json
    same("canceled", get(answer, "/status"), "the status in the answer to a cancel")
    same("canceled", session.state(job), "the status of the job then")


@check("ION-STM-029")
def jobs_of_every_type_end(session: Session) -> None:
    """Well or badly: what the params of each type are is not said."""
    jobs = {name: session.submit(patch={"job_type": name}) for name in TYPES}
    for name, job in jobs.items():
        expect_end(session, job, "succeeded failed", f"after ten minutes a job of the type {name}")
