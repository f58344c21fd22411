"""xio's catalog: GPU models, nodes and offers, derived from the world's cluster. Source:
specs/xio/sources.md#catalog
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from mockserver.adapters.dates import iso_millis
from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.adapters.xio.paging import asked, newest_first, page_of
from mockserver.simulation.cluster.cluster import MEMORY, MILLI, STORAGE, Cluster
from mockserver.simulation.cluster.node import Node
from mockserver.simulation.world import World

GIBIBYTE = 1 << 30

Kind = tuple[Node, list[int]]
"""Nodes that are alike: the first of them, and the numbers of all."""


def xio_list_gpu_registry(call: Call) -> Reply:
    """A page of the GPU models that have a registry id."""
    cluster = call.world.scheduler.cluster
    models: dict[str, list[int]] = {}
    for number, node in enumerate(cluster.nodes):
        if node.gpus and node.gpu_registry:
            models.setdefault(node.gpu_registry, []).append(number)
    least, available = asked(call.query, "min_vram_gb") or 0, asked(call.query, "only_available")
    found = [gpu for uuid, numbers in models.items() if (gpu := _gpu(cluster, uuid, numbers))["vram_gb"] >= least]
    if available:
        found = [gpu for gpu in found if gpu["available_count"]]
    return page_of(call, found, total=len(found), render=_as_is)


def _gpu(cluster: Cluster, uuid: str, numbers: list[int]) -> dict[str, Json]:
    node = cluster.nodes[numbers[0]]
    return {
        "object": "gpu",
        "uuid": uuid,
        "name": node.gpu_model,
        "vram_gb": gib(node.vram),
        "total_count": sum(cluster.nodes[number].gpus for number in numbers),
        "available_count": sum(cluster.devices[number].count(MILLI) for number in numbers),
    }


def xio_list_nodes(call: Call) -> Reply:
    """A page of nodes with what is free on each."""
    world = call.world
    suits = _suits(call)
    found = [number for number, node in enumerate(world.scheduler.cluster.nodes) if suits(node)]
    return page_of(call, _ordered(call, found), total=len(found), render=lambda number: _node(world, number))


def _node(world: World, number: int) -> dict[str, Json]:
    cluster = world.scheduler.cluster
    node = cluster.nodes[number]
    free = [dimension.free[number] for dimension in cluster.dimensions]
    uuid, born = named_uuid(f"node {node.name}"), iso_millis(world, 0)
    now = iso_millis(world, world.now_us)
    return {
        "object": "node",
        "_id": uuid.replace("-", "")[:24],
        "uuid": uuid,
        "name": node.name,
        "reputation": 100,
        "created_at": born,
        "updated_at": now,
        "last_seen_at": now,
        "cpus": [{"name": "x86-64", "num_cores": node.cpu}],
        "gpus": [
            {"name": node.gpu_model, "vram_gb_available": gib(node.vram * left // MILLI), "vram_gb_max": gib(node.vram)}
            for left in cluster.devices[number]
        ],
        "hard_drives": [
            {"name": "disk0", "available_capacity_gb": gib(free[STORAGE]), "max_capacity_gb": gib(node.storage)}
        ],
        "rams": [{"memory_gb_available": gib(free[MEMORY]), "memory_gb_max": gib(node.memory)}],
        "ramTotal": gib(node.memory),
    }


def xio_list_compute_offers(call: Call) -> Reply:
    """A page of offers: one for each kind of node."""
    world, suits = call.world, _suits(call)
    kinds: dict[str, Kind] = {}
    for number, node in enumerate(world.scheduler.cluster.nodes):
        if node.node_class in kinds:
            kinds[node.node_class][1].append(number)
        elif suits(node):
            kinds[node.node_class] = (node, [number])
    regions = asked(call.query, "allowed_region_codes")
    allowed = frozenset(regions.split(",")) if regions else None
    found = [kind for kind in kinds.values() if allowed is None or kind[0].region in allowed]
    return page_of(call, _ordered(call, found), total=len(found), render=lambda kind: _offer(world, kind))


def _offer(world: World, kind: Kind) -> dict[str, Json]:
    node, numbers = kind
    cluster = world.scheduler.cluster
    price = hourly_rate(cpu=node.cpu, memory=node.memory, gpus=node.gpus, vram=node.vram)
    vram = gib(node.vram)
    model = {"count": node.gpus, "gpu_registry_uuid": node.gpu_registry, "min_vram_gib": vram, "name": node.gpu_model}
    return {
        "offer_id": named_uuid(f"offer {node.node_class}"),
        "region_code": node.region,
        "availability": {
            "total_nodes": len(numbers),
            "available_nodes": sum(_is_idle(cluster, number) for number in numbers),
        },
        "hardware_summary": {
            "cpu_cores": node.cpu,
            "gpu_count": node.gpus,
            "gpu_model_label": node.gpu_model,
            "gpu_models": [model] if node.gpus else [],
            "gpu_registry_uuid": node.gpu_registry,
            "min_gpu_vram_gib": vram,
            "ram_gib": gib(node.memory),
            "storage_gib": gib(node.storage),
        },
        "pricing": {"hourly_rate_usd": price, "quoted_at": iso_millis(world, world.now_us)},
    }


def _is_idle(cluster: Cluster, number: int) -> bool:
    return all(
        dimension.free[number] == amount
        for dimension, amount in zip(cluster.dimensions, cluster.capacity[number], strict=True)
    )


def hourly_rate(*, cpu: float, memory: int, gpus: float, vram: int) -> float:
    """A made-up price in dollars for an hour of these amounts, in whole cents."""
    return round(0.01 * cpu + 0.002 * memory / GIBIBYTE + gpus * (0.1 + 0.02 * vram / GIBIBYTE), 2)


def gib(amount: int) -> float:
    """Bytes in gibibytes, whole where they are whole."""
    whole, rest = divmod(amount, GIBIBYTE)
    return whole if not rest else round(amount / GIBIBYTE, 3)


@lru_cache(maxsize=4096)
def named_uuid(name: str) -> str:
    """A uuid that is the same wherever the same thing is named."""
    return str(UUID(bytes=blake2b(name.encode(), digest_size=16).digest(), version=4))


def _suits(call: Call) -> Callable[[Node], bool]:
    """The test that the call's hardware filters make together: at least so much, of that GPU."""
    query: Mapping[str, Any] = call.query
    cores, gpus = asked(query, "cpu_count") or 0, asked(query, "gpu_count") or 0
    memory, storage = (asked(query, "min_ram_gb") or 0) * GIBIBYTE, (asked(query, "min_storage_gb") or 0) * GIBIBYTE
    vram = (asked(query, "min_vram_gb") or 0) * GIBIBYTE
    name, registry = (asked(query, "gpu_name") or "").lower(), (asked(query, "gpu_registry_uuid") or "").lower()
    return lambda node: (
        node.cpu >= cores
        and node.gpus >= gpus
        and node.memory >= memory
        and node.storage >= storage
        and node.vram >= vram
        and (not name or name in (node.gpu_model or "").lower())
        and (not registry or registry == node.gpu_registry)
    )


def _ordered(call: Call, items: list[Any]) -> Iterable[Any]:
    """In the scenario's order, or the last first if the call says so."""
    return reversed(items) if "sort" in call.query and newest_first(call) else items


def _as_is(item: Json) -> Json:
    return item
