"""Checks of the courses that compute.x.io's jobs take: prepared, stopped, replaced by those that wait."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_runs import runs_of
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

NARROW: Json = {"class": "narrow", "cpu": 4, "memory_gib": 16, "storage_gib": 100, "gpu": {"count": 1, "model": "Judge", "vram_gib": 16}}
"""A node for one job of four cores at a time."""
WHOLE: Json = {"cpu_count": 4, "max_timeout_run_ms": 900_000}
PERSISTENT: Json = {"task": "PERSISTENT", "max_timeout_run_ms": None, "parameters": {"parameters": {"env": {"MOCK_RUN_SECONDS": None}}}}
REASON = "no longer needed"


@check("XIO-STM-001")
def a_job_in_preparation_is_assigned(session: Session) -> None:
    """For the twenty seconds that its preparation takes, however long it waits before."""
    staged(session, ROOMY, startup=20)
    job = session.submit("long")
    looks = []
    for _ in session.ticks(60):
        looks.append(session.state(job))
        if looks[-1] not in ("PENDING", "ASSIGNED"):
            break
    same("RUNNING", looks[-1], "the state of a job whose node is ready", session.exchanges[-1])
    seen = looks.count("ASSIGNED")
    expect(18 <= seen <= 22, f"a job whose node is being prepared for 20 seconds is ASSIGNED for {seen}", *session.exchanges[-2:])


@check("XIO-STM-002")
def the_answer_to_a_stop_shows_the_stopped_job(session: Session) -> None:
    """A running and a waiting one."""
    running, waiting = session.submit("long"), session.submit("waits")
    session.until(running, "running")
    for job in (running, waiting):
        exchange = session.cancel(job)
        needed(exchange.response.is_success, f"the stop was answered {exchange.response.status}")
        same("CANCELLED", get(exchange.response.json, "/status"), "the status in the answer to a stop", exchange)


@check("XIO-STM-003")
def a_job_can_be_stopped_in_preparation(session: Session) -> None:
    """And does not run when its node would be ready."""
    staged(session, ROOMY, startup=20)
    job = session.submit("quick", {"max_retry_count": 2})
    session.until(job, "starting", within=10)
    accepted(session.cancel(job), "stopping a job in preparation")
    for _ in session.ticks(40, 10):
        same("CANCELLED", session.state(job), "the state of a job that was stopped in preparation", session.exchanges[-1])


def _queue(session: Session, wish: Json = None) -> tuple[JobRef, JobRef]:
    """One job that takes the whole node, or all that it has of something, and one that waits for it."""
    wish = WHOLE if wish is None else {"max_timeout_run_ms": 900_000, "cpu_count": 1, **wish}
    staged(session, NARROW)
    first = session.submit("long", wish)
    session.until(first, "running")
    second = session.submit("long", wish)
    session.advance(5)
    needed(session.phase(second) == "queued", f"the second job is {session.state(second)} although the only node is taken")
    return first, second


@check("XIO-STM-004")
def a_stopped_waiter_is_passed_over(session: Session) -> None:
    """The node becomes free, and the stopped job stays stopped."""
    first, second = _queue(session)
    session.cancel(second)
    session.cancel(first)
    for _ in session.ticks(30, 5):
        state = session.state(second)
        expect(session.phase_of(state) == "cancelled", f"a job that was stopped while it waited is {state} when there is room", session.exchanges[-1])
    session.advance(320)
    same("cancelled", session.phase(second), "the phase of a job that was stopped while it waited, long after its assign limit", session.exchanges[-1])


@check("XIO-STM-005")
def a_stopped_job_makes_room(session: Session) -> None:
    """The next one runs within half a minute, whether cores, GPUs, RAM or storage were all taken."""
    for wish in ({"cpu_count": 4}, {"gpu_count": 1}, {"min_ram_gb": 12}, {"min_storage_gb": 80}):
        first, second = _queue(session, wish)
        accepted(session.cancel(first), "stopping a running job")
        session.advance(30)
        expect(
            session.phase(second) in ("starting", "running"),
            f"a job that held {wish} was stopped, and the next is {session.state(second)}",
            session.exchanges[-1],
        )


@check("XIO-STM-006")
def an_ended_job_makes_room(session: Session) -> None:
    """One that ends well, badly, or at its limit."""
    staged(session, NARROW)
    jobs = [session.submit("quick", WHOLE)]
    if "fails" in session.settings.shapes:
        jobs.append(session.submit("fails", WHOLE))
    jobs += [session.submit("long", {**WHOLE, "max_timeout_run_ms": 60_000}), session.submit("quick", WHOLE)]
    for job in jobs:
        state = [*session.watch(job, within=120)][-1]
        expect(session.phase_of(state) in ("succeeded", "failed"), f"the node was given up and the next job is {state}", session.exchanges[-1])


@check("XIO-STM-007")
def a_stopped_job_is_not_tried_again(session: Session) -> None:
    """Its retries are for failures."""
    job = session.submit("long", {"max_retry_count": 3})
    session.until(job, "running")
    accepted(session.cancel(job), "stopping a running job")
    for _ in session.ticks(60, 10):
        state = session.state(job)
        expect(session.phase_of(state) == "cancelled", f"a stopped job with retries left is {state}", session.exchanges[-1])
    same(1, len(runs_of(session, job)), "the number of runs of a job that was stopped in its first", session.exchanges[-1])


@check("XIO-CRT-001")
def a_persistent_job_is_accepted(session: Session) -> None:
    """With null as its run limit, and without one."""
    body = session.body("quick", PERSISTENT)
    for limit in ({"max_timeout_run_ms": None}, {}):
        exchange = accepted(session.post({**body, **limit}), f"a PERSISTENT job with {limit or 'no run limit'}")
        for told in (exchange, session.read(session.job_of(exchange))):
            same("PERSISTENT", get(told.response.json, "/task"), "the task of a PERSISTENT job", told)
            expect(not get(told.response.json, "/max_timeout_run_ms"), "a PERSISTENT job has a run limit", told)


@check("XIO-REQ-021")
def a_persistent_job_has_no_run_limit(session: Session) -> None:
    """A number is refused."""
    body = session.body("quick", PERSISTENT)
    needed(session.post(body).response.is_success, "a PERSISTENT job is refused")
    refused(session.post({**body, "max_timeout_run_ms": 900_000}), "a PERSISTENT job with a run limit")


@check("XIO-STM-008")
def a_persistent_job_runs_until_it_is_stopped(session: Session) -> None:
    """Two hours, then a stop."""
    job = session.submit("quick", PERSISTENT)
    session.until(job, "running", within=60)
    for _ in session.ticks(7200, 1800):
        same("RUNNING", session.state(job), "the state of a PERSISTENT job that nobody stopped", session.exchanges[-1])
    accepted(session.cancel(job), "stopping a PERSISTENT job")
    same("cancelled", session.phase_of(session.until(job, within=60)), "the phase of a PERSISTENT job that was stopped", session.exchanges[-1])


@check("XIO-STM-009")
def a_stop_needs_no_body(session: Session) -> None:
    """Nor a reason in it."""
    bodies: tuple[Json, ...] = ({}, {"body": {}}, {"body": {"reason": REASON}})
    for options in bodies:
        job = session.submit("long")
        session.until(job, "running")
        accepted(session.cancel(job, **options), f"a stop with {options or 'no body'}")
        session.advance(5)
        expect(session.phase(job) != "running", f"a stop with {options or 'no body'} left the job running", *session.exchanges[-2:])


@check("XIO-RSP-021")
def the_reason_of_a_stop_is_shown(session: Session) -> None:
    """As it was given, to each job its own, in any script and at some length."""
    reasons = (REASON, "Größe: 数 😀 " + "and so on " * 20 + "to the end")
    jobs = [session.submit("long") for _ in reasons]
    for job, reason in zip(jobs, reasons, strict=True):
        session.until(job, "running")
        needed(session.cancel(job, body={"reason": reason}).response.is_success, "the stop was refused")
    for job, reason in zip(jobs, reasons, strict=True):
        session.until(job)
        same(reason, get(session.view(job), "/status_reason"), "the reason of a job that was stopped with one", session.exchanges[-1])


@check("XIO-IDM-004")
def several_stops_at_once_stop_once(session: Session) -> None:
    """One of them is granted, and the job stays stopped."""
    job = session.submit("long")
    session.until(job, "running")
    cancel = session.spec.operations[session.role("cancel").operation]
    path = session.directory.path(cancel.id, {"uuid": job.id})
    answers = session.together([session.request(cancel.method, path) for _ in range(4)])
    expect(any(one.response.is_success for one in answers), "none of four stops at once was granted", *answers)
    expect(all(one.response.status < 500 for one in answers), "one of four stops at once made the server fail", *answers)
    session.until(job)
    session.advance(30)
    same("cancelled", session.phase(job), "the phase of a job that was stopped four times at once", session.exchanges[-1])
