"""The description of a world: nodes, workload, seed and credentials, read from YAML."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from pathlib import Path

import msgspec

import specs
from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.node import Node
from mockserver.simulation.cluster.packing import PLACEMENTS
from mockserver.simulation.errors import ScenarioError
from mockserver.simulation.request import NO_LIMITS, Limits, ResourceRequest
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.file import SHIPPED, check_value, read

GIB = 1 << 30
MOST_NODES = 100_000
MOST_GPUS = 1_000_000
"""Most GPUs of all nodes together; each is an entry of its own in the ledger."""

MOST_GPUS_OF_A_NODE = 1024
MOST_JOBS = 1_000_000_000
EARLIEST, LATEST = "2001-09-09T01:46:40Z", "2200-01-01T00:00:00Z"
"""When a world may begin: from there on, and up to the clock's end in 2286, seconds since 1970 have ten digits on the
wire.
"""

WEBHOOK = "webhook"
"""The entry of `credentials` that is no API: what callbacks are signed with."""

BACKFILL = ("backfill", "conservative")
QUEUES = ("greedy", "fifo", "priority", *BACKFILL)
SWITCHES = {
    "ionworks.submission-gone": "submission answers 410, as the vendor's server does since September 2026",
    "ionworks.cancel-terminal-conflicts": "cancelling an ended job answers 409 instead of 200 with the unchanged job",
    "ionworks.cascade-cancel": "cancelling a parent cancels its unfinished children",
}
"""Alternative behaviours of vendors, off unless a scenario or the command line says otherwise."""


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
        for field, known in (("placement", tuple(PLACEMENTS)), ("queue", QUEUES)):
            if getattr(self, field) not in known:
                raise ValueError(f"expected {field} to be one of {', '.join(known)}, got {getattr(self, field)!r}")
        for field, rate in [
            ("failure_rate", self.failure_rate),
            ("image_pull_failure_rate", self.image_pull_failure_rate),
        ]:
            if not 0 <= rate <= 1:
                raise ValueError(f"expected {field} from 0 to 1, got {rate}")
        if not self.nodes:
            raise ValueError("expected at least one node class under `nodes`")
        if sum(node.count for node in self.nodes) > MOST_NODES:
            raise ValueError(f"expected at most {MOST_NODES} nodes in all")
        if sum(node.count * node.gpu.count for node in self.nodes if node.gpu) > MOST_GPUS:
            raise ValueError(f"expected at most {MOST_GPUS} GPUs in all")
        if not 1 <= self.most_jobs <= MOST_JOBS:
            raise ValueError(f"expected `most_jobs` from 1 to {MOST_JOBS}, got {self.most_jobs}")
        _once("node class", [node.node_class for node in self.nodes])
        _once("project", [project.name for project in self.projects])
        self._check_words()

    def _check_words(self) -> None:
        unknown = sorted(self.apis.keys() - set(specs.names()))
        if unknown:
            raise ValueError(f"expected `apis` to name {', '.join(specs.names())}, got {unknown[0]!r}")
        if self.start is not None and not _is_instant(self.start):
            raise ValueError(
                f"expected `start` as an instant with its offset from UTC, such as "
                f"2026-01-01T00:00:00Z, got {self.start!r}"
            )
        first, last = datetime.fromisoformat(EARLIEST), datetime.fromisoformat(LATEST)
        if self.start is not None and not first <= datetime.fromisoformat(self.start) <= last:
            raise ValueError(f"expected `start` from {EARLIEST} to {LATEST}, got {self.start}")
        _check_credentials(self.credentials)
        spans = (self.limits.assign, self.limits.start, self.limits.run, self.limits.total)
        if any(span is not None and not (span >= 0 and isfinite(span)) for span in spans):
            raise ValueError("expected `limits` in seconds of at least 0")

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


def unplaceable(scenario: Scenario) -> list[str]:
    """Sentences about the jobs that `mockserver simulate` would make up and no node could ever run."""
    cluster = scenario.cluster()
    found = []
    for number, kind in enumerate(scenario.jobs):
        wanted = ResourceRequest(
            cpu=kind.cpu,
            memory=int(kind.memory_gib * GIB),
            gpu=kind.gpu,
            storage=int(kind.storage_gib * GIB),
            vram=int(kind.vram_gib * GIB),
            gpu_model=kind.gpu_model,
            labels=kind.labels,
        )
        shape = cluster.shape(wanted, kind.nodes)
        if not shape.can_ever_run:
            total = len(cluster.nodes)
            lacks = "; ".join(
                f"{count} of {total} nodes lack {words}" for count, words in cluster.reasons(shape, empty=True)
            )
            found.append(
                f"jobs[{number}]: no node could ever run it: {lacks or f'it asks for {kind.nodes} of {total} nodes'}"
            )
    return found


def described(value: object) -> Scenario:
    """The scenario that plain data describes; files are not read. Raises ScenarioError."""
    check_value(value)
    try:
        scenario = msgspec.convert(value, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(f"scenario: {error}") from error
    return with_switches(scenario, ())


def names() -> list[str]:
    """The scenarios that are shipped."""
    return sorted(entry.name.removesuffix(".yaml") for entry in SHIPPED.iterdir() if entry.name.endswith(".yaml"))


def text_of(name: str) -> str:
    """The YAML text of a shipped scenario."""
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


def load(source: str = "default") -> Scenario:
    """The scenario of that shipped name, or of that file. Raises ScenarioError."""
    return parse(text_of(source), source) if source in names() else load_file(source)


def load_file(source: str) -> Scenario:
    """The scenario of that file. Raises ScenarioError."""
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(
            f"scenario {source!r} cannot be read ({error}); expected a YAML file or one of {', '.join(names())}"
        ) from error
    return parse(text, source, folder=Path(source).parent)


def parse(text: str, source: str, *, folder: Path | None = None) -> Scenario:
    """The scenario a YAML text describes; `source` names it in errors, `folder` is where the files are that it names.
    Raises ScenarioError.
    """
    told = read(text, source, folder)
    try:
        scenario = msgspec.convert(told.value, Scenario)
        _known(scenario.switches, "switches")
    except msgspec.ValidationError as error:
        raise ScenarioError(told.told_of(str(error))) from error
    except ScenarioError as error:
        raise ScenarioError(told.told(["switches"], str(error).removeprefix("switches: "))) from error
    return scenario


def with_switches(scenario: Scenario, switches: Iterable[str]) -> Scenario:
    """The scenario with more switches on. Raises ScenarioError for one that does not exist."""
    return msgspec.structs.replace(scenario, switches=_known(frozenset(switches) | scenario.switches, scenario.name))


def _known(switches: frozenset[str], source: str) -> frozenset[str]:
    unknown = sorted(switches - SWITCHES.keys())
    if unknown:
        raise ScenarioError(f"{source}: unknown switch {unknown[0]!r}; expected one of {', '.join(SWITCHES)}")
    return switches


def _check_credentials(credentials: dict[str, dict[str, str]]) -> None:
    """Raises ValueError for keys of what is no API, and for a secret that nobody could sign with."""
    known = (*specs.names(), WEBHOOK)
    unknown = sorted(credentials.keys() - set(known))
    if unknown:
        near = get_close_matches(unknown[0], known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"expected `credentials` to name {', '.join(known)}, got {unknown[0]}{hint}")
    secret = credentials.get(WEBHOOK, {}).get("secret", "")
    try:
        b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise ValueError("expected the secret under `credentials.webhook` in base64, with or without whsec_") from error


def _once(what: str, given: list[str]) -> None:
    if len(set(given)) != len(given):
        raise ValueError(f"expected each {what} once, got {', '.join(given)}")


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
