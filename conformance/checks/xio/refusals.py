"""How compute.x.io refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Callable, Collection

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.families.refusals import unknown_is_refused
from conformance.checks.xio.steps import COOK, READ_RUN, recipes, runs_of
from conformance.session.expect import expect, need_success, needed, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get, put, shown

REFUSED = tuple(status for status in range(400, 500) if status != 429)


def _read_run(session: Session) -> Callable[[str], Exchange]:
    return lambda uuid: session.call(READ_RUN, {"uuid": uuid})


def _cook(session: Session) -> Callable[[str], Exchange]:
    return lambda uuid: session.call(COOK, {"uuid": uuid}, body={})


@check("XIO-ERR-001", "an unknown job is not found", "read")
@check("XIO-ERR-002", "an unknown job cannot be stopped", "cancel")
def what_names_no_job_is_refused(session: Session, role: str) -> None:
    """It is not found."""
    need_success(session.read(session.submit()), "reading a job that exists")
    refused(session.on(role, NOBODY), f"the call to {role} a job that never was", (404,))


@check("XIO-ERR-003", "an unknown run is not found", (404,))
@check("XIO-ERR-006", "a run that never was is refused", REFUSED)
def an_unknown_run_is_refused(session: Session, statuses: Collection[int]) -> None:
    """A run that is there is read before."""
    runs = runs_of(session, session.submit(until="end"))
    needed(runs, "there are no runs")
    unknown_is_refused(_read_run(session), str(runs[0].get("uuid")), "reading a run", statuses=statuses)


@check("XIO-ERR-003")
def a_job_is_no_run(session: Session) -> None:
    """Its id finds none."""
    job = session.submit(until="end")
    needed(runs_of(session, job), "there are no runs")
    refused(_read_run(session)(job.id), "reading a run by the id of its job", (404,))


@check("XIO-ERR-004", "an unknown recipe is not found", (404,))
@check("XIO-ERR-006", "a recipe that never was is refused", REFUSED)
def an_unknown_recipe_is_refused(session: Session, statuses: Collection[int]) -> None:
    """It cannot be cooked."""
    unknown_is_refused(_cook(session), recipes(session)[0]["uuid"], "cooking a recipe", statuses=statuses)


@check("XIO-ERR-005")
def what_has_ended_cannot_be_stopped(session: Session) -> None:
    """It ended well, badly, or was stopped before."""
    for shape in ("quick", "fails", "long"):
        job = session.submit(shape)
        if shape == "long":
            session.until(job, "running")
            need_success(session.cancel(job), "stopping a running job")
        session.until(job)
        refused(session.cancel(job), f"stopping a job that is {session.state(job)}", (409,))


@check("XIO-ERR-008")
def every_refusal_has_its_code(session: Session) -> None:
    """Of every kind that can be had."""
    refusals = [
        session.post(put(session.body(), "/cpu_count", -1)),
        session.post([]),
        session.send("POST", session.directory.path(session.role("submit").operation, {}), raw=b"{"),
        session.read(NOBODY),
        session.cancel(NOBODY),
        _read_run(session)(NOBODY),
        _cook(session)(NOBODY),
        session.list_jobs(query={"limit": 0}),
        session.send("GET", f"{session.directory.base}/jobs/{NOBODY}/zz-nowhere"),
    ]
    for exchange in refusals:
        if exchange.response.status >= 400:
            for name in ("code", "message"):
                value, status = get(exchange.response.json, f"/error/{name}"), exchange.response.status
                expect(isinstance(value, str) and value, f"error.{name} of a refusal with {status} is {shown(value)}")
