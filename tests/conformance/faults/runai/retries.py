"""Faults of Run:AI: retries."""

from __future__ import annotations

from typing import Any

from mockserver.simulation.request import NO_BACKOFF, Backoff, Outcome
from tests.conformance.faults import patched
from tests.conformance.faults.runai.shapers import SCHEDULER, SIMULATION, fault, is_workbench, make, submits


def _leaks_when_tried_again(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        shape, holding = job.shape, job.holding
        original(self, job)
        if holding and job.failures and job.phase == "queued" and job.request.resources.gpu:
            self.cluster.take(shape, 1 << holding[0][0])

    return give_back


def _counted(original: Any) -> Any:
    def evict(self: Any, job: Any) -> None:
        job.failures += 1
        original(self, job)

    return evict


def _never_mends(original: Any) -> Any:
    def run(self: Any, job: Any) -> Any:
        outcome = original(self, job)
        return Outcome(outcome.duration, 1, "exit code 1") if job.failures and outcome.duration is not None else outcome

    return run


def _twice(original: Any) -> Any:
    def run(self: Any, job: Any) -> Any:
        outcome = original(self, job)
        return Outcome(outcome.duration, 1, "exit code 1") if not job.failures and job.request.retries == 5 else outcome

    return run


FAULTS = [
    fault(
        "retries-at-most-six",
        "RAI-RTY-001",
        "no job is tried again more than six times",
        submits(
            lambda job: (
                job.__setitem__("backoffLimit", 6)
                if type(job.get("backoffLimit")) is int and job["backoffLimit"] > 6
                else None
            )
        ),
    ),
    fault(
        "retries-one-more",
        "RAI-RTY-001",
        "a failed job is tried once too often",
        make(retries=lambda request, wanted: request.retries + (not is_workbench(request))),
    ),
    fault(
        "retries-one-less",
        "RAI-RTY-001",
        "a failed job is tried once too seldom",
        make(retries=lambda request, wanted: max(0, request.retries - 1)),
    ),
    fault("retries-none", "RAI-RTY-001", "a failed job is not tried again", make(retries=0), "RAI-RTY-002"),
    fault(
        "retries-in-vain",
        "RAI-RTY-002",
        "a second attempt never succeeds",
        patched(f"{SIMULATION}.workload:Workload.run", _never_mends),
    ),
    fault(
        "runs-twice",
        "RAI-RTY-003",
        "a good first run does not count",
        patched(f"{SIMULATION}.workload:Workload.run", _twice),
    ),
    fault("pauses-none", "RAI-RTY-004", "a failed job is tried again at once", make(backoff=NO_BACKOFF)),
    fault(
        "pauses-constant",
        "RAI-RTY-004",
        "the pauses before retries are all ten seconds",
        make(backoff=Backoff(10.0, 10.0)),
    ),
    fault("pauses-twenty", "RAI-RTY-004", "the pauses begin with twenty seconds", make(backoff=Backoff(20.0, 360.0))),
    fault("pauses-endless", "RAI-RTY-005", "the pauses have no end", make(backoff=Backoff(10.0, 1e9))),
    fault(
        "taken-back-is-failed",
        "RAI-RTY-006",
        "to be taken back counts as a failure",
        patched(f"{SCHEDULER}._evict", _counted),
    ),
    fault(
        "leak-when-tried-again",
        "RAI-RTY-007",
        "a try that failed leaves its GPU taken",
        patched(f"{SIMULATION}.placement.placement_pass:PlacementPass.give_back", _leaks_when_tried_again),
    ),
]
