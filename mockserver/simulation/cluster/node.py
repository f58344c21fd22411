"""One machine of a cluster: its description and its present condition."""

from __future__ import annotations

from dataclasses import dataclass, field

READY, DRAINING, DOWN = "ready", "draining", "down"
"""Conditions of a node."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine: cores and GPUs as counts, bytes, and the traits a request can name."""

    name: str
    node_class: str
    cpu: float
    memory: int
    storage: int = 0
    gpus: int = 0
    gpu_model: str | None = None
    gpu_registry: str | None = None
    vram: int = 0
    region: str = ""
    custom: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node at this moment: its condition, what is free (cores, bytes, GPUs, bytes), and the keys of the
    jobs on it.
    """

    node: Node
    condition: str
    free_cpu: float
    free_memory: int
    free_gpus: float
    free_storage: int
    jobs: tuple[str, ...]
