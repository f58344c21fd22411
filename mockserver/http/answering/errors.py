"""The only place where an exception becomes a response: facts become refusals, which each API words itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mockserver.adapters.exchange import Kind, Refusal, Reply, Wording
from mockserver.http.answering import brief
from mockserver.http.limits import REFUSAL_TEXT, RETRY_SECONDS
from mockserver.http.records import violation_header
from mockserver.simulation import errors as facts
from mockserver.simulation.world import World
from specs.excerpt import middle_cut

logger = logging.getLogger("mockserver")

_KINDS: Mapping[type[facts.SimulationError], Kind] = {
    facts.UnknownJob: "unknown",
    facts.UnknownParent: "unknown",
    facts.DuplicateJob: "conflict",
    facts.NotCancellable: "conflict",
    facts.NotReleasable: "conflict",
    facts.NotPossible: "conflict",
    facts.UnknownNode: "unknown",
    facts.DuplicateNode: "conflict",
    facts.SnapshotError: "unprocessable",
    facts.ScenarioError: "unprocessable",
    facts.TooManyLabels: "unprocessable",
    facts.Unplaceable: "unplaceable",
    facts.WorldFull: "unavailable",
}

_STATUSES: Mapping[Kind, int] = {
    "malformed": 400,
    "invalid": 400,
    "unprocessable": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "unknown": 404,
    "unrouted": 404,
    "method": 405,
    "conflict": 409,
    "gone": 410,
    "too_large": 413,
    "media_type": 415,
    "throttled": 429,
    "unplaceable": 409,
    "unavailable": 503,
    "internal": 500,
}


def refusal(error: Exception) -> Refusal:
    """The neutral reason for any exception, without the frames it came from; one that is nobody's intention is logged.

    Those frames hold the whole request, and the reason itself: with them it would stay in memory until a collection of
    garbage.
    """
    reason = _reason(error)
    reason.message = middle_cut(reason.message, REFUSAL_TEXT)
    for one in (reason, reason.cause):
        if one is not None:
            one.__traceback__ = one.__cause__ = one.__context__ = None
    return reason


def _reason(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, facts.SimulationError):
        kind = next((kind for fact, kind in _KINDS.items() if isinstance(error, fact)), None)
        if kind is not None:
            return Refusal(kind, str(error), cause=error)
    logger.error("%s: %s", type(error).__name__, error, exc_info=error)
    return Refusal("internal", "something went wrong inside the mock; its log says what")


def worded(reason: Refusal, adapter: Wording, world: World | None = None) -> Reply:
    """The answer to a refusal in the words of an API, with the true reasons in a header; `Allow` is added if the
    refusal names methods.
    """
    reply = brief.worded(reason, adapter, world)
    if reason.kind != "internal":
        reply.headers[violation_header.HEADER] = violation_header.header(reason)
    if reason.kind == "unavailable":
        reply.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    if reason.allow:
        reply.headers["Allow"] = ", ".join(reason.allow)
    return reply


def error(reason: Refusal, world: World | None = None) -> Reply:
    """Our own error body, for the control API and for requests that belong to no vendor's API."""
    facts: dict[str, Any] = {"kind": reason.kind, "message": reason.message}
    if reason.violations:
        facts["violations"] = [
            {
                "place": one.place,
                "pointer": "".join(f"/{key}" for key in one.pointer),
                "keyword": one.keyword,
                "message": one.message,
            }
            for one in reason.violations
        ]
    return Reply(_STATUSES[reason.kind], {"error": facts})
