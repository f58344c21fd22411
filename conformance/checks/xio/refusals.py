"""How compute.x.io refuses what it cannot do."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.xio.steps import COOK, READ_RUN, cooked, recipes, runs_of
from conformance.session.expect import expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get, put, shown

UNKNOWN = (404,)
REFUSED = tuple(status for status in range(400, 500) if status != 429)


def _unknown_job(session: Session, role: str) -> Exchange:
    needed(session.read(session.submit()).response.is_success, "a job that exists cannot be read")
    return session.on(role, NOBODY)


def _unknown_run(session: Session, uuid: str = NOBODY) -> Exchange:
    return session.call(READ_RUN, {"uuid": uuid})


@check("XIO-ERR-001")
def an_unknown_job_is_not_found(session: Session) -> None:
    """When it is read."""
    refused(_unknown_job(session, "read"), "reading a job that never was", UNKNOWN)


@check("XIO-ERR-002")
def an_unknown_job_cannot_be_stopped(session: Session) -> None:
    """It is not found either."""
    refused(_unknown_job(session, "cancel"), "stopping a job that never was", UNKNOWN)


@check("XIO-ERR-003")
def an_unknown_run_is_not_found(session: Session) -> None:
    """Nor is a run that has the id of a job."""
    job = session.submit(until="end")
    needed(runs_of(session, job), "there are no runs")
    refused(_unknown_run(session), "reading a run that never was", UNKNOWN)
    refused(_unknown_run(session, job.id), "reading a run by the id of its job", UNKNOWN)


@check("XIO-ERR-004")
def an_unknown_recipe_is_not_found(session: Session) -> None:
    """It cannot be cooked."""
    needed(cooked(session, recipes(session)[0], {}).response.is_success, "a recipe that exists cannot be cooked")
    refused(session.call(COOK, {"uuid": NOBODY}, body={}), "cooking a recipe that never was", UNKNOWN)


@check("XIO-ERR-005")
def what_has_ended_cannot_be_stopped(session: Session) -> None:
    """It ended well, badly, or was stopped before."""
    for shape in ("quick", "fails", "long"):
        job = session.submit(shape)
        if shape == "long":
            session.until(job, "running")
            needed(session.cancel(job).response.is_success, "a running job cannot be stopped")
        session.until(job)
        refused(session.cancel(job), f"stopping a job that is {session.state(job)}", (409,))


@check("XIO-ERR-006")
def what_never_was_is_refused(session: Session) -> None:
    """A run, a recipe; some that were are asked for before."""
    job = session.submit(until="end")
    runs = runs_of(session, job)
    needed(
        runs and session.call(READ_RUN, {"uuid": runs[0].get("uuid")}).response.is_success,
        "a run that was cannot be read",
    )
    refused(_unknown_run(session), "reading a run that never was", REFUSED)
    needed(cooked(session, recipes(session)[0], {}).response.is_success, "a recipe that exists cannot be cooked")
    refused(session.call(COOK, {"uuid": NOBODY}, body={}), "cooking a recipe that never was", REFUSED)


@check("XIO-ERR-008")
def every_refusal_has_its_code(session: Session) -> None:
    """Of every kind that can be had."""
    refusals = [
        session.post(put(session.body(), "/cpu_count", -1)),
        session.post([]),
        session.send("POST", session.directory.path(session.role("submit").operation, {}), raw=b"{"),
        session.read(NOBODY),
        session.cancel(NOBODY),
        _unknown_run(session),
        session.call(COOK, {"uuid": NOBODY}, body={}),
        session.list_jobs(query={"limit": 0}),
        session.send("GET", f"{session.directory.base}/jobs/{NOBODY}/zz-nowhere"),
    ]
    for exchange in refusals:
        if exchange.response.status >= 400:
            for name in ("code", "message"):
                told = get(exchange.response.json, f"/error/{name}")
                expect(
                    isinstance(told, str) and told,
                    f"error.{name} of a refusal with {exchange.response.status} is {shown(told)}",
                )
