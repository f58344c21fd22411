"""Whom every API lets in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.errors import NotApplicable
from conformance.oracles.document import is_sent_to_the_twin
from conformance.session.expect import expect, refused
from conformance.session.session import Session
from conformance.target.target import request_examples
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING
from specs import Operation

NOWHERE = "/of-no-operation"
"""What makes of a path one that nobody serves."""


def _guarded(session: Session, *, open_ones: bool = False) -> list[Operation]:
    """The operations that ask for a credential, or those that do not."""
    document = session.spec.document
    usual = document.get("x-strict-security", document.get("security", []))
    found = [one for one in session.spec.operations.values() if not _streams(one)]
    return [one for one in found if bool(one.node.get("x-strict-security", usual)) is not open_ones]


def _streams(operation: Operation) -> bool:
    return any("text/event-stream" in str(answer) for answer in operation.node.get("responses", {}).values())


def _asked(session: Session, credential: str, *, open_ones: bool = False) -> Iterator[Exchange]:
    """Every such operation, asked about a job that exists."""
    job = session.submit(draft=True)
    for operation in _guarded(session, open_ones=open_ones):
        values = {one["name"]: job.id for one in operation.parameters if one["in"] == "path"}
        submits = operation.id == session.role("submit").operation
        body = session.body() if submits else next(iter(request_examples(session.spec, operation.id)), MISSING)
        yield session.call(operation.id, values, body=body, credential=credential)


def _denied(session: Session, exchange: Exchange, what: str) -> None:
    """Refused for want of a credential.

    A call that is only sent on, or that the target does not offer to anybody, gives nothing away.
    """
    if is_sent_to_the_twin(exchange):
        return
    if exchange.response.status == 404 and exchange.operation not in {
        role.operation for role in session.roles.values()
    }:
        path, _, query = exchange.request.target.partition("?")
        twin, nowhere = (
            session.send(exchange.request.method, one, raw=exchange.request.body, query=parse_qsl(query))
            for one in (path, f"{path}{NOWHERE}")
        )
        if twin.response.status == nowhere.response.status == 404 and _words(twin) == _words(nowhere):
            return
    refused(exchange, what, DENIED)


def _words(exchange: Exchange) -> bytes:
    """What an answer says, but for the path."""
    path = exchange.request.target.partition("?")[0].removesuffix(NOWHERE)
    return exchange.response.body.replace(NOWHERE.encode(), b"").replace(path.encode(), b"")


@check("JOB-AUT-001", strict=True)
def a_request_without_credential_is_refused(session: Session) -> None:
    """Every operation that asks for one."""
    for exchange in _asked(session, "none"):
        _denied(session, exchange, f"{exchange.operation} without a credential")


@check("JOB-AUT-002", strict=True)
def a_wrong_credential_is_refused(session: Session) -> None:
    """Every operation that asks for one."""
    if "wrong" not in session.settings.credentials:
        raise NotApplicable("the target file gives no wrong credential")
    for exchange in _asked(session, "wrong"):
        _denied(session, exchange, f"{exchange.operation} with a wrong credential")


@check("JOB-AUT-003", strict=True)
def a_right_credential_is_taken(session: Session) -> None:
    """Every operation; what it then says is not judged here."""
    for exchange in _asked(session, "good"):
        expect(
            exchange.response.status not in DENIED,
            f"{exchange.operation} refuses a right credential with {exchange.response.status}",
        )


@check("JOB-AUT-004", strict=True)
def an_open_operation_asks_for_nothing(session: Session) -> None:
    """Every operation that asks for no credential."""
    exchanges = list(_asked(session, "none", open_ones=True))
    if not exchanges:
        raise NotApplicable("every operation asks for a credential")
    for exchange in exchanges:
        if exchange.request.method == "GET":
            expect(exchange.response.status not in DENIED, f"{exchange.operation} asks for a credential")
