"""openYuanrong's JSON web tokens: where they are sent, and what makes one acceptable.

Source: specs/openyuanrong/sources.md#credentials.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

import orjson

from mockserver.adapters.dates import unix_seconds
from mockserver.adapters.exchange import Call, Refusal
from specs.printable import as_json

ROLE = "developer"
COOKIE = "iam_token"


def verify(call: Call) -> None:
    """Accept a developer's unexpired token, signed with the tenant's secret if the scenario has one. Raises Refusal."""
    token = _token(call)
    if not token:
        raise _refusal("no token was sent; send a JSON web token in X-Auth")
    claims = _claims(token)
    if claims.get("role") != ROLE:
        raise _refusal(f"the role {as_json(claims.get('role'))} may not do this; the role {ROLE} may")
    expiry = claims.get("exp", 0)
    if not isinstance(expiry, int):
        raise _refusal("the token is malformed: exp is not a whole number of seconds")
    if 0 < expiry < unix_seconds(call.world, call.world.now_us):
        raise _refusal("the token has expired")
    secrets = call.world.scenario.credentials.get("openyuanrong")
    if secrets and not _is_signed(token, secrets.get(str(claims.get("sub", "")))):
        raise _refusal("the signature is not that of the tenant's secret")


def tenant(call: Call) -> str:
    """Who a job belongs to: a verified token's subject, else what the header says."""
    if call.strict:
        subject = _claims(_token(call)).get("sub")
        if subject:
            return str(subject)
    return str(call.headers.get("x-tenant-id") or "")


def _refusal(reason: str) -> Refusal:
    return Refusal("unauthenticated", f"Authentication failed: {reason}")


def _token(call: Call) -> str:
    """The token from the header, the query or the cookie, in this order."""
    header = call.every_header.get("x-auth", "")
    if header:
        return header
    query = parse_qs(call.query_string.decode("latin-1")).get("token", [""])[0]
    if query:
        return query
    crumbs = (crumb.strip().partition("=") for crumb in call.every_header.get("cookie", "").split(";"))
    return next((value for name, _, value in crumbs if name == COOKIE), "")


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise _refusal(f"the token is malformed: three parts joined by dots are expected, not {len(parts)}")
    _part(parts[0], "header")
    return _part(parts[1], "payload")


def _part(text: str, name: str) -> dict[str, Any]:
    """One part of a token, base64 with or without padding around a JSON object."""
    padded = text + "=" * (-len(text) % 4)
    try:
        value = orjson.loads(urlsafe_b64decode(padded) if "+" not in text and "/" not in text else b64decode(padded))
    except ValueError as error:
        raise _refusal(f"the token is malformed: its {name} is not JSON in base64") from error
    if not isinstance(value, dict):
        raise _refusal(f"the token is malformed: its {name} is not a JSON object")
    return value


def _is_signed(token: str, secret: str | None) -> bool:
    signed, _, signature = token.rpartition(".")
    if secret is None:
        return False
    expected = hmac.digest(secret.encode(), signed.encode("latin-1", "replace"), "sha256")
    try:
        return hmac.compare_digest(expected, urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    except ValueError:
        return False
