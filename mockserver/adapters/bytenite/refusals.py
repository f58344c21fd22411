"""Refusals as rpcStatus: a code of the gRPC family, a message, and the offending fields."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.adapters.exchange import Json, Refusal, Reply, Violation
from mockserver.simulation.world import World

WORDED: dict[str, tuple[int, int]] = {
    "malformed": (400, 3),
    "invalid": (400, 3),
    "unprocessable": (400, 9),
    "unplaceable": (400, 9),
    "conflict": (400, 9),
    "unauthenticated": (401, 16),
    "forbidden": (403, 7),
    "unknown": (404, 5),
    "unrouted": (404, 5),
    "gone": (404, 5),
    "method": (405, 12),
    "too_large": (413, 8),
    "media_type": (415, 3),
    "throttled": (429, 8),
    "internal": (500, 13),
    "unavailable": (503, 14),
}
"""HTTP status and code by kind of refusal. Source: specs/bytenite/sources.md#errors"""

BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """Word a refusal as an rpcStatus; a job id that cannot be one is as unknown as any other."""
    strays = [violation for violation in refusal.violations if violation.place == "path"]
    status, code = WORDED["unknown" if strays else refusal.kind]
    message = refusal.message
    if strays:
        message = f"no job is called {strays[0].got!r}"
    elif refusal.violations:
        message = "; ".join(f"{_field(violation)}: {violation.message}" for violation in refusal.violations[:3])
    return Reply(status, {"code": code, "message": message, "details": [] if strays else _details(refusal.violations)})


def _details(violations: Iterable[Violation]) -> list[Json]:
    fields = [{"field": _field(violation), "description": violation.message} for violation in violations]
    return [{"@type": BAD_REQUEST, "fieldViolations": fields}] if fields else []


def _field(violation: Violation) -> str:
    return ".".join(map(str, violation.pointer)) or violation.place
