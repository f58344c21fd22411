"""Who may use Run:AI's API. Source: specs/runai/sources.md#credentials"""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal
from mockserver.adapters.runai.naming import API


def verify(call: Call) -> None:
    """Ask for a bearer token that the scenario lists. Source: specs/runai/sources.md#credentials"""
    scheme, _, token = call.every_header.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("unauthenticated", "this cluster expects `Authorization: Bearer <token>`")
    if token not in call.world.scenario.credentials.get(API, {}):
        raise Refusal("unauthenticated", "the bearer token is not known to this cluster")


def tenant(call: Call) -> str:
    """Whose jobs a call is about: a cluster has one list for everybody."""
    return ""
