"""Remembers the latest exchanges of a sandbox: what was asked, what was answered, and whether the request kept its document.

Recording is cheap, so that it can always be on; secrets are taken out when somebody looks. Number and bytes are bounded.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec.msgpack
import orjson

from mockserver.adapters.exchange import Refusal
from mockserver.http import reasons
from mockserver.http.breaches import Breaches
from mockserver.http.events import Note, events
from mockserver.http.limits import (
    JOURNAL_BODY_BYTES,
    JOURNAL_BYTES,
    JOURNAL_EXCHANGES,
    JOURNALS_BYTES,
    NOTES_REMEMBERED,
)
from mockserver.http.pace import ticks, wall_us
from mockserver.http.redaction import redacted, redacted_fields, redacted_query, redacted_text
from mockserver.simulation.world import World

FIXED_BYTES = 256  # what an exchange takes beside its packed bytes, roughly

_BODY: Final = 6  # places in an entry
_ANSWER: Final = 9
_REFUSED: Final = 14

Listed = list[dict[str, Any]]
Fields = Iterable[tuple[bytes, bytes]]


Entry = tuple[str, str, str, bytes, bytes, Fields, bytes, int, Fields, bytes, int, float, float, str]
"""An exchange as it is recorded: the members of `Exchange` from `api` to `steered`, in that order; a plain tuple costs least."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Exchange(NamedTuple):
    """One request and its answer as they were on the wire. `at` is simulated microseconds, `began` and `took` real seconds (`ticks`).

    `status` 0 means that the connection was cut. `steered` names rules, faults and preferences that had a hand in it. `refused` is
    the kind of a refusal, or empty, and `violations` its reasons in short.
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

    def shown(self) -> dict[str, Any]:
        """The exchange as JSON, without its secrets."""
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
            "verdict": "broken" if self.refused in reasons.BROKEN else "kept",
            "refused": self.refused or None,
            "violations": self.violations,
            "steered": self.steered.split(", ") if self.steered else [],
            "request": _message(self.headers, self.body),
            "answer": _message(self.answer_headers, self.answer),
        }


class Shelf:
    """What the journals of one server take together; `shrink` is asked for when that is too much."""

    __slots__ = ("bytes", "shrink")

    def __init__(self, shrink: Callable[[], None]) -> None:
        self.bytes = 0
        self.shrink = shrink


class Journal:
    """The latest exchanges of one sandbox, and what its other parts have to tell."""

    __slots__ = ("_bytes", "_kept", "_notes", "_number", "_shelf", "_told", "_world", "breaches")

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf or Shelf(lambda: None)
        self._world: Callable[[], World] | None = None
        self._kept: deque[bytes] = deque()  # packed: one object to free when it is forgotten
        self._notes: deque[Note] = deque(maxlen=NOTES_REMEMBERED)
        self._bytes = 0
        self._number = self._told = 0
        self.breaches = Breaches()

    def watch(self, world: Callable[[], World]) -> None:
        """Tell subscribers also of the transitions of the world that this function gives."""
        self._world = world

    def add(self, entry: Entry, refusal: Refusal | None = None) -> None:
        """Remember an exchange; the oldest are forgotten when there are too many."""
        self._number += 1
        if refusal is not None:
            self.breaches.add(self._number, entry, refusal)
        if len(entry[_BODY]) + len(entry[_ANSWER]) > JOURNAL_BODY_BYTES:
            _, _, _, _, _, _, body, status, headers, answer, *rest = entry
            entry = (*entry[:_BODY], body[:JOURNAL_BODY_BYTES], status, headers, answer[:JOURNAL_BODY_BYTES], *rest)  # type: ignore[assignment]
        packed = _pack(entry if refusal is None else (*entry, refusal.kind, json.dumps(reasons.told(refusal))))
        kept = self._kept
        kept.append(packed)
        size = len(packed) + FIXED_BYTES
        self._bytes += size
        shelf = self._shelf
        shelf.bytes += size
        if len(kept) > JOURNAL_EXCHANGES or self._bytes > JOURNAL_BYTES:
            self.cut(JOURNAL_BYTES)
        if shelf.bytes > JOURNALS_BYTES:
            shelf.shrink()

    def cut(self, most: int) -> None:
        """Forget the oldest exchanges until at most so many bytes are taken."""
        kept = self._kept
        while kept and (len(kept) > JOURNAL_EXCHANGES or self._bytes > most):
            size = len(kept.popleft()) + FIXED_BYTES
            self._bytes -= size
            self._shelf.bytes -= size

    def note(self, event: str, at: float, facts: dict[str, Any]) -> None:
        """Tell subscribers of something that is neither exchange nor transition, such as a delivery, at a simulated second."""
        self._told += 1
        self._notes.append(Note(self._told, event, at, facts))

    def list(
        self, *, api: str | None = None, operation: str | None = None, status: int | None = None, since: int | None = None, limit: int = 100
    ) -> Listed:
        """The latest exchanges that fit, oldest first; with `since`, those after that number, from the first."""
        found = [
            one
            for one in self.after(since or 0)
            if (api is None or one.api == api)
            and (operation is None or one.operation == operation)
            and (status is None or one.status == status)
        ]
        return [one.shown() for one in (found[:limit] if since is not None else found[max(len(found) - limit, 0) :])]

    def har(self) -> dict[str, Any]:
        """Everything remembered, as an HTTP Archive 1.2."""
        from mockserver.http.har import archive

        return archive(self.after(0))

    def clear(self) -> None:
        """Forget everything but the breaches; numbers go on."""
        self._kept.clear()
        self._notes.clear()
        self._shelf.bytes -= self._bytes
        self._bytes = 0

    def leave(self) -> None:
        """Forget everything, and count no longer among the journals of the server: the sandbox is gone."""
        self.clear()
        self._shelf = Shelf(lambda: None)

    def subscribe(self) -> AsyncIterator[dict[str, Any]]:
        """What happens from now on: exchanges, transitions, notes. An empty dictionary means that there is nothing more until time moves."""
        return events(self, self._world)

    @property
    def number(self) -> int:
        """The number of the latest exchange."""
        return self._number

    @property
    def told(self) -> int:
        """The number of the latest note."""
        return self._told

    @property
    def notes(self) -> deque[Note]:
        """What other parts told, oldest first."""
        return self._notes

    @property
    def bytes(self) -> int:
        """Bytes that the exchanges take in memory, roughly."""
        return self._bytes

    def after(self, number: int) -> Iterator[Exchange]:
        """The exchanges after that number which are still remembered, oldest first."""
        forgotten = self._number - len(self._kept)
        fresh = islice(self._kept, max(number - forgotten, 0), None)
        return (_exchange(at, _unpack(packed)) for at, packed in enumerate(fresh, start=max(number, forgotten) + 1))

    def __len__(self) -> int:
        return len(self._kept)


def _exchange(number: int, members: list[Any]) -> Exchange:
    if len(members) == _REFUSED:
        return Exchange._make((number, *members, "", []))
    *members, refused, violations = members
    return Exchange._make((number, *members, refused, json.loads(violations)))


def _message(headers: Fields, body: bytes) -> dict[str, Any]:
    return {"headers": dict(redacted_fields(headers)), "body": readable(body), "bytes": length(headers, body)}


def length(headers: Fields, body: bytes) -> int:
    """How long a body was, whatever of it was kept."""
    told = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return int(told) if told.isdigit() and len(told) < 12 else len(body)


def readable(body: bytes) -> Any:
    """A body as JSON without its secrets, otherwise as text; None where there was none. What was cut short is text."""
    if not body:
        return None
    try:
        return redacted(orjson.loads(body))
    except orjson.JSONDecodeError:
        return redacted_text(body.decode("utf-8", "replace"))
