"""Words refusals as openYuanrong does: a bare JSON string (an object for credentials), and only the first mistake.

Source: specs/openyuanrong/sources.md#numbers and #our-rules-that-override-the-vendor.
"""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

import orjson

from mockserver.adapters.exchange import Json, Kind, Refusal, Reply, Violation
from mockserver.adapters.openyuanrong.reading import SCHEDULE_TIMEOUT_MS, complete
from mockserver.simulation.errors import Unplaceable
from mockserver.simulation.world import World

STATUS: dict[Kind, int] = {
    "malformed": 400,
    "invalid": 400,
    "unprocessable": 400,
    "unauthenticated": 401,
    "forbidden": 401,
    "unknown": 404,
    "unrouted": 404,
    "method": 405,
    "conflict": 400,
    "gone": 404,
    "too_large": 413,
    "media_type": 415,
    "throttled": 429,
    "unplaceable": 500,
    "unavailable": 500,
    "internal": 500,
}

UNREADABLE = "shouldBind SubmitJob request failed, err: "
ATTEMPTS = 2

RANGES = {
    "entrypoint_num_cpus": "CPU of {} cores is outside the allowed range from 0.3 to 16 cores",
    "entrypoint_memory": "memory of {} bytes is outside the allowed range from 134217728 to 1125899906842624 bytes",
}

_DECODING, _ENTRYPOINT, _WORKING_DIR, _CPUS, _GPUS, _MEMORY, _ID, _OTHER, _RANGE = range(9)
_NEGATIVE = {"entrypoint_num_cpus": _CPUS, "entrypoint_num_gpus": _GPUS, "entrypoint_memory": _MEMORY}


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """The vendor's answer to any refusal."""
    status, text = STATUS[refusal.kind], refusal.message
    if refusal.kind == "malformed":
        text = UNREADABLE + text
    elif refusal.kind == "invalid" and refusal.violations:
        rank, text = min((_judge(violation) for violation in refusal.violations), key=lambda judged: judged[0])
        if rank == _RANGE:
            status, text = 500, not_created(_wanted_id(refusal), text)
    elif isinstance(refusal.cause, Unplaceable):
        text = not_created(refusal.cause.key, _unscheduled(refusal.cause.reasons))
    return answer({"error": text} if status == 401 else text, status)


def answer(body: Json, status: int = 200) -> Reply:
    """Any answer of this vendor: it always names the charset."""
    return Reply(status, body, media_type="application/json; charset=utf-8")


def not_created(key: str, reason: str) -> str:
    """The text of a creation that failed."""
    return f"create app failed, submissionId:[{key}], err: {reason}"


def _unscheduled(reasons: str) -> str:
    counted = "".join(f"\n\t{reason}" for reason in reasons.split("; "))
    return (
        f"\nthe instance cannot be scheduled within {SCHEDULE_TIMEOUT_MS} ms after {ATTEMPTS} attempts. "
        f"The latest one found no node that meets the request:{counted}\n"
    )


def _judge(violation: Violation) -> tuple[int, str]:
    """When the vendor would notice a mistake (smallest first), and its words for it."""
    if violation.place != "body":
        return _OTHER, f"{violation.place} parameter {_dotted(violation)}: {violation.message}"
    names = [str(key) for key in violation.pointer] + _missing(violation)
    first, got = (names or [""])[0], violation.got
    if names == ["entrypoint"] and violation.keyword in ("required", "minLength"):
        return _ENTRYPOINT, "entrypoint should not be empty"
    if names in (["runtime_env"], ["runtime_env", "working_dir"]) and violation.keyword in ("required", "minLength"):
        return _WORKING_DIR, "runtime_env.working_dir should not be empty"
    if isinstance(got, int | float) and not isinstance(got, bool) and violation.keyword != "type":
        if got < 0:
            return _NEGATIVE.get(first, _OTHER), f"{'.'.join(names)} should not be less than 0"
        if first in RANGES and (first != "entrypoint_memory" or got == int(got)):
            return _RANGE, RANGES[first].format(got)
    if first == "submission_id" and isinstance(got, str):
        return _ID, _bad_id(got)
    message = (
        " or ".join(violation.expected) if violation.keyword == "anyOf" and violation.expected else violation.message
    )
    return _DECODING, f"{UNREADABLE}{'.'.join(names)}{': ' if names else ''}{message}"


def _missing(violation: Violation) -> list[str]:
    """The member that `required` misses."""
    if violation.keyword != "required" or not isinstance(violation.got, dict):
        return []
    expected = [violation.expected] if isinstance(violation.expected, str) else violation.expected
    return [name for name in expected if name not in violation.got][:1]


def _bad_id(got: str) -> str:
    if "driver" in got:
        return f"submission_id should not contain 'driver': {got}"
    expected = "^[a-z0-9-]{1,64}$ once it begins with app-"
    return f"regular expression validation error, submission_id: {got}, expected: {expected}"


def _dotted(violation: Violation) -> str:
    return ".".join(str(key) for key in violation.pointer)


def _wanted_id(refusal: Refusal) -> str:
    """The id the job would have had: the client's, complete, or one made from the body, which no job ever has."""
    body = refusal.facts.get("body", {})
    given = body.get("submission_id") or str(
        UUID(bytes=blake2b(orjson.dumps(body), digest_size=16).digest(), version=4)
    )
    return complete(given)
