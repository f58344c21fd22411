"""Callback attempts and pending callbacks."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Reply
from mockserver.http.control.context import Context
from mockserver.http.redaction import redacted_url
from mockserver.simulation.clock import seconds

_PENDING = ("id", "api", "job", "attempt")


async def mock_list_callbacks(context: Context, call: Call) -> Reply:
    """The recorded attempts, after those that are due have been made."""
    sandbox, world = context.sandbox(call), call.world
    calls = sandbox.calls
    calls.collect(world)
    await calls.deliver(world)
    pending = [
        {**{name: entry[name] for name in _PENDING}, "url": redacted_url(entry["url"]), "due": seconds(entry["due"])}
        for entry in calls.pending(world)
    ]
    return Reply(200, {"attempts": list(calls.records), "pending": pending, "recorded": calls.recorded})
