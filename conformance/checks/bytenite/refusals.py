"""How ByteNite refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from conformance.checks import check
from conformance.checks.bytenite.steps import NEWER, OLDER, change, has_code, list_with_token, on
from conformance.checks.common.steps import DENIED, NOBODY
from conformance.checks.families.refusals import changes_nothing, unknown_is_refused, view_of
from conformance.session.expect import accepted, refused
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
ABOUT_A_JOB: dict[str, Json] = {
    "Customer_UploadCompleted": {},
    "Customer_RunJob": {},
    **dict.fromkeys(("Customer_GetJobConfigs", "Customer_AbortJob", "Customer_DeleteJob", "Customer_GetJob")),
}
BESIDE: dict[str, Json] = {"Customer_GetJobResults": None, "Customer_EstimateJob": None}
"""Other calls about a job, with their bodies if they have any."""


def _about_nobody(session: Session, bodies: Mapping[str, Json]) -> None:
    for operation, body in bodies.items():
        ask = partial(on, session, operation, body=MISSING if body is None else body)
        unknown_is_refused(ask, session.submit(draft=True).id, f"{operation} of a draft")


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
    for exchange in (
        session.list_jobs(credential="none"),
        list_with_token(session, "not-a-token"),
        session.post(session.body(), credential="none"),
    ):
        refused(exchange, "a call without a right credential", DENIED)
        if exchange.response.status == 401:
            has_code(exchange, 16)


@check("BYT-ERR-005", "every call about nobody is refused", {**NEWER, **ABOUT_A_JOB})
@check("BYT-ERR-006", "every older call about nobody is refused", {**OLDER, **BESIDE})
def calls_about_nobody_are_refused(session: Session, bodies: Mapping[str, Json]) -> None:
    """Each with a twin about a draft."""
    _about_nobody(session, bodies)


@check("BYT-ERR-006")
def logs_of_nobody_are_refused(session: Session) -> None:
    """With a twin about a draft."""
    job = session.submit(draft=True)
    unknown_is_refused(lambda id_: session.call("Customer_GetLogs", body={"jobId": id_}), job.id, "logs of a draft")


@check("BYT-ERR-007")
def a_wrong_change_changes_nothing(session: Session) -> None:
    """Each change, with a valid twin on the same draft before it."""
    job = session.submit(draft=True)
    for operation, wrong in WRONG:
        change(session, operation, job, NEWER[operation])
        attempt = partial(on, session, operation, job, wrong)
        changes_nothing(view_of(session, job), f"{operation} with {shown(wrong)}", attempt, (400,))


@check("BYT-ERR-008")
def a_wrong_submission_has_code_3(session: Session) -> None:
    """A member that is missing, one of a wrong type."""
    for pointer, value in (("/templateId", MISSING), ("/params", "text"), ("/config/jobTimeout", "soon")):
        exchange = session.post(put(session.body(), pointer, value))
        has_code(refused(exchange, f"a submission with {shown(value)} at {pointer}", (400,)), 3)


@check("BYT-ERR-009")
def a_wrong_run_does_not_run(session: Session) -> None:
    """The draft stays one, and can be run rightly."""
    for body in ({"jobTimeout": "soon"}, {"config": {"taskTimeout": 1.5}}, {"isTestJob": "yes"}):
        job = session.submit(draft=True)
        attempt = partial(session.start, job, body=body)
        changes_nothing(partial(session.state, job), f"running a job with {shown(body)}", attempt, (400,))
        accepted(session.start(job, body={"jobTimeout": 3600}), "running the same job rightly")
