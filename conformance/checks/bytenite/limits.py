"""ByteNite's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, chunks, on
from conformance.checks.families.limits import goes_on, is_over, keeps_limit
from conformance.session.expect import accepted, expect, need_success, same
from conformance.session.phases import GOES_ON, expect_not, expect_phase, stays
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, shown

LIMIT = 60
LARGE = (2_147_483_649, 4_294_967_297, "4294967297", 86_400 * 365)
FINE = 0.25


def _limited(session: Session, config: Json, shape: str = "long", *, draft: bool = False) -> JobRef:
    return session.submit(shape, {"config": config}, draft=draft)


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
        is_over(session, job, GOES_ON, 2 * LIMIT, f"the config is {shown(config)}", ending="failed cancelled")


@check("BYT-TMO-002")
def a_job_is_not_stopped_early(session: Session) -> None:
    """A second before its timeout it is there, be the timeout short or long."""
    for limit in (LIMIT, 7 * LIMIT):
        job = _limited(session, {"jobTimeout": limit})
        goes_on(session, job, GOES_ON, limit - 1, f"the job's timeout is {limit} seconds")


@check("BYT-TMO-003")
def the_job_timeout_counts_from_the_run(session: Session) -> None:
    """Within a second."""
    job = _limited(session, {"jobTimeout": LIMIT}, draft=True)
    session.advance(33)
    session.start(job)
    keeps_limit(session, job, GOES_ON, LIMIT, "the job's timeout is a minute from its run", early=0.5)


@check("BYT-TMO-004")
def a_timeout_is_a_failure(session: Session) -> None:
    """Of the job and of a task."""
    for config in ({"jobTimeout": LIMIT}, {"taskTimeout": LIMIT}):
        job = _limited(session, config)
        session.until(job)
        expect_phase(session, job, "failed", f"a job stopped by {shown(config)}")


@check("BYT-TMO-005")
def a_draft_has_all_the_time(session: Session) -> None:
    """Five times its timeout, then it is run and has it whole."""
    job = _limited(session, {"jobTimeout": LIMIT}, draft=True)
    session.advance(5 * LIMIT)
    same(NEW, session.state(job), "the state of a draft")
    accepted(session.start(job), "running a draft")
    goes_on(session, job, GOES_ON, LIMIT - 1, "the job's timeout is a minute from its run")


@check("BYT-TMO-006")
def a_waiting_job_has_a_timeout_too(session: Session) -> None:
    """It waits until then and no longer."""
    job = _limited(session, {"jobTimeout": LIMIT}, "waits")
    goes_on(session, job, GOES_ON, LIMIT - 1, "the timeout of a job that waits is a minute")
    is_over(session, job, GOES_ON, LIMIT, "the timeout of a job that waits is a minute")


@check("BYT-TMO-007")
def a_task_is_stopped_at_its_timeout(session: Session) -> None:
    """At three times the time it is no longer at work, and was not done."""
    is_over(session, _tasks(session, 30), "running succeeded", 90, "the timeout of a task is 30 seconds")


@check("BYT-TMO-007")
@check("BYT-TMO-008")
def each_task_has_the_whole_timeout(session: Session) -> None:
    """Where a job has three, none of them has a part of it only, and none has more."""
    if not session.settings.knobs.get("chunks"):
        return  # a single task is looked at elsewhere
    job = _tasks(session, 30, chunks(session, 3))
    goes_on(session, job, GOES_ON, 30 - 4 * FINE, "the timeout of three tasks is 30 seconds")
    is_over(session, job, "running succeeded", 60, "the timeout of three tasks is 30 seconds")


@check("BYT-TMO-008")
def a_task_is_not_stopped_early(session: Session) -> None:
    """Shortly before its timeout it is at work."""
    goes_on(session, _tasks(session, 30), GOES_ON, 30 - 2 * FINE, "the timeout of a task is 30 seconds")


@check("BYT-TMO-009")
def the_task_timeout_is_kept_closely(session: Session) -> None:
    """Two seconds after it the job is over."""
    keeps_limit(session, _tasks(session, "30"), GOES_ON, 30, "the timeout of a task is 30 seconds", early=2 * FINE)


@check("BYT-TMO-010")
def a_job_within_its_timeouts_is_complete(session: Session) -> None:
    """Both limits, as numbers and as digits, far beyond what it needs and beyond 32 bits."""
    for task, whole in ((120, 600), (None, 600), *((one, one) for one in LARGE)):
        job = _limited(session, {"jobTimeout": whole} | ({"taskTimeout": task} if task else {}), "quick")
        session.until(job)
        expect_phase(
            session, job, "succeeded", f"a job with a timeout of {shown(whole)}, and {shown(task)} for each task,"
        )


@check("BYT-TMO-011")
def limits_that_come_later_count(session: Session) -> None:
    """With the run, flat and under config, and with a change of the draft."""
    for operation, body in (
        ("Customer_RunJob", {"jobTimeout": LIMIT}),
        ("Customer_RunJob", {"config": {"jobTimeout": str(LIMIT)}}),
        ("Customer_SetJobConfigs", {"jobTimeout": LIMIT}),
    ):
        job = _limited(session, {"jobTimeout": 5 * LIMIT}, draft=True)
        answer = on(session, operation, job, body)
        need_success(answer, f"{operation} with limits")
        if operation != "Customer_RunJob":
            need_success(session.start(job), "running a draft")
        goes_on(session, job, GOES_ON, LIMIT - 1, f"the timeout of {operation} is a minute")
        is_over(session, job, GOES_ON, LIMIT, f"the timeout of {operation} is a minute")


@check("BYT-TMO-012")
def a_job_without_limits_goes_on(session: Session) -> None:
    """It is at work for as long as it has work, and complete then."""
    job = session.submit("long", until="running")
    goes_on(session, job, GOES_ON, 8 * LIMIT, "there is no timeout")
    session.until(job, within=1200, step=20)
    expect_phase(session, job, "succeeded", "a job without limits")


@check("BYT-TMO-012")
def a_job_without_timeouts_has_no_hidden_one(session: Session) -> None:
    """Its one task goes on for as long as the target can make it, in steps of five minutes.

    It is complete in the end.
    """
    job = session.submit("long")
    session.until(job, within=3600, step=300)
    expect_phase(session, job, "succeeded", "a job without timeouts")


@check("BYT-TMO-013")
def a_timeout_of_zero_is_none(session: Session) -> None:
    """Both limits."""
    job = _limited(session, {"taskTimeout": 0, "jobTimeout": 0})
    stays(session, job, GOES_ON, "a job with timeouts of zero", within=3 * LIMIT, step=LIMIT)


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
        expect_not(session, job, "succeeded", f"a job whose timeout of {limit} seconds passes before its end")
    expect(session.state(alone) != NEW, "a job that was run is new")
