"""The description of a world: nodes, workload, seed and credentials, read from YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.node import Node
from mockserver.simulation.errors import ScenarioError, why_unreadable
from mockserver.simulation.request import NO_LIMITS, Limits, ResourceRequest
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.file import (
    MOST_TOLD,
    SHIPPED,
    Place,
    Problem,
    ScenarioText,
    check_value,
    fill_traces,
    located,
    placed,
    schema_problems,
)
from mockserver.simulation.scenario.rules import MOST_NODES, problems, unknown_switches

GIB = 1 << 30
MOST_GPUS_OF_A_NODE = 1024

Rule = Callable[[Any], Iterable[Problem]]


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
        if gpus > MOST_GPUS_OF_A_NODE:
            most = f"at most {MOST_GPUS_OF_A_NODE} GPUs on a node"
            raise ValueError(f"node class {self.node_class!r}: expected {most}, got {gpus}")
        if not 1 <= self.count <= MOST_NODES or any(not 0 <= amount < 2**40 for amount in amounts):
            raise ValueError(
                f"node class {self.node_class!r}: expected a count from 1 to {MOST_NODES} and amounts of at least 0"
            )


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quota entity: GPUs it deserves and the most it may have, its weight in what is left over (None: what it
    deserves).

    Also how long interactive jobs may run, and node types it may use (none: all)."""

    name: str
    deserved_gpus: float = 0
    over_quota_weight: float | None = None
    most_gpus: float | None = None
    interactive_limit_s: float | None = None
    node_types: tuple[str, ...] = ()


class NodeFailures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How nodes come and go, each by draws of its own: seconds from being there to failing, and from failing to being
    there again.
    """

    mean_time_between_s: Distribution
    repair_s: Distribution


class ApiWorkload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What runs of one API's jobs do instead of what the scenario says of all; None leaves it at that."""

    run: Distribution | None = None
    startup: Distribution | None = None
    failure_rate: float | None = None


class JobKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one of the jobs asks for that `mockserver simulate` makes up, and how often in proportion (`weight`)."""

    weight: float = 1
    cpu: float = 0
    memory_gib: float = 0
    gpu: float = 0
    storage_gib: float = 0
    vram_gib: float = 0
    gpu_model: str | None = None
    labels: tuple[str, ...] = ()
    project: str = ""
    priority: int = 0
    retries: int = 0
    nodes: int = 1
    preemptible: bool = False


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world's description.

    `start` is the UTC instant at which it begins (None: when it is made), `most_jobs` how many it keeps, `pace` how
    time passes unless the server is told otherwise, `limits` what holds for jobs that bring none of their own.
    `arrivals` (seconds between two jobs) and `jobs` say what `mockserver simulate` makes up when it has no trace.
    """

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
    queue: str = "greedy"
    projects: tuple[Project, ...] = ()
    image_pull_failure_rate: float = 0.0
    node_failures: NodeFailures | None = None
    limits: Limits = NO_LIMITS
    pace: str | None = None
    apis: dict[str, ApiWorkload] = {}
    arrivals: Distribution = Distribution(exponential=1.0)
    jobs: tuple[JobKind, ...] = (JobKind(cpu=1, memory_gib=1),)

    def __post_init__(self) -> None:
        for _, words in problems(self):
            raise ValueError(words)
        if not self.nodes:
            raise ValueError("expected at least one node class under `nodes`")

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


def unplaceable(scenario: Any) -> Iterator[Problem]:
    """The jobs that `mockserver simulate` would make up and no node could ever run; none while a node is in doubt."""
    if not scenario.nodes or None in scenario.nodes:
        return
    cluster = Cluster((node for kind in scenario.nodes for node in _nodes(kind)), placement=scenario.placement)
    for number, kind in enumerate(scenario.jobs):
        lacks = None if kind is None else _lacks(cluster, kind)
        if lacks is not None:
            yield ("jobs", number), f"no node could ever run it: {lacks}"


def _lacks(cluster: Cluster, kind: JobKind) -> str | None:
    """What all nodes of a cluster lack for a job; None if it could run."""
    wanted = ResourceRequest(
        cpu=kind.cpu,
        memory=int(kind.memory_gib * GIB),
        gpu=kind.gpu,
        storage=int(kind.storage_gib * GIB),
        vram=int(kind.vram_gib * GIB),
        gpu_model=kind.gpu_model,
        labels=kind.labels,
    )
    shape, total = cluster.shape(wanted, kind.nodes), len(cluster.nodes)
    if shape.can_ever_run:
        return None
    reasons = (f"{count} of {total} nodes lack {words}" for count, words in cluster.reasons(shape, empty=True))
    return "; ".join(reasons) or f"it asks for {kind.nodes} of {total} nodes"


def described(value: object) -> Scenario:
    """The scenario that plain data describes; files are not read. Raises ScenarioError."""
    check_value(value)
    wrong = list(islice(_beyond_schema(value, (), ()), MOST_TOLD))
    if wrong:
        raise ScenarioError("; ".join(f"scenario: {placed(place)}{words}" for place, words in wrong))
    return msgspec.convert(value, Scenario)


def names() -> list[str]:
    """The scenarios that are shipped."""
    return sorted(entry.name.removesuffix(".yaml") for entry in SHIPPED.iterdir() if entry.name.endswith(".yaml"))


def text_of(name: str) -> str:
    """The YAML text of a shipped scenario."""
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


def load(source: str = "default") -> Scenario:
    """The scenario of that shipped name, or of that file. Raises ScenarioError."""
    return parse(text_of(source), source) if source in names() else load_file(source)


def load_file(source: str, more: Rule | None = None) -> Scenario:
    """The scenario of that file, which keeps one more rule. Raises ScenarioError, naming all that is wrong."""
    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(
            f"scenario '{source}' cannot be read ({why_unreadable(error)}); expected a YAML file or one of "
            f"{', '.join(names())}"
        ) from error
    return parse(text, source, folder=Path(source).parent, more=more)


def parse(text: str, source: str, *, folder: Path | None = None, more: Rule | None = None) -> Scenario:
    """The scenario a YAML text describes; `source` names it in errors, `folder` is where the files are that it names,
    `more` a rule beyond those of all scenarios. Raises ScenarioError, naming all that is wrong.
    """
    told = ScenarioText(text, source)
    wrong = list(fill_traces(told.value, (), folder))
    wrong += schema_problems(told.value)
    wrong += _beyond_schema(told.value, [place for place, _ in wrong], () if more is None else (more,))
    if wrong:
        raise ScenarioError(told.told_all(wrong))
    return msgspec.convert(told.value, Scenario)


def _beyond_schema(value: object, broken: Iterable[Place], more: Iterable[Rule]) -> Iterator[Problem]:
    """What no scenario may be, of a description whose members are broken in some places."""
    if isinstance(value, dict):
        parts = _Parts(value, {tuple(place[:length]) for place in broken for length in range(1, len(place) + 1)})
        yield from parts.wrong
        for rule in (problems, *more):
            yield from rule(parts)


def _default(field: Any) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


class _Parts(SimpleNamespace):
    """The members of a description that are what they should be, as those of a Scenario; the defaults for others.

    An entry that is not is None.
    """

    def __init__(self, value: Mapping[str, Any], broken: Set[tuple[str | int, ...]]) -> None:
        super().__init__(**{one.name: _default(one) for one in msgspec.structs.fields(Scenario)})
        self._broken, self.wrong = broken, list[Problem]()
        kinds = get_type_hints(Scenario)
        for name in value.keys() & kinds.keys():
            part = self._part(value[name], kinds[name], (name,))
            if part is not None:
                setattr(self, name, part)

    def _part(self, value: Any, kind: Any, place: tuple[str | int, ...]) -> Any:
        inner = get_args(kind)
        if isinstance(value, list) and get_origin(kind) in (tuple, frozenset):
            return [self._entry(one, inner[0], (*place, at)) for at, one in enumerate(value)]
        if isinstance(value, dict) and get_origin(kind) is dict:
            return {name: self._entry(one, inner[1], (*place, name)) for name, one in value.items()}
        return self._entry(value, kind, place)

    def _entry(self, value: Any, kind: Any, place: tuple[str | int, ...]) -> Any:
        """A value of that kind; None if it is broken, or breaks here."""
        if place in self._broken:
            return None
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            words, within = located(str(error))
            self.wrong.append(((*place, *within), words))
            return None


def with_switches(scenario: Scenario, switches: Iterable[str]) -> Scenario:
    """The scenario with more switches on. Raises ScenarioError for one that does not exist."""
    for _, words in unknown_switches(switches):
        raise ScenarioError(f"{scenario.name}: {words}")
    return msgspec.structs.replace(scenario, switches=frozenset(switches) | scenario.switches)
