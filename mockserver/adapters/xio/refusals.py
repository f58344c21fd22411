"""Words refusals as xio's error body. Source: specs/xio/sources.md#errors"""

from __future__ import annotations

from mockserver.adapters.exchange import Json, Kind, Refusal, Reply, Violation
from mockserver.simulation.world import World

WORDS: dict[Kind, tuple[int, str]] = {
    "malformed": (400, "malformed_request"),
    "invalid": (400, "validation_error"),
    "unprocessable": (400, "validation_error"),
    "unauthenticated": (401, "unauthorized"),
    "forbidden": (403, "forbidden"),
    "unknown": (404, "not_found"),
    "unrouted": (404, "not_found"),
    "method": (405, "method_not_allowed"),
    "conflict": (409, "conflict"),
    "unplaceable": (409, "conflict"),
    "gone": (410, "gone"),
    "too_large": (413, "payload_too_large"),
    "media_type": (415, "unsupported_media_type"),
    "throttled": (429, "rate_limited"),
    "unavailable": (503, "unavailable"),
    "internal": (500, "internal_error"),
}

REASONS = {
    "/gpu_registry_uuid": "gpu_name and gpu_registry_uuid exclude each other: send one of them",
    "/max_timeout_run_ms": "a PERSISTENT job has no run limit: leave it out or send null",
}
"""What is meant where a member must be null because of another."""


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """The status and the error body for a refusal; each violation is one entry of `details`."""
    status, code = WORDS[refusal.kind]
    fault: Json = {"code": code, "message": refusal.message}
    if refusal.violations:
        details = fault["details"] = [_detail(violation) for violation in refusal.violations]
        where = f"{details[0]['in']} {details[0]['path']}".rstrip()
        fault["message"] = f"{where}: {details[0]['message']}"
    return Reply(status, {"error": fault})


def _detail(violation: Violation) -> Json:
    pointer = "".join(f"/{part}" for part in violation.pointer)
    only_null = violation.keyword == "type" and violation.expected in ("null", ["null"])
    message = REASONS.get(pointer, violation.message) if only_null else violation.message
    return {"in": violation.place, "path": pointer, "rule": violation.keyword, "message": message}
