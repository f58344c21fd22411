"""Whom Ionworks lets in."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.ionworks.steps import DENIED, STRANGERS
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import shown


def _token(session: Session) -> str:
    """The bearer token that is taken."""
    return _sent(session, "bearer", "authorization").partition(" ")[2]


def _sent(session: Session, credential: str, header: str) -> str:
    """What a credential puts into a header."""
    request = session.request("GET", session.directory.path(session.role("list").operation, {}), credential=credential)
    return request.header(header) or ""


@check("ION-AUT-001", strict=True)
def a_bearer_token_is_taken(session: Session) -> None:
    """For a submission and for reading it; both kinds stand for one organisation."""
    exchange = accepted(session.post(session.body(), credential="bearer"), "a submission with a bearer token")
    accepted(session.read(session.job_of(exchange), credential="bearer"), "reading with a bearer token")
    accepted(session.list_jobs(credential="bearer"), "the list with a bearer token")


@check("ION-AUT-002", strict=True)
def a_wrong_bearer_token_is_refused(session: Session) -> None:
    """Not known, empty, and under another scheme."""
    job = session.submit()
    refused(session.read(job, credential="wrong-bearer"), "reading with a wrong bearer token", DENIED)
    refused(session.post(session.body(), credential="wrong-bearer"), "a submission with a wrong bearer token", DENIED)
    for value in ("Bearer", "Basic bW9jazprZXk=", f"Basic {_token(session)}"):
        refused(
            session.read(job, credential="none", headers={"Authorization": value}),
            f"reading with {shown(value)}",
            DENIED,
        )


@check("ION-AUT-003", strict=True)
def a_credential_serves_its_own_organisation(session: Session) -> None:
    """Reading, listing and submitting for another one are refused."""
    job = session.submit()
    for what, exchange in (
        ("reading", session.read(job, credential="foreign")),
        ("the list", session.list_jobs(credential="foreign")),
        ("a submission", session.post(session.body(), credential="foreign")),
    ):
        refused(exchange, f"{what} for another organisation", STRANGERS + DENIED)


@check("ION-AUT-005", strict=True)
def the_scheme_is_read_whatever_its_case(session: Session) -> None:
    """In small letters and in capitals."""
    job = session.submit()
    accepted(session.read(job, credential="bearer"), "reading with a bearer token")
    for scheme in ("bearer", "BEARER"):
        answer = session.read(job, credential="none", headers={"Authorization": f"{scheme} {_token(session)}"})
        expect(
            answer.response.status not in DENIED,
            f"a token of the scheme {scheme} is refused with {answer.response.status}",
        )


@check("ION-AUT-006", strict=True)
def a_key_is_taken_whole(session: Session) -> None:
    """Not its first letter, nor with another one behind it, nor in other letters where the target's file gives such a
    key."""
    job, key = session.submit(), _sent(session, "good", "x-api-key")
    needed(len(key) > 1, "no key is sent")
    for wrong in (key[0], f"{key}x"):
        exchange = session.read(job, credential="none", headers={"X-API-Key": wrong})
        refused(exchange, "reading with a part of a key, or with a letter too many", DENIED)
    if "other-letters" in session.settings.credentials:
        refused(session.read(job, credential="other-letters"), "reading with a key in other letters", DENIED)
