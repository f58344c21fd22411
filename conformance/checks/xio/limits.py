"""compute.x.io's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import HOUR
from conformance.checks.families.limits import SLACK, goes_on, goes_on_long, is_over, keeps_limit
from conformance.checks.xio.steps import LIMIT_MS, PLAIN_NODE, preparing_job, waiting_again
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import same
from conformance.session.phases import expect_not, expect_phase, need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, shown

LIMITS = {"queued": "assign", "starting": "start", "running": "run"}
"""The limit that counts in a phase."""


def _running(session: Session, limit: float, patch: Json = None) -> JobRef:
    job = session.submit("long", {"max_timeout_run_ms": limit * 1000, **(patch or {})})
    session.until(job, "running", step=0.5)
    return job


def _limited(session: Session, phase: str, limit: float, patch: Json = None) -> JobRef:
    """A job that has just come to a phase, in which it may be for so many seconds."""
    if phase == "running":
        return _running(session, limit, patch)
    patch = {f"max_timeout_{LIMITS[phase]}_ms": limit * 1000, **(patch or {})}
    return session.submit("waits", patch) if phase == "queued" else preparing_job(session, patch)


@check("XIO-TMO-001", "a run ends at its limit", "running", 60)
@check("XIO-TMO-004", "waiting ends at its limit", "queued", 300, 400)
@check("XIO-TMO-007", "preparation ends at its limit", "starting", 120)
def a_phase_ends_at_its_limit(session: Session, phase: str, *limits: float) -> None:
    """The least limit that there is, and longer ones."""
    for limit in limits:
        job = _limited(session, phase, limit)
        is_over(session, job, phase, limit + SLACK, f"the {LIMITS[phase]} limit is {limit} seconds")


@check("XIO-TMO-001")
def a_run_that_would_soon_be_over_ends_at_its_limit(session: Session) -> None:
    """It takes a quarter longer than it may."""
    staged(session, ROOMY, run={"fixed": 75})
    job = session.submit("quick", {"max_timeout_run_ms": 60_000, "parameters": {"parameters": {"env": None}}})
    session.until(job, "running", step=0.5)
    is_over(session, job, "running succeeded", 60 + SLACK, "the run takes 75 seconds and its limit is 60")


@check("XIO-TMO-002", "a run goes on to its limit", "running", 60, 95)
@check("XIO-TMO-005", "waiting goes on to its limit", "queued", 300, 400)
@check("XIO-TMO-008", "preparation goes on to its limit", "starting", 120, 400)
def a_phase_goes_on_to_its_limit(session: Session, phase: str, *limits: float) -> None:
    """The least limit, and one that is longer than usual or no round number of minutes."""
    for limit in limits:
        job = _limited(session, phase, limit)
        goes_on(session, job, phase, limit - SLACK, f"the {LIMITS[phase]} limit is {limit} seconds")


@check("XIO-TMO-005", "waiting goes on to a late limit", "queued", 3 * HOUR)
@check("XIO-TMO-008", "preparation goes on to a late limit", "starting", HOUR)
def a_phase_goes_on_to_a_late_limit(session: Session, phase: str, limit: float) -> None:
    """Hours."""
    goes_on_long(session, _limited(session, phase, limit), phase, limit - 60, f"the limit is {limit} seconds")


@check("XIO-TMO-002")
def a_run_goes_on_to_a_late_limit(session: Session) -> None:
    """Five hours, and no limit at all for three days."""
    for patch, seconds in (
        ({"max_timeout_run_ms": 5 * HOUR * 1000}, 5.0 * HOUR - 60),
        ({"task": "PERSISTENT", "max_timeout_run_ms": None}, 72.0 * HOUR),
    ):
        job = session.submit("lasts", patch, seconds=100 * HOUR, until="running")
        goes_on_long(session, job, "running", seconds, f"the job was made with {shown(patch)}")


@check("XIO-TMO-003", "a run that met its limit has failed", "running", 60)
@check("XIO-TMO-006", "a job that found no node has failed", "queued", 300, {"max_retry_count": 0})
@check(
    "XIO-TMO-006", "a job that found no node has failed, retries are for runs", "queued", 300, {"max_retry_count": 2}
)
@check("XIO-TMO-009", "a job that was never ready has failed", "starting", 120)
def a_job_that_met_a_limit_has_failed(session: Session, phase: str, limit: float, patch: Json = None) -> None:
    """It ended neither well nor by its client's wish."""
    job = _limited(session, phase, limit, patch)
    is_over(session, job, phase, limit + SLACK, f"the {LIMITS[phase]} limit is {limit} seconds", ending="failed")


@check("XIO-TMO-010")
def a_run_limit_counts_from_the_start(session: Session) -> None:
    """Fifty seconds of preparation are not part of it."""
    staged(session, ROOMY, startup=50)
    keeps_limit(session, _running(session, 60), "running", 60, "the run limit is 60 seconds from the start of the run")


@check("XIO-TMO-011")
def a_running_job_has_left_its_other_limits_behind(session: Session) -> None:
    """It runs past both."""
    job = _running(session, 900, {"max_timeout_assign_ms": 300_000, "max_timeout_start_ms": 120_000})
    for passed in (125.0, 190.0):
        goes_on(session, job, "running", passed, "the run limit is 900 seconds")


@check("XIO-TMO-012")
def a_job_behind_another_gives_up(session: Session) -> None:
    """The only node is taken for longer than it may wait."""
    staged(session, PLAIN_NODE)
    session.submit("long", {"cpu_count": 4, "max_timeout_run_ms": 900_000}, until="running")
    second = session.submit("quick", {"cpu_count": 4, "max_timeout_assign_ms": 300_000})
    what = "the node is taken and the assign limit is 300 seconds"
    goes_on(session, second, "queued", 300 - SLACK, what)
    is_over(session, second, "queued running", 2 * SLACK, what)


@check("XIO-TMO-013")
def a_second_run_ends_at_its_limit(session: Session) -> None:
    """As the first one did."""
    job = session.submit("long", {"max_timeout_run_ms": 60_000, "max_retry_count": 1}, until="running")
    session.advance(60 * 2 + 40)
    expect_not(session, job, "starting running", "long after the run limit of its second run a job")


@check("XIO-TMO-013")
def each_run_has_the_whole_limit(session: Session) -> None:
    """Two runs of fifty seconds each under a limit of sixty."""
    job = session.submit("tried", {"max_timeout_run_ms": 60_000}, seconds=50, until="end")
    expect_phase(session, job, "succeeded", "a job of two runs that kept the limit each")


@check("XIO-TMO-014")
def the_start_limit_counts_from_assignment(session: Session) -> None:
    """A job that is assigned late has its whole start limit, though its assign limit passes meanwhile."""
    staged(session, PLAIN_NODE, startup=150)
    hold = {"cpu_count": 4, "max_timeout_start_ms": 300_000, "max_timeout_run_ms": 900_000}
    first = session.submit("lasts", hold, seconds=90)
    second = session.submit("lasts", {**hold, "max_timeout_start_ms": 200_000}, seconds=90)
    session.until(first)
    session.until(second, "starting", within=20, step=0.5)
    goes_on(session, second, "starting", 145, "the start limit is 200 seconds from assignment")
    is_over(session, second, "starting", 10, "preparation takes 150 seconds")
    need_phase(session, second, "running")


@check("XIO-TMO-015")
def an_ended_job_has_left_its_limits_behind(session: Session) -> None:
    """However it ended."""
    shapes = session.shapes("quick", "fails", "long", "waits")
    jobs = [session.submit(shape, {"max_timeout_run_ms": 60_000}) for shape in shapes]
    session.advance(20)
    for job in jobs[2:]:
        session.cancel(job)
    before = [session.until(job) for job in jobs]
    for passed in (45.0, 300.0):
        session.advance(passed)
        for job, state in zip(jobs, before, strict=True):
            same(state, session.state(job), "the state of a job that had ended before its limits passed")


@check("XIO-TMO-016")
def a_second_wait_has_a_limit_of_its_own(session: Session) -> None:
    """It neither lasts for ever nor ends with the first one's limit."""
    keeps_limit(session, waiting_again(session), "queued", LIMIT_MS / 1000, "the second wait of a job", early=3)
