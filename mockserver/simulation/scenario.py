"""What world to simulate: nodes, how runs go, seed and credentials, read from YAML and refused with file, place and expectation."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml

from mockserver.simulation.cluster import Cluster, Node
from mockserver.simulation.errors import ScenarioError
from mockserver.simulation.policy import PLACEMENTS

GIB = 1 << 30
SHIPPED = files("mockserver") / "scenarios"
MOST_NODES = 100_000
SWITCHES = {
    "ionworks.submission-gone": "submission answers 410, as the vendor's server does since September 2026",
    "ionworks.cancel-terminal-conflicts": "cancelling an ended job answers 409 instead of 200 with the unchanged job",
    "ionworks.cascade-cancel": "cancelling a parent cancels its unfinished children",
}
"""Alternative behaviours of vendors, off unless a scenario or the command line says otherwise."""



class Distribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds, drawn one of these ways: always `fixed`; `uniform` [low, high]; `log_normal` [mu, sigma] of the logarithm."""

    fixed: float | None = None
    uniform: tuple[float, float] | None = None
    log_normal: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("fixed", "uniform", "log_normal") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of fixed, uniform, log_normal, got {', '.join(given) or 'none'}")
        numbers = [self.fixed] if self.fixed is not None else list(self.uniform or ())
        if any(number is None or not 0 <= number < 1e9 for number in numbers) or numbers != sorted(numbers, key=float):
            raise ValueError("expected seconds of at least 0, the lower first")


class Gpu(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The GPUs of a node: how many, which model, its registry id, memory of one in GiB."""

    count: int
    model: str
    registry: str | None = None
    vram_gib: float = 0


class NodeClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"node_class": "class"}):
    """`count` nodes alike: cores, memory and storage in GiB, GPUs, custom resources by name, labels."""

    node_class: str
    cpu: float
    memory_gib: float
    count: int = 1
    storage_gib: float = 0
    gpu: Gpu | None = None
    custom: dict[str, float] = {}
    labels: dict[str, str] = {}
    region: str = ""

    def __post_init__(self) -> None:
        gpus = self.gpu.count if self.gpu else 0
        amounts = (self.cpu, self.memory_gib, self.storage_gib, gpus, *self.custom.values())
        if not 1 <= self.count <= MOST_NODES or any(not 0 <= amount < 2**40 for amount in amounts):
            raise ValueError(f"node class {self.node_class!r}: expected a count from 1 to {MOST_NODES} and amounts of at least 0")


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world's description. `start` is the UTC instant at which it begins (None: when it is made), `most_jobs` how many it keeps."""

    name: str = "unnamed"
    seed: int = 1
    start: str | None = None
    placement: str = "bin-pack"
    nodes: tuple[NodeClass, ...] = ()
    startup: Distribution = Distribution(fixed=1.0)
    run: Distribution = Distribution(fixed=5.0)
    failure_rate: float = 0.0
    failure_exit_code: int = 1
    most_jobs: int = 200_000
    credentials: dict[str, dict[str, str]] = {}
    switches: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.placement not in PLACEMENTS:
            raise ValueError(f"expected placement to be one of {', '.join(PLACEMENTS)}, got {self.placement!r}")
        if not 0 <= self.failure_rate <= 1:
            raise ValueError(f"expected failure_rate from 0 to 1, got {self.failure_rate}")
        if not self.nodes:
            raise ValueError("expected at least one node class under `nodes`")
        names = [node.node_class for node in self.nodes]
        if len(set(names)) != len(names):
            raise ValueError(f"expected each node class once, got {', '.join(names)}")

    def cluster(self) -> Cluster:
        """A fresh cluster of this scenario's nodes."""
        return Cluster((node for kind in self.nodes for node in _nodes(kind)), placement=self.placement)


def _nodes(kind: NodeClass) -> list[Node]:
    gpu = kind.gpu or Gpu(0, "")
    return [
        Node(
            f"{kind.node_class}-{number}",
            kind.node_class,
            cpu=kind.cpu,
            memory=int(kind.memory_gib * GIB),
            storage=int(kind.storage_gib * GIB),
            gpus=gpu.count,
            gpu_model=gpu.model or None,
            gpu_registry=gpu.registry,
            vram=int(gpu.vram_gib * GIB),
            region=kind.region,
            custom=kind.custom,
            labels=kind.labels,
        )
        for number in range(kind.count)
    ]


def names() -> list[str]:
    """The scenarios that are shipped."""
    return sorted(entry.name.removesuffix(".yaml") for entry in SHIPPED.iterdir() if entry.name.endswith(".yaml"))


def load(source: str = "default") -> Scenario:
    """The scenario of that shipped name, or of that file. Raises ScenarioError."""
    if source in names():
        return parse((SHIPPED / f"{source}.yaml").read_text(encoding="utf-8"), source)
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"scenario {source!r} cannot be read ({error}); expected a YAML file or one of {', '.join(names())}") from error
    return parse(text, source)


def parse(text: str, source: str) -> Scenario:
    """The scenario a YAML text describes; `source` names it in errors."""
    try:
        document: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise ScenarioError(f"{source}{place}: not YAML: {getattr(error, 'problem', error)}") from error
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{source}: {error}") from error
    _known(scenario.switches, source)
    return scenario


def with_switches(scenario: Scenario, switches: Iterable[str]) -> Scenario:
    """The scenario with more switches on. Raises ScenarioError for one that does not exist."""
    return msgspec.structs.replace(scenario, switches=_known(frozenset(switches) | scenario.switches, scenario.name))


def _known(switches: frozenset[str], source: str) -> frozenset[str]:
    unknown = sorted(switches - SWITCHES.keys())
    if unknown:
        raise ScenarioError(f"{source}: unknown switch {unknown[0]!r}; expected one of {', '.join(SWITCHES)}")
    return switches
