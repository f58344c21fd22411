"""What an operator does to nodes: fail, drain, restore, add."""

from __future__ import annotations

from typing import cast

from mockserver.simulation.cluster.node import DOWN, DRAINING, READY, Node
from mockserver.simulation.events import NODE
from mockserver.simulation.job import Job
from mockserver.simulation.request import Outcome
from mockserver.simulation.scheduler import Scheduler


class NodeTimer:
    """Stands on the agenda for one node's next failure or return; `count` failures have been."""

    __slots__ = ("count", "generation", "is_over", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = 0
        self.generation = 0
        self.is_over = False


def begin(scheduler: Scheduler) -> None:
    """Put the first failure of each node on the agenda, if nodes fail in this scenario."""
    for number in range(len(scheduler.cluster.nodes)):
        _arm(scheduler, NodeTimer(number))


def turn(scheduler: Scheduler, timer: NodeTimer) -> None:
    """The node of `timer` fails, or returns, and the opposite is put on the agenda."""
    if scheduler.cluster.conditions[timer.number] == READY:
        _lose(scheduler, timer.number)
        timer.count += 1
    else:
        scheduler.cluster.set_condition(timer.number, READY)
        scheduler.placement.opened(1 << timer.number)
    _arm(scheduler, timer)


def _arm(scheduler: Scheduler, timer: NodeTimer) -> None:
    name, workload = scheduler.cluster.nodes[timer.number].name, scheduler.workload
    is_up = scheduler.cluster.conditions[timer.number] == READY
    span = workload.node_fails_after(name, timer.count) if is_up else workload.node_returns_after(name, timer.count - 1)
    if span is not None:
        # The agenda asks of a job nothing but its generation, and whether it is over.
        scheduler.agenda.add(scheduler.clock.now + span, NODE, cast(Job, timer), generation=0)


def lose_node(scheduler: Scheduler, number: int) -> None:
    """The node is gone with all that runs there: those that hold it are displaced, the oldest first, or fail where that
    cannot be.
    """
    scheduler.settle()
    _lose(scheduler, number)


def _lose(scheduler: Scheduler, number: int) -> None:
    scheduler.cluster.set_condition(number, DOWN)
    scheduler.placement.closed()
    for job in scheduler.placement.node_jobs.of(number):
        if any(node == number for node, _ in job.holding):
            event = "displaced" if "displaced" in job.stage.on else "failed"
            if event in job.stage.on:
                scheduler.enter(job, job.stage.on[event], event, Outcome(None, reason="node_lost"))


def drain_node(scheduler: Scheduler, number: int) -> None:
    """The node takes no more jobs; what runs there stays."""
    scheduler.settle()
    scheduler.cluster.set_condition(number, DRAINING)
    scheduler.placement.closed()


def restore_node(scheduler: Scheduler, number: int) -> None:
    """The node takes jobs again."""
    scheduler.settle()
    scheduler.cluster.set_condition(number, READY)
    scheduler.placement.opened(1 << number)


def add_node(scheduler: Scheduler, node: Node) -> None:
    """One more node, ready to be used."""
    scheduler.settle()
    number = scheduler.cluster.add(node)
    scheduler.placement.node_jobs.on.append({})
    scheduler.placement.opened(1 << number)
