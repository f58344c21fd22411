"""Faults of Run:AI that show only after others succeeded, while a workbench is prepared, on several machines, in mixed letters."""

from __future__ import annotations

from typing import Any

from mockserver.simulation.request import Outcome, ResourceRequest
from tests.conformance.faults import Asked, Fault, Told, answers, patched
from tests.conformance.faults.runai import simulates

SCHEDULER, FAIR = "mockserver.simulation.scheduler:Scheduler", "mockserver.simulation.placement.fairshare"


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"runai:{name}", "runai", requirement, describe, apply, also)


def _preparation_counts(original: Any) -> Any:
    """The limit counts from when the node was given."""

    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "run" and span is not None:
            given = next((instant for instant, _, event, _ in job.steps() if event == "allocated"), self.clock.now)
            span = max(0.0, span - (self.clock.now - given) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def _good_enough(original: Any) -> Any:
    """A run that fails after another has succeeded ends its job well."""

    def fails(scheduler: Any, member: Any, stage: Any, event: str) -> None:
        lead, crew = member.parent, member.parent.crew
        if not crew.done:
            original(scheduler, member, stage, event)
            return
        crew.active, crew.open, crew.failed = crew.active - 1, crew.open - 1, crew.failed + 1
        scheduler.enter(lead, lead.stage.on["succeeded"], "succeeded", Outcome(None))

    return fails


def _impatient(original: Any) -> Any:
    """A job bears one failure less than it says."""

    def bears(member: Any) -> bool:
        return bool(original(member) and member.parent.failures < member.parent.request.team.tolerate)

    return bears


def _small_letters(request: Any, wanted: dict[str, Any]) -> None:
    own: ResourceRequest = request.resources
    request.resources = type(own)(**{name: getattr(own, name) for name in own.__struct_fields__} | {"labels": tuple(label.lower() for label in own.labels)})


def _parts_stay(original: Any) -> Any:
    """What a project had of a GPU in parts stays in its account."""

    def give_back(self: Any, job: Any) -> None:
        part = sum(amount for _, amount in job.shape.demand if job.shape.share) if 0 < job.request.resources.gpu < 1 else 0
        original(self, job)
        self.allocated[job.request.project] += part

    return give_back


def _equals_leave(original: Any) -> Any:
    """Of its own project a job that finds no room evicts whatever can be evicted."""
    from mockserver.simulation.placement.making_room import eviction

    def plan(self: Any, job: Any, *, may_reclaim: bool) -> Any:
        found = original(self, job, may_reclaim=may_reclaim)
        if found is None and self._in_first_round:
            own = (other for other in reversed(self.holders) if other.request.project == job.request.project and other.request.preemptible)
            found = eviction(self.cluster, job, own)
        return found

    return plan


def _first_node(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status == 200 else ():
        job["nodes"] = job["nodes"][:1]


FAULTS = [
    _fault("preparation-counts", "RAI-TMO-012", "the limit of workbenches counts their preparation", patched(f"{SCHEDULER}.arm", _preparation_counts)),
    _fault("late-failures-forgiven", "RAI-STM-013", "one good run is enough", patched("mockserver.simulation.team:_member_fails", _good_enough)),
    _fault("first-failure-not-borne", "RAI-STM-013", "a job bears one failure less", patched("mockserver.simulation.scheduler:bears", _impatient)),
    _fault("node-types-in-small-letters", "RAI-PRI-013", "node types are looked for in small letters", simulates(_small_letters)),
    _fault("parts-stay-in-account", "RAI-PRI-022", "a part of a GPU stays in its project's account", patched(f"{FAIR}:FairShare.give_back", _parts_stay)),
    _fault("training-evicts-training", "RAI-PRI-023", "training takes the place of training", patched(f"{FAIR}:FairShare._without_slack", _equals_leave)),
    _fault("first-node-only", "RAI-RSP-011", "a job tells the first of its nodes", answers("runai", "list", _first_node)),
]
