"""What a job of xio asks for, in house units. Source: specs/xio/sources.md#defaults-and-derived-values"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import cast

from mockserver.adapters.dates import iso_millis
from mockserver.adapters.exchange import Call, Json
from mockserver.adapters.steering import script
from mockserver.simulation.cluster.node_traits import REGION
from mockserver.simulation.request import JobRequest, Limits, ResourceRequest, named_labels
from mockserver.simulation.short_cache import short_cache
from mockserver.simulation.world import World

API = "xio"
GIGABYTE = 1 << 30
MOST = 1e9
"""Amounts, counts and seconds above this mean the same: more than there will ever be."""

MOST_NODES = 1000
"""More nodes than this are not asked for. Source: specs/xio/sources.md#defaults-and-derived-values"""

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


def request(call: Call, wishes: Json, *, recipe: str | None = None) -> JobRequest:
    """The job with these wishes; `recipe` is the uuid of the recipe they come from."""
    world = call.world
    key = world.new_id(API, fingerprint=call.raw)
    created = iso_millis(world, world.now_us)
    shown = {**FIELDS, "uuid": key, "created_at": created, "updated_at": created, "source_recipe_uuid": recipe}
    for name in wishes:
        if name in WISHES:
            shown[name] = wishes[name]
    return _request(call, shown)


def _request(call: Call, shown: dict[str, Json]) -> JobRequest:
    persistent = shown["task"] == "PERSISTENT"
    return JobRequest(
        api=API,
        key=shown["uuid"],
        resources=_resources(
            _amounts(shown),
            _model(call.world, shown["gpu_name"]),
            shown["gpu_registry_uuid"] and shown["gpu_registry_uuid"].lower(),
            named_labels(shown.get("allowed_region_codes") or ()),
        ),
        nodes=int(min(shown["max_node_count"], MOST_NODES)),
        limits=_limits(
            shown["max_timeout_assign_ms"],
            shown["max_timeout_start_ms"],
            None if persistent else shown["max_timeout_run_ms"],
        ),
        retries=int(min(shown["max_retry_count"], MOST)),
        command=_command(shown["parameters"]),
        endless=persistent,
        script=script(call, container(shown["parameters"]).get("env")),
        payload=shown,
    )


_amounts = itemgetter("cpu_count", "gpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb")


@short_cache(1024)
def _resources(
    amounts: tuple[float, ...], model: str | None, registry: str | None, regions: tuple[str, ...]
) -> ResourceRequest:
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
    """The container's command: xio has no field for it, so COMMAND in its environment stands in (*assumed*)."""
    return str(container(workload).get("env", {}).get("COMMAND", ""))


def container(workload: Json) -> dict[str, Json]:
    """The inner `parameters`, empty when left out."""
    return cast("dict[str, Json]", workload.get("parameters", {}))


def _model(world: World, name: str | None) -> str | None:
    """The cluster's name for the GPU model that a client names in full or in part; else the client's own."""
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
