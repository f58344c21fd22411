"""Faults of openYuanrong: placement."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

from mockserver.adapters.openyuanrong import reading
from tests.conformance.faults import App, Apply, Asked, patched, requests
from tests.conformance.faults.openyuanrong.shapers import ADAPTER, API, SCHEDULER, fault, labels


def _crumbs_lost(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        node = job.holding[0][0]
        original(self, job)
        for index, _ in job.shape.demand[:1]:
            dimension = self.cluster.dimensions[index]
            dimension.set(node, max(0, dimension.free[node] - 1))

    return give_back


def _taken(cluster: Any, shape: Any, node: int, sign: int) -> None:
    for index, amount in shape.demand:
        dimension = cluster.dimensions[index]
        dimension.set(node, max(0, dimension.free[node] + sign * amount))


@contextlib.contextmanager
def _given_up_holds(app: App) -> Iterator[App]:
    """What a job waited for and did not get is missing from what is given back next."""
    lost: dict[int, list[Any]] = {}

    def timed_out(original: Any) -> Any:
        def time_out(self: Any, job: Any, limit: str) -> None:
            lost.setdefault(id(self.cluster), []).extend(
                [job.shape] if limit == "assign" and job.phase == "queued" else []
            )
            original(self, job, limit)

        return time_out

    def given_back(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            node = job.holding[0][0]
            original(self, job)
            for shape in lost.pop(id(self.cluster), []):
                _taken(self.cluster, shape, node, -1)

        return give_back

    with (
        patched(f"{SCHEDULER}._time_out", timed_out)(app),
        patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", given_back)(app),
    ):
        yield app


def _refused_holds(original: Any) -> Any:
    """The submission of an id that is taken reserves before it is refused."""

    def submission_id(call: Any) -> Any:
        key = original(call)
        cluster = call.world.scheduler.cluster
        asked = cluster.shape(reading._resources(call.body, ""))
        if key in call.world.jobs(API):
            _taken(cluster, asked, 0, -1)
        return key

    return submission_id


def _freed_twice(original: Any) -> Any:
    def delete(self: Any, job: Any) -> None:
        cluster, placement = self.scheduler.cluster, self.scheduler.placement
        placed = [detail for _, _, event, detail in job.steps() if event == "allocated"]
        original(self, job)
        if placed:
            node = next(number for number, one in enumerate(cluster.nodes) if one.name == placed[-1][0])
            _taken(cluster, job.shape, node, 1)
            placement.opened(1 << node)

    return delete


def _label_begins(original: Any) -> Any:
    return lambda node, trait, wanted: (
        any(key.startswith(str(wanted)) for key in node.labels) if trait == "label" else original(node, trait, wanted)
    )


def asks_more(member: str, was: float, becomes: float) -> Apply:
    """One amount reaches the mock as another."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and asked.body.get(member) == was:
            asked.body[member] = becomes

    return requests(API, "submit", edit)


def without(*members: str) -> Any:
    """Submissions reach the mock without these members."""

    def edit(asked: Asked) -> None:
        for member in members:
            if isinstance(asked.body, dict):
                asked.body.pop(member, None)

    return requests(API, "submit", edit)


def keeps(event: str) -> Any:
    """What a job holds is not given back when it ends with this event."""

    def make(original: Any) -> Any:
        def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
            holding = job.holding
            if what == event and holding and stage.is_terminal:
                job.holding = ()
            original(self, job, stage, what, detail)

        return enter

    return patched(f"{SCHEDULER}.enter", make)


def _body_labels_win(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("labels"):
        asked.headers.pop("x-pool-label", None)


def _requeued(original: Any) -> Any:
    """A job that loses its node is made anew under its id."""

    def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
        if what == "displaced" and stage.name == "FAILED":
            original(self, job, job.stage.on["succeeded"], "succeeded", detail)
        else:
            original(self, job, stage, what, detail)

    return enter


def _last_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        serial, job.serial = job.serial, -job.serial
        original(self, job)
        job.serial = serial

    return push


def amounts(member: str, change: Callable[[float], float]) -> Any:
    """Jobs take another amount than they ask for."""

    def edit(asked: Asked) -> None:
        found = asked.body.get(member) if isinstance(asked.body, dict) else None
        if isinstance(found, dict):
            asked.body[member] = {
                name: change(value) if isinstance(value, float) else value for name, value in found.items()
            }
        elif isinstance(found, float) and found > 1:
            asked.body[member] = change(found)

    return requests(API, "submit", edit)


def _whole_gibibytes(asked: Asked) -> None:
    found = asked.body.get("entrypoint_memory") if isinstance(asked.body, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and 1 << 30 < found < 1 << 40:
        asked.body["entrypoint_memory"] = ceil(found / (1 << 30)) << 30


def _two_labels(asked: Asked) -> None:
    found = asked.headers.get("x-pool-label", "")
    if found.count(",") == 2:
        asked.headers["x-pool-label"] = found.rpartition(",")[0]


FAULTS = [
    fault("first-label-only", "OYR-PRI-001", "only the first label counts", labels(lambda text: text.split(",")[0])),
    fault(
        "labels-in-reverse",
        "OYR-PRI-001",
        "the last label is preferred",
        labels(lambda text: ",".join(reversed(text.split(",")))),
    ),
    fault("third-label", "OYR-PRI-001", "only two labels count", requests(API, "submit", _two_labels)),
    fault(
        "label-begins",
        "OYR-PRI-002",
        "a label fits every label that begins so",
        patched("mockserver.simulation.cluster.cluster:has", _label_begins),
    ),
    fault(
        "labels-are-wishes",
        "OYR-PRI-002",
        "any node will do for a job with labels",
        labels(lambda text: f"{text},unUseAntiOtherLabels"),
        "OYR-REQ-037",
    ),
    fault("body-labels-ignored", "OYR-PRI-003", "the member labels is ignored", without("labels")),
    fault(
        "body-labels-win",
        "OYR-PRI-003",
        "the member labels counts more than the header",
        requests(API, "submit", _body_labels_win),
    ),
    fault(
        "last-first",
        "OYR-PRI-004",
        "of equal jobs the last submitted runs first",
        patched("mockserver.simulation.placement.queue:Queue.push", _last_first),
    ),
    fault(
        "freed-twice",
        "OYR-STM-012",
        "a deletion gives back what the end gave back",
        patched("mockserver.simulation.world:World.delete", _freed_twice),
    ),
    fault(
        "cores-not-taken",
        "OYR-STM-012",
        "cores are promised twice",
        without("entrypoint_num_cpus"),
        "OYR-REQ-019",
        "OYR-REQ-020",
        "OYR-REQ-021",
        "OYR-REQ-022",
    ),
    fault(
        "memory-not-taken",
        "OYR-STM-012",
        "memory is promised twice",
        without("entrypoint_memory"),
        "OYR-REQ-024",
        "OYR-REQ-025",
        "OYR-REQ-026",
        "OYR-REQ-027",
    ),
    fault(
        "resources-not-taken",
        "OYR-STM-012",
        "other resources are promised twice",
        without("entrypoint_resources"),
        "OYR-REQ-034",
        "OYR-REQ-035",
    ),
    fault(
        "whole-cores",
        "OYR-STM-012",
        "cores are rounded up",
        amounts("entrypoint_num_cpus", ceil),
        "OYR-REQ-018",
        "OYR-REQ-019",
    ),
    fault(
        "whole-gibibytes", "OYR-STM-012", "memory is rounded up to gibibytes", requests(API, "submit", _whole_gibibytes)
    ),
    fault("whole-resources", "OYR-STM-012", "other resources are rounded up", amounts("entrypoint_resources", ceil)),
    fault("stopped-holds", "OYR-STM-013", "a stopped job keeps what it held", keeps("cancelled")),
    fault(
        "succeeded-holds",
        "OYR-STM-013",
        "a job that succeeded keeps what it held",
        keeps("succeeded"),
        "OYR-PRI-004",
        "OYR-TIM-010",
    ),
    fault("failed-holds", "OYR-STM-013", "a job that failed keeps what it held", keeps("failed")),
    fault(
        "lost-is-well",
        "OYR-STM-014",
        "a job that loses its node has succeeded",
        patched(f"{SCHEDULER}.enter", _requeued),
    ),
    fault("given-up-holds", "OYR-STM-018", "a job that gave up waiting takes its room with it", _given_up_holds),
    fault(
        "refused-holds",
        "OYR-STM-018",
        "a submission that is refused for its id holds room",
        patched(f"{ADAPTER}.jobs:submission_id", _refused_holds),
    ),
    fault(
        "crumbs-lost",
        "OYR-STM-019",
        "a thousandth of a core is lost with each job",
        patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", _crumbs_lost),
    ),
    fault(
        "never-full", "OYR-STM-019", "all cores of a node are never given", asks_more("entrypoint_num_cpus", 4, 4.001)
    ),
    fault(
        "other-megabytes",
        "OYR-STM-019",
        "memory is counted in megabytes of another size",
        asks_more("entrypoint_memory", 4 << 30, 4_504_000_000),
    ),
]
