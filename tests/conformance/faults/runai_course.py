"""Faults of the course of Run:AI's jobs: ends, retries, times to live, quotas and priorities."""

from __future__ import annotations

from fractions import Fraction
from heapq import heappush
from typing import Any

from msgspec.structs import replace

from mockserver.simulation.placement.queue import Line
from mockserver.simulation.request import NO_BACKOFF, NO_LIMITS, Backoff, Limits, Outcome
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, patched
from tests.conformance.faults.runai import ADAPTER, ERROR, Job, lists, of, said, simulates, submits

SIMULATION = "mockserver.simulation"


def _make(**changes: Any) -> Apply:
    """Other values of what the adapter asks of the simulation, for all jobs."""

    def change(request: Any, wanted: Job) -> None:
        for name, value in changes.items():
            setattr(request, name, value(request, wanted) if callable(value) else value)

    return simulates(change)


def _is_workbench(request: Any) -> bool:
    return bool(request.endless)


def _retried_workbench(request: Any, wanted: Job) -> None:
    if _is_workbench(request):
        request.retries, request.backoff = wanted.get("backoffLimit", 6), Backoff(10.0, 360.0)


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


def _kept(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        if not job.is_terminal:
            original(self, job)

    return give_back


def _only_forgotten(original: Any) -> Any:
    def delete(self: Any, job: Any) -> None:
        self.settle()
        self.forget(job)

    return delete


def _spans(change: Any) -> Apply:
    return patched(f"{ADAPTER}.reading:span", lambda original: lambda text: change(text, original(text)))


def _minutes_are_seconds(text: str, seconds: int) -> int:
    return seconds // 60 if text.endswith("m") else seconds


def _hours_are_minutes(text: str, seconds: int) -> int:
    return seconds // 60 if text.endswith("h") else seconds


def _hidden_when_old(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        world = call.world
        old = {job.payload.id for job in world.jobs("runai").values() if job.request.ttl is not None and world.now_us - job.created > job.request.ttl * 1_000_000}
        reply.body["data"] = [one for one in reply.body["data"] if one["id"] not in old]
        return reply

    return list_jobs


def _expired_names_stay(asked: Asked, told: Told) -> None:
    names = asked.memory.setdefault("names", set())
    if told.status < 300 and "ttlAfterFinish" in of(asked):
        if told.body["name"] in names:
            told.status, told.body = 409, {**ERROR, "status": 409}
        names.add(of(asked).get("name"))


def _quantity(units: dict[str, int]) -> Apply:
    """Memory in other units: a letter and what it multiplies with."""

    def change(request: Any, wanted: Job) -> None:
        text = wanted.get("memory") or ""
        letter = next((unit for unit in sorted(units, key=len, reverse=True) if text.endswith(unit)), None)
        if letter is not None:
            request.resources = replace(request.resources, memory=int(Fraction(text.removesuffix(letter)) * units[letter]))

    return simulates(change)


def _ghosts(original: Any) -> Any:
    """Names of jobs that were deleted make jobs of their name end, or vanish, when the deleted ones would have."""

    def list_jobs(call: Any) -> Any:
        reply, seen, world = original(call), call.world.shelf("ghosts"), call.world
        for job in world.jobs("runai").values():
            seen.setdefault(job.payload.name, (job.payload.id, world.now_us + 60_000_000))
        for one in reply.body["data"]:
            first, end = seen[one["name"]]
            if one["id"] != first and world.now_us > end and one["status"] == "Running":
                one["status"] = "Succeeded"
        return reply

    return list_jobs


def _youngest_first(original: Any) -> Any:
    def push(self: Any, job: Any) -> None:
        line = self.lines.setdefault(job.shape, Line(job.shape))
        heappush(line.waiting, (-job.request.priority, -job.serial, job, job.generation))

    return push


def _equal_shares(original: Any) -> Any:
    def shares(projects: Any, demand: Any, total: float) -> Any:
        return dict.fromkeys(original(projects, demand, total), total / max(1, len(projects)))

    return shares


def _cheaper(**changes: Any) -> Apply:
    """What jobs take of their nodes, changed."""
    def change(request: Any, wanted: Job) -> None:
        told = {name: value(getattr(request.resources, name), wanted) for name, value in changes.items()}
        request.resources = replace(request.resources, **told)

    return simulates(change)


def _unless(key: str, value: Any) -> Any:
    return lambda job: job.__setitem__(key, value) if key not in job and not job.get("interactive") else None


def _workbenches_end(job: Job) -> None:
    if job.get("interactive") is True and "command" not in job:
        job["command"] = "sleep 1800"


def _any_type(job: Job) -> None:
    if job.get("nodeType") in ("alpha", "beta"):
        job.pop("nodeType")


def _others(self: Any, job: Any, others: Any) -> Any:
    return iter([other for other in self.holders if other.request.project != job.request.project])


def _fail_all(world: Any, name: str, original: Any) -> None:
    for job in list(world.jobs("runai").values()):
        if job.holding:
            world.force(job, "failed", Outcome(None, reason="node lost"))
    original(world, name)


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return Fault(f"runai:{name}", "runai", requirement, describe, apply, also)


COURSE = [
    fault("workbenches-end", "RAI-STM-002", "a workbench succeeds after half an hour", submits(_workbenches_end)),
    fault("workbenches-retried", "RAI-STM-003", "a workbench that fails is tried again", simulates(_retried_workbench)),
    fault("deleted-holds", "RAI-STM-005", "a deleted job keeps its GPU", patched(f"{SIMULATION}.world:World.delete", _only_forgotten)),
    fault("ended-holds", "RAI-STM-006", "an ended job keeps its GPU", patched(f"{SIMULATION}.placement.placement_pass:Allotment.give_back", _kept)),
    fault("lost-for-good", "RAI-STM-007", "a job that loses its node fails", patched(f"{SIMULATION}.world:World.fail_node", lambda original: lambda self, name: _fail_all(self, name, original))),
    fault("ghosts", "RAI-IDM-006", "a job ends when a deleted one of its name would have", patched(f"{ADAPTER}:runai_list_jobs", _ghosts)),
    fault("one-completion", "RAI-STM-009", "completions are not counted", _make(team=None), "RAI-STM-010"),
    fault("one-by-one", "RAI-STM-010", "runs go on one by one", submits(lambda job: job.pop("parallelism", None) if isinstance(job.get("parallelism"), int) else None)),
    fault("all-at-once", "RAI-STM-009", "all runs go on at once", submits(lambda job: job.__setitem__("parallelism", job["completions"]) if type(job.get("completions")) is int and job["completions"] == 3 else None)),
    fault("two-completions", "RAI-DEF-013", "a job has two completions unless it says otherwise", submits(_unless("completions", 2))),
    fault("gpus-of-one-run", "RAI-RSP-011", "GPUs of one run are told", lists(lambda job: job.__setitem__("currentAllocatedGPUs", job["currentAllocatedGPUs"] / max(1, len(job["nodes"]))))),
    fault("retries-one-more", "RAI-RTY-001", "a failed job is tried once too often", _make(retries=lambda request, wanted: request.retries + (not _is_workbench(request)))),
    fault("retries-one-less", "RAI-RTY-001", "a failed job is tried once too seldom", _make(retries=lambda request, wanted: max(0, request.retries - 1))),
    fault("retries-none", "RAI-RTY-001", "a failed job is not tried again", _make(retries=0), "RAI-RTY-002"),
    fault("retries-usual-five", "RAI-DEF-004", "five retries are usual", submits(_unless("backoffLimit", 5))),
    fault("retries-in-vain", "RAI-RTY-002", "a second attempt never succeeds", patched(f"{SIMULATION}.workload:Workload.run", _never_mends)),
    fault("runs-twice", "RAI-RTY-003", "a good first run does not count", patched(f"{SIMULATION}.workload:Workload.run", _twice)),
    fault("pauses-none", "RAI-RTY-004", "a failed job is tried again at once", _make(backoff=NO_BACKOFF)),
    fault("pauses-constant", "RAI-RTY-004", "the pauses before retries are all ten seconds", _make(backoff=Backoff(10.0, 10.0))),
    fault("pauses-twenty", "RAI-RTY-004", "the pauses begin with twenty seconds", _make(backoff=Backoff(20.0, 360.0))),
    fault("pauses-endless", "RAI-RTY-005", "the pauses have no end", _make(backoff=Backoff(10.0, 1e9))),
    fault("ttl-two-more", "RAI-TMO-001", "jobs stay two seconds longer", _spans(lambda text, seconds: seconds + 2), "RAI-TMO-002", "RAI-TMO-003"),
    fault("ttl-two-less", "RAI-TMO-001", "jobs leave two seconds earlier", _spans(lambda text, seconds: max(0, seconds - 2)), "RAI-TMO-002", "RAI-TMO-003"),
    fault("ttl-ignored", "RAI-TMO-001", "jobs never leave", _make(ttl=None), "RAI-TMO-002"),
    fault("ttl-good-only", "RAI-TMO-002", "failed jobs never leave", simulates(lambda request, wanted: setattr(request, "ttl", None) if "exit" in request.command else None)),
    fault("ttl-minutes", "RAI-TMO-003", "minutes are seconds", _spans(_minutes_are_seconds)),
    fault("ttl-hours", "RAI-TMO-003", "hours are minutes", _spans(_hours_are_minutes)),
    fault("ttl-from-creation", "RAI-TMO-004", "a time to live begins with the creation", patched(f"{ADAPTER}:runai_list_jobs", _hidden_when_old)),
    fault("ttl-keeps-names", "RAI-TMO-005", "names of jobs that left stay taken", answers("runai", "submit", _expired_names_stay)),
    fault("ttl-usual", "RAI-DEF-008", "jobs leave after a day unless they say otherwise", submits(lambda job: job.setdefault("ttlAfterFinish", "24h") if isinstance(job.get("project"), str) else None)),
    fault("limit-longer", "RAI-TMO-007", "workbenches run a percent longer than their limit", _make(limits=lambda request, wanted: Limits(run=request.limits.run * 1.01) if request.limits.run else NO_LIMITS)),
    fault("limit-ignored", "RAI-TMO-007", "workbenches have no limit", _make(limits=NO_LIMITS)),
    fault("limit-fails", "RAI-TMO-007", "a workbench at its limit is told as Failed", said("status", {"TimedOut": "Failed"})),
    fault("limit-for-all", "RAI-TMO-008", "training jobs are ended at the limit", simulates(lambda request, wanted: setattr(request, "limits", Limits(run=600)))),
]


QUOTA = [
    fault("no-priority", "RAI-PRI-001", "workbenches wait like any other job", _make(priority=0), "RAI-PRI-002"),
    fault("no-preemption", "RAI-PRI-002", "nobody makes room for a workbench", _make(preemptible=False), "RAI-PRI-005", "RAI-PRI-004"),
    fault("workbench-over-quota", "RAI-PRI-003", "workbenches may exceed the quota", _make(preemptible=True), "RAI-PRI-010"),
    fault("training-within-quota", "RAI-PRI-004", "training jobs stay within the quota", _make(preemptible=lambda request, wanted: _is_workbench(request) and request.preemptible)),
    fault("no-reclaim", "RAI-PRI-005", "nothing is taken back from projects above their quota", patched(f"{SIMULATION}.placement.fairshare:FairShare._reclaimable", lambda original: lambda self, job, others: iter(())), "RAI-PRI-009"),
    fault("taken-back-for-good", "RAI-PRI-005", "a training job that is taken back is over", _make(restartable=False), "RAI-PRI-006", "RAI-PRI-002"),
    fault("no-return", "RAI-PRI-006", "a job that was taken back does not run again", patched(f"{SIMULATION}.placement.fairshare:FairShare.wait", lambda original: lambda self, job: original(self, job) if len(job.history) < 10 else None)),
    fault("no-consolidation", "RAI-PRI-007", "jobs are never moved together", patched(f"{SIMULATION}.placement.fairshare:consolidation", lambda original: lambda *args: None)),
    fault("preemptible-ignored", "RAI-PRI-008", "a workbench that may be taken back stays within the quota", _make(preemptible=lambda request, wanted: not _is_workbench(request)), "RAI-PRI-009"),
    fault("preempted-as-failed", "RAI-PRI-009", "a workbench that is taken back is told as Failed", said("status", {"Preempted": "Failed"})),
    fault("preempted-waits", "RAI-PRI-009", "a workbench that is taken back waits again", _make(restartable=True)),
    fault("workbench-taken-back", "RAI-PRI-010", "a workbench within quota is made to leave", patched(f"{SIMULATION}.placement.fairshare:FairShare._reclaimable", lambda original: _others)),
    fault("equal-shares", "RAI-PRI-011", "idle GPUs are shared alike", patched(f"{SIMULATION}.placement.fairshare:fair_shares", _equal_shares)),
    fault("parts-are-wholes", "RAI-PRI-012", "a part of a GPU takes a whole one", _cheaper(gpu=lambda gpu, wanted: float(-(-gpu // 1))), "RAI-RSP-007"),
    fault("parts-are-free", "RAI-PRI-012", "parts of GPUs are not counted", _cheaper(gpu=lambda gpu, wanted: gpu if gpu >= 1 else 0.0), "RAI-RSP-007"),
    fault("any-node-type", "RAI-PRI-013", "the node type is not looked at", submits(_any_type)),
    fault("cores-not-kept", "RAI-PRI-014", "cores are not counted", _cheaper(cpu=lambda cpu, wanted: 0.0)),
    fault("cores-rounded", "RAI-PRI-014", "parts of cores are not counted", _cheaper(cpu=lambda cpu, wanted: cpu // 1)),
    fault("memory-binary", "RAI-PRI-015", "M and G count as Mi and Gi", _quantity({"M": 1 << 20, "G": 1 << 30})),
    fault("memory-decimal", "RAI-PRI-015", "Mi and Gi count as M and G", _quantity({"Mi": 10**6, "Gi": 10**9})),
    fault("memory-not-kept", "RAI-PRI-015", "memory is not counted", _cheaper(memory=lambda memory, wanted: 0)),
    fault("gpus-not-kept", "RAI-PRI-016", "whole GPUs are not counted", _cheaper(gpu=lambda gpu, wanted: gpu if gpu < 1 else 0.0), "RAI-RSP-007"),
    fault("youngest-first", "RAI-PRI-017", "the youngest job runs first", patched(f"{SIMULATION}.placement.queue:Queue.push", _youngest_first)),
    fault("stiff", "RAI-PRI-019", "elastic jobs wait for all of their GPUs", _make(elastic=())),
    fault("no-growth", "RAI-PRI-020", "an elastic job never grows", patched(f"{SIMULATION}.placement.placement_pass:grow", lambda original: lambda *args, **kwargs: None)),
    fault("all-elastic", "RAI-PRI-021", "every job is elastic", submits(lambda job: job.__setitem__("elastic", True) if job.get("gpu") == 4 else None)),
    fault("two-cores", "RAI-DEF-005", "a GPU comes with two cores", _cheaper(cpu=lambda cpu, wanted: cpu if "cpu" in wanted else 2 * cpu)),
    fault("no-cores", "RAI-DEF-005", "a GPU comes with no core", _cheaper(cpu=lambda cpu, wanted: cpu if "cpu" in wanted else 0.0)),
    fault("more-memory", "RAI-DEF-006", "a GPU comes with 200 MiB", _cheaper(memory=lambda memory, wanted: memory if "memory" in wanted else 2 * memory)),
    fault("no-memory", "RAI-DEF-006", "a GPU comes with no memory", _cheaper(memory=lambda memory, wanted: memory if "memory" in wanted else 0)),
]
FAULTS = [*COURSE, *QUOTA]
