"""The states that jobs of Ionworks pass, and what stops and deletes do to them."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import PATIENCE, TYPES, crowd, lived, running_job
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, same_value, shown, without_nulls
from specs.lifecycle import TERMINAL


def is_soon_canceled(session: Session, job: JobRef) -> bool:
    """At once or some seconds later."""
    return any(state == "canceled" for state in session.watch(job, within=10))


def _stays(session: Session, job: JobRef, ended: Json) -> None:
    for _ in session.ticks(60, 10):
        now = session.view(job)
        changed = [name for name in ended if not same_value(ended[name], get(now, f"/{name}"))]
        expect(not changed, f"of a canceled job {', '.join(changed)} changed")


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
        expect(
            ended != "completed" or isinstance(result, dict),
            f"the result of a completed job of the type {name} is {shown(result)}",
        )


@check("ION-STM-007")
def a_cancel_is_answered_with_the_job(session: Session) -> None:
    """While it runs, and as soon as it is submitted; the cancel may take some seconds."""
    for job in (running_job(session), session.submit("long")):
        told = accepted(session.cancel(job), "a request to cancel", (200,))
        expect(get(told.response.json, "/job_id") == job.id, "the answer is about another job", told)
        expect(is_soon_canceled(session, job), "the job is not canceled though that was granted", told)


@check("ION-STM-008")
def a_cancel_changes_nothing_of_an_ended_job(session: Session) -> None:
    """Completed, failed, canceled; no member changes."""
    for shape in session.shapes("quick", "fails", "long"):
        job = session.submit(shape)
        session.advance(2)
        if shape == "long":
            session.cancel(job)
        session.until(job)
        before = session.view(job)
        session.advance(20)
        told = session.cancel(job)
        after = session.view(job)
        changed = [
            name
            for name in before
            if not same_value(without_nulls(before[name]), without_nulls(get(after, f"/{name}") or None))
        ]
        changed = [name for name in changed if before[name] or get(after, f"/{name}")]
        expect(not changed, f"canceling a job that was {before['status']} changed {', '.join(changed)}", told)


@check("ION-STM-009")
def a_cancel_of_an_ended_job_is_answered_with_the_job(session: Session) -> None:
    """200 and the job as it is, or 409."""
    for shape in ("quick", "fails"):
        job = session.submit(shape)
        ended = session.until(job)
        told = accepted(session.cancel(job), f"canceling a job that is {ended}", (200, 409))
        if told.response.status == 200:
            expect(
                get(told.response.json, "/status") == ended,
                f"the answer says {shown(get(told.response.json, '/status'))}",
                told,
            )


@check("ION-STM-010")
def a_cancel_needs_no_body(session: Session) -> None:
    """With an empty object, and with nothing."""
    ways: tuple[dict[str, Json], ...] = ({"body": {}}, {})
    for options in ways:
        job = running_job(session)
        accepted(session.cancel(job, **options), f"canceling with {options or 'no body'}")
        expect(is_soon_canceled(session, job), "the job goes on")


@check("ION-STM-011")
def a_canceled_job_gives_back_what_it_held(session: Session) -> None:
    """A job that waits for room starts, and not before."""
    fillers = crowd(session)
    job = session.submit("large")
    session.advance(10)
    needed(session.phase(job) == "queued", "the job does not wait")
    told = session.cancel(fillers[-1])
    session.advance(2)
    expect(session.phase(job) != "queued", "a job still waits although another was canceled", told)


@check("ION-STM-012")
def cancels_at_the_same_time_cancel_once(session: Session) -> None:
    """Four at once."""
    job = running_job(session)
    operation = session.spec.operations[session.role("cancel").operation]
    path = session.directory.path(operation.id, {session.role("cancel").parameter or "job_id": job.id})
    told = session.together([session.request(operation.method, path, body={}) for _ in range(4)])
    expect(any(one.response.is_success for one in told), "none of four requests to cancel a job was granted", *told)
    expect(
        all(one.response.is_success or one.response.status == 409 for one in told),
        "requests to cancel one job disturb each other",
        *told,
    )
    view = session.view(job)
    expect(get(view, "/status") == "canceled", f"the job is {get(view, '/status')}", *told)
    session.advance(5)
    expect(same_value(session.view(job), view), "the job changed after it was canceled", *told)


@check("ION-STM-019")
def a_job_waits_then_computes(session: Session) -> None:
    """At every look it is pending until there is room, then processing until it has completed."""
    job = session.submit("large")
    seen = list(session.watch(job, within=120))
    needed(len(seen) > 4, "the job ended too soon to be watched")
    expect(
        "processing" in seen, f"a job that ran for {len(seen)} seconds was only ever {', '.join(dict.fromkeys(seen))}"
    )
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
    told = session.cancel(job)
    ended = session.state(job)
    expect(session.phase_of(ended) in ("succeeded", "cancelled"), f"the job is {ended}", told)
    session.advance(60)
    expect(session.state(job) == ended, f"the job had ended as {ended}", told)


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
    job = session.submit("large", until="running")
    session.cancel(job)
    ended = session.view(job)
    needed(get(ended, "/status") == "canceled", "a running job cannot be stopped")
    _stays(session, job, ended)


@check("ION-STM-024")
def every_end_gives_back_what_was_held(session: Session) -> None:
    """Where there is room for one job only, three that end well and three that fail find it free after each other."""
    fillers = crowd(session)
    session.cancel(fillers[0])
    for shape in ("large", "fails"):
        for _ in range(3):
            job = session.submit(shape, {"job_type": "optimize"})
            *_, last = session.watch(job, within=PATIENCE)
            message = (
                f"a job is {last} {PATIENCE:g} seconds after its submission, though all that held its place before "
                "have ended"
            )
            expect(session.phase_of(last) in ("succeeded", "failed"), message, job.created)


@check("ION-STM-028")
def a_cancel_answers_with_the_canceled_job(session: Session) -> None:
    """It has been done when it is answered."""
    job = running_job(session)
    told = accepted(session.cancel(job), "a request to cancel", (200,))
    expect(
        get(told.response.json, "/status") == "canceled",
        f"the answer says {shown(get(told.response.json, '/status'))}",
        told,
    )
    expect(session.state(job) == "canceled", "the job goes on", told)


@check("ION-STM-029")
def jobs_of_every_type_end(session: Session) -> None:
    """Well or badly: what the params of each type are is not said."""
    jobs = {name: session.submit(patch={"job_type": name}) for name in TYPES}
    for name, job in jobs.items():
        state = list(session.watch(job))[-1]
        expect(
            session.phase_of(state) in ("succeeded", "failed"),
            f"a job of the type {name} is {state} after ten minutes",
            job.created,
        )
