"""What the one who runs a cluster does to its nodes."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.simulation.cluster import DOWN, DRAINING, READY, Node
from mockserver.simulation.job import Job, Outcome
from mockserver.simulation.scheduler import Scheduler


def lose_node(scheduler: Scheduler, number: int, jobs: Iterable[Job]) -> None:
    """The node is gone with all that runs there: of `jobs`, those that hold it are displaced, or fail where that cannot be."""
    scheduler.settle()
    scheduler.cluster.set_condition(number, DOWN)
    for job in list(jobs):
        if any(node == number for node, _ in job.holding):
            event = "displaced" if "displaced" in job.stage.on else "failed"
            if event in job.stage.on:
                scheduler.enter(job, job.stage.on[event], event, Outcome(None, reason="node_lost"))


def drain_node(scheduler: Scheduler, number: int) -> None:
    """The node takes no more jobs; what runs there stays."""
    scheduler.settle()
    scheduler.cluster.set_condition(number, DRAINING)


def restore_node(scheduler: Scheduler, number: int) -> None:
    """The node takes jobs again."""
    scheduler.settle()
    scheduler.cluster.set_condition(number, READY)
    scheduler.allotment.opened(1 << number)


def add_node(scheduler: Scheduler, node: Node) -> None:
    """One more node, ready to be used."""
    scheduler.settle()
    scheduler.allotment.opened(1 << scheduler.cluster.add(node))
