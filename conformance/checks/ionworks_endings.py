"""Checks of what becomes of Ionworks' jobs that end in less usual ways: who is told, what is kept, and for how long."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks_crowd import crowd
from conformance.checks.ionworks_curves import METADATA
from conformance.checks.ionworks_submission import is_taken_here
from conformance.oracles.members import instant
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.target.callback_receiver import Receiver
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls

DAY = 86_400.0
PATIENCE = 120.0


def _is_told(session: Session, receiver: Receiver, job: JobRef, status: str) -> None:
    """Somebody is called, and hears of this end only."""
    for _ in session.ticks(PATIENCE, 5):
        if receiver.calls:
            break
    expect(receiver.calls, f"nobody was told that a job is {status}", job.created, session.exchanges[-1])
    told = get(receiver.calls[0].body, "/status")
    expect(told == status, f"the call about a job that is {status} says {told!r}", job.created)


@check("ION-WHK-007")
def the_end_of_a_run_that_took_too_long_is_told(session: Session) -> None:
    """Whatever its limit is, within two days."""
    with Receiver() as receiver:
        job = session.submit("endless", {"callback_url": receiver.url})
        session.until(job, within=2 * DAY, step=DAY / 4)
        needed(get(session.view(job), "/status") == "failed", "a run that takes for days does not fail")
        _is_told(session, receiver, job, "failed")


@check("ION-WHK-008")
def children_and_parents_are_told_of(session: Session) -> None:
    """The child when it ends; the parent when the child has ended, and not when its own run is over."""
    with Receiver() as receiver, Receiver() as other:
        parent = session.submit(patch={"callback_url": receiver.url})
        child = session.submit("large", {"callback_url": other.url, "parent_job_id": parent.id})
        session.until(child, "running")
        session.advance(10)
        expect(not receiver.calls or session.view(parent)["is_terminal"], "the client was called before the parent has ended", parent.created)
        session.until(child)
        _is_told(session, other, child, "completed")
        session.until(parent)
        _is_told(session, receiver, parent, "completed")


@check("ION-WHK-009")
def a_submission_to_the_slash_is_called_back(session: Session) -> None:
    """Like one to the path without it; all else that it says counts too."""
    with Receiver() as receiver:
        parent = session.submit("long")
        said: dict[str, Json] = {"callback_url": receiver.url, "priority": 6, "parent_job_id": parent.id, "metadata": {"a": 1}}
        exchange = session.call("submit_job_jobs__post", body=session.body(patch=said), query={"project_id": "project-7"})
        is_taken_here(exchange)
        job = session.job_of(exchange)
        view = session.view(job)
        twin = session.submit(patch={"metadata": {"a": 1}})
        if session.call(METADATA, {"job_id": twin.id}).response.is_success:
            stored = session.call(METADATA, {"job_id": job.id})
            expect(get(stored.response.json, "/a") == 1, "what was handed in as metadata is lost", exchange, stored)
        plain = session.call("submit_job_jobs__post", body=session.body())
        told, right = (get(one.response.json, "/priority") for one in (plain, twin.created))
        expect(told == right, f"the priority of a job is {told!r} when none is given, on the path without a slash it is {right!r}", plain, twin.created)
        for name, value in (("priority", 6), ("parent_job_id", parent.id), ("project_id", "project-7")):
            expect(get(view, f"/{name}") == value, f"{name} is {get(view, f'/{name}')!r}, submitted was {value!r}", exchange, session.exchanges[-1])
        session.until(job)
        _is_told(session, receiver, job, "completed")


@check("ION-WHK-011")
def one_url_is_told_of_every_job(session: Session) -> None:
    """Of three that end at the same time; an answer of 204 is as good as any."""
    with Receiver(status=204) as receiver:
        jobs = [session.submit(patch={"callback_url": receiver.url}) for _ in range(3)]
        for job in jobs:
            session.until(job)
        session.advance(PATIENCE)
        told = [get(call.body, "/job_id") for call in receiver.calls]
        needed(told, "nobody was called")
        expect({job.id for job in jobs} <= set(told), f"of {len(jobs)} jobs {len(set(told))} were told of", *(job.created for job in jobs))
        session.advance(600)
        expect(
            len(receiver.calls) <= 2 * len(jobs), f"a client that answers 204 was called {len(receiver.calls)} times about {len(jobs)} jobs", jobs[0].created
        )


def _joined(session: Session) -> tuple[JobRef, Json, list[float]]:
    """A parent that has ended with its child, how it is read, and after how many seconds it was seen to wait."""
    parent = session.submit()
    child = session.submit("large", {"parent_job_id": parent.id})
    waits = [passed for passed in session.ticks(PATIENCE) if session.state(parent) == "waiting"]
    session.until(child)
    return parent, session.view(parent), waits


@check("ION-TIM-012")
def a_parent_ends_with_its_last_child(session: Session) -> None:
    """Its completed_at is not before the last look that saw it wait."""
    parent, view, waits = _joined(session)
    made, ended = instant(get(view, "/created_at")), instant(get(view, "/completed_at"))
    if waits and made is not None and ended is not None:
        message = f"a parent that still waited {waits[-1]:g} seconds after its submission says that it ended {ended - made:g} seconds after it"
        expect(ended - made >= waits[-1] - 2, message, parent.created, session.exchanges[-1])


@check("ION-TIM-014")
def a_parent_that_waits_does_not_compute(session: Session) -> None:
    """Its run was over when it was first seen to wait."""
    _, view, waits = _joined(session)
    spent = get(view, "/compute_time")
    is_short = not waits or not isinstance(spent, int | float) or spent <= waits[0] + 2
    expect(is_short, f"a parent that was seen to wait after {waits[:1]} seconds has the compute_time {spent!r}", session.exchanges[-1])


@check("ION-REQ-029")
def a_parent_may_have_ended(session: Session) -> None:
    """Well, badly, or by a cancel."""
    for shape in ("quick", "fails", "waits"):
        parent = session.submit(shape)
        if shape == "waits":
            session.cancel(parent)
        session.until(parent)
        accepted(session.post(session.body(patch={"parent_job_id": parent.id})), f"a submission under a parent that is {session.state(parent)}")


@check("ION-WHK-010")
def a_callback_shows_the_result(session: Session) -> None:
    """Of a fit, as reading the job does; members that it leaves out are its own affair."""
    with Receiver() as receiver:
        parent = session.submit()
        said = {"callback_url": receiver.url, "priority": 7, "parent_job_id": parent.id}
        job = session.submit("fit", said, query={"project_id": "project-7"})
        session.until(job)
        _is_told(session, receiver, job, "completed")
        view, told = session.view(job), receiver.calls[0].body
        needed(isinstance(view, dict) and isinstance(told, dict), "the job cannot be read")
        for name in sorted(view.keys() & told.keys()):
            agrees = same_value(without_nulls(view[name]), without_nulls(told[name]))
            instants = name.endswith("_at") and isinstance(told[name], str) and isinstance(view[name], str)
            expect(agrees or instants, f"the callback says {name} is {told[name]!r}, the job {view[name]!r}", job.created, session.exchanges[-1])


@check("ION-LST-017")
def the_array_holds_all_jobs(session: Session) -> None:
    """Of a hundred and thirty, without any parameter; so does the longest page of the list."""
    made = {session.submit("waits").id for _ in range(130)}
    page = get(accepted(session.list_jobs(query={"limit": 1000}), "the list for a limit of 1000").response.json, "/jobs")
    expect(isinstance(page, list) and len(page) == len(made), f"a page of up to 1000 jobs does not hold {len(made)}", session.exchanges[-1])
    told = accepted(session.call("list_jobs_jobs__get"), "the array").response.json
    found = [str(get(job, "/job_id")) for job in told] if isinstance(told, list) else []
    expect(sorted(found) == sorted(made), f"the array holds {len(found)} of {len(made)} jobs", session.exchanges[-1])


@check("ION-RSP-021")
def a_fit_leaves_its_trace(session: Session) -> None:
    """Beside the metadata that was handed in."""
    job = session.submit("fit", {"metadata": {"ticket": "CELL-118"}})
    session.until(job, "succeeded")
    told = accepted(session.call(METADATA, {"job_id": job.id}), "the metadata of a completed fit")
    trace = get(told.response.json, "/intermediate_results")
    expect(isinstance(trace, list) and trace, f"intermediate_results of a completed fit are {trace!r}", told)
    expect(get(told.response.json, "/ticket") == "CELL-118", "the trace has replaced what was handed in", told)


@check("ION-TIM-019")
def the_seconds_of_a_run_have_fractions(session: Session) -> None:
    """A run of two and a half seconds, as far as the target can make one: no more than a tenth is lost."""
    job = session.submit(patch={"params": {"MOCK_RUN_SECONDS": 2.5}})
    session.until(job, "succeeded")
    view = session.view(job)
    begun, ended, spent = instant(get(view, "/started_at")), instant(get(view, "/completed_at")), get(view, "/compute_time")
    needed(begun is not None and ended is not None and isinstance(spent, int | float), "the job does not tell of its run")
    assert begun is not None
    assert ended is not None
    needed((ended - begun) % 1 > 0.2, "the run took whole seconds, or its instants are told so")
    expect(abs(spent - (ended - begun)) <= 0.2, f"compute_time is {spent!r}, from start to end are {ended - begun:g} seconds", session.exchanges[-1])


@check("ION-IDM-004")
def an_ended_job_is_kept(session: Session) -> None:
    """For a day: read and listed as it ended, result included."""
    jobs = [session.submit("fit"), session.submit("fails"), session.submit("waits")]
    for job in jobs[:2]:
        session.until(job)
    session.cancel(jobs[2])
    needed(session.phase(jobs[2]) == "cancelled", "a job that waits cannot be stopped")
    before = [session.view(job) for job in jobs]
    for pause in (600.0, DAY):
        session.advance(pause)
        listed = {get(one, "/job_id"): one for one in session.items()}
        for job, then in zip(jobs, before, strict=True):
            for now, where in ((listed.get(job.id), "listed"), (session.view(job), "read")):
                is_same = isinstance(now, dict) and same_value(without_nulls(then), without_nulls(now))
                expect(is_same, f"{pause:g} seconds after it ended a job is {where} as {now!r}, it ended as {then!r}", job.created, session.exchanges[-1])


@check("ION-IDM-005")
def two_keys_are_two_users(session: Session) -> None:
    """Where they stand for two organisations."""
    needed({"one-key", "other-key"} <= session.settings.credentials.keys(), "the target file does not give two keys")
    told = [session.post(session.body(), credential=name) for name in ("one-key", "other-key")]
    views = [one.response.json for one in told]
    needed(get(views[0], "/organization_id") != get(views[1], "/organization_id"), "both keys stand for one organisation")
    expect(get(views[0], "/user_id") != get(views[1], "/user_id"), f"jobs of two organisations tell one user, {get(views[0], '/user_id')!r}", *told)


@check("ION-STM-024")
def every_end_gives_back_what_was_held(session: Session) -> None:
    """Where there is room for one job only, three that end well and three that fail find it free after each other."""
    fillers = crowd(session)
    session.cancel(fillers[0])
    for shape in ("large", "fails"):
        for _ in range(3):
            job = session.submit(shape, {"job_type": "optimize"})
            *_, last = session.watch(job, within=PATIENCE)
            message = f"a job is {last} {PATIENCE:g} seconds after its submission, though all that held its place before have ended"
            expect(session.phase_of(last) in ("succeeded", "failed"), message, job.created, session.exchanges[-1])


@check("ION-STM-025")
def a_waiting_parent_holds_nothing(session: Session) -> None:
    """Its children run where it ran, one after the other."""
    fillers = crowd(session)
    parent = session.submit("large")
    session.advance(5)
    needed(session.phase(parent) == "queued", "there is room beside the jobs that use it up")
    session.cancel(fillers[0])
    session.until(parent, "running")
    child = session.submit("large", {"parent_job_id": parent.id})
    *_, last = session.watch(child, within=PATIENCE)
    expect(session.phase_of(last) == "succeeded", f"{PATIENCE:g} seconds after its submission the child of a job that waits for it is {last}", child.created)
