"""Checks that a request has the credentials that its document requires; the adapter verifies them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.adapters.exchange import Refusal
from mockserver.http.contract.parameters import split_query
from specs import Operation, Spec

Fields = Mapping[bytes, bytes]
Present = Callable[[Fields, bytes], bool]


class Credentials:
    """The requirement of one operation: one of several sets of credentials, or nothing.

    Lenient reads the document's `security`, strict its `x-strict-security`; an operation's own word overrides the
    document's.
    """

    def __init__(self, spec: Spec, operation: Operation, *, strict: bool) -> None:
        demanded: list[dict[str, Any]] = _demanded(spec.document, operation.node, strict=strict)
        schemes = spec.document.get("components", {}).get("securitySchemes", {})
        self._ways = [[_presence(schemes[name]) for name in way] for way in demanded]
        self.places = " or ".join(_together([_place(schemes[name]) for name in way]) for way in demanded)
        self.is_open = not demanded or not all(self._ways)

    def check(self, fields: Fields, query_string: bytes) -> None:
        """Raises Refusal if no required set is complete."""
        if self.is_open:
            return
        if not any(all(present(fields, query_string) for present in way) for way in self._ways):
            raise Refusal("unauthenticated", f"credentials are missing; expected: {self.places}")


def _demanded(document: dict[str, Any], node: dict[str, Any], *, strict: bool) -> list[dict[str, Any]]:
    keys = ("x-strict-security", "security") if strict else ("security",)
    for key in keys:
        for place in (node, document):
            if key in place:
                return list(place[key])
    return []


def _place(scheme: dict[str, Any]) -> str:
    """Where a client puts the credential of a scheme."""
    if scheme["type"] != "apiKey":
        return f"header Authorization: {scheme.get('scheme', 'bearer').capitalize()} <token>"
    kind = {"header": "header", "query": "query parameter", "cookie": "cookie"}[scheme["in"]]
    return f"{kind} {scheme['name']}"


def _together(places: list[str]) -> str:
    """The places of one set of credentials, all of which are needed."""
    return ", ".join(places[:-1]) + " and " + places[-1] if len(places) > 1 else "".join(places)


def _presence(scheme: dict[str, Any]) -> Present:
    kind, name = scheme["type"], scheme.get("name", "")
    if kind == "apiKey" and scheme["in"] == "header":
        key = name.lower().encode("latin-1")
        return lambda fields, _: bool(fields.get(key, b"").strip())
    if kind == "apiKey" and scheme["in"] == "query":
        return lambda _, query: any(split_query(query).get(name, ()))
    if kind == "apiKey":
        start = name.encode("latin-1") + b"="
        return lambda fields, _: any(part.strip().startswith(start) for part in fields.get(b"cookie", b"").split(b";"))
    word = scheme.get("scheme", "bearer").lower().encode("latin-1")
    return lambda fields, _: _has_scheme(fields.get(b"authorization", b""), word)


def _has_scheme(value: bytes, word: bytes) -> bool:
    sent, _, credentials = value.strip().partition(b" ")
    return sent.lower() == word and bool(credentials.strip())
