"""Checks of compute.x.io's list of runs: what is in it, filtered, in pages, in order."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.xio_lists import NOBODY, listed, uuids
from conformance.checks.xio_runs import LIST as RUNS
from conformance.checks.xio_runs import data_of
from conformance.session.expect import expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get


def _ran(session: Session, count: int = 1, shape: str = "quick") -> list[JobRef]:
    """Jobs that ran one after the other."""
    jobs: list[JobRef] = []
    for _ in range(count):
        jobs.append(session.submit(shape))
        session.until(jobs[-1], *(("running",) if shape == "long" else ()))
    return jobs


@check("XIO-LST-020")
def the_list_of_runs_holds_all(session: Session) -> None:
    """Of an ended and a running job."""
    jobs = [*_ran(session), *(_ran(session, shape="long") if "long" in session.settings.shapes else [])]
    told = _jobs_of_all_runs(session)
    for job in jobs:
        expect(job.id in told, f"job {job.id} ran, and the list of runs does not tell of it", session.exchanges[-1])


def _jobs_of_all_runs(session: Session, **query: str) -> list[Json]:
    """Whatever their order, and however many there were before."""
    found: list[Json] = []
    for page in range(1, 100):
        items = data_of(listed(session, RUNS, limit=50, page=page, **query))
        found += [item.get("job_uuid") for item in items]
        if len(items) < 50:
            break
    return found


@check("XIO-LST-021")
def runs_are_told_apart_by_job(session: Session) -> None:
    """Each job's own."""
    for job in _ran(session, 2):
        exchange = listed(session, RUNS, filter_job_uuid=job.id)
        same([job.id], [item.get("job_uuid") for item in data_of(exchange)], "the jobs of the runs of one job", exchange)
        same(1, get(exchange.response.json, "/total"), "the total of the runs of a job that ran once", exchange)
    same([], data_of(listed(session, RUNS, filter_job_uuid=NOBODY)), "the runs of a job that never was", session.exchanges[-1])


@check("XIO-LST-022")
def runs_are_told_apart_by_state(session: Session) -> None:
    """Running, completed, either, neither."""
    done, running = _ran(session)[0], _ran(session, shape="long")[0]
    jobs = {"COMPLETED": done.id, "RUNNING": running.id}
    for states in (["COMPLETED"], ["RUNNING"], ["RUNNING", "COMPLETED"], ["FAILED", "CANCELLED"]):
        told = _jobs_of_all_runs(session, filter_status=",".join(states))
        mine = sorted(str(uuid) for uuid in told if uuid in jobs.values())
        same(sorted(uuid for state, uuid in jobs.items() if state in states), mine, f"the jobs of the runs that are {states}", session.exchanges[-1])


@check("XIO-LST-023")
def pages_of_runs_hold_every_run_once(session: Session) -> None:
    """Five runs on pages of two and of three."""
    _ran(session, 5)
    whole = uuids(listed(session, RUNS, limit=50))
    needed(len(whole) == 5, f"there are {len(whole)} runs of 5 jobs")
    for limit in (2, 3):
        found: list[str] = []
        for page in (1, 2, 3, 4):
            exchange = listed(session, RUNS, limit=limit, page=page)
            found += uuids(exchange)
            same(5, get(exchange.response.json, "/total"), "the total of the list of runs", exchange)
        same(sorted(whole), sorted(found), f"the runs on pages of {limit}", *session.exchanges[-3:])


@check("XIO-LST-024")
def runs_are_in_order(session: Session) -> None:
    """On pages of two."""
    jobs = [job.id for job in _ran(session, 4)]
    for sort in ("created_at", "-created_at"):
        same(jobs if sort == "created_at" else jobs[::-1], _by_twos(session, sort=sort), f"the jobs of the runs sorted by {sort}", *session.exchanges[-2:])


@check("XIO-LST-050")
def without_a_sort_the_newest_run_comes_first(session: Session) -> None:
    """On pages of two."""
    jobs = [job.id for job in _ran(session, 4)]
    same(jobs[::-1], _by_twos(session), "the jobs of the runs without a sort", *session.exchanges[-2:])


def _by_twos(session: Session, **query: str) -> list[Json]:
    return [item.get("job_uuid") for page in (1, 2) for item in data_of(listed(session, RUNS, limit=2, page=page, **query))]
