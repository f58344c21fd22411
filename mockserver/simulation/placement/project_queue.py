"""Who waits where projects have quotas: by project, and in each in lines of jobs that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import size
from mockserver.simulation.placement.queue import Entry

Kind = tuple[str, Shape, bool, int]
"""Project, shape, whether it can be evicted, priority: jobs that are alike in these are helped alike."""


def kind_of(job: Job) -> Kind:
    """What `job` has in common with all that are helped alike."""
    request = job.request
    return request.project, job.shape.smallest or job.shape, request.preemptible, request.priority


class Waiting:
    """Who waits, by project and kind; `demand` adds up their GPUs (thousandths) by project."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[Kind, list[Entry]]] = {}
        self.demand: dict[str, int] = {}
        self._waits: dict[Job, Kind] = {}

    def push(self, job: Job) -> None:
        """Let `job` wait at its rank: priority, then order of submission."""
        kind = kind_of(job)
        line = self.lines.setdefault(job.request.project, {}).setdefault(kind, [])
        heappush(line, (-job.request.priority, job.serial, job, job.generation))
        self._waits[job] = kind
        self.demand[kind[0]] = self.demand.get(kind[0], 0) + size(kind[1])

    def drop(self, job: Job) -> None:
        """`job` waits no more, if it did."""
        kind = self._waits.pop(job, None)
        if kind is not None:
            self.demand[kind[0]] -= size(kind[1])

    def projects(self) -> list[str]:
        """The projects of which anybody may wait."""
        return list(self.lines)

    def heads(self, project: str) -> list[tuple[Kind, Job]]:
        """The first of each kind of `project`, by rank; lines in which nobody waits any more are let go."""
        found = []
        lines = self.lines.get(project, {})
        for kind, line in list(lines.items()):
            while line and not self._still(line[0]):
                heappop(line)
            if line:
                found.append((line[0][:3], kind))
            else:
                del lines[kind]
        if project in self.lines and not lines:
            del self.lines[project]
        return [(kind, entry[2]) for entry, kind in sorted(found, key=lambda one: one[0])]

    def shapes(self) -> list[Shape]:
        """What those who wait ask for."""
        return list({kind[1]: None for kind in self._waits.values()})

    def _still(self, entry: Entry) -> bool:
        return entry[2].generation == entry[3] and entry[2] in self._waits

    def __iter__(self) -> Iterator[Job]:
        """Everybody who waits."""
        return iter(list(self._waits))

    def __len__(self) -> int:
        return len(self._waits)
