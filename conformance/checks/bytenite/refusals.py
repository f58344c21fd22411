"""How ByteNite refuses what it cannot do."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.bytenite.steps import NEW, NEWER, OLDER, change, has_code, list_with_token, on, seen
from conformance.checks.common.steps import DENIED, NOBODY
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, put, shown

WRONG: tuple[tuple[str, Json], ...] = (
    ("Customer_SetJobDatasource", {"dataSource": 7}),
    ("Customer_SetJobDatasource", {"dataDestination": {"dataSourceDescriptor": 7}}),
    ("Customer_SetJobDatasource", {"dataSource": {"dataSourceDescriptor": "url", "params": "text"}}),
    ("Customer_SetJobParams", {"app": "text"}),
    ("Customer_SetJobParams", {"partitioner": []}),
    ("Customer_SetJobParams", {"assembler": 7}),
    ("Customer_SetJobName", {"name": 7}),
    ("Customer_SetJobConfigs", {"jobTimeout": "soon"}),
    ("Customer_SetJobConfigs", {"taskTimeout": 1.5}),
    ("Customer_SetJobConfigs", {"isTestJob": "yes"}),
)
"""Changes of a draft that are not valid."""


def _about_nobody(session: Session, bodies: dict[str, Json]) -> None:
    for operation, body in bodies.items():
        options = {} if body is None else {"body": body}
        twin = on(session, operation, session.submit(draft=True), **options)
        needed(twin.response.is_success, f"{operation} of a draft was answered {twin.response.status}")
        refused(on(session, operation, NOBODY, **options), f"{operation} of a job that never was", (404,))


@check("BYT-ERR-001")
@check("BYT-ERR-002")
@check("BYT-ERR-003")
def refusals_of_every_kind(session: Session) -> None:
    """Nothing is said of them here; the oracles look at their shape."""
    session.post(put(session.body(), "/templateId", MISSING))
    session.post(put(session.body(), "/params", "text"))
    session.list_jobs(query={"pagination.limit": "many"})
    job = session.submit()
    for operation, body in NEWER.items():
        on(session, operation, job, body)
        on(session, operation, NOBODY, body)
    for name in ("read", "start", "cancel", "delete"):
        session.on(name, NOBODY)


@check("BYT-ERR-004", strict=True)
def what_lacks_a_credential_has_code_16(session: Session) -> None:
    """None, and a wrong one; a server that says 403 has another code."""
    told = [
        session.list_jobs(credential="none"),
        list_with_token(session, "not-a-token"),
        session.post(session.body(), credential="none"),
    ]
    for exchange in told:
        refused(exchange, "a call without a right credential", DENIED)
        if exchange.response.status == 401:
            has_code(exchange, 16)


@check("BYT-ERR-005")
def every_call_about_nobody_is_refused(session: Session) -> None:
    """Each with a twin about a draft."""
    bodies = {
        **NEWER,
        "Customer_UploadCompleted": {},
        "Customer_GetJobConfigs": None,
        "Customer_RunJob": {},
        "Customer_AbortJob": None,
        "Customer_DeleteJob": None,
        "Customer_GetJob": None,
    }
    _about_nobody(session, bodies)


@check("BYT-ERR-006")
def every_older_call_about_nobody_is_refused(session: Session) -> None:
    """And results, estimation and logs."""
    _about_nobody(session, {**OLDER, "Customer_GetJobResults": None, "Customer_EstimateJob": None})
    job = session.submit(draft=True)
    needed(session.call("Customer_GetLogs", body={"jobId": job.id}).response.is_success, "logs of a draft are refused")
    refused(session.call("Customer_GetLogs", body={"jobId": NOBODY}), "logs of a job that never was", (404,))


@check("BYT-ERR-007")
def a_wrong_change_changes_nothing(session: Session) -> None:
    """Each change, with a valid twin on the same draft before it."""
    job = session.submit(draft=True)
    for operation, wrong in WRONG:
        before = change(session, operation, job, NEWER[operation])
        answer = refused(on(session, operation, job, wrong), f"{operation} with {wrong}", (400,))
        after = seen(session, job)
        expect(after == before, f"{operation} with {wrong} was refused and changed the job", answer)


@check("BYT-ERR-008")
def a_wrong_submission_has_code_3(session: Session) -> None:
    """A member that is missing, one of a wrong type."""
    for pointer, value in (("/templateId", MISSING), ("/params", "text"), ("/config/jobTimeout", "soon")):
        exchange = refused(
            session.post(put(session.body(), pointer, value)), f"a submission with {shown(value)} at {pointer}", (400,)
        )
        has_code(exchange, 3)


@check("BYT-ERR-009")
def a_wrong_run_does_not_run(session: Session) -> None:
    """The draft stays one, and can be run rightly."""
    for body in ({"jobTimeout": "soon"}, {"config": {"taskTimeout": 1.5}}, {"isTestJob": "yes"}):
        job = session.submit(draft=True)
        answer = refused(session.start(job, body=body), f"running a job with {shown(body)}", (400,))
        expect(session.state(job) == NEW, "a run that was refused took place", answer)
        accepted(session.start(job, body={"jobTimeout": 3600}), "running the same job rightly")
