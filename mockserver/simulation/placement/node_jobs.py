"""Which jobs hold something of which node, so that a failing node need not look at all jobs."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.job import Job


class NodeJobs:
    """The jobs `on` each node, by its number."""

    __slots__ = ("on",)

    def __init__(self, nodes: int) -> None:
        self.on: list[dict[Job, None]] = [{} for _ in range(nodes)]

    def enter(self, job: Job) -> None:
        """`job` has been given what it holds."""
        for node, _ in job.holding:
            self.on[node][job] = None

    def leave(self, job: Job) -> None:
        """`job` is about to give back what it holds."""
        for node, _ in job.holding:
            del self.on[node][job]

    def of(self, node: int) -> list[Job]:
        """Those on `node`, the oldest first."""
        return sorted(self.on[node])


class Holdings:
    """The jobs that hold nodes, the oldest grant first, with the nodes of each (`masks`); `shared` are the nodes that
    more than one holds.
    """

    __slots__ = ("_held", "_node_jobs", "masks", "shared")

    def __init__(self, node_jobs: NodeJobs) -> None:
        self._node_jobs = node_jobs
        self._held = 0
        self.masks: dict[Job, int] = {}
        self.shared = 0

    def enter(self, job: Job) -> None:
        """`job` has been given what it holds."""
        self._node_jobs.enter(job)
        self._note(job)

    def _note(self, job: Job) -> None:
        mask = self.masks[job] = mask_of(node for node, _ in job.holding)
        self.shared |= self._held & mask
        self._held |= mask

    def resume(self, holders: Iterable[Job]) -> None:
        """Go on with these, which the nodes know already."""
        for job in holders:
            self._note(job)

    def leave(self, job: Job) -> None:
        """`job` is about to give back what it holds."""
        self._node_jobs.leave(job)
        mask = self.masks.pop(job)
        shared = mask & self.shared
        self._held &= ~(mask & ~shared)
        for node in bits(shared):
            if len(self._node_jobs.on[node]) == 1:
                self.shared ^= 1 << node
