"""A job as xio shows it. Source: specs/xio/sources.md#defaults-and-derived-values"""

from __future__ import annotations

from mockserver.adapters.dates import iso_millis, unix_millis
from mockserver.adapters.exchange import Json
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


def view(world: World, job: Job) -> dict[str, Json]:
    """The job as clients see it now."""
    body: dict[str, Json] = job.payload.copy()
    stage = job.stage
    body["status"] = stage.name
    if stage.phase == "queued":
        body["timeout_assign_at_ms"] = unix_millis(world, job.changed) + body["max_timeout_assign_ms"]
    changed = job.changed
    if changed != job.created:
        body["updated_at"] = iso_millis(world, changed)
    started = job.last_entered("running") if job.step_count > 2 else None  # it waits and is assigned first
    if started is not None:
        body["started_at"] = iso_millis(world, started)
    if stage.is_terminal:
        body["completed_at"] = iso_millis(world, changed)
        body["status_reason"] = job.outcome.reason or None
    return body
