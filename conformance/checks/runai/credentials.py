"""Whom Run:AI lets in."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.runai.steps import delete_jobs, item, names
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, shown


def _wrong(session: Session) -> list[str]:
    return [name for name in ("none", "wrong") if name in session.settings.credentials]


@check("RAI-AUT-001", strict=True)
def who_is_turned_away_is_told_how_to_come_in(session: Session) -> None:
    """The oracle looks at the header of the answer."""
    for credential in _wrong(session):
        refused(session.list_jobs(credential=credential), f"a list with the credential {shown(credential)}", DENIED)


@check("RAI-AUT-002", strict=True)
def the_scheme_is_read_in_any_case(session: Session) -> None:
    """The same token behind another spelling."""
    path = session.directory.path(session.role("list").operation, {})
    scheme, _, token = (session.request("GET", path).header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotApplicable("the right credential is no bearer token")
    for spelling in ("bearer", "BEARER"):
        accepted(session.list_jobs(headers={"Authorization": f"{spelling} {token}"}), f"a token after {spelling}")


@check("RAI-AUT-003", strict=True)
def a_submission_without_credential_makes_no_job(session: Session) -> None:
    """None, and a wrong one."""
    session.submit()
    for credential in _wrong(session):
        body = session.body()
        answer = refused(
            session.post(body, credential=credential), f"a submission with the credential {shown(credential)}", DENIED
        )
        expect(body["job"]["name"] not in names(session), "a submission that was refused made a job", answer)


@check("RAI-AUT-004", strict=True)
def a_deletion_without_credential_deletes_nothing(session: Session) -> None:
    """None, and a wrong one."""
    job = session.submit("long")
    for credential in _wrong(session):
        answer = refused(
            delete_jobs(session, job, credential=credential),
            f"a deletion with the credential {shown(credential)}",
            DENIED,
        )
        expect(item(session, job.id) is not MISSING, "a deletion that was refused deleted a job", answer)
    accepted(delete_jobs(session, job), "a deletion with a right credential")


@check("RAI-AUT-005", strict=True)
def a_user_name_is_no_credential(session: Session) -> None:
    """RA-USER alone opens nothing."""
    session.submit()
    refused(
        session.post(session.body(), credential="none", headers={"RA-USER": "admin"}),
        "a submission with RA-USER alone",
        DENIED,
    )
    refused(session.list_jobs(credential="none", headers={"RA-USER": "admin"}), "a list with RA-USER alone", DENIED)


@check("RAI-AUT-006", strict=True)
def what_resembles_a_token_is_none(session: Session) -> None:
    """Longer, shorter, in other letters, under another scheme, nothing at all."""
    path = session.directory.path(session.role("list").operation, {})
    scheme, _, token = (session.request("GET", path).header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotApplicable("the right credential is no bearer token")
    accepted(session.list_jobs(), "a list with the right token")
    near = [f"{scheme} {token}x", f"{scheme} {token[:-1]}", f"{scheme} {token[0]}", f"Basic {token}", token]
    near += [f"{scheme} {token.swapcase()}"] if token != token.swapcase() else []
    for value in near:
        refused(
            session.list_jobs(headers={"Authorization": value}),
            "a list with what only resembles the right token",
            DENIED,
        )
