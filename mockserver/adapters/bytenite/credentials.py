"""Access tokens: an API key is exchanged for one, and strict mode requires one that is known and has not expired."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply

LIFE = 3600
"""Seconds. Source: specs/bytenite/sources.md#credentials"""

MOST_TOKENS = 10_000
"""Most tokens that a world knows; the oldest make room."""

ANYBODY = "customer"
"""The tenant of a caller whose credentials are not verified."""

SHELF = "bytenite.tokens"
OPEN = frozenset({"Auth_GetAccessToken"})


def Auth_GetAccessToken(call: Call) -> Reply:
    """Exchange an API key for a token; strict mode only takes the scenario's keys."""
    key = call.body["apiKey"]
    known = call.world.scenario.credentials.get("bytenite", {})
    if call.strict and key not in known:
        raise Refusal("unauthenticated", "the API key is not known")
    token = call.world.new_id("bytenite.token", fingerprint=call.raw).replace("-", "")
    issued = call.world.shelf(SHELF)
    issued[token] = (known.get(key, ""), _clock(call) + LIFE)
    if len(issued) > MOST_TOKENS:
        del issued[next(iter(issued))]
    return Reply(200, {"token": token, "expiresIn": str(LIFE), "scope": "customer"})


def Auth_GetUser(call: Call) -> Reply:
    """Whose jobs the caller's token is about. Source: specs/bytenite/sources.md#credentials"""
    name = tenant(call) or ANYBODY
    return Reply(200, {"user": {"id": name, "email": f"{_address(name)}@bytenite.invalid", "name": name}})


def _address(name: str) -> str:
    return "-".join(name.lower().split())


def verify(call: Call) -> None:
    """Strict mode: the Authorization header holds a token that was issued here and has not run out."""
    if call.operation not in OPEN:
        _customer(call)


def tenant(call: Call) -> str:
    """Whose jobs a call is about; lenient mode has one customer only."""
    return _customer(call) if call.strict else ""


def _customer(call: Call) -> str:
    sent = call.every_header.get("authorization", "")
    token = sent[7:].strip() if sent[:7].lower() == "bearer " else sent.strip()
    known = call.world.shelf(SHELF).get(token)
    if known is None:
        raise Refusal("unauthenticated", "the access token is missing or not known")
    customer, end = known
    if _clock(call) >= end:
        raise Refusal("unauthenticated", "the access token has expired")
    return str(customer)


def _clock(call: Call) -> float:
    return call.world.now if call.manual else call.wall_us / 1e6
