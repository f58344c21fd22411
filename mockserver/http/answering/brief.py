"""Keeps refusals short, whatever their requests contained: long texts are cut, and too many violations are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from mockserver.adapters.exchange import Refusal, Reply, Violation, Wording
from mockserver.http.limits import POINTER_KEY, REFUSAL_BYTES, REFUSAL_TEXT
from mockserver.simulation.world import World
from specs.excerpt import middle_cut


def worded(reason: Refusal, adapter: Wording, world: World | None) -> Reply:
    """The answer to a refusal in the words of an API, with a body of at most `REFUSAL_BYTES`.

    Where cut texts do not suffice, half of the violations are left out, until the rest fits.
    """
    reason = _brief(reason)
    reply = adapter.error(reason, world)
    while len(reason.violations) > 1 and _size(reply) > REFUSAL_BYTES:
        reason = _with(reason, reason.violations[: len(reason.violations) // 2])
        reply = adapter.error(reason, world)
    if _size(reply) > REFUSAL_TEXT:
        reply.body = _cut(reply.body)
    return reply


def _brief(reason: Refusal) -> Refusal:
    """The same refusal, without long keys in the places of its violations, so that they can be repeated."""
    if not any(_has_long_key(one) for one in reason.violations):
        return reason
    return _with(reason, tuple(map(_short_place, reason.violations)))


def _has_long_key(violation: Violation) -> bool:
    return any(isinstance(key, str) and len(key) > POINTER_KEY for key in violation.pointer)


def _short_place(violation: Violation) -> Violation:
    pointer = tuple(middle_cut(key, POINTER_KEY) if isinstance(key, str) else key for key in violation.pointer)
    return replace(violation, pointer=pointer)


def _with(reason: Refusal, violations: tuple[Violation, ...]) -> Refusal:
    return Refusal(
        reason.kind, reason.message, violations=violations, allow=reason.allow, cause=reason.cause, **reason.facts
    )


def _size(reply: Reply) -> int:
    return len(msgspec.json.encode(reply.body))


def _cut(value: Any) -> Any:
    """A refusal's body with its long texts cut in the middle."""
    if isinstance(value, str):
        return middle_cut(value, REFUSAL_TEXT)
    if isinstance(value, dict):
        return {_cut(key): _cut(one) for key, one in value.items()}
    return [_cut(one) for one in value] if isinstance(value, list) else value
