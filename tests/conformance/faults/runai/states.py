"""Faults of Run:AI: states, stops and deletes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.simulation.request import Backoff, Outcome, Team
from tests.conformance.faults import patched
from tests.conformance.faults.runai.shapers import (
    ADAPTER,
    BAD,
    LONG,
    QUICK,
    RUNS,
    SCHEDULER,
    SIMULATION,
    Job,
    demanded,
    fault,
    is_workbench,
    later,
    make,
    over,
    plain,
    said,
    seen,
    simulates,
    submits,
    told_of,
)


def _failures_complete(original: Any) -> Any:
    def waits(scheduler: Any, member: Any, stage: Any, event: str) -> None:
        original(scheduler, member, stage, event)
        if event == "retried":
            member.parent.crew.done += 1

    return waits


def _ten_at_most(original: Any) -> Any:
    def team(wanted: Job) -> Any:
        found = original(wanted)
        return None if found is None else Team(min(found.size, 10), found.parallel, tolerate=found.tolerate)

    return team


def _pods_stay(original: Any) -> Any:
    """The runs of a deleted job go on."""

    def discard(self: Any, job: Any) -> None:
        crew, job.crew = job.crew, None
        original(self, job)
        job.crew = crew

    return discard


def _waits_on(original: Any) -> Any:
    """A job that is deleted while it waits still takes its turn."""

    def discard(self: Any, job: Any) -> None:
        generation, phase = job.generation, job.phase
        original(self, job)
        if phase == "queued":
            job.generation = generation

    return discard


def _own_failures(original: Any) -> Any:
    """Each run may fail as often as the whole job."""

    def bears(member: Any) -> bool:
        original(member)
        return bool(member.failures <= member.parent.request.team.tolerate)

    return bears


def _one_more(request: Any, wanted: Any) -> None:
    if request.team is not None and request.team.parallel > request.team.size:
        request.team = replace(request.team, size=request.team.parallel)


def _parts_stay(original: Any) -> Any:
    """What deleted workbenches had of a GPU counts against the quota for ever."""
    from mockserver.simulation.placement.victims import gpus

    def give_back(self: Any, job: Any) -> None:
        original(self, job)
        if 0 < job.request.resources.gpu < 1:
            self.quotas.enter(job, gpus(job))

    return give_back


def _retried_workbench(request: Any, wanted: Job) -> None:
    if is_workbench(request):
        request.retries, request.backoff = wanted.get("backoffLimit", 6), Backoff(10.0, 360.0)


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


def _workbenches_end(job: Job) -> None:
    if job.get("interactive") is True and "command" not in job:
        job["command"] = "sleep 1800"


def _fail_all(world: Any, name: str, original: Any) -> None:
    for job in list(world.jobs("runai").values()):
        if job.holding:
            world.force(job, "failed", Outcome(None, reason="node lost"))
    original(world, name)


def _waits_again(job: Job, looks: int) -> None:
    if job["status"] == "Running" and looks % 3 == 2:
        job["status"] = "Pending"


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


def _is(**words: Any) -> Callable[[Job, int], None]:
    """Other words for states."""
    return lambda job, looks: job.__setitem__("status", words.get(job["status"], job["status"]))


def _falls_back(job: Job, looks: int) -> None:
    if job["status"] == "Running" and looks > 1 and looks % 2 == 0:
        job["status"] = "Pending"


def _kept_after_failure(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        if job.phase != "failed" or job.request.retries or job.request.resources.gpu != 1:
            original(self, job)

    return give_back


def _one_by_one(job: Job) -> None:
    if (
        type(job.get("parallelism")) is int
        and not job.keys() & {"gpu", "cpu", "backoffLimit"}
        and job.get("completions") == 4
    ):
        job.pop("parallelism")


def _together(job: Job) -> None:
    if job.get("completions") == 3 and "parallelism" not in job:
        job["parallelism"] = 3


FAULTS = [
    fault(
        "unknown-after-a-minute",
        "JOB-STM-004",
        "what has ended is told as Unknown after a minute",
        later(lambda job: job.is_terminal, 1 / 60, status="Unknown"),
    ),
    fault(
        "good-as-failed",
        "JOB-STM-005",
        "a good end is told as Failed",
        said("status", {"Succeeded": "Failed"}),
        "RAI-STM-001",
    ),
    fault(
        "plain-jobs-fail",
        "JOB-STM-005",
        "a plain job whose run went well is told as Failed",
        told_of(QUICK, _is(Succeeded="Failed")),
        "RAI-STM-001",
    ),
    fault(
        "failures-are-deletions",
        "JOB-STM-006",
        "failures are deletions",
        said("status", {"Failed": "Deleted"}),
        "RAI-STM-001",
    ),
    fault(
        "plain-failures-are-deletions",
        "JOB-STM-006",
        "a plain failure is told as Deleted",
        told_of(BAD, _is(Failed="Deleted")),
        "RAI-STM-001",
    ),
    fault(
        "placed-anyhow",
        "JOB-STM-009",
        "a job that cannot be placed runs",
        submits(lambda job: job.pop("nodeType", None) if isinstance(job.get("nodeType"), str) else None),
        "RAI-TMO-004",
    ),
    fault(
        "plain-ones-placed-anyhow",
        "JOB-STM-009",
        "a plain job that cannot be placed runs",
        submits(
            lambda job: (
                job.pop("nodeType")
                if job.get("nodeType") == "no-such-type" and plain("sleep 3", "nodeType")(job)
                else None
            )
        ),
    ),
    fault("running-and-waiting", "JOB-STM-010", "running and waiting", seen(_waits_again)),
    fault(
        "long-jobs-fall-back",
        "JOB-STM-010",
        "a long job is told to wait now and then",
        told_of(LONG, _falls_back),
        "RAI-STM-011",
    ),
    fault("fail", "RAI-STM-001", "a failed job is told as Fail", said("status", {"Failed": "Fail"})),
    fault("completed", "RAI-STM-001", "a good end is told as Completed", said("status", {"Succeeded": "Completed"})),
    fault(
        "failed-as-succeeded",
        "RAI-STM-001",
        "a failed job is told as Succeeded",
        said("status", {"Failed": "Succeeded"}),
        "JOB-STM-006",
    ),
    fault(
        "plain-failures-are-fails",
        "RAI-STM-001",
        "a plain failure is told as Fail",
        told_of(BAD, _is(Failed="Fail")),
        "JOB-STM-006",
    ),
    fault("workbenches-end", "RAI-STM-002", "a workbench succeeds after half an hour", submits(_workbenches_end)),
    fault("workbenches-retried", "RAI-STM-003", "a workbench that fails is tried again", simulates(_retried_workbench)),
    fault(
        "ended-at-once",
        "RAI-STM-004",
        "a waiting job is told as Succeeded",
        said("status", {"Pending": "Succeeded", "ContainerCreating": "Succeeded"}),
        "JOB-STM-009",
    ),
    fault(
        "plain-jobs-are-over",
        "RAI-STM-004",
        "a new plain job is told as Succeeded",
        told_of(QUICK, over),
        "JOB-STM-004",
    ),
    fault(
        "deleted-runs-go-on",
        "RAI-STM-005",
        "the runs of a deleted job go on",
        patched(f"{SCHEDULER}.discard", _pods_stay),
    ),
    fault(
        "parts-count-for-ever",
        "RAI-STM-005",
        "a part of a GPU counts against the quota for ever",
        patched("mockserver.simulation.placement.fairshare:FairShare.give_back", _parts_stay),
    ),
    fault(
        "deleted-holds",
        "RAI-STM-005",
        "a deleted job keeps its GPU",
        patched(f"{SIMULATION}.world:World.delete", _only_forgotten),
    ),
    fault(
        "ended-holds",
        "RAI-STM-006",
        "an ended job keeps its GPU",
        patched(f"{SIMULATION}.placement.placement_pass:PlacementPass.give_back", _kept),
    ),
    fault(
        "failed-holds",
        "RAI-STM-006",
        "a failed job keeps its GPU",
        patched("mockserver.simulation.placement.placement_pass:PlacementPass.give_back", _kept_after_failure),
        "RAI-RSP-003",
    ),
    fault(
        "lost-for-good",
        "RAI-STM-007",
        "a job that loses its node fails",
        patched(
            f"{SIMULATION}.world:World.fail_node", lambda original: lambda self, name: _fail_all(self, name, original)
        ),
    ),
    fault("one-completion", "RAI-STM-009", "completions are not counted", make(team=None), "RAI-STM-010"),
    fault(
        "all-at-once",
        "RAI-STM-009",
        "all runs go on at once",
        submits(
            lambda job: (
                job.__setitem__("parallelism", job["completions"])
                if type(job.get("completions")) is int and job["completions"] == 3
                else None
            )
        ),
    ),
    fault("three-at-once", "RAI-STM-009", "three runs go on at once", submits(_together)),
    fault(
        "ten-runs-at-most",
        "RAI-STM-010",
        "no more than ten runs are made",
        patched(f"{ADAPTER}.reading:_team", _ten_at_most),
    ),
    fault(
        "one-by-one",
        "RAI-STM-010",
        "runs go on one by one",
        submits(lambda job: job.pop("parallelism", None) if isinstance(job.get("parallelism"), int) else None),
    ),
    fault("four-one-by-one", "RAI-STM-010", "four runs go on one by one", submits(_one_by_one)),
    fault(
        "training-for-a-day",
        "RAI-STM-011",
        "training is told as Failed after a day",
        later(lambda job: RUNS(job) and not job.request.endless, 24, status="Failed", nodes=[], currentAllocatedGPUs=0),
    ),
    fault(
        "never-running",
        "RAI-STM-011",
        "a running job is told as ContainerCreating",
        said("status", {"Running": "ContainerCreating"}),
    ),
    fault("running-as-active", "RAI-STM-011", "a running job is told as Active", said("status", {"Running": "Active"})),
    fault(
        "workbenches-never-run",
        "RAI-STM-011",
        "a workbench is told as ContainerCreating all the time",
        told_of(plain("", "interactive"), _is(Running="ContainerCreating")),
    ),
    fault(
        "deleted-waits-on",
        "RAI-STM-012",
        "a job that was deleted while it waited takes its turn",
        patched(f"{SCHEDULER}.discard", _waits_on),
    ),
    fault(
        "failures-of-each-run",
        "RAI-STM-013",
        "failures are counted for each run by itself",
        patched("mockserver.simulation.scheduler:bears", _own_failures),
    ),
    fault(
        "late-failures-forgiven",
        "RAI-STM-013",
        "one good run is enough",
        patched("mockserver.simulation.team:_member_fails", _good_enough),
    ),
    fault(
        "first-failure-not-borne",
        "RAI-STM-013",
        "a job bears one failure less",
        patched("mockserver.simulation.scheduler:bears", _impatient),
    ),
    fault("needless-runs", "RAI-STM-014", "more runs are begun than are needed", demanded(_one_more)),
    fault(
        "failed-runs-complete",
        "RAI-STM-015",
        "a failed run counts as a completion",
        patched(f"{SIMULATION}.team:_member_waits", _failures_complete),
    ),
]
