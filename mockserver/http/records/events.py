"""Streams what happens in a sandbox: exchanges, transitions of jobs, and notes.

A subscriber keeps three numbers and nothing else, so that a slow one costs no memory; it is told how much it missed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import Any

import orjson

from mockserver.http.records.journal import Journal
from mockserver.simulation.clock import seconds
from mockserver.simulation.world import World

Item = dict[str, Any]


async def events(journal: Journal) -> AsyncIterator[Item]:
    """Everything from now on, endlessly: exchanges, transitions, notes; an empty dictionary until time moves again."""
    place = _Place(journal, journal.world)
    while True:
        for item in place.news():
            yield item
        yield {}


async def server_sent(journal: Journal) -> AsyncIterator[bytes]:
    """The same as server-sent events; b"" whenever there is nothing more for the moment."""
    yield b": from now on\n\n"
    async for item in events(journal):
        yield b"event: %b\ndata: %b\n\n" % (str(item["event"]).encode(), orjson.dumps(item)) if item else b""


class _Place:
    """The position of a subscriber."""

    def __init__(self, journal: Journal, world: Callable[[], World] | None) -> None:
        self._journal, self._of = journal, world
        self._exchange = journal.number
        self._note = journal.note_number
        self._world = world() if world else None
        self._transition = self._world.scheduler.logged if self._world else 0

    def news(self) -> Iterator[Item]:
        """What has happened since the last time: transitions, notes (such as deliveries), exchanges."""
        yield from self._transitions()
        for note in list(self._journal.notes):
            if note.number > self._note:
                self._note = note.number
                yield {"event": note.event, "at": note.at, **note.facts}
        missed = 0
        for exchange in list(self._journal.after(self._exchange)):
            missed += exchange.number - self._exchange - 1
            self._exchange = exchange.number
            yield {
                "event": "exchange",
                "number": exchange.number,
                "at": exchange.at / 1_000_000,
                "api": exchange.api,
                "operation": exchange.operation,
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
            }
        if missed > 0:
            yield {"event": "missed", "what": "exchange", "count": missed}

    def _transitions(self) -> Iterator[Item]:
        if self._of is None:
            return
        world = self._of()
        if world is not self._world:  # the sandbox was reset or restored
            self._world, self._transition = world, 0
            yield {"event": "reset", "at": world.now}
        scheduler = world.scheduler
        fresh = scheduler.logged - self._transition
        if not fresh:
            return
        self._transition = scheduler.logged
        log = scheduler.log
        if fresh > len(log):
            yield {"event": "missed", "what": "transition", "count": fresh - len(log)}
        for instant, job, stage, happened in list(islice(log, max(len(log) - fresh, 0), None)):
            where = {"api": job.request.api, "job": job.key, "state": stage.name, "phase": stage.phase}
            yield {"event": "transition", "at": seconds(instant), **where, "because": happened}
