"""Faults of compute.x.io: placement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace as revised

from mockserver.simulation.cluster.cluster import GPU, MEMORY, STORAGE
from tests.conformance.faults import Apply, Json, patched
from tests.conformance.faults.xio.shapers import SCHEDULER, asked, demanded, fault, runs


def _one_node(original: Any) -> Any:
    def request(call: Any, shown: dict[str, Any]) -> Any:
        found = original(call, shown)
        found.nodes = 1
        return found

    return request


def _last_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        serial, job.serial = job.serial, -job.serial
        original(self, job)
        job.serial = serial

    return push


def _whole_cores(request: Any) -> None:
    request.resources = type(request.resources)(
        **{name: getattr(request.resources, name) for name in request.resources.__struct_fields__}
        | {"cpu": int(request.resources.cpu)}
    )


def _shared_cores(request: Any) -> None:
    own = request.resources
    request.resources = type(own)(
        **{name: getattr(own, name) for name in own.__struct_fields__} | {"cpu": own.cpu / request.nodes}
    )


def unreturned(dimension: int) -> Any:
    """One resource is not given back."""

    def make(original: Any) -> Any:
        def give_back(self: Any, shape: Any, hold: Any) -> None:
            node, taken = hold
            before = self.dimensions[dimension].free[node]
            devices = list(self.devices[node])
            original(self, shape, hold)
            if dimension == GPU and len(taken) > 1:
                self.devices[node][:] = [*self.devices[node][:1], *devices[1:]]
                self._count_devices(node, shape)
            elif dimension != GPU:
                self.dimensions[dimension].set(node, before)

        return give_back

    return patched("mockserver.simulation.cluster.cluster:Cluster.give_back", make)


def keeps(event: str, phase: str = "") -> Any:
    """What a job holds is not given back when this event ends it (while it is in that phase)."""

    def make(original: Any) -> Any:
        def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
            if what == event and stage.is_terminal and phase in ("", job.phase):
                job.holding = ()
            original(self, job, stage, what, detail)

        return enter

    return patched(f"{SCHEDULER}.enter", make)


def _retried_holds(original: Any) -> Any:
    def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
        if what == "retried":
            job.holding = ()
        original(self, job, stage, what, detail)

    return enter


def resources(**changes: Callable[[Any], Any]) -> Apply:
    """What is reserved differs from what is asked for."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        told = {name: change(getattr(wanted.resources, name)) for name, change in changes.items()}
        wanted.resources = revised(wanted.resources, **told)

    return asked(alter)


def known_gpus_are_all_alike(call: Any, members: Json, wanted: Any) -> None:
    """A GPU is only looked up, not looked for."""
    nodes = call.world.scheduler.cluster.nodes
    if wanted.resources.gpu_model in {node.gpu_model for node in nodes}:
        wanted.resources = revised(wanted.resources, gpu_model=None)
    if wanted.resources.gpu_registry in {node.gpu_registry for node in nodes}:
        wanted.resources = revised(wanted.resources, gpu_registry=None)


def keeps_room(is_meant: Callable[[Any], bool]) -> Apply:
    """Some jobs do not give back what they hold."""

    def make(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            if not is_meant(job):
                original(self, job)

        return give_back

    return patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", make)


def _hosts(run: dict[str, Json]) -> None:
    run["node_urls"] += [{**url, "hostname": f"second.{url['hostname']}"} for url in run["node_urls"]]


def _whole_gpus(request: Any) -> None:
    own = request.resources
    request.resources = type(own)(
        **{name: getattr(own, name) for name in own.__struct_fields__} | {"gpu": int(own.gpu)}
    )


def _memory_of_gpus_alone() -> Apply:
    """GPU memory is looked for only where GPUs are."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        if not members["gpu_count"]:
            wanted.resources = revised(wanted.resources, vram=0)

    return asked(alter)


FAULTS = [
    fault(
        "last-first",
        "XIO-PRI-001",
        "of equal jobs the last made goes first",
        patched("mockserver.simulation.placement.queue:Queue.push", _last_first),
    ),
    fault("storage-not-returned", "XIO-STM-005", "storage is never given back", unreturned(STORAGE), "XIO-STM-006"),
    fault(
        "stopped-in-preparation-holds",
        "XIO-STM-005",
        "a job that is stopped while it is prepared keeps its node",
        keeps("cancelled", "starting"),
    ),
    fault(
        "stopped-jobs-keep-their-nodes",
        "XIO-STM-005",
        "stopped jobs keep their nodes",
        keeps_room(lambda job: job.phase == "cancelled"),
    ),
    fault(
        "endless-jobs-keep-their-nodes",
        "XIO-STM-005",
        "endless jobs keep their nodes",
        keeps_room(lambda job: job.request.endless),
    ),
    fault("ram-not-returned", "XIO-STM-006", "RAM is never given back", unreturned(MEMORY), "XIO-STM-005"),
    fault("second-gpu-not-returned", "XIO-STM-006", "only the first GPU is given back", unreturned(GPU), "XIO-STM-005"),
    fault("timed-out-holds", "XIO-STM-006", "a job that met its run limit keeps its node", keeps("timed_out")),
    fault(
        "failed-run-holds",
        "XIO-STM-006",
        "a run that is followed by another keeps its node",
        patched(f"{SCHEDULER}.enter", _retried_holds),
    ),
    fault(
        "failed-jobs-keep-their-nodes",
        "XIO-STM-006",
        "failed jobs keep their nodes",
        keeps_room(lambda job: job.phase == "failed"),
    ),
    fault(
        "completed-jobs-keep-their-nodes",
        "XIO-STM-006",
        "completed jobs keep their nodes",
        keeps_room(lambda job: job.phase == "succeeded"),
    ),
    fault(
        "wide-jobs-keep-their-nodes",
        "XIO-STM-006",
        "wide jobs keep their nodes",
        keeps_room(lambda job: job.request.nodes > 1),
    ),
    fault(
        "cores-are-not-counted", "XIO-STM-012", "cores are not counted", resources(cpu=lambda told: 0.0), "XIO-STM-019"
    ),
    fault(
        "gpus-are-not-counted", "XIO-STM-013", "gpus are not counted", resources(gpu=lambda told: 0.0), "XIO-STM-019"
    ),
    fault("ram-is-not-counted", "XIO-STM-014", "ram is not counted", resources(memory=lambda told: 0), "XIO-STM-019"),
    fault(
        "storage-is-not-counted",
        "XIO-STM-015",
        "storage is not counted",
        resources(storage=lambda told: 0),
        "XIO-STM-019",
    ),
    fault(
        "gpu-memory-is-not-counted",
        "XIO-STM-016",
        "gpu memory is not counted",
        resources(vram=lambda told: 0),
        "XIO-STM-022",
    ),
    fault("gpu-memory-without-gpus", "XIO-STM-016", "gpu memory without gpus", _memory_of_gpus_alone()),
    fault(
        "gpu-names-are-ignored",
        "XIO-STM-017",
        "gpu names are ignored",
        resources(gpu_model=lambda told: None),
        "XIO-STM-020",
    ),
    fault(
        "gpu-ids-are-ignored",
        "XIO-STM-018",
        "gpu ids are ignored",
        resources(gpu_registry=lambda told: None),
        "XIO-STM-020",
    ),
    fault("whole-cores", "XIO-STM-019", "parts of cores are not taken", demanded(_whole_cores)),
    fault("cores-shared", "XIO-STM-019", "the cores of a job are divided among its nodes", demanded(_shared_cores)),
    fault(
        "half-the-ram-is-reserved", "XIO-STM-019", "half the ram is reserved", resources(memory=lambda told: told // 2)
    ),
    fault(
        "half-the-storage-is-reserved",
        "XIO-STM-019",
        "half the storage is reserved",
        resources(storage=lambda told: told // 2),
    ),
    fault("known-gpus-are-all-alike", "XIO-STM-020", "known gpus are all alike", asked(known_gpus_are_all_alike)),
    fault("a-node-too-many", "XIO-STM-021", "a node too many", runs(_hosts)),
    fault(
        "gpu-memory-is-rounded-down",
        "XIO-STM-022",
        "gpu memory is rounded down",
        resources(vram=lambda told: int(told * 0.9)),
    ),
    fault(
        "gpu-memory-must-exceed",
        "XIO-STM-022",
        "gpu memory must exceed",
        resources(vram=lambda told: told + (1 if told else 0)),
    ),
    fault(
        "gpu-names-must-be-exact",
        "XIO-STM-023",
        "gpu names must be exact",
        asked(
            lambda call, members, wanted: setattr(
                wanted, "resources", revised(wanted.resources, gpu_model=members["gpu_name"] or None)
            )
        ),
    ),
    fault("regions-are-ignored", "XIO-STM-024", "regions are ignored", resources(any_labels=lambda told: ())),
    fault(
        "always-one-node",
        "XIO-STM-025",
        "a job never gets more than one node",
        patched("mockserver.adapters.xio.reading:_request", _one_node),
    ),
    fault("whole-gpus-only", "XIO-STM-028", "parts of GPUs are not taken", demanded(_whole_gpus)),
]
