"""Whom openYuanrong lets in."""

from __future__ import annotations

import base64
import json
from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.openyuanrong.steps import in_state, instant_of
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, shown


def _token(session: Session, **claims: Json) -> str:
    """The good token with other claims.

    Its signature no longer fits, so this is only for servers that take unsigned ones.
    """
    good = session.settings.credentials.get("good", {}).get("headers", {}).get("X-Auth", "")
    if good.count(".") != 2 or not good.endswith(".c2lnbmVk"):
        raise NotApplicable("the target file's token is signed; no other can be made")
    header, payload, signature = good.split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | claims
    raw = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return f"{header}.{raw}.{signature}"


def _submitted(session: Session, **how: Any) -> Exchange:
    headers = {**session.settings.submit_headers, **how.pop("headers", {})}
    return session.call(
        session.role("submit").operation, body=session.body(), credential="none", headers=headers, **how
    )


def _asks(session: Session, token: str) -> Exchange:
    return session.list_jobs(headers={"X-Auth": token}, credential="none")


@check("OYR-AUT-001", strict=True)
def the_token_may_come_in_three_ways(session: Session) -> None:
    """Each alone, and a wrong token in each."""
    token = _token(session)
    for value, is_good in ((token, True), ("not-a-token", False)):
        for where in (
            {"headers": {"X-Auth": value}},
            {"query": {"token": value}},
            {"headers": {"Cookie": f"a=b; iam_token={value}"}},
        ):
            for what, exchange in (
                ("list", session.list_jobs(credential="none", **where)),
                ("submission", _submitted(session, **where)),
            ):
                if is_good:
                    accepted(exchange, f"a {what} with a token in {next(iter(where))}")
                else:
                    refused(exchange, f"a {what} with a wrong token in {next(iter(where))}", DENIED)
    twice = session.list_jobs(credential="none", headers={"X-Auth": token}, query={"token": "not-a-token"})
    accepted(twice, "a list with a token in the header and a wrong one in the query")
    twice = session.list_jobs(credential="none", headers={"X-Auth": token, "Cookie": "iam_token=not-a-token"})
    accepted(twice, "a list with a token in the header and a wrong one in the cookie")


@check("OYR-AUT-002", strict=True)
def another_role_is_refused(session: Session) -> None:
    """A user, nobody, a developer in other letters."""
    accepted(_asks(session, _token(session)), "a list by a developer")
    for role in ("user", "", "Developer", None):
        refused(_asks(session, _token(session, role=role)), f"a list by the role {shown(role)}", DENIED)


@check("OYR-AUT-003", strict=True)
def an_expired_token_is_refused(session: Session) -> None:
    """Long ago and in a hundred years; ten minutes ago and in ten minutes."""
    accepted(_asks(session, _token(session, exp=4_900_000_000)), "a list with a token that expires much later")
    refused(_asks(session, _token(session, exp=1_000_000_000)), "a list with a token that has expired", DENIED)
    now = int(instant_of(session, in_state(session, "long", "running"), "start_time"))
    accepted(_asks(session, _token(session, exp=now + 600)), "a list with a token that expires in ten minutes")
    refused(_asks(session, _token(session, exp=now - 600)), "a list with a token that expired ten minutes ago", DENIED)


@check("OYR-AUT-004", strict=True)
def a_missing_token_is_named(session: Session) -> None:
    """In an object."""
    exchange = refused(session.list_jobs(credential="none"), "a list without a token", DENIED)
    told = get(exchange.response.json, "/error")
    expect(isinstance(told, str) and told, f"a missing token is answered {shown(exchange.response.body[:100])}")


@check("OYR-AUT-005", strict=True)
def a_token_has_three_parts(session: Session) -> None:
    """Without its signature, without its payload, with one part more."""
    token = _token(session)
    accepted(_asks(session, token), "a list with a good token")
    header, payload, signature = token.split(".")
    for wrong in (f"{header}.{payload}", f"{header}.{signature}", payload, f"{token}.{signature}"):
        refused(_asks(session, wrong), f"a list with a token of {wrong.count('.') + 1} parts", DENIED)
