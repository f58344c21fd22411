"""The organisation and user to which a request's credentials belong."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from mockserver.adapters.exchange import Call, Refusal

SHARED_ORGANIZATION = "org-shared"
SHARED_USER = "user-shared"


def tenant(call: Call) -> str:
    """The organisation that owns what this call makes and sees.

    Source: specs/ionworks/sources.md#tenancy
    """
    headers = call.every_header
    return headers.get("x-organization-id") or _organization_of(call, _secret(headers))


def identity(call: Call) -> tuple[str, str]:
    """Organisation and user that a call's headers stand for."""
    headers = call.every_header
    secret = _secret(headers)
    owner = headers.get("x-organization-id") or _organization_of(call, secret)
    return owner, f"user-{_digest(secret)}" if secret else SHARED_USER


def verify(call: Call) -> None:
    """Ask for a key or token that the scenario knows, and for no organisation but its own. Raises Refusal."""
    headers = call.every_header
    secret = _secret(headers)
    if not secret:
        raise Refusal("unauthenticated", "An X-API-Key or a bearer token is required.")
    if secret not in _known(call):
        raise Refusal("unauthenticated", "The API key or token is not known.")
    named = headers.get("x-organization-id")
    if named and named != _organization_of(call, secret):
        raise Refusal("forbidden", f"The credential does not belong to organization {named}.")


def _secret(headers: Mapping[str, str]) -> str:
    """The bearer token, else the API key, else nothing."""
    authorization = headers.get("authorization")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip()
    return headers.get("x-api-key", "")


def _known(call: Call) -> Mapping[str, str]:
    return call.world.scenario.credentials.get("ionworks", {})


def _organization_of(call: Call, secret: str) -> str:
    if not secret:
        return SHARED_ORGANIZATION
    return _known(call).get(secret) or f"org-{_digest(secret)}"


def _digest(secret: str) -> str:
    return blake2b(secret.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
