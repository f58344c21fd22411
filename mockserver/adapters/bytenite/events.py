"""Changes of state as an endless server-sent stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from json import dumps

from mockserver.adapters.bytenite.credentials import tenant
from mockserver.adapters.bytenite.jobs import API
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


def Customer_Events(call: Call) -> Reply:
    """Every change of the caller's jobs from now on, until the caller leaves."""
    return Reply(
        200, media_type="text/event-stream", stream=_changes(call.world, tenant(call), seen=call.world.scheduler.logged)
    )


async def _changes(world: World, customer: str, *, seen: int) -> AsyncIterator[bytes]:
    yield b": listening\n\n"
    while True:
        for number, job, state, _ in world.history(API, since=seen):
            seen = number
            if job.request.owner == customer:
                yield b"data: " + dumps({"result": change(world, job, state)}).encode() + b"\n\n"
        yield b""


def change(world: World, job: Job, state: str) -> Json:
    """One change of state. Source: specs/bytenite/sources.md#operations"""
    instant = job.entered(state)
    return {"event": "job_state", "data": {"jobId": job.key, "state": state, "timestamp": iso(world, instant or 0)}}
