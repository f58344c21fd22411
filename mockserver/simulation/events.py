"""What is due when: one heap, and a fixed order inside an instant.

An event is a tuple `(instant, order, kind, job, generation, detail)`. `order` packs the kind's rank
inside the instant above a serial number, so equal instants run in rank order and equal ranks in the
order they were scheduled. An event whose generation is not its job's any more is void and inert.
"""

from __future__ import annotations

from heapq import heappop, heappush

from mockserver.simulation.job import Job
from mockserver.simulation.request import Outcome

RUN_END, TIMEOUT, STEP, RELEASE, EXPIRY, NODE = range(6)
"""Kinds: a run ends; a limit passes; a state is left after its time; a job becomes eligible; a finished job is
forgotten; a node fails or returns.
"""

RANK = {RUN_END: 1, STEP: 1, TIMEOUT: 3, RELEASE: 4, EXPIRY: 6, NODE: 0}
"""Order inside one instant. Between the ranks: 2 what clients ask, 5 placement."""

_RANK_BITS = 48
_BASE = tuple(RANK[kind] << _RANK_BITS for kind in range(len(RANK)))

AFTER_PLACEMENT = _BASE[EXPIRY]
"""Orders from here on come after the placement pass of their instant."""

WHOLE_JOB = -1
"""Generation of an event that concerns the job through all its attempts; void once it has ended or was discarded."""

Event = tuple[int, int, int, Job, int, "Outcome | str | None"]


class Agenda:
    """The agenda of one world."""

    __slots__ = ("heap", "serial")

    def __init__(self) -> None:
        self.heap: list[Event] = []
        self.serial = 0

    def add(self, instant: int, kind: int, job: Job, *, generation: int, detail: Outcome | str | None = None) -> None:
        """Let `kind` happen to `job` at `instant` unless the job's generation has moved on by then."""
        self.serial += 1
        heappush(self.heap, (instant, _BASE[kind] + self.serial, kind, job, generation, detail))

    def next_instant(self) -> int | None:
        """The instant of the first event that still means something, or None; void ones before it are dropped."""
        heap = self.heap
        while heap:
            event = heap[0]
            if event[4] == event[3].generation or (event[4] == WHOLE_JOB and not event[3].is_over):
                return event[0]
            heappop(heap)
        return None
