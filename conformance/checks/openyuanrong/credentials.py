"""Whom openYuanrong lets in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.families.refusals import only_right_is_taken
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
    changed = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | claims
    raw = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    return f"{header}.{raw}.{signature}"


def _submitted(session: Session, **how: Any) -> Exchange:
    headers = {**session.settings.submit_headers, **how.pop("headers", {})}
    return session.call(
        session.role("submit").operation, body=session.body(), credential="none", headers=headers, **how
    )


def _asks(session: Session, token: str) -> Exchange:
    return session.list_jobs(headers={"X-Auth": token}, credential="none")


def _with_token(call: Callable[..., Exchange], place: str, name: str, value: str) -> Exchange:
    """A call whose header, parameter or cookie is the token."""
    return call(**{place: {name: f"a=b; iam_token={value}" if name == "Cookie" else value}})


@check("OYR-AUT-001", strict=True)
def the_token_may_come_in_three_ways(session: Session) -> None:
    """Each alone, and a wrong token in each."""
    token = _token(session)
    for place, name in (("headers", "X-Auth"), ("query", "token"), ("headers", "Cookie")):
        for call in (partial(session.list_jobs, credential="none"), partial(_submitted, session)):
            only_right_is_taken(partial(_with_token, call, place, name), token, ["not-a-token"], "a token")
    beside = ({"query": {"token": "not-a-token"}}, {"headers": {"X-Auth": token, "Cookie": "iam_token=not-a-token"}})
    for wrong in beside:
        exchange = session.list_jobs(credential="none", **{"headers": {"X-Auth": token}, **wrong})
        accepted(exchange, "a list with a token in the header and a wrong one beside it")


@check("OYR-AUT-002", strict=True)
def another_role_is_refused(session: Session) -> None:
    """A user, nobody, a developer in other letters."""
    right = _token(session)
    wrong = [_token(session, role=role) for role in ("user", "", "Developer", None)]
    only_right_is_taken(partial(_asks, session), right, wrong, "the role of a developer")


def _expires(session: Session, later: int, earlier: int) -> None:
    """A token with the later end is taken, one with the earlier end is not."""
    right, wrong = (_token(session, exp=end) for end in (later, earlier))
    only_right_is_taken(partial(_asks, session), right, [wrong], "a token that has not expired")


@check("OYR-AUT-003", strict=True)
def an_expired_token_is_refused(session: Session) -> None:
    """Long ago and in a hundred years; ten minutes ago and in ten minutes."""
    _expires(session, 4_900_000_000, 1_000_000_000)
    now = int(instant_of(session, in_state(session, "long", "running"), "start_time"))
    _expires(session, now + 600, now - 600)


@check("OYR-AUT-004", strict=True)
def a_missing_token_is_named(session: Session) -> None:
    """In an object."""
    exchange = refused(session.list_jobs(credential="none"), "a list without a token", DENIED)
    word = get(exchange.response.json, "/error")
    expect(isinstance(word, str) and word, f"a missing token is answered {shown(exchange.response.body[:100])}")


@check("OYR-AUT-005", strict=True)
def a_token_has_three_parts(session: Session) -> None:
    """Without its signature, without its payload, with one part more."""
    token = _token(session)
    header, payload, signature = token.split(".")
    wrong = (f"{header}.{payload}", f"{header}.{signature}", payload, f"{token}.{signature}")
    only_right_is_taken(partial(_asks, session), token, wrong, "a token of three parts")
