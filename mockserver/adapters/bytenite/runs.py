"""Run a draft, stop a job, count the tasks that run."""

from __future__ import annotations

from mockserver.adapters.bytenite.credentials import tenant
from mockserver.adapters.bytenite.edits import configure, draft
from mockserver.adapters.bytenite.jobs import API, done, find
from mockserver.adapters.bytenite.views import PARTITIONED
from mockserver.adapters.exchange import Call, Reply


def Customer_RunJob(call: Call) -> Reply:
    """Let a draft wait for capacity; limits may come along, flat or under config."""
    job, body = draft(call), call.body or {}
    configure(job, body, body.get("config"))
    call.world.release(job)
    return done()


Customer_RunJobLegacy = Customer_RunJob


def Customer_AbortJob(call: Call) -> Reply:
    """Stop a job; one that was never run is deleted. Source: specs/bytenite/sources.md#states"""
    job = find(call)
    if job.phase == "draft":
        call.world.delete(job)
    else:
        call.world.cancel(job, "the job was aborted by its user")
    return done()


def Customer_RunningTasks(call: Call) -> Reply:
    """How many tasks run, by job. Source: specs/bytenite/sources.md#operations"""
    wanted = (call.body or {}).get("jobIds")
    jobs = call.world.jobs(API, owner=tenant(call)).values()
    at_work = [job for job in jobs if job.state == PARTITIONED and (not wanted or job.key in wanted)]
    running = {job.key: 0 if job.crew is None else job.crew.active for job in at_work}
    return Reply(200, {"runningTasks": running})
