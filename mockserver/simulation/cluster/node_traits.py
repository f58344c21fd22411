"""What a request can require of a node beside amounts: GPU model and registry id, memory of one GPU, labels, region."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.simulation.cluster.capacity_index import mask_of
from mockserver.simulation.cluster.node import Node

REGION = "region"
"""A label of this name and a value also fits the node's region."""


def has(node: Node, trait: str, wanted: object) -> bool:
    """Whether `node` has what is wanted of its model, registry, vram or (any other word) labels: a name, or
    `name=value`.
    """
    match trait:
        case "model":
            return node.gpu_model == wanted
        case "registry":
            return node.gpu_registry == wanted
        case "vram":
            return isinstance(wanted, int) and node.vram >= wanted
        case _:
            name, given, value = str(wanted).partition("=")
            if given and name == REGION and node.region == value:
                return True
            return name in node.labels and (not given or node.labels[name] == value)


def kinds(nodes: Sequence[Node]) -> list[tuple[Node, int]]:
    """One node of each kind that differs in its traits, and all nodes of that kind."""
    found: dict[tuple[object, ...], list[int]] = {}
    for number, node in enumerate(nodes):
        kind = (id(node.labels), node.region, node.gpu_model, node.gpu_registry, node.vram)
        found.setdefault(kind, []).append(number)
    return [(nodes[numbers[0]], mask_of(numbers)) for numbers in found.values()]
