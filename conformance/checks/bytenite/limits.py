"""ByteNite's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, chunks, on
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, shown
from specs.lifecycle import TERMINAL

LIMIT = 60
FINE = 0.25


def _limited(session: Session, config: Json, shape: str = "long") -> JobRef:
    return session.submit(shape, {"config": config})


def _goes_on(session: Session, job: JobRef, what: str) -> None:
    state = session.state(job)
    expect(session.phase_of(state) not in TERMINAL, f"{what}: the job is {state} too early", job.created)


def _is_over(session: Session, job: JobRef, what: str) -> None:
    state = session.state(job)
    expect(session.phase_of(state) in TERMINAL, f"{what}: the job is still {state}", job.created)


def _tasks(session: Session, limit: Json, patch: Json = None) -> JobRef:
    """A job whose tasks have just begun."""
    job = session.submit("long", {"config": {"taskTimeout": limit}, **(patch or {})})
    session.until(job, "running", step=FINE)
    return job


@check("BYT-TMO-001")
def a_job_is_stopped_at_its_timeout(session: Session) -> None:
    """At twice the time it is over, and not because it was done; also beside a task timeout that is longer."""
    for config in ({"jobTimeout": LIMIT}, {"jobTimeout": LIMIT, "taskTimeout": 5 * LIMIT}):
        job = _limited(session, config)
        session.until(job, "running")
        session.advance(2 * LIMIT)
        _is_over(session, job, f"at twice its timeout, with {config}")
        expect(session.phase(job) != "succeeded", "a job that runs longer than its timeout is complete")


@check("BYT-TMO-002")
def a_job_is_not_stopped_early(session: Session) -> None:
    """A second before its timeout it is there, be the timeout short or long."""
    for limit in (LIMIT, 7 * LIMIT):
        job = _limited(session, {"jobTimeout": limit})
        session.advance(limit - 1)
        _goes_on(session, job, f"a second before its timeout of {limit} seconds")


@check("BYT-TMO-003")
def the_job_timeout_counts_from_the_run(session: Session) -> None:
    """Within a second."""
    job = session.submit("long", {"config": {"jobTimeout": LIMIT}}, draft=True)
    session.advance(33)
    session.start(job)
    session.advance(LIMIT - 0.5)
    _goes_on(session, job, "half a second before its timeout")
    session.advance(1)
    _is_over(session, job, "half a second after its timeout")


@check("BYT-TMO-004")
def a_timeout_is_a_failure(session: Session) -> None:
    """Of the job and of a task."""
    for config in ({"jobTimeout": LIMIT}, {"taskTimeout": LIMIT}):
        job = _limited(session, config)
        ended = session.until(job)
        expect(session.phase_of(ended) == "failed", f"a job stopped by {config} is {ended}", job.created)


@check("BYT-TMO-005")
def a_draft_has_all_the_time(session: Session) -> None:
    """Five times its timeout, then it is run and has it whole."""
    job = session.submit("long", {"config": {"jobTimeout": LIMIT}}, draft=True)
    session.advance(5 * LIMIT)
    expect(session.state(job) == NEW, f"a draft is {session.state(job)}")
    accepted(session.start(job), "running a draft")
    session.advance(LIMIT - 1)
    _goes_on(session, job, "a second before its timeout")


@check("BYT-TMO-006")
def a_waiting_job_has_a_timeout_too(session: Session) -> None:
    """It waits until then and no longer."""
    job = _limited(session, {"jobTimeout": LIMIT}, "waits")
    session.advance(LIMIT - 1)
    _goes_on(session, job, "a second before its timeout")
    session.advance(LIMIT)
    _is_over(session, job, "a minute after its timeout")


@check("BYT-TMO-007")
def a_task_is_stopped_at_its_timeout(session: Session) -> None:
    """At three times the time it is no longer at work, and was not done."""
    job = _tasks(session, 30)
    session.advance(90)
    state = session.state(job)
    expect(
        session.phase_of(state) not in ("running", "succeeded"),
        f"a job whose task outran its timeout is {state}",
        job.created,
    )


@check("BYT-TMO-007")
@check("BYT-TMO-008")
def each_task_has_the_whole_timeout(session: Session) -> None:
    """Where a job has three, none of them has a part of it only, and none has more."""
    if not session.settings.knobs.get("chunks"):
        return  # a single task is looked at elsewhere
    job = _tasks(session, 30, chunks(session, 3))
    session.advance(30 - 4 * FINE)
    _goes_on(session, job, "a second before the timeout of its three tasks")
    session.advance(60)
    state = session.state(job)
    expect(
        session.phase_of(state) not in ("running", "succeeded"),
        f"a job whose three tasks outran their timeout is {state}",
        job.created,
    )


@check("BYT-TMO-008")
def a_task_is_not_stopped_early(session: Session) -> None:
    """Shortly before its timeout it is at work."""
    job = _tasks(session, 30)
    session.advance(30 - 2 * FINE)
    _goes_on(session, job, "half a second before its task's timeout")


@check("BYT-TMO-009")
def the_task_timeout_is_kept_closely(session: Session) -> None:
    """Two seconds after it the job is over."""
    job = _tasks(session, "30")
    session.advance(30 - 2 * FINE)
    _goes_on(session, job, "half a second before its task's timeout")
    session.advance(2 * FINE + 0.5)
    _is_over(session, job, "half a second after its task's timeout")


@check("BYT-TMO-010")
def a_job_within_its_timeouts_is_complete(session: Session) -> None:
    """Both limits, as numbers and as digits, far beyond what it needs."""
    for config in ({"taskTimeout": 120, "jobTimeout": 600}, {"jobTimeout": 600}):
        job = _limited(session, config, "quick")
        ended = session.until(job)
        expect(session.phase_of(ended) == "succeeded", f"a job that keeps {config} ended as {ended}", job.created)


@check("BYT-TMO-010")
def large_timeouts_are_large(session: Session) -> None:
    """Beyond 32 bits, as numbers and as digits: the job is complete all the same."""
    for value in (2_147_483_649, 4_294_967_297, "4294967297", 86_400 * 365):
        job = session.submit(patch={"config": {"jobTimeout": value, "taskTimeout": value}})
        state = session.until(job)
        expect(
            session.phase_of(state) == "succeeded", f"a job whose timeouts are {shown(value)} is {state}", job.created
        )


@check("BYT-TMO-011")
def limits_that_come_later_count(session: Session) -> None:
    """With the run, flat and under config, and with a change of the draft."""
    for operation, body in (
        ("Customer_RunJob", {"jobTimeout": LIMIT}),
        ("Customer_RunJob", {"config": {"jobTimeout": str(LIMIT)}}),
        ("Customer_SetJobConfigs", {"jobTimeout": LIMIT}),
    ):
        job = session.submit("long", {"config": {"jobTimeout": 5 * LIMIT}}, draft=True)
        answer = on(session, operation, job, body)
        needed(answer.response.is_success, f"{operation} with limits was answered {answer.response.status}")
        if operation != "Customer_RunJob":
            needed(session.start(job).response.is_success, "a draft cannot be run")
        session.advance(LIMIT - 1)
        _goes_on(session, job, f"a second before the timeout of {operation}")
        session.advance(LIMIT)
        _is_over(session, job, f"a minute after the timeout of {operation}")


@check("BYT-TMO-012")
def a_job_without_limits_goes_on(session: Session) -> None:
    """It is at work for as long as it has work, and complete then."""
    job = session.submit("long", until="running")
    session.advance(8 * LIMIT)
    _goes_on(session, job, "without any timeout")
    ended = session.until(job, within=1200, step=20)
    expect(session.phase_of(ended) == "succeeded", f"a job without limits ended as {ended}", job.created)


@check("BYT-TMO-012")
def a_job_without_timeouts_has_no_hidden_one(session: Session) -> None:
    """Its one task goes on for as long as the target can make it, in steps of five minutes.

    It is complete in the end.
    """
    job = session.submit("long")
    *_, last = session.watch(job, within=3600, step=300)
    needed(session.phase_of(last) in TERMINAL, "the job goes on for more than an hour")
    expect(session.phase_of(last) == "succeeded", f"a job without timeouts ended as {last}", job.created)


@check("BYT-TMO-013")
def a_timeout_of_nought_is_none(session: Session) -> None:
    """Both limits."""
    job = _limited(session, {"taskTimeout": 0, "jobTimeout": 0})
    for _ in session.ticks(3 * LIMIT, LIMIT):
        _goes_on(session, job, "with timeouts of zero")


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
        job = session.submit(patch={"config": {"jobTimeout": limit}}, until="end")
        state = session.state(job)
        expect(
            session.phase_of(state) != "succeeded",
            f"a job whose timeout of {limit} seconds passes before its end is {state}",
            job.created,
        )
    expect(session.state(alone) != NEW, "a job that was run is new")
