"""The simulated machines: list, fail, drain, restore, add."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.http.control.context import Context
from mockserver.simulation.cluster.node import Node, NodeView
from mockserver.simulation.scenario.scenario import GIB
from mockserver.simulation.world import World


def mock_list_nodes(context: Context, call: Call) -> Reply:
    """Every node."""
    call.world.settle()
    return Reply(200, {"nodes": [_shown(view) for view in call.world.nodes()]})


def mock_add_node(context: Context, call: Call) -> Reply:
    """Add a node."""
    body, world = call.body, call.world
    node = Node(
        body["name"],
        body.get("class", body["name"]),
        cpu=body["cpu"],
        memory=int(body["memory_gib"] * GIB),
        storage=int(body.get("storage_gib", 0) * GIB),
        gpus=body.get("gpus", 0),
        gpu_model=body.get("gpu_model"),
        gpu_registry=body.get("gpu_registry"),
        vram=int(body.get("vram_gib", 0) * GIB),
        region=body.get("region", ""),
        custom=body.get("custom", {}),
        labels=body.get("labels", {}),
    )
    world.add_node(node)
    return Reply(201, _node(world, node.name))


async def mock_fail_node(context: Context, call: Call) -> Reply:
    """Fail a node, and deliver the callbacks of jobs that failed because of it."""
    world, sandbox = call.world, context.sandbox(call)
    world.fail_node(call.path["node"])
    world.settle()
    sandbox.calls.collect(world)
    await sandbox.calls.deliver(world)
    return Reply(200, _node(world, call.path["node"]))


def mock_drain_node(context: Context, call: Call) -> Reply:
    """Drain a node: it takes no new jobs."""
    call.world.drain_node(call.path["node"])
    return Reply(200, _node(call.world, call.path["node"]))


def mock_restore_node(context: Context, call: Call) -> Reply:
    """Restore a node: it takes jobs again."""
    call.world.restore_node(call.path["node"])
    return Reply(200, _node(call.world, call.path["node"]))


def _node(world: World, name: str) -> Json:
    world.settle()
    return next(_shown(view) for view in world.nodes() if view.node.name == name)


def _shown(view: NodeView) -> Json:
    node = view.node
    return {
        "name": node.name,
        "class": node.node_class,
        "condition": view.condition,
        "region": node.region,
        "gpu_model": node.gpu_model,
        "labels": node.labels,
        "capacity": {"cpu": node.cpu, "memory": node.memory, "gpu": node.gpus, "storage": node.storage},
        "free": {"cpu": view.free_cpu, "memory": view.free_memory, "gpu": view.free_gpus, "storage": view.free_storage},
        "jobs": list(view.jobs),
    }
