"""Ionworks' jobs: submit, list, read and cancel them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.adapters.ionworks.correlation import reply
from mockserver.adapters.ionworks.credentials import tenant
from mockserver.adapters.ionworks.reading import API, request
from mockserver.adapters.ionworks.views import cached_view, view
from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

GONE, CONFLICTS, CASCADES = f"{API}.submission-gone", f"{API}.cancel-terminal-conflicts", f"{API}.cascade-cancel"


def submit_job_jobs_post(call: Call) -> Reply:
    """Queue a job. Source: specs/ionworks/sources.md#submission-gone"""
    world = call.world
    if GONE in world.scenario.switches:
        raise Refusal("gone", "Jobs are not submitted directly any more; use the operation that creates them.")
    return reply(call, view(world, world.submit(request(call))), status=202)


submit_job_jobs__post = submit_job_jobs_post


def list_jobs_jobs_get(call: Call) -> Reply:
    """One page of the caller's jobs, newest first, and how many match in all."""
    jobs, total = _page(call)
    return reply(call, {"jobs": jobs, "total": total})


def list_jobs_jobs__get(call: Call) -> Reply:
    """The caller's jobs as a bare array, newest first."""
    return reply(call, _page(call)[0])


def get_job_jobs__job_id__get(call: Call) -> Reply:
    """One job as it is now."""
    return reply(call, cached_view(call.world, named(call)))


def cancel_job_jobs__job_id__cancel_post(call: Call) -> Reply:
    """Stop a job; one that has ended stays as it is. Source: specs/ionworks/sources.md#cancel"""
    world, job = call.world, named(call)
    switches = world.scenario.switches
    try:
        world.cancel(job)
    except NotCancellable:
        if CONFLICTS in switches:
            raise
    else:
        if CASCADES in switches:
            _cancel_below(world, job)
    return reply(call, view(world, job))


def named(call: Call) -> Job:
    """The caller's job that the path names. Raises UnknownJob."""
    return call.world.job(API, call.path["job_id"], owner=tenant(call))


def _page(call: Call) -> tuple[list[dict[str, Any]], int]:
    world, query = call.world, call.query
    jobs = world.jobs(API, owner=tenant(call))
    offset, limit = query["offset"], query["limit"]
    status = query.get("status")
    types = query.get("job_types") or query.get("job_type")
    if not status and not types:
        first = min(offset, len(jobs))
        return [cached_view(world, job) for job in islice(reversed(jobs.values()), first, first + limit)], len(jobs)
    wanted = {types} if isinstance(types, str) else set(types or ())
    matching = [job for job in reversed(jobs.values()) if _matches(job, status, wanted)]
    return [cached_view(world, job) for job in matching[offset : offset + limit]], len(matching)


def _matches(job: Job, status: str | None, types: set[str]) -> bool:
    return (not status or job.stage.name == status) and (not types or job.request.payload.job_type in types)


def _cancel_below(world: World, job: Job) -> None:
    """Cancel all that is left of a job's children, theirs included."""
    children: dict[Job, list[Job]] = {}
    for other in world.jobs(API, owner=job.request.owner).values():
        if other.parent is not None:
            children.setdefault(other.parent, []).append(other)
    waiting = children.get(job, [])[::-1]
    while waiting:
        child = waiting.pop()
        if not child.is_terminal:
            world.cancel(child, "cancelled with its parent")
        waiting += reversed(children.get(child, []))
