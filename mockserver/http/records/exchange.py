"""One request with its answer, as recorded and as shown; and notes of other parts of a sandbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from mockserver.http.limits import JOURNAL_BODY_BYTES
from mockserver.http.pace import ticks, wall_us
from mockserver.http.records.violation_header import BROKEN
from mockserver.http.redaction import redacted, redacted_fields, redacted_query, redacted_text

Fields = Iterable[tuple[bytes, bytes]]


Entry = tuple[str, str, str, bytes, bytes, Fields, bytes, int, Fields, bytes, int, float, float, str]
"""An exchange as it is recorded: the members of `Exchange` from `api` to `steered`, in that order; a plain tuple costs
least.
"""


class Exchange(NamedTuple):
    """One request and its answer as they were on the wire. `at` is simulated microseconds, `began` and `took` real
    seconds (`ticks`).

    `status` 0 means that the connection was cut. `steered` names rules, faults and preferences that had a hand in it.
    `refused` is the kind of a refusal, or empty, and `violations` its reasons in short.
    """

    number: int
    api: str
    operation: str
    method: str
    raw_path: bytes
    query: bytes
    headers: Fields
    body: bytes
    status: int
    answer_headers: Fields
    answer: bytes
    at: int
    began: float
    took: float
    steered: str
    refused: str
    violations: list[dict[str, Any]]

    @property
    def path(self) -> str:
        """The path as sent, without sandbox prefix and query."""
        return self.raw_path.decode("latin-1")

    @property
    def time(self) -> datetime:
        """When the request had arrived, in real time."""
        return datetime.fromtimestamp((wall_us() / 1_000_000) - (ticks() - self.began), tz=UTC)

    def shown(self, most: int = JOURNAL_BODY_BYTES) -> dict[str, Any]:
        """The exchange as JSON, without its secrets; at most so many bytes of each body are read."""
        return {
            "number": self.number,
            "at": self.at / 1_000_000,
            "time": self.time.isoformat(timespec="milliseconds"),
            "took_ms": round(self.took * 1000, 3),
            "api": self.api,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": dict(redacted_query(self.query)),
            "status": self.status,
            "verdict": "broken" if self.refused in BROKEN else "kept",
            "refused": self.refused or None,
            "violations": self.violations,
            "steered": self.steered.split(", ") if self.steered else [],
            "request": _message(self.headers, self.body, most),
            "answer": _message(self.answer_headers, self.answer, most),
        }


@dataclass(frozen=True, slots=True)
class Note:
    """A note of another part of the sandbox; `at` is a simulated second."""

    number: int
    event: str
    at: float
    facts: dict[str, Any]


def _message(headers: Fields, body: bytes, most: int) -> dict[str, Any]:
    return {"headers": dict(redacted_fields(headers)), "body": readable(body[:most]), "bytes": length(headers, body)}


def length(headers: Fields, body: bytes) -> int:
    """The length of a body, even if only a part was kept."""
    size = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return int(size) if size.isdigit() and len(size) < 12 else len(body)


def readable(body: bytes) -> Any:
    """A body as JSON without its secrets, otherwise as text; None where there was none. What was cut short is text."""
    if not body:
        return None
    try:
        return redacted(orjson.loads(body))
    except orjson.JSONDecodeError:
        return redacted_text(body.decode("utf-8", "replace"))
