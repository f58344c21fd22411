"""Reads the preferences of a request: `Prefer: code=404` and `Prefer: wait=2` (RFC 7240; others are ignored)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.limits import WAIT_SECONDS

HEADER = b"prefer"

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preference:
    """The preferred status, and the real seconds to wait before answering."""

    code: int | None = None
    wait: float = 0.0

    @property
    def applied(self) -> str:
        """The value of `Preference-Applied`."""
        parts = [] if self.code is None else [f"code={self.code}"]
        return ", ".join([*parts, f"wait={self.wait:g}"] if self.wait else parts)


NONE = Preference()


def read(value: bytes) -> Preference:
    """The preferences of a header field. Raises Refusal for an invalid code or wait."""
    code, wait = None, 0.0
    for part in re.split(r"[,;]", value.decode("latin-1")):
        name, _, text = part.strip().partition("=")
        text = text.strip().strip('"')
        if name.strip().lower() == "code":
            code = _code(text)
        elif name.strip().lower() == "wait":
            wait = _wait(text)
    return Preference(code, wait) if code is not None or wait else NONE


def _code(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 3 and 200 <= int(text) <= 599):
        raise refusal("code", text, "a status from 200 to 599")
    return int(text)


def _wait(text: str) -> float:
    if not _NUMBER.match(text) or float(text) > WAIT_SECONDS:
        raise refusal("wait", text, f"seconds from 0 to {WAIT_SECONDS:.0f}")
    return float(text)


def refusal(name: str, got: str, expected: str) -> Refusal:
    """The refusal of a preference that cannot be granted."""
    message = f"Prefer asks for {name}={got!r}; expected {expected}"
    return Refusal.of(Violation("header", ("Prefer", name), "preference", expected, got, message))
