"""Keeps summaries of requests that broke their document for as long as a sandbox lives."""

from __future__ import annotations

from typing import Any

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import BREACH_PATH_LENGTH, BREACH_VIOLATIONS, BREACHES_KEPT
from mockserver.http.records import violation_header


class Breaches:
    """Their number, and a summary of the first ones, without secrets."""

    __slots__ = ("first", "total")

    def __init__(self) -> None:
        self.total = 0
        self.first: list[dict[str, Any]] = []

    def add(self, number: int, entry: tuple[Any, ...], refusal: Refusal) -> None:
        """Note an exchange that was refused, if the request broke its document."""
        if refusal.kind not in violation_header.BROKEN:
            return
        self.total += 1
        if len(self.first) >= BREACHES_KEPT:
            return
        api, operation, method, raw_path, *_ = entry
        self.first.append(
            {
                "number": number,
                "at": entry[10] / 1_000_000,
                "api": api,
                "operation": operation,
                "method": method,
                "path": raw_path.decode("latin-1")[:BREACH_PATH_LENGTH],
                "status": entry[7],
                "refused": refusal.kind,
                "violations": violation_header.as_list(refusal)[:BREACH_VIOLATIONS],
            }
        )

    def clear(self) -> None:
        """Delete them."""
        self.total = 0
        self.first = []
