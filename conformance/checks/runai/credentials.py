"""Whom Run:AI lets in."""

from __future__ import annotations

from functools import partial

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.families.refusals import changes_nothing, only_right_is_taken
from conformance.checks.runai.steps import delete_jobs, is_listed
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, shown


def _wrong(session: Session) -> list[str]:
    return [name for name in ("none", "wrong") if name in session.settings.credentials]


def _bearer(session: Session) -> tuple[str, str]:
    """Scheme and token of the right credential."""
    path = session.directory.path(session.role("list").operation, {})
    scheme, _, token = (session.request("GET", path).header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotApplicable("the right credential is no bearer token")
    return scheme, token


def _list_with(session: Session, value: str) -> Exchange:
    return session.list_jobs(headers={"Authorization": value})


@check("RAI-AUT-001", strict=True)
def a_refusal_names_the_scheme_of_the_credentials(session: Session) -> None:
    """The oracle looks at the header of the answer."""
    for credential in _wrong(session):
        refused(session.list_jobs(credential=credential), f"a list with the credential {shown(credential)}", DENIED)


@check("RAI-AUT-002", strict=True)
def the_scheme_is_read_in_any_case(session: Session) -> None:
    """The same token behind another spelling."""
    _, token = _bearer(session)
    for spelling in ("bearer", "BEARER"):
        accepted(_list_with(session, f"{spelling} {token}"), f"a token after {spelling}")


@check("RAI-AUT-003", strict=True)
def a_submission_without_credential_makes_no_job(session: Session) -> None:
    """None, and a wrong one."""
    session.submit()
    for credential in _wrong(session):
        body = session.body()
        look = partial(is_listed, session, body["job"]["name"])
        attempt = partial(session.post, body, credential=credential)
        changes_nothing(look, f"a submission with the credential {credential}", attempt, DENIED)


@check("RAI-AUT-004", strict=True)
def a_deletion_without_credential_deletes_nothing(session: Session) -> None:
    """None, and a wrong one."""
    job = session.submit("long")
    for credential in _wrong(session):
        attempt = partial(delete_jobs, session, job, credential=credential)
        what = f"a deletion with the credential {credential}"
        changes_nothing(partial(is_listed, session, job.id), what, attempt, DENIED)
    accepted(delete_jobs(session, job), "a deletion with a right credential")


@check("RAI-AUT-005", strict=True)
def a_user_name_is_no_credential(session: Session) -> None:
    """RA-USER alone opens nothing."""
    session.submit()
    alone: Json = {"credential": "none", "headers": {"RA-USER": "admin"}}
    refused(session.post(session.body(), **alone), "a submission with RA-USER alone", DENIED)
    refused(session.list_jobs(**alone), "a list with RA-USER alone", DENIED)


@check("RAI-AUT-006", strict=True)
def what_resembles_a_token_is_none(session: Session) -> None:
    """Longer, shorter, in other letters, under another scheme, nothing at all."""
    scheme, token = _bearer(session)
    near = [f"{scheme} {token}x", f"{scheme} {token[:-1]}", f"{scheme} {token[0]}", f"Basic {token}", token]
    near += [f"{scheme} {token.swapcase()}"] if token != token.swapcase() else []
    only_right_is_taken(partial(_list_with, session), f"{scheme} {token}", near, "a token")
