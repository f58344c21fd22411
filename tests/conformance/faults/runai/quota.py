"""Faults of Run:AI: quotas and preemption."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

from mockserver.simulation.placement.queue import Line
from tests.conformance.faults import Apply, patched
from tests.conformance.faults.runai.shapers import SIMULATION, WAITS, Job, fault, is_workbench, make, said, simulates

FAIR = "mockserver.simulation.placement.fairshare"


def _still_counts(when: Callable[[Any], bool]) -> Apply:
    """What a project has is not less when a job that is so gives back its nodes."""

    def make(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            before = self.quotas.allocated[job.request.project]
            original(self, job)
            if when(job):
                self.quotas.allocated[job.request.project] = before

        return give_back

    return patched(f"{SIMULATION}.placement.fairshare:FairShare.give_back", make)


def _last_first(*, of_workbenches: bool) -> Apply:
    def make(original: Any) -> Any:
        def push(self: Any, job: Any) -> None:
            before = job.serial
            job.serial = -before if bool(job.request.priority) is of_workbenches else before
            original(self, job)
            job.serial = before

        return push

    return patched(f"{SIMULATION}.placement.project_queue:Waiting.push", make)


def _stays(request: Any, wanted: Job) -> None:
    if wanted.get("preemptible") is False:
        request.preemptible = False


def _anybodys(original: Any) -> Any:
    """Nobody has to be above anything for others to take from it."""
    return lambda self, name, job: -1


def _youngest_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        line = self.lines.setdefault(job.shape, Line(job.shape))
        heappush(line.waiting, (-job.request.priority, -job.serial, job, job.generation))

    return push


def _equal_shares(original: Any) -> Any:
    def shares(projects: Any, demand: Any, total: float) -> Any:
        return dict.fromkeys(original(projects, demand, total), total / max(1, len(projects)))

    return shares


def _others_leave(original: Any) -> Any:
    """A job that finds no room evicts whatever other projects have there."""
    from mockserver.simulation.placement.making_room import eviction

    def plan(self: Any, job: Any, *, may_reclaim: bool) -> Any:
        others = (one for one in self.holders if one.request.project != job.request.project and one not in self.evicted)
        is_tried = may_reclaim and job not in self.evicted
        return (eviction(self.cluster, job.shape, others) if is_tried else None) or original(
            self, job, may_reclaim=may_reclaim
        )

    return plan


def _parts_stay(original: Any) -> Any:
    """What a project had of a GPU in parts stays in its account."""

    def give_back(self: Any, job: Any) -> None:
        part = (
            sum(amount for _, amount in job.shape.demand if job.shape.share) if 0 < job.request.resources.gpu < 1 else 0
        )
        original(self, job)
        self.quotas.allocated[job.request.project] += part

    return give_back


def _equals_leave(original: Any) -> Any:
    """Of its own project a job that finds no room evicts whatever can be evicted."""
    from mockserver.simulation.placement.making_room import eviction

    def plan(self: Any, job: Any, *, may_reclaim: bool) -> Any:
        found = original(self, job, may_reclaim=may_reclaim)
        if found is None and self.quotas.is_first_round and job not in self.evicted:
            own = (
                other
                for other in reversed(self.holders)
                if other.request.project == job.request.project
                and other.request.preemptible
                and other not in self.evicted
            )
            found = eviction(self.cluster, job.shape, own)
        return found

    return plan


FAULTS = [
    fault("no-priority", "RAI-PRI-001", "workbenches wait like any other job", make(priority=0), "RAI-PRI-002"),
    fault(
        "no-preemption",
        "RAI-PRI-002",
        "nobody makes room for a workbench",
        make(preemptible=False),
        "RAI-PRI-005",
        "RAI-PRI-004",
    ),
    fault(
        "workbench-over-quota", "RAI-PRI-003", "workbenches may exceed the quota", make(preemptible=True), "RAI-PRI-010"
    ),
    fault(
        "training-within-quota",
        "RAI-PRI-004",
        "training jobs stay within the quota",
        make(preemptible=lambda request, wanted: is_workbench(request) and request.preemptible),
    ),
    fault(
        "training-stays", "RAI-PRI-005", "training may say that it is not taken back", simulates(_stays), "RAI-PRI-004"
    ),
    fault(
        "no-reclaim",
        "RAI-PRI-005",
        "nothing is taken back from projects above their quota",
        patched(
            f"{SIMULATION}.placement.victims:Victims.reclaimable",
            lambda original: lambda self, job, others: iter(()),
        ),
        "RAI-PRI-009",
    ),
    fault(
        "taken-back-for-good",
        "RAI-PRI-005",
        "a training job that is taken back is over",
        make(restartable=False),
        "RAI-PRI-006",
        "RAI-PRI-002",
    ),
    fault(
        "no-return",
        "RAI-PRI-006",
        "a job that was taken back does not run again",
        patched(
            f"{SIMULATION}.placement.fairshare:FairShare.wait",
            lambda original: lambda self, job: original(self, job) if len(job.history) < 10 else None,
        ),
    ),
    fault(
        "no-consolidation",
        "RAI-PRI-007",
        "jobs are never moved together",
        patched(f"{SIMULATION}.placement.victims:consolidation", lambda original: lambda *args: None),
    ),
    fault(
        "preemptible-ignored",
        "RAI-PRI-008",
        "a workbench that may be taken back stays within the quota",
        make(preemptible=lambda request, wanted: not is_workbench(request)),
        "RAI-PRI-009",
    ),
    fault(
        "preempted-as-failed",
        "RAI-PRI-009",
        "a workbench that is taken back is told as Failed",
        said("status", {"Preempted": "Failed"}),
    ),
    fault("preempted-waits", "RAI-PRI-009", "a workbench that is taken back waits again", make(restartable=True)),
    fault(
        "workbenches-evictable",
        "RAI-PRI-010",
        "the youngest job is taken back, whatever it is",
        patched(
            f"{SIMULATION}.placement.victims:is_evictable",
            lambda original: lambda job: bool(job.stage.on.keys() & {"displaced", "preempted"}),
        ),
    ),
    fault(
        "workbench-taken-back",
        "RAI-PRI-010",
        "a workbench within quota is made to leave",
        patched(f"{SIMULATION}.placement.victims:Victims.clearing", _others_leave),
    ),
    fault(
        "equal-shares",
        "RAI-PRI-011",
        "idle GPUs are shared alike",
        patched(f"{SIMULATION}.placement.quotas:fair_shares", _equal_shares),
    ),
    fault(
        "workbenches-last-first",
        "RAI-PRI-017",
        "of workbenches that wait the last goes first",
        _last_first(of_workbenches=True),
    ),
    fault("training-last-first", "RAI-PRI-017", "under quotas the last goes first", _last_first(of_workbenches=False)),
    fault(
        "youngest-first",
        "RAI-PRI-017",
        "the youngest job runs first",
        patched(f"{SIMULATION}.placement.queue:Queue.push", _youngest_first),
    ),
    fault(
        "ended-still-count",
        "RAI-PRI-022",
        "an ended job still counts against the quota",
        _still_counts(lambda job: job.phase in ("succeeded", "failed")),
    ),
    fault(
        "taken-back-still-count",
        "RAI-PRI-022",
        "a job that was taken back still counts against the quota",
        _still_counts(lambda job: WAITS(job) and not job.failures),
    ),
    fault(
        "unfair-reclaim",
        "RAI-PRI-022",
        "what is within quota is taken back too",
        patched("mockserver.simulation.placement.victims:Victims.bar", _anybodys),
    ),
    fault(
        "parts-stay-in-account",
        "RAI-PRI-022",
        "a part of a GPU stays in its project's account",
        patched(f"{FAIR}:FairShare.give_back", _parts_stay),
    ),
    fault(
        "training-evicts-training",
        "RAI-PRI-023",
        "training takes the place of training",
        patched(f"{SIMULATION}.placement.victims:Victims.clearing", _equals_leave),
    ),
]
