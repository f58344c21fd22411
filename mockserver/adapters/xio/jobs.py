"""xio's jobs: create, list, read and cancel. Source: specs/xio/sources.md"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.xio.paging import asked, date_span, newest_first, page_of, span
from mockserver.adapters.xio.reading import API, request
from mockserver.adapters.xio.views import view
from mockserver.simulation.errors import NotCancellable, UnknownJob
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

CANCELLED = "cancelled_by_user"


def xio_create_job(call: Call) -> Reply:
    """A new job as the body describes it."""
    return create(call, call.body)


def create(call: Call, wishes: Json, *, recipe: str | None = None) -> Reply:
    """A new job with these wishes; `recipe` is the uuid of the recipe they come from."""
    return Reply(201, view(call.world, call.world.submit(request(call, wishes, recipe=recipe))))


def find(world: World, uuid: str) -> Job:
    """The job of that uuid. Raises Refusal."""
    try:
        return world.job(API, uuid.lower())
    except UnknownJob as unknown:
        raise Refusal("unknown", f"there is no job {uuid}", cause=unknown) from unknown


def xio_get_job(call: Call) -> Reply:
    """One job."""
    return Reply(200, view(call.world, find(call.world, call.path["uuid"])))


def xio_cancel_job(call: Call) -> Reply:
    """Ends a job that has not ended; a second time is a conflict."""
    job = find(call.world, call.path["uuid"])
    reason = (call.body or {}).get("reason") or CANCELLED
    try:
        call.world.cancel(job, reason)
    except NotCancellable as over:
        raise Refusal(
            "conflict", f"job {job.key} cannot be cancelled: it is already {over.state}", cause=over
        ) from over
    return Reply(200, view(call.world, job))


def xio_list_jobs(call: Call) -> Reply:
    """A page of the jobs that pass every filter."""
    world = call.world
    jobs = world.jobs(API)
    found: Iterable[Job] = reversed(jobs.values()) if newest_first(call) else jobs.values()
    total = len(jobs)
    tests = _tests(call)
    if tests:
        kept = [job for job in found if all(test(job) for test in tests)]
        found, total = kept, len(kept)
    return page_of(call, found, total=total, render=lambda job: view(world, job))


def _tests(call: Call) -> list[Callable[[Job], bool]]:
    """One test for each filter of the call."""
    query = call.query
    tests: list[Callable[[Job], bool]] = []
    for name in ("cpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb"):
        if (numbers := asked(query, name)) is not None:
            tests.append(_within(name, *span(numbers)))
    if (dates := asked(query, "created_at")) is not None:
        first, last = (instant - call.world.epoch_us for instant in date_span(dates))
        tests.append(lambda job: first <= job.created <= last)
    if (states := asked(query, "status")) is not None:
        wanted = frozenset(states.split(","))
        tests.append(lambda job: job.state in wanted)
    if (task := asked(query, "task")) is not None:
        tests.append(lambda job: job.payload["task"] == task)
    if (recipe := asked(query, "recipe_uuid")) is not None:
        tests.append(lambda job: job.payload["source_recipe_uuid"] == recipe.lower())
    if (uuid := asked(query, "uuid")) is not None:
        tests.append(lambda job: job.key == uuid.lower())
    return tests


def _within(name: str, low: float, high: float) -> Callable[[Job], bool]:
    return lambda job: low <= job.payload[name] <= high
