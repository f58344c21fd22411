"""Reads the reserved keys in a vendor's free-form map, by which a payload steers its own job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.adapters.exchange import Call, Json, Refusal, Violation
from mockserver.simulation.request import Script
from specs.printable import as_json

REASON_LENGTH = 1000


def script(call: Call, *maps: Json) -> Script | None:
    """The script that a rule and the reserved keys in the free-form maps give a job; a key overrides the rule.

    Raises Refusal for a bad value.
    """
    for found in maps:
        if found.__class__ is dict and not _RESERVED.isdisjoint(found):
            return _read(call, maps)
    return call.script


def _read(call: Call, maps: tuple[Json, ...]) -> Script:
    told: dict[str, Any] = {}
    for found in maps:
        if isinstance(found, dict):
            for key, (member, read, expected) in KEYS.items():
                if key in found:
                    told[member] = _value(call, found, key, read=read, expected=expected)
    return replace(call.script or Script(), **told)


def _value(call: Call, found: dict[str, Json], key: str, *, read: Callable[[Json], Any], expected: str) -> Any:
    got = found[key]
    try:
        return read(got)
    except (ValueError, TypeError, OverflowError):
        message = f"{key} is {as_json(got)}; expected {expected}"
        pointer = (*(_pointer(call.body, found) or ()), key)
        raise Refusal(
            "invalid", message, violations=(Violation("body", pointer, "steering", expected, got, message),)
        ) from None


def _pointer(node: Json, wanted: dict[str, Json]) -> tuple[str | int, ...] | None:
    """The place of exactly this map in the body."""
    if node is wanted:
        return ()
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        below = _pointer(value, wanted)
        if below is not None:
            return (key, *below)
    return None


def _seconds(value: Json) -> float:
    number = float(_number(value))
    if not 0 <= number <= 1e9:
        raise ValueError(value)
    return number


def _whole(most: int) -> Callable[[Json], int]:
    def read(value: Json) -> int:
        number = _number(value)
        whole = int(number)
        if whole != float(number) or not 0 <= whole <= most:
            raise ValueError(value)
        return whole

    return read


def _number(value: Json) -> str | int | float:
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int | float)
        or (isinstance(value, str) and not (value.isascii() and len(value) <= 40))
    ):
        raise ValueError(value)
    return float(value) if isinstance(value, str) else value


def _text(value: Json) -> str:
    if not isinstance(value, str) or len(value) > REASON_LENGTH:
        raise ValueError(value)
    return value


def _switch(value: Json) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(value)


KEYS: dict[str, tuple[str, Callable[[Json], Any], str]] = {
    "MOCK_RUN_SECONDS": ("run_seconds", _seconds, "simulated seconds from 0 to 1000000000"),
    "MOCK_EXIT_CODE": ("exit_code", _whole(255), "an exit code from 0 to 255"),
    "MOCK_FAIL_REASON": ("reason", _text, f"a text of at most {REASON_LENGTH} characters"),
    "MOCK_STAY_QUEUED": ("stay_queued", _switch, "true or false"),
    "MOCK_FAIL_ATTEMPTS": ("fail_attempts", _whole(1_000_000), "a count from 0 to 1000000"),
}
"""Reserved keys: the member of the script each sets, how its value is read, and what is expected."""

_RESERVED = frozenset(KEYS)
