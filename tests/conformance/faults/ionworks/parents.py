"""Faults of Ionworks: parents and children."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import patched
from tests.conformance.faults.ionworks.shapers import SCHEDULER, WORLD, cancel, fault, keeps, once_around, sent


def _parents_do_not_wait(original: Any, arguments: Any) -> Any:
    arguments[1].open_children = 0
    return original(*arguments)


def _first_child_joins(original: Any, arguments: Any) -> Any:
    parent = arguments[1].parent
    if parent is not None and parent.stage.phase == "waiting":
        parent.open_children = 1
    return original(*arguments)


def _waits_on(world: Any, job: Any) -> bool:
    return bool(job.stage.name != "waiting")


def _with_children(world: Any, job: Any) -> bool:
    for other in [one for one in world.everybody() if one.parent is job and not one.is_terminal]:
        world.scheduler.cancel(other, "with its parent")
    return True


def _with_parent(world: Any, job: Any) -> bool:
    if job.parent is not None and not job.parent.is_terminal:
        world.scheduler.cancel(job.parent, "with its child")
    return True


FAULTS = [
    fault(
        "children-never-run",
        "ION-STM-013",
        "a child is never placed",
        sent(
            lambda b: (
                b["params"].update(MOCK_STAY_QUEUED=True)
                if b.get("parent_job_id") and isinstance(b.get("params"), dict)
                else None
            )
        ),
    ),
    fault(
        "parents-do-not-wait",
        "ION-STM-014",
        "a parent completes with its own run",
        patched(f"{SCHEDULER}._end_run", once_around(_parents_do_not_wait)),
        "ION-STM-015",
    ),
    fault(
        "first-child-joins",
        "ION-STM-015",
        "a parent completes with its first child",
        patched(f"{SCHEDULER}._leave_parent", once_around(_first_child_joins)),
    ),
    fault(
        "parents-wait-on",
        "ION-STM-015",
        "a waiting parent never completes",
        patched(f"{SCHEDULER}._leave_parent", lambda _: lambda scheduler, job: None),
    ),
    fault(
        "waiting-is-not-canceled",
        "ION-STM-016",
        "a cancel of a waiting parent is passed over",
        patched(f"{WORLD}.cancel", cancel(_waits_on)),
    ),
    fault(
        "children-go-too",
        "ION-STM-017",
        "a cancel of a parent takes its children along",
        patched(f"{WORLD}.cancel", cancel(_with_children)),
    ),
    fault(
        "parent-goes-too",
        "ION-STM-018",
        "a cancel of a child takes its parent along",
        patched(f"{WORLD}.cancel", cancel(_with_parent)),
    ),
    fault(
        "parent-holds-on", "ION-STM-025", "a parent that waits for its children keeps its capacity", keeps("waiting")
    ),
]
