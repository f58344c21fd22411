"""Calls clients back when their jobs have ended: one delivery per job, in simulated time, with retries, in order.

What still has to be delivered is plain data on a shelf of its world, so that a snapshot carries it along.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from mockserver import __version__
from mockserver.adapters.dates import unix_seconds
from mockserver.adapters.loading import callback_body
from mockserver.http.callbacks.attempt import AttemptOutcome
from mockserver.http.contract.answer import dumps
from mockserver.http.limits import CALLBACKS_PENDING, CALLBACKS_RECORDED
from mockserver.http.redaction import redacted_url
from mockserver.simulation.clock import MICRO, seconds
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

SHELF = "mock.callbacks"
BACKOFF_SECONDS = (10.0, 60.0, 300.0)
"""Simulated pauses before the second, third and fourth attempt; then the delivery is given up."""

Entry = dict[str, Any]
"""A delivery that is pending: number, id, api, job, url, remote (its client is on another machine), body (bytes), due
(microseconds), attempt (from 1).
"""


class PendingEntry(TypedDict):
    """A pending delivery as a snapshot stores it."""

    number: int
    id: str
    api: str
    job: str
    url: str
    remote: bool
    body: bytes
    due: int
    attempt: int


class PendingCallbacks(TypedDict):
    """The shelf of pending callbacks as a snapshot stores it."""

    pending: list[PendingEntry]
    count: int


Record = dict[str, Any]
"""One attempt as it is reported: number, id, api, job, url, attempt, at, outcome, status, error, next."""


class Deliveries:
    """The callbacks of one world.

    `allowed` are the hosts that may be called although they are not this machine; `tell` hears of every attempt. Once
    the world `is_over`, no attempt follows the one under way.
    """

    __slots__ = ("_allowed", "_lock", "_tell", "is_over", "recorded", "records")

    def __init__(
        self, allowed: frozenset[str] = frozenset(), *, tell: Callable[[str, float, Record], None] = lambda *_: None
    ) -> None:
        self._allowed, self._tell = allowed, tell
        self._lock: asyncio.Lock | None = None
        self.records: deque[Record] = deque(maxlen=CALLBACKS_RECORDED)
        self.recorded = 0
        self.is_over = False

    def pending(self, world: World) -> list[Entry]:
        """Pending deliveries, oldest first. Not to be changed."""
        waiting: list[Entry] = world.shelf(SHELF).get("pending", [])
        return waiting

    def collect(self, world: World) -> None:
        """Turn the ended jobs that a world announces into deliveries, with their bodies of this instant."""
        for instant, job in world.take_announced():
            self._add(world, instant, job)

    def next_due(self, world: World) -> int | None:
        """The instant of the next attempt, or None when nothing is pending."""
        return min((entry["due"] for entry in self._first(world)), default=None)

    async def deliver(self, world: World) -> None:
        """Make every attempt that is due by now, one after the other in order; returns when all have been answered."""
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            while not self.is_over and (entry := self._next(world)) is not None:
                heard = await self._attempt(world, entry)
                if entry in self.pending(world):
                    self._note(world, entry, heard)

    def _add(self, world: World, instant: int, job: Job) -> None:
        shelf, api = world.shelf(SHELF), job.request.api
        pending = shelf.setdefault("pending", [])
        shelf["count"] = number = shelf.get("count", 0) + 1
        body = dumps(callback_body(world, job))
        name = f"msg_{world.new_id(SHELF, fingerprint=job.key.encode()).replace('-', '')}"
        entry = {
            "number": number,
            "id": name,
            "api": api,
            "job": job.key,
            "url": job.request.callback,
            "remote": job.request.remote,
        }
        entry |= {"body": body, "due": instant, "attempt": 1}
        if len(pending) >= CALLBACKS_PENDING:
            self._record(
                world, pending.pop(0), AttemptOutcome("dropped", error=f"{CALLBACKS_PENDING} others were waiting")
            )
        pending.append(entry)

    def _next(self, world: World) -> Entry | None:
        """The first entry that is due."""
        due = [entry for entry in self._first(world) if entry["due"] <= world.now_us]
        return min(due, key=lambda entry: (entry["due"], entry["number"]), default=None)

    def _first(self, world: World) -> Iterable[Entry]:
        """Each job's first pending entry; what follows it waits for it."""
        first: dict[tuple[str, str], Entry] = {}
        for entry in self.pending(world):
            first.setdefault((entry["api"], entry["job"]), entry)
        return first.values()

    async def _attempt(self, world: World, entry: Entry) -> AttemptOutcome:
        from mockserver.http.callbacks.outbound import post

        headers = {
            "content-type": "application/json",
            "user-agent": f"Understudy/{__version__}",
            **signature(world, entry),
        }
        return await post(entry["url"], entry["body"], headers, allowed=self._allowed, remote=entry["remote"])

    def _note(self, world: World, entry: Entry, heard: AttemptOutcome) -> None:
        """Record the outcome of an attempt, and schedule the next one if it may succeed."""
        attempt: int = entry["attempt"]
        if heard.outcome == "failed" and attempt <= len(BACKOFF_SECONDS):
            following = max(entry["due"], world.now_us) + round(BACKOFF_SECONDS[attempt - 1] * MICRO)
            self._record(world, entry, heard, following=following)
            entry["attempt"], entry["due"] = attempt + 1, following
            return
        if heard.outcome == "failed":
            heard = AttemptOutcome("given_up", heard.status, heard.error)
        self.pending(world).remove(entry)
        self._record(world, entry, heard)

    def _record(self, world: World, entry: Entry, heard: AttemptOutcome, *, following: int | None = None) -> None:
        self.recorded += 1
        attempt = {name: entry[name] for name in ("number", "id", "api", "job", "attempt")} | {
            "url": redacted_url(entry["url"])
        }
        attempt |= {"at": world.now, "outcome": heard.outcome, "status": heard.status, "error": heard.error}
        record = {**attempt, "next": None if following is None else seconds(following)}
        self.records.append(record)
        self._tell("delivery", world.now, record)


def signature(world: World, entry: Entry) -> dict[str, str]:
    """The header fields of Standard Webhooks; signed if the scenario's `credentials.webhook` has a `secret`."""
    stamp = str(unix_seconds(world, world.now_us))
    fields = {"webhook-id": entry["id"], "webhook-timestamp": stamp}
    secret = world.scenario.credentials.get("webhook", {}).get("secret")
    if secret is not None:
        import hmac
        from base64 import b64decode, b64encode

        signed = f"{entry['id']}.{stamp}.".encode() + entry["body"]
        fields["webhook-signature"] = (
            "v1," + b64encode(hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")).decode()
        )
    return fields
