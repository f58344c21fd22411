"""Faults of compute.x.io: credentials."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from conformance.target.request_signing import xio as signed
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.xio.shapers import GPUS, LIST_JOBS, NODES, RUN_LIST, fault

SIGNATURE = "mockserver.adapters.xio.credentials"
KEYS = {"public": "pk_mock", "secret": "sk_mock"}


def _compared_by_half(original: Any) -> Any:
    from mockserver.adapters.xio.credentials import sign

    return lambda secret, text, signature: sign(secret, text)[:32] == signature[:32]


def closed(asked: Asked) -> None:
    """A signature is spoilt on its way."""
    if "x-signature" in asked.headers:
        asked.headers["x-signature"] = "0" * 64


def _remembers_first(original: Callable[[Any], None]) -> Any:
    """A nonce is remembered before its signature is looked at."""
    from mockserver.adapters.xio import credentials as signature

    def verify(call: Any) -> None:
        public, nonce = (call.every_header.get(name, "") for name in ("x-api-key", "x-nonce"))
        try:
            original(call)
        except Exception:
            if public and nonce:
                signature._remember(call, public, nonce)
            raise

    return verify


def _per_path(original: Any) -> Any:
    """The same nonce may come again on another path."""
    return lambda call, public, nonce: original(call, public, f"{call.target} {nonce}")


def vouches(is_meant: Callable[[dict[str, str]], bool], where: str | tuple[str, ...] = "*") -> Apply:
    """Somebody signs again for whoever should have been refused."""

    def edit(asked: Asked) -> None:
        if is_meant(asked.headers):
            text = "&".join(f"{name}={value}" for name, value in asked.query)
            asked.headers.update(
                {
                    name.lower(): value
                    for name, value in signed(
                        KEYS, asked.method, f"{asked.path}?{text}" if text else asked.path, b""
                    ).items()
                }
            )

    return requests("xio", where, edit)


def _ignoring(part: int) -> Callable[[Any], Any]:
    """A part of the canonical call, counted from 0, is taken from what was signed.

    Here by trying what it may have been.
    """
    usual = {3: ("GET", "PUT", "POST"), 4: ("/v1/jobs",)}

    def make(original: Any) -> Any:
        def matches(secret: str, text: str, signature: str) -> bool:
            parts = text.split("|")
            return any(
                original(secret, "|".join([*parts[:part], other, *parts[part + 1 :]]), signature)
                for other in (parts[part], *usual[part])
            )

        return matches

    return make


def _unchecked_refusals(asked: Asked, told: Told) -> None:
    if told.status == 401 and asked.method == "POST":
        asked.memory["extra"] = asked.memory.get("extra", 0) + 1
    if asked.operation == LIST_JOBS and told.status == 200:
        told.body["total"] += asked.memory.get("extra", 0)


def _unsigned_cookings(original: Any) -> Any:
    return lambda call: None if call.target.endswith("/cook") else original(call)


FAULTS = [
    fault(
        "strangers-may-read-runs",
        "JOB-AUT-001",
        "strangers may read runs",
        vouches(lambda headers: "x-signature" not in headers, RUN_LIST),
    ),
    fault(
        "gpus-for-any-signature",
        "JOB-AUT-002",
        "gpus for any signature",
        vouches(lambda headers: "x-signature" in headers, GPUS),
    ),
    fault("nodes-for-no-signature", "JOB-AUT-003", "nodes for no signature", requests("xio", NODES, closed)),
    fault(
        "no-nonce-needed",
        "XIO-AUT-001",
        "no nonce needed",
        vouches(lambda headers: not headers.get("x-nonce") and "x-signature" in headers),
    ),
    fault(
        "no-time-needed",
        "XIO-AUT-001",
        "no time needed",
        vouches(lambda headers: not headers.get("x-time") and "x-signature" in headers),
    ),
    fault(
        "strangers-may-cook",
        "XIO-AUT-001",
        "strangers may cook",
        patched("mockserver.adapters.xio:verify", _unsigned_cookings),
    ),
    fault(
        "body-is-not-signed",
        "XIO-AUT-002",
        "body is not signed",
        patched(f"{SIGNATURE}:_digests", lambda original: lambda raw: [*original(raw), sha256(b"").hexdigest()]),
    ),
    fault(
        "query-is-not-signed",
        "XIO-AUT-002",
        "query is not signed",
        patched(f"{SIGNATURE}:_queries", lambda original: lambda text: [*original(text), ""]),
    ),
    fault(
        "method-is-not-signed", "XIO-AUT-002", "method is not signed", patched(f"{SIGNATURE}:_matches", _ignoring(3))
    ),
    fault("path-is-not-signed", "XIO-AUT-002", "path is not signed", patched(f"{SIGNATURE}:_matches", _ignoring(4))),
    fault(
        "an-hour-of-skew",
        "XIO-AUT-003",
        "an hour of skew",
        patched(f"{SIGNATURE}:WINDOW_MS", lambda original: 3_600_000),
    ),
    fault(
        "a-minute-of-skew",
        "XIO-AUT-003",
        "a minute of skew",
        patched(f"{SIGNATURE}:WINDOW_MS", lambda original: 60_000),
    ),
    fault(
        "nonces-of-paths",
        "XIO-AUT-004",
        "a nonce is remembered for one path",
        patched(f"{SIGNATURE}:_remember", _per_path),
    ),
    fault(
        "nonces-are-not-remembered",
        "XIO-AUT-004",
        "nonces are not remembered",
        patched(f"{SIGNATURE}:_remember", lambda original: lambda *told: None),
    ),
    fault(
        "nonces-are-forgotten-soon",
        "XIO-AUT-004",
        "nonces are forgotten soon",
        patched(f"{SIGNATURE}:MEMORY_US", lambda original: 600_000_000),
    ),
    fault(
        "any-key-will-do",
        "XIO-AUT-005",
        "any key will do",
        vouches(lambda headers: headers.get("x-api-key") not in (None, "pk_mock")),
    ),
    fault(
        "queries-are-signed-as-sent",
        "XIO-AUT-006",
        "queries are signed as sent",
        patched(f"{SIGNATURE}:_queries", lambda original: lambda text: [text]),
    ),
    fault(
        "only-raw-bodies-are-hashed",
        "XIO-AUT-006",
        "only raw bodies are hashed",
        patched(f"{SIGNATURE}:_digests", lambda original: lambda raw: [sha256(raw).hexdigest()]),
    ),
    fault(
        "strangers-make-jobs",
        "XIO-AUT-007",
        "strangers make jobs",
        answers("xio", ("submit", "list"), _unchecked_refusals),
    ),
    fault(
        "half-a-signature",
        "XIO-AUT-008",
        "the second half of a signature is not compared",
        patched("mockserver.adapters.xio.credentials:_matches", _compared_by_half),
    ),
    fault(
        "any-signature-will-do",
        "XIO-AUT-008",
        "any signature will do",
        patched(f"{SIGNATURE}:_matches", lambda original: lambda *told: True),
        "XIO-AUT-002",
        "JOB-AUT-002",
    ),
    fault(
        "refusals-use-nonces",
        "XIO-AUT-009",
        "a nonce of a refused request is used up",
        patched("mockserver.adapters.xio:verify", _remembers_first),
    ),
]
