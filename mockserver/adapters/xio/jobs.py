"""xio's jobs: create, list, read and cancel. Source: specs/xio/sources.md"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from mockserver.adapters.dates import iso_millis, unix_millis
from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.steering import script
from mockserver.adapters.xio.paging import asked, date_span, newest_first, page_of, span
from mockserver.simulation.errors import NotCancellable, UnknownJob
from mockserver.simulation.job import Job, JobRequest, Limits, ResourceRequest
from mockserver.simulation.trait import REGION
from mockserver.simulation.world import World

API = "xio"
GIGABYTE = 1 << 30
MOST = 1e9
"""Amounts, counts and seconds above this mean the same: more than there will ever be."""

MOST_NODES = 1000
"""More nodes than this are not asked for. Source: specs/xio/sources.md#defaults-and-derived-values"""

CANCELLED = "cancelled_by_user"

FIELDS: dict[str, Json] = {
    "object": "job",
    "created_at": None,
    "updated_at": None,
    "status": "PENDING",
    "task": "BATCH",
    "title": "",
    "cpu_count": 0,
    "gpu_count": 0,
    "min_ram_gb": 0,
    "min_vram_gb": 0,
    "min_storage_gb": 0,
    "parameters": None,
    "timeout_assign_at_ms": None,
    "uuid": None,
    "started_at": None,
    "completed_at": None,
    "description": None,
    "gpu_name": None,
    "gpu_registry_uuid": None,
    "max_timeout_assign_ms": 300_000,
    "max_timeout_run_ms": None,
    "max_timeout_start_ms": 300_000,
    "max_retry_count": 0,
    "max_node_count": 1,
    "image_size_bytes": None,
    "container_access_tokens": [],
    "status_reason": None,
    "source_recipe_uuid": None,
}
"""Every member of a job in the order it is sent, with the value it has when nobody says otherwise."""

LATER = frozenset({"object", "status", "timeout_assign_at_ms", "started_at", "completed_at", "status_reason"}) | {
    "image_size_bytes",
    "container_access_tokens",
}
"""The members that are filled in as the job goes on, if at all."""

GIVEN = LATER | {"created_at", "updated_at", "uuid", "source_recipe_uuid"}
WISHES = (FIELDS.keys() - GIVEN) | {"allowed_region_codes"}
"""The members that only the server sets, and those that a client may."""


def xio_create_job(call: Call) -> Reply:
    """A new job as the body describes it."""
    return create(call, call.body)


def create(call: Call, wishes: Json, *, recipe: str | None = None) -> Reply:
    """A new job with these wishes; `recipe` is the uuid of the recipe they come from."""
    world = call.world
    key = world.new_id(API, fingerprint=call.raw)
    created = iso_millis(world, world.now_us)
    shown = {**FIELDS, "uuid": key, "created_at": created, "updated_at": created, "source_recipe_uuid": recipe}
    for name in wishes:
        if name in WISHES:
            shown[name] = wishes[name]
    job = world.submit(_request(call, shown))
    return Reply(201, render(world, job))


def _request(call: Call, shown: dict[str, Json]) -> JobRequest:
    persistent = shown["task"] == "PERSISTENT"
    return JobRequest(
        api=API,
        key=shown["uuid"],
        resources=_resources(
            _amounts(shown),
            _model(call.world, shown["gpu_name"]),
            shown["gpu_registry_uuid"] and shown["gpu_registry_uuid"].lower(),
            tuple(shown.get("allowed_region_codes") or ()),
        ),
        nodes=int(min(shown["max_node_count"], MOST_NODES)),
        limits=_limits(shown["max_timeout_assign_ms"], shown["max_timeout_start_ms"], None if persistent else shown["max_timeout_run_ms"]),
        retries=int(min(shown["max_retry_count"], MOST)),
        command=_command(shown["parameters"]),
        endless=persistent,
        script=script(call, container(shown["parameters"]).get("env")),
        payload=shown,
    )


_amounts = itemgetter("cpu_count", "gpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb")


@lru_cache(maxsize=1024)
def _resources(amounts: tuple[float, ...], model: str | None, registry: str | None, regions: tuple[str, ...]) -> ResourceRequest:
    """What a job asks for, in house units; clients ask for the same again and again."""
    cpu, gpu, ram, storage, vram = amounts
    return ResourceRequest(
        cpu=min(cpu, MOST),
        gpu=min(gpu, MOST),
        memory=_bytes(ram),
        storage=_bytes(storage),
        vram=_bytes(vram),
        gpu_model=model,
        gpu_registry=registry,
        any_labels=tuple([f"{REGION}={code}" for code in regions]),
    )


@lru_cache(maxsize=1024)
def _limits(assign: float, start: float, run: float | None) -> Limits:
    """The limits of a job, given in milliseconds."""
    return Limits(assign=_seconds(assign), start=_seconds(start), run=None if run is None else _seconds(run))


def _bytes(gigabytes: float) -> int:
    return int(min(gigabytes, MOST) * GIGABYTE)


def _seconds(milliseconds: float) -> float:
    return min(milliseconds / 1000, MOST)


def _command(workload: Json) -> str:
    """What the container is told to do: xio has no field for it, so COMMAND in its environment stands in (*assumed*)."""
    return str(container(workload).get("env", {}).get("COMMAND", ""))


def container(workload: Json) -> dict[str, Json]:
    """The inner `parameters`, empty when left out."""
    return cast("dict[str, Json]", workload.get("parameters", {}))


def _model(world: World, name: str | None) -> str | None:
    """The cluster's name for the GPU model a client names, in full or in part; the client's own when there is none such."""
    if not name:
        return None
    cluster = world.scheduler.cluster
    known = world.shelf("xio.models")
    if known.get("version") != cluster.version:
        known["version"] = cluster.version
        known["models"] = list(dict.fromkeys(node.gpu_model for node in cluster.nodes if node.gpu_model))
    models: list[str] = known["models"]
    if name in models:
        return name
    wanted = name.lower()
    return next((model for model in models if wanted in model.lower()), name)


def render(world: World, job: Job) -> dict[str, Json]:
    """The job as clients see it now."""
    body: dict[str, Json] = job.payload.copy()
    stage = job.stage
    body["status"] = stage.name
    if stage.phase == "queued":
        body["timeout_assign_at_ms"] = unix_millis(world, job.changed) + body["max_timeout_assign_ms"]
    changed = job.changed
    if changed != job.created:
        body["updated_at"] = iso_millis(world, changed)
    if len(job.history) > 8:
        body["started_at"] = _started(world, job)
    if stage.is_terminal:
        body["completed_at"] = iso_millis(world, changed)
        body["status_reason"] = job.outcome.reason or None
    return body


def _started(world: World, job: Job) -> str | None:
    """When the present or last run began."""
    history: list[Any] = job.history
    for index in range(len(history) - 3, 0, -4):
        if history[index].phase == "running":
            return iso_millis(world, history[index - 1])
    return None


def find(world: World, uuid: str) -> Job:
    """The job of that uuid. Raises Refusal."""
    try:
        return world.job(API, uuid.lower())
    except UnknownJob as unknown:
        raise Refusal("unknown", f"there is no job {uuid}", cause=unknown) from unknown


def xio_get_job(call: Call) -> Reply:
    """One job."""
    return Reply(200, render(call.world, find(call.world, call.path["uuid"])))


def xio_cancel_job(call: Call) -> Reply:
    """Ends a job that has not ended; a second time is a conflict."""
    job = find(call.world, call.path["uuid"])
    reason = (call.body or {}).get("reason") or CANCELLED
    try:
        call.world.cancel(job, reason)
    except NotCancellable as over:
        raise Refusal("conflict", f"job {job.key} cannot be cancelled: it is already {over.state}", cause=over) from over
    return Reply(200, render(call.world, job))


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
    return page_of(call, found, total=total, render=lambda job: render(world, job))


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
