"""compute.x.io's limits of time: not before, not after, counted from the right instant."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio.steps import HOUR, LIMIT_MS, SLACK, leaves, preparing_job, stays, waiting_again
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json

FULL: Json = {"class": "full", "cpu": 4, "memory_gib": 16, "storage_gib": 100}


def _still(session: Session, job: JobRef, phase: str, seconds: float, what: str) -> None:
    session.bear(seconds)
    for _ in session.ticks(seconds, seconds / 3):
        expect(session.phase(job) == phase, f"{what}: the job is {session.state(job)}")


def _running(session: Session, limit: int, patch: Json = None) -> JobRef:
    job = session.submit("long", {"max_timeout_run_ms": limit, **(patch or {})})
    session.until(job, "running", step=0.5)
    return job


@check("XIO-TMO-001")
def a_run_ends_at_its_limit(session: Session) -> None:
    """The least limit that there is."""
    job = _running(session, 60_000)
    leaves(session, job, "running", 60 + SLACK, "the run limit is 60 seconds")


@check("XIO-TMO-001")
def a_run_that_would_soon_be_over_ends_at_its_limit(session: Session) -> None:
    """It takes a quarter longer than it may."""
    staged(session, ROOMY, run={"fixed": 75})
    job = session.submit("quick", {"max_timeout_run_ms": 60_000, "parameters": {"parameters": {"env": None}}})
    session.until(job, "running", step=0.5)
    leaves(session, job, "running", 60 + SLACK, "the run limit is 60 seconds")
    expect(session.phase(job) != "succeeded", f"a run of 75 seconds that may take 60 is {session.state(job)}")


@check("XIO-TMO-002")
def a_run_goes_on_to_a_late_limit(session: Session) -> None:
    """Five hours, and no limit at all for three days."""
    for patch, seconds in (
        ({"max_timeout_run_ms": 5 * HOUR * 1000}, 5.0 * HOUR - 60),
        ({"task": "PERSISTENT", "max_timeout_run_ms": None}, 72.0 * HOUR),
    ):
        job = session.submit("lasts", patch, seconds=100 * HOUR, until="running")
        _still(session, job, "running", seconds, f"the job was made with {patch}")


@check("XIO-TMO-002")
def a_run_goes_on_to_its_limit(session: Session) -> None:
    """The least limit, and one that is no round number of minutes."""
    for limit in (60, 95):
        job = _running(session, limit * 1000)
        stays(session, job, "running", limit - SLACK, f"the run limit is {limit} seconds")


@check("XIO-TMO-003")
def a_run_that_met_its_limit_has_failed(session: Session) -> None:
    """It ended neither well nor by its client's wish."""
    job = _running(session, 60_000)
    same("failed", session.phase_of(session.until(job)), "the phase of a job that met its run limit")


@check("XIO-TMO-004")
def waiting_ends_at_its_limit(session: Session) -> None:
    """The least limit and a longer one."""
    for limit in (300, 400):
        job = session.submit("waits", {"max_timeout_assign_ms": limit * 1000})
        leaves(session, job, "queued", limit + SLACK, f"the assign limit is {limit} seconds")


@check("XIO-TMO-005")
def waiting_goes_on_to_a_late_limit(session: Session) -> None:
    """Three hours."""
    job = session.submit("waits", {"max_timeout_assign_ms": 3 * HOUR * 1000})
    _still(session, job, "queued", 3 * HOUR - 60, "the assign limit is three hours")


@check("XIO-TMO-005")
def waiting_goes_on_to_its_limit(session: Session) -> None:
    """The least limit and a longer one."""
    for limit in (300, 400):
        job = session.submit("waits", {"max_timeout_assign_ms": limit * 1000})
        stays(session, job, "queued", limit - SLACK, f"the assign limit is {limit} seconds")


@check("XIO-TMO-006")
def a_job_that_found_no_node_has_failed(session: Session) -> None:
    """Retries are for runs, and there was none."""
    for retries in (0, 2):
        job = session.submit("waits", {"max_timeout_assign_ms": 300_000, "max_retry_count": retries})
        session.advance(300 + SLACK)
        same("failed", session.phase(job), f"the phase of a job with {retries} retries that met its assign limit")


@check("XIO-TMO-007")
def preparation_ends_at_its_limit(session: Session) -> None:
    """The least limit that there is."""
    job = preparing_job(session, {"max_timeout_start_ms": 120_000})
    leaves(session, job, "starting", 120 + SLACK, "the start limit is 120 seconds")


@check("XIO-TMO-008")
def preparation_goes_on_to_a_late_limit(session: Session) -> None:
    """One hour."""
    staged(session, ROOMY, startup=100_000.0)
    job = session.submit("quick", {"max_timeout_start_ms": HOUR * 1000})
    session.until(job, "starting", step=0.5, within=10)
    _still(session, job, "starting", HOUR - 60, "the start limit is one hour")


@check("XIO-TMO-008")
def preparation_goes_on_to_its_limit(session: Session) -> None:
    """The least limit and one that is longer than the usual one."""
    for limit in (120, 400):
        job = preparing_job(session, {"max_timeout_start_ms": limit * 1000})
        stays(session, job, "starting", limit - SLACK, f"the start limit is {limit} seconds")


@check("XIO-TMO-009")
def a_job_that_was_never_ready_has_failed(session: Session) -> None:
    """Its preparation took too long."""
    job = preparing_job(session, {"max_timeout_start_ms": 120_000})
    session.advance(120 + SLACK)
    same("failed", session.phase(job), "the phase of a job that met its start limit")


@check("XIO-TMO-010")
def a_run_limit_counts_from_the_start(session: Session) -> None:
    """Fifty seconds of preparation are not part of it."""
    staged(session, ROOMY, startup=50)
    job = _running(session, 60_000)
    stays(session, job, "running", 60 - SLACK, "the run limit is 60 seconds from the start of the run")
    leaves(session, job, "running", 2 * SLACK, "the run limit is 60 seconds from the start of the run")


@check("XIO-TMO-011")
def a_running_job_has_left_its_other_limits_behind(session: Session) -> None:
    """It runs past both."""
    job = _running(session, 900_000, {"max_timeout_assign_ms": 300_000, "max_timeout_start_ms": 120_000})
    for passed in (125.0, 190.0):
        stays(session, job, "running", passed, "the run limit is 900 seconds")


@check("XIO-TMO-012")
def a_job_behind_another_gives_up(session: Session) -> None:
    """The only node is taken for longer than it may wait."""
    staged(session, FULL)
    session.submit("long", {"cpu_count": 4, "max_timeout_run_ms": 900_000}, until="running")
    second = session.submit("quick", {"cpu_count": 4, "max_timeout_assign_ms": 300_000})
    stays(session, second, "queued", 300 - SLACK, "the node is taken and the assign limit is 300 seconds")
    leaves(session, second, "queued", 2 * SLACK, "the assign limit is 300 seconds")
    expect(session.phase(second) != "running", "a job runs on a node that is taken")


@check("XIO-TMO-013")
def a_second_run_ends_at_its_limit(session: Session) -> None:
    """As the first one did."""
    job = session.submit("long", {"max_timeout_run_ms": 60_000, "max_retry_count": 1}, until="running")
    session.advance(60 * 2 + 40)
    expect(
        session.phase(job) not in ("starting", "running"), "a job still runs long after the run limit of its second run"
    )


@check("XIO-TMO-013")
def each_run_has_the_whole_limit(session: Session) -> None:
    """Two runs of fifty seconds each under a limit of sixty."""
    job = session.submit("tried", {"max_timeout_run_ms": 60_000}, seconds=50)
    ended = session.until(job)
    expect(session.phase_of(ended) == "succeeded", f"two runs that kept the limit each ended as {ended}")


@check("XIO-TMO-014")
def the_start_limit_counts_from_assignment(session: Session) -> None:
    """A job that is assigned late has its whole start limit, though its assign limit passes meanwhile."""
    staged(session, FULL, startup=150)
    hold = {"cpu_count": 4, "max_timeout_start_ms": 300_000, "max_timeout_run_ms": 900_000}
    first = session.submit("lasts", hold, seconds=90)
    second = session.submit("lasts", {**hold, "max_timeout_start_ms": 200_000}, seconds=90)
    session.until(first)
    session.until(second, "starting", within=20, step=0.5)
    stays(session, second, "starting", 145, "the start limit is 200 seconds from assignment")
    leaves(session, second, "starting", 10, "preparation takes 150 seconds")
    needed(session.phase(second) == "running", "the second job does not run")


@check("XIO-TMO-015")
def an_ended_job_has_left_its_limits_behind(session: Session) -> None:
    """However it ended."""
    jobs = [
        session.submit(shape, {"max_timeout_run_ms": 60_000})
        for shape in session.shapes("quick", "fails", "long", "waits")
    ]
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
    job = waiting_again(session)
    session.advance(LIMIT_MS / 1000 - 3)
    expect(
        session.phase(job) == "queued",
        f"three seconds before the limit of its second wait the job is {session.state(job)}",
    )
    session.advance(5)
    expect(session.phase(job) != "queued", "a job still waits a second time after its assign limit")
