"""Faults of ByteNite: capacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.simulation.request import Team
from tests.conformance.faults import Apply, patched
from tests.conformance.faults.bytenite.shapers import fault


def _keeps(*phases: str) -> Apply:
    """Jobs and tasks that go into one of these phases keep what they hold."""

    def make(original: Any) -> Any:
        return lambda placement, job: None if job.stage.phase in phases else original(placement, job)

    return patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", make)


def _last_first(original: Any) -> Any:
    def push(queue: Any, job: Any) -> None:
        serial, job.serial = job.serial, -abs(job.serial)
        original(queue, job)
        job.serial = serial

    return push


def _teams(parallel: Callable[[int], int]) -> Apply:
    return patched(
        "mockserver.adapters.bytenite.reading:team",
        lambda _: lambda config, count: Team(count, parallel(count), run=config.get("taskTimeout") or None),
    )


def _fourth_first(original: Any) -> Any:
    def push(queue: Any, job: Any) -> None:
        serial = job.serial
        job.serial -= 4 * (serial % 4 == 3)
        original(queue, job)
        job.serial = serial

    return push


def _first_only(original: Any) -> Any:
    return lambda placement, job: (
        None if job.stage.phase == "cancelled" and job.key.endswith("/1") else original(placement, job)
    )


FAULTS = [
    fault(
        "last-come-first-served",
        "BYT-PRI-002",
        "the job that was created last begins first",
        patched("mockserver.simulation.placement.queue:Queue.push", _last_first),
    ),
    fault(
        "every-fourth-goes-ahead",
        "BYT-PRI-002",
        "every fourth job goes ahead",
        patched("mockserver.simulation.placement.queue:Queue.push", _fourth_first),
    ),
    fault(
        "aborted-holds-on",
        "BYT-STM-021",
        "the tasks of an aborted job keep their capacity",
        _keeps("cancelled"),
        "BYT-STM-022",
        "BYT-STM-023",
    ),
    fault(
        "second-task-stays",
        "BYT-STM-021",
        "the second task of an aborted job keeps its capacity",
        patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", _first_only),
    ),
    fault(
        "deleted-holds-on",
        "BYT-STM-022",
        "the tasks of a deleted job go on",
        patched("mockserver.simulation.scheduler:disband", lambda _: lambda scheduler, job: None),
    ),
    fault("failed-holds-on", "BYT-STM-023", "failed tasks keep their capacity", _keeps("failed"), "BYT-STM-021"),
    fault(
        "complete-holds-on",
        "BYT-STM-023",
        "a complete job keeps its capacity",
        _keeps("succeeded"),
        "BYT-TIM-013",
        "BYT-STM-001",
    ),
    fault("tasks-one-by-one", "BYT-STM-024", "tasks run one after the other", _teams(lambda _: 1)),
    fault("tasks-two-by-two", "BYT-STM-024", "two tasks of a job run at most", _teams(lambda count: min(count, 2))),
]
