"""Which jobs hold something of which node, so that a failing node need not look at all jobs."""

from __future__ import annotations

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
