"""Records the latest exchanges of a sandbox: request, answer, and whether the request conforms to its document.

Recording is cheap, so that it can always be on; secrets are taken out when somebody looks. Number and bytes are
bounded.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec.msgpack

from mockserver.adapters.exchange import Refusal
from mockserver.http.limits import (
    JOURNAL_BODY_BYTES,
    JOURNAL_BYTES,
    JOURNAL_EXCHANGES,
    JOURNALS_BYTES,
    NOTES_REMEMBERED,
    SHOWN_BEGINNING_BYTES,
    SHOWN_BYTES,
)
from mockserver.http.records import violation_header
from mockserver.http.records.breaches import Breaches
from mockserver.http.records.exchange import Entry, Exchange, Note
from mockserver.simulation.snapshot.pauses import Steps
from mockserver.simulation.world import World

FIXED_BYTES = 256  # what an exchange takes beside its packed bytes, roughly

_BODY: Final = 6  # places in an entry
_ANSWER: Final = 9
_REFUSED: Final = 14

Listed = list[dict[str, Any]]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class JournalBudget:
    """The bytes of all journals of one server; calls `shrink` when there are too many."""

    __slots__ = ("bytes", "shrink")

    def __init__(self, shrink: Callable[[], None]) -> None:
        self.bytes = 0
        self.shrink = shrink


class Journal:
    """The latest exchanges of one sandbox, and notes of its other parts."""

    __slots__ = ("_budget", "_bytes", "_kept", "_note_number", "_notes", "_number", "breaches", "world")

    def __init__(self, budget: JournalBudget | None = None) -> None:
        self._budget = budget or JournalBudget(lambda: None)
        self.world: Callable[[], World] | None = None
        self._kept: deque[bytes] = deque()  # packed: one object to free when it is forgotten
        self._notes: deque[Note] = deque(maxlen=NOTES_REMEMBERED)
        self._bytes = 0
        self._number = self._note_number = 0
        self.breaches = Breaches()

    def watch(self, world: Callable[[], World]) -> None:
        """Report to subscribers also the transitions of the world that this function gives."""
        self.world = world

    def add(self, entry: Entry, refusal: Refusal | None = None) -> None:
        """Record an exchange; the oldest are dropped if there are too many."""
        self._number += 1
        if refusal is not None:
            self.breaches.add(self._number, entry, refusal)
        if len(entry[_BODY]) + len(entry[_ANSWER]) > JOURNAL_BODY_BYTES:
            _, _, _, _, _, _, body, status, headers, answer, *rest = entry
            body, answer = body[:JOURNAL_BODY_BYTES], answer[:JOURNAL_BODY_BYTES]
            entry = (*entry[:_BODY], body, status, headers, answer, *rest)  # type: ignore[assignment]
        packed = _pack(
            entry if refusal is None else (*entry, refusal.kind, json.dumps(violation_header.as_list(refusal)))
        )
        kept = self._kept
        kept.append(packed)
        size = len(packed) + FIXED_BYTES
        self._bytes += size
        budget = self._budget
        budget.bytes += size
        if len(kept) > JOURNAL_EXCHANGES or self._bytes > JOURNAL_BYTES:
            self.cut(JOURNAL_BYTES)
        if budget.bytes > JOURNALS_BYTES:
            budget.shrink()

    def cut(self, most: int) -> None:
        """Drop the oldest exchanges until at most this many bytes are left."""
        kept = self._kept
        while kept and (len(kept) > JOURNAL_EXCHANGES or self._bytes > most):
            size = len(kept.popleft()) + FIXED_BYTES
            self._bytes -= size
            self._budget.bytes -= size

    def note(self, event: str, at: float, facts: dict[str, Any]) -> None:
        """Report something that is neither exchange nor transition, such as a delivery, to subscribers."""
        self._note_number += 1
        self._notes.append(Note(self._note_number, event, at, facts))

    def listing(
        self,
        *,
        api: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        since: int | None = None,
        limit: int = 100,
    ) -> Steps[Listed]:
        """The latest exchanges that fit, oldest first; with `since`, those after that number, from the first. They are
        those of this moment, and are made readable in steps. Bodies are whole from the newest on until they have
        `SHOWN_BYTES` in all; of older ones the beginning is shown.
        """
        found = [
            one
            for one in self.after(since or 0)
            if (api is None or one.api == api)
            and (operation is None or one.operation == operation)
            and (status is None or one.status == status)
        ]
        found = found[:limit] if since is not None else found[max(len(found) - limit, 0) :]
        shown, left = deque[dict[str, Any]](), SHOWN_BYTES
        for one in reversed(found):
            left -= len(one.body) + len(one.answer)
            shown.appendleft(one.shown() if left >= 0 else one.shown(SHOWN_BEGINNING_BYTES))
            yield
        return [*shown]

    def clear(self) -> None:
        """Drop everything but the breaches; numbering continues."""
        self._kept.clear()
        self._notes.clear()
        self._budget.bytes -= self._bytes
        self._bytes = 0

    def leave(self) -> None:
        """Drop everything, because the sandbox is deleted."""
        self.clear()
        self._budget = JournalBudget(lambda: None)

    @property
    def number(self) -> int:
        """The number of the latest exchange."""
        return self._number

    @property
    def note_number(self) -> int:
        """The number of the latest note."""
        return self._note_number

    @property
    def notes(self) -> deque[Note]:
        """The notes of other parts, oldest first."""
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
