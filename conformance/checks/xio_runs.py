"""Checks of compute.x.io's runs: the attempts of a job that were given nodes."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls

LIST, READ = "xio_list_job_runs", "xio_get_job_run"
UNDER_WAY = ("ASSIGNED", "PREPARING", "RUNNING")


def runs_of(session: Session, job: JobRef, **query: str) -> list[Json]:
    """The runs of a job, the first one first. Inconclusive where they cannot be had."""
    exchange = session.call(LIST, query={"filter[job_uuid]": job.id, "limit": 50, "sort": "created_at", **query})
    needed(exchange.response.is_success, f"the list of runs was answered {exchange.response.status}")
    return data_of(exchange)


def data_of(exchange: Exchange) -> list[Json]:
    """The items of a page."""
    found = get(exchange.response.json, "/data")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _one_run(session: Session, job: JobRef) -> Json:
    runs = runs_of(session, job)
    needed(len(runs) == 1 and isinstance(runs[0].get("uuid"), str), f"the job has {len(runs)} runs")
    return runs[0]


def _ended(session: Session, shape: str = "quick") -> JobRef:
    job = session.submit(shape)
    session.until(job)
    return job


@check("XIO-RSP-030")
def a_single_run_comes_with_its_logs(session: Session) -> None:
    """While it runs and after its end."""
    jobs = [_ended(session), session.submit("long")]
    session.until(jobs[1], "running")
    for job in jobs:
        exchange = accepted(session.call(READ, {"uuid": _one_run(session, job)["uuid"]}), "reading a run")
        expect(get(exchange.response.json, "/logs") not in (None, get({}, "/logs")), "the run has no logs", exchange)


@check("XIO-RSP-037")
def logs_stay_after_the_end(session: Session) -> None:
    """What a run told while it went on is not gone when it has ended."""
    job = session.submit("long")
    session.until(job, "running")
    run = _one_run(session, job)["uuid"]
    before = get(session.call(READ, {"uuid": run}).response.json, "/logs")
    needed(isinstance(before, str) and before, "a run that goes on has no logs yet")
    session.cancel(job)
    session.until(job)
    exchange = accepted(session.call(READ, {"uuid": run}), "reading a run that has ended")
    expect(get(exchange.response.json, "/logs"), f"a run that told {before[:80]!r} has no logs after its end", exchange)


@check("XIO-RSP-031")
def a_list_of_runs_leaves_the_logs_out(session: Session) -> None:
    """They can be long."""
    runs = runs_of(session, _ended(session))
    needed(runs, "the job has no runs")
    expect(all(run.get("logs") is None for run in runs), "the list of runs tells their logs", session.exchanges[-1])


@check("XIO-RSP-032")
def a_run_reads_as_it_is_listed(session: Session) -> None:
    """On every member that both tell; of a run that goes on and of one that has ended."""
    jobs = [_ended(session), _ended(session, "fails") if "fails" in session.settings.shapes else _ended(session), session.submit("long")]
    session.until(jobs[-1], "running")
    for job in jobs:
        run = _one_run(session, job)
        listed = session.exchanges[-1]
        exchange = accepted(session.call(READ, {"uuid": run["uuid"]}), "reading a run")
        told = exchange.response.json
        for name in run.keys() & (told.keys() if isinstance(told, dict) else set()) - {"logs"}:
            fits = same_value(without_nulls(run[name]), without_nulls(told[name]))
            expect(fits, f"{name} is {run[name]!r} in the list and {told[name]!r} when read", listed, exchange)


@check("XIO-RSP-033")
def a_run_names_its_job(session: Session) -> None:
    """Two jobs, each with a run of its own."""
    for job in [_ended(session), _ended(session)]:
        run = _one_run(session, job)
        same("job_run", run.get("object"), "`object` of a run", session.exchanges[-1])
        owner = run.get("job_uuid") or get(run, "/job_snapshot/uuid")
        same(job.id, owner, "the job of a run", session.exchanges[-1])


def _addresses(session: Session, ports: Json) -> tuple[list[str], Exchange]:
    job = session.submit("long", {"parameters": {"parameters": {"ports": ports}}})
    session.until(job, "running")
    urls = _one_run(session, job).get("node_urls")
    needed(isinstance(urls, list), "the run tells no addresses")
    return [str(one.get("description")) for one in urls], session.exchanges[-1]


@check("XIO-RSP-034")
def a_running_run_tells_its_addresses(session: Session) -> None:
    """Without a list of ports there is ssh; with one there is each."""
    usual, exchange = _addresses(session, None)
    expect("ssh" in usual, "a running run has no ssh address", exchange)
    told, exchange = _addresses(session, [22, 8080, 9000])
    expect({"ssh", "8080", "9000"} <= set(told), f"published are 22, 8080 and 9000, told are {told}", exchange)


@check("XIO-RSP-035")
def without_port_22_there_is_no_ssh(session: Session) -> None:
    """A list of ports replaces the usual ones."""
    told, exchange = _addresses(session, [8080])
    needed("8080" in told, "the published port has no address")
    expect("ssh" not in told, "a container that does not publish 22 has an ssh address", exchange)


@check("XIO-RSP-036")
def an_ended_run_has_no_addresses(session: Session) -> None:
    """The container is gone."""
    run = _one_run(session, _ended(session))
    expect(not run.get("node_urls"), f"a run that is {run.get('status')} still has addresses", session.exchanges[-1])


@check("XIO-STM-010")
def a_run_is_as_its_job(session: Session) -> None:
    """Running, completed, failed, stopped, and at its limit."""
    jobs = [_ended(session), _ended(session, "fails"), session.submit("long"), session.submit("long", {"max_timeout_run_ms": 60_000})]
    for job in jobs[2:]:
        session.until(job, "running")
    for job in jobs:
        _agree(session, job)
    session.cancel(jobs[2])
    for job in jobs[2:]:
        session.until(job)
        _agree(session, job)


def _agree(session: Session, job: JobRef) -> None:
    state = session.state(job)
    runs = runs_of(session, job)
    needed(runs, f"a job that is {state} has no runs")
    same(state, runs[-1].get("status"), f"the last run of a job that is {state}", *session.exchanges[-2:])


@check("XIO-STM-011")
def a_waiting_job_has_no_run_under_way(session: Session) -> None:
    """It was given no node."""
    job = session.submit("waits")
    session.advance(5)
    needed(session.phase(job) == "queued", "the job does not wait")
    busy = [run.get("status") for run in runs_of(session, job) if run.get("status") in UNDER_WAY]
    expect(not busy, f"a job that waits has a run that is {busy}", session.exchanges[-1])


@check("XIO-TIM-018")
def a_run_that_goes_on_has_no_end(session: Session) -> None:
    """Nor a duration."""
    job = session.submit("long")
    session.until(job, "running")
    session.advance(5)
    run = _one_run(session, job)
    for name in ("ended_at_ms", "duration_ms"):
        expect(run.get(name) is None, f"{name} of a running run is {run.get(name)!r}", session.exchanges[-1])
    expect(run.get("started_at_ms") is not None, "a running run has no start", session.exchanges[-1])


@check("XIO-IDM-002")
def runs_have_ids_of_their_own(session: Session) -> None:
    """Of one job that was tried again and of another."""
    jobs = [_ended(session, "retried"), _ended(session)]
    first = [str(run.get("uuid")) for job in jobs for run in runs_of(session, job)]
    again = [str(run.get("uuid")) for job in jobs for run in runs_of(session, job)]
    needed(len(first) > 2, "the job was not tried again")
    expect(len(set(first)) == len(first), "two runs share an id", session.exchanges[-1])
    expect(not set(first) & {job.id for job in jobs}, "a run has the id of a job", session.exchanges[-1])
    same(first, again, "the ids of the same runs asked for again", session.exchanges[-1])


@check("XIO-IDM-003")
def a_run_that_is_asked_for_is_told_of(session: Session) -> None:
    """Each of several, newest and oldest."""
    for job in [_ended(session) for _ in range(3)]:
        run = _one_run(session, job)
        exchange = accepted(session.call(READ, {"uuid": run["uuid"]}), "reading a run")
        for name in ("uuid", "job_uuid"):
            same(run.get(name), get(exchange.response.json, f"/{name}"), f"{name} of the run that was asked for", exchange)
