"""The runs of a job of compute.x.io."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.xio.steps import (
    ENDS,
    LIST_RUNS,
    READ_RUN,
    RUN,
    SKEW,
    data_of,
    listed,
    need_instants,
    runs_of,
    uuids,
)
from conformance.oracles.members import instant
from conformance.session.cluster import ROOMY, staged
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.phases import submit_waiting
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, shown, without_nulls

UNDER_WAY = ("ASSIGNED", "PREPARING", "RUNNING")


def _with_its_job(session: Session, job: JobRef) -> None:
    view, runs = session.view(job), runs_of(session, job)
    needed(len(runs) == 1, f"the job has {len(runs)} runs")
    for mine, its in (("started_at_ms", "started_at"), ("ended_at_ms", "completed_at")):
        value, at = runs[0].get(mine), instant(get(view, f"/{its}"))
        needed(at is not None, f"the job has no {its}")
        need_instants(view, its)
        fits = isinstance(value, int | float) and abs(value - (at or 0.0) * 1000) <= SKEW * 1000
        expect(fits, f"{mine} of the run is {shown(value)}, {its} of its job {shown(get(view, f'/{its}'))}")


def _ran(session: Session, count: int = 1, shape: str = "quick") -> list[JobRef]:
    """Jobs that ran one after the other."""
    return [session.submit(shape, until="running" if shape == "long" else "end") for _ in range(count)]


def _jobs_of_all_runs(session: Session, **query: str) -> list[Json]:
    """Whatever their order, and however many there were before."""
    found: list[Json] = []
    for page in range(1, 100):
        items = data_of(listed(session, LIST_RUNS, limit=50, page=page, **query))
        found += [item.get("job_uuid") for item in items]
        if len(items) < 50:
            break
    return found


def _by_twos(session: Session, **query: str) -> list[Json]:
    pages = [data_of(listed(session, LIST_RUNS, limit=2, page=page, **query)) for page in (1, 2)]
    return [item.get("job_uuid") for page in pages for item in page]


def _read(session: Session, run: Json) -> Json:
    """A run as it is read."""
    return accepted(session.call(READ_RUN, {"uuid": run["uuid"]}), "reading a run").response.json


def _one_run(session: Session, job: JobRef) -> Json:
    runs = runs_of(session, job)
    needed(len(runs) == 1 and isinstance(runs[0].get("uuid"), str), f"the job has {len(runs)} runs")
    return runs[0]


def _ended(session: Session, shape: str = "quick") -> JobRef:
    return session.submit(shape, until="end")


def _addresses(session: Session, ports: Json) -> set[str]:
    job = session.submit("long", {"parameters": {"parameters": {"ports": ports}}}, until="running")
    urls = _one_run(session, job).get("node_urls")
    needed(isinstance(urls, list), "the run reports no addresses")
    return {str(one.get("description")) for one in urls}


def _agree(session: Session, job: JobRef) -> None:
    state = session.state(job)
    runs = runs_of(session, job)
    needed(runs, f"a job that is {state} has no runs")
    same(state, runs[-1].get("status"), f"the last run of a job that is {state}")


@check("XIO-IDM-002")
def runs_have_ids_of_their_own(session: Session) -> None:
    """Of one job that was tried again and of another."""
    jobs = [_ended(session, "retried"), _ended(session)]
    first = [str(run.get("uuid")) for job in jobs for run in runs_of(session, job)]
    again = [str(run.get("uuid")) for job in jobs for run in runs_of(session, job)]
    needed(len(first) > 2, "the job was not tried again")
    expect(len(set(first)) == len(first), "two runs share an id")
    expect(not set(first) & {job.id for job in jobs}, "a run has the id of a job")
    same(first, again, "the ids of the same runs asked for again")


@check("XIO-IDM-003")
def a_run_can_be_read_by_its_id(session: Session) -> None:
    """Each of several, newest and oldest."""
    for job in [_ended(session) for _ in range(3)]:
        run = _one_run(session, job)
        view = _read(session, run)
        for name in ("uuid", "job_uuid"):
            same(run.get(name), get(view, f"/{name}"), f"{name} of the run that was asked for")


@check("XIO-LST-020")
def the_list_of_runs_holds_all(session: Session) -> None:
    """Of an ended and a running job."""
    jobs = [*_ran(session), *(_ran(session, shape="long") if "long" in session.settings.shapes else [])]
    listed_jobs = _jobs_of_all_runs(session)
    for job in jobs:
        expect(job.id in listed_jobs, f"job {job.id} ran, and the list of runs does not report it")


@check("XIO-LST-021")
def runs_are_filtered_by_job(session: Session) -> None:
    """Each job's own."""
    for job in _ran(session, 2):
        exchange = listed(session, LIST_RUNS, filter_job_uuid=job.id)
        same([job.id], [item.get("job_uuid") for item in data_of(exchange)], "the jobs of the runs of one job")
        same(1, get(exchange.response.json, "/total"), "the total of the runs of a job that ran once", exchange)
    same([], data_of(listed(session, LIST_RUNS, filter_job_uuid=NOBODY)), "the runs of a job that never was")


@check("XIO-LST-022")
def runs_are_filtered_by_state(session: Session) -> None:
    """Running, completed, either, neither."""
    done, running = _ran(session)[0], _ran(session, shape="long")[0]
    jobs = {"COMPLETED": done.id, "RUNNING": running.id}
    for states in (["COMPLETED"], ["RUNNING"], ["RUNNING", "COMPLETED"], ["FAILED", "CANCELLED"]):
        found = _jobs_of_all_runs(session, filter_status=",".join(states))
        mine = sorted(str(uuid) for uuid in found if uuid in jobs.values())
        wanted = sorted(uuid for state, uuid in jobs.items() if state in states)
        same(wanted, mine, f"the jobs of the runs that are {shown(states)}")


@check("XIO-LST-023")
def pages_of_runs_hold_every_run_once(session: Session) -> None:
    """Five runs on pages of two and of three."""
    _ran(session, 5)
    whole = uuids(listed(session, LIST_RUNS, limit=50))
    needed(len(whole) == 5, f"there are {len(whole)} runs of 5 jobs")
    for limit in (2, 3):
        found: list[str] = []
        for page in (1, 2, 3, 4):
            exchange = listed(session, LIST_RUNS, limit=limit, page=page)
            found += uuids(exchange)
            same(5, get(exchange.response.json, "/total"), "the total of the list of runs", exchange)
        same(sorted(whole), sorted(found), f"the runs on pages of {limit}", *session.exchanges[-3:])


@check("XIO-LST-024", "runs are in order", {"sort": "created_at"}, 1)
@check("XIO-LST-024", "runs are in the other order", {"sort": "-created_at"}, -1)
@check("XIO-LST-050", "without a sort the newest run comes first", {}, -1)
def runs_are_in_order(session: Session, query: dict[str, str], direction: int) -> None:
    """On pages of two."""
    jobs = [job.id for job in _ran(session, 4)]
    same(jobs[::direction], _by_twos(session, **query), f"the jobs of the runs with the query {shown(query)}")


@check("XIO-LST-048")
def filters_of_runs_go_together(session: Session) -> None:
    """A job and states; pages and total count what passes."""
    retried = _ended(session, "retried")
    _ended(session, "fails")
    both = session.call("xio_list_job_runs", query={"filter[job_uuid]": retried.id, "filter[status]": "FAILED"})
    found = [(run.get("job_uuid"), run.get("status")) for run in data_of(both)]
    same([(retried.id, "FAILED")], found, "the failed runs of one job", both)
    query = {"filter[job_uuid]": retried.id, "limit": 1}
    pages = [session.call("xio_list_job_runs", query={**query, "page": page}) for page in (1, 2, 3)]
    same([1, 1, 0], [len(data_of(page)) for page in pages], "how many runs of two are on each page", *pages)
    for page in pages:
        same(2, get(page.response.json, "/total"), "the total of a job's two runs", page)


@check("XIO-RSP-030")
def a_single_run_comes_with_its_logs(session: Session) -> None:
    """While it runs and after its end."""
    for job in (_ended(session), session.submit("long", until="running")):
        expect(get(_read(session, _one_run(session, job)), "/logs") not in (None, MISSING), "the run has no logs")


@check("XIO-RSP-031")
def a_list_of_runs_leaves_the_logs_out(session: Session) -> None:
    """They can be long."""
    runs = runs_of(session, _ended(session))
    needed(runs, "the job has no runs")
    expect(all(run.get("logs") is None for run in runs), "the list of runs reports their logs")


@check("XIO-RSP-032")
def a_run_reads_as_it_is_listed(session: Session) -> None:
    """On every member that both tell; of a run that goes on and of one that has ended."""
    jobs = [_ended(session, shape) for shape in session.shapes("quick", "fails")]
    for job in (*jobs, session.submit("long", until="running")):
        run = _one_run(session, job)
        view = _read(session, run)
        for name in run.keys() & (view.keys() if isinstance(view, dict) else set()) - {"logs"}:
            fits = same_value(without_nulls(run[name]), without_nulls(view[name]))
            expect(fits, f"{name} is {shown(run[name])} in the list and {shown(view[name])} when read")


@check("XIO-RSP-033")
def a_run_names_its_job(session: Session) -> None:
    """Two jobs, each with a run of its own."""
    for job in [_ended(session), _ended(session)]:
        run = _one_run(session, job)
        same("job_run", run.get("object"), "`object` of a run")
        owner = run.get("job_uuid") or get(run, "/job_snapshot/uuid")
        same(job.id, owner, "the job of a run")


@check("XIO-RSP-034")
def a_running_run_reports_its_addresses(session: Session) -> None:
    """Without a list of ports there is ssh; with one there is each."""
    expect("ssh" in _addresses(session, None), "a running run has no ssh address")
    missing = {"ssh", "8080", "9000"} - _addresses(session, [22, 8080, 9000])
    expect(not missing, f"22, 8080 and 9000 are published, and the run does not report {', '.join(sorted(missing))}")


@check("XIO-RSP-035")
def without_port_22_there_is_no_ssh(session: Session) -> None:
    """A list of ports replaces the usual ones."""
    addresses = _addresses(session, [8080])
    needed("8080" in addresses, "the published port has no address")
    expect("ssh" not in addresses, "a container that does not publish 22 has an ssh address")


@check("XIO-RSP-036")
def an_ended_run_has_no_addresses(session: Session) -> None:
    """The container is gone."""
    run = _one_run(session, _ended(session))
    expect(not run.get("node_urls"), f"a run that is {run.get('status')} still has addresses")


@check("XIO-RSP-037")
def logs_stay_after_the_end(session: Session) -> None:
    """What a run wrote while it went on is not gone when it has ended."""
    job = session.submit("long", until="running")
    run = _one_run(session, job)
    before = get(_read(session, run), "/logs")
    needed(isinstance(before, str) and before, "a run that goes on has no logs yet")
    session.cancel(job)
    session.until(job)
    expect(get(_read(session, run), "/logs"), f"a run that wrote {shown(before[:80])} has no logs after its end")


@check("XIO-STM-010")
def a_run_is_as_its_job(session: Session) -> None:
    """Running, completed, failed, stopped, and at its limit."""
    jobs = [_ended(session), _ended(session, "fails")]
    jobs += [session.submit("long", patch, until="running") for patch in (None, {"max_timeout_run_ms": 60_000})]
    for job in jobs:
        _agree(session, job)
    session.cancel(jobs[2])
    for job in jobs[2:]:
        session.until(job)
        _agree(session, job)


@check("XIO-STM-011")
def a_waiting_job_has_no_run_under_way(session: Session) -> None:
    """It was given no node."""
    job = submit_waiting(session)
    busy = [run.get("status") for run in runs_of(session, job) if run.get("status") in UNDER_WAY]
    expect(not busy, f"a job that waits has a run that is {busy}")


@check("XIO-TIM-016")
def the_duration_of_a_run_is_its_length(session: Session) -> None:
    """In milliseconds; however it ended, the first of two runs as well."""
    for shape, patch, stop in (*ENDS, ("tried", None, False)):
        if shape == "waits" or (shape not in session.settings.shapes and shape != "quick"):
            continue
        job = session.submit(shape, patch, seconds=RUN)
        if stop:
            session.advance(25)
            session.cancel(job)
        session.until(job)
        for run in runs_of(session, job):
            begun, ended, duration = (run.get(name) for name in ("started_at_ms", "ended_at_ms", "duration_ms"))
            has_instants = isinstance(begun, int | float) and isinstance(ended, int | float)
            expect(has_instants, f"a run that ran and ended began at {shown(begun)} and ended at {shown(ended)}")
            same(
                round(ended - begun),
                round(duration) if isinstance(duration, int | float) else duration,
                "the duration of a run",
            )


@check("XIO-TIM-017")
def a_run_begins_and_ends_with_its_job(session: Session) -> None:
    """Prepared for twenty seconds; ended by itself, and stopped."""
    staged(session, ROOMY, startup=20)
    for stop in (False, True):
        job = session.submit("lasts", seconds=RUN)
        if stop:
            session.advance(35)
            needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
        session.until(job)
        _with_its_job(session, job)


@check("XIO-TIM-018")
def a_run_that_goes_on_has_no_end(session: Session) -> None:
    """Nor a duration."""
    job = session.submit("long", until="running")
    session.advance(5)
    run = _one_run(session, job)
    for name in ("ended_at_ms", "duration_ms"):
        expect(run.get(name) is None, f"{name} of a running run is {shown(run.get(name))}")
    expect(run.get("started_at_ms") is not None, "a running run has no start")
