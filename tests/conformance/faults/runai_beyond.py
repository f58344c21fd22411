"""Faults of Run:AI that show only after a wait, a deletion, a second kind of end, or in the hundredth item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.simulation.request import NO_LIMITS
from tests.conformance.faults import Asked, Fault, Told, answers, patched, requests

API = "runai"
ADAPTER, SCHEDULER = "mockserver.adapters.runai", "mockserver.simulation.scheduler:Scheduler"


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"runai:{name}", API, requirement, describe, apply, also)


def demanded(change: Callable[[Any, Any], None]) -> Any:
    """Jobs ask the scheduler for something else than they should; `change` sees what was asked for and what the client said."""

    def make(original: Any) -> Any:
        def request(call: Any, wanted: Any, name: str) -> Any:
            found = original(call, wanted, name)
            change(found, wanted)
            return found

        return request

    return patched(f"{ADAPTER}.jobs:request", make)


def _lead_course(original: Any) -> Any:
    """A limit that counts from creation ends a running job."""

    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "run" and span is not None:
            span = max(0.0, span - (self.clock.now - job.created) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def _no_limit_if_preemptible(request: Any, wanted: Any) -> None:
    if wanted.get("preemptible"):
        request.limits = NO_LIMITS


def days(hours: int) -> Any:
    """A day of a time to live is so many hours."""

    def edit(asked: Asked) -> None:
        job = asked.body.get("job") if isinstance(asked.body, dict) else None
        if isinstance(job, dict) and isinstance(told := job.get("ttlAfterFinish"), str) and told[:-1].isdigit() and told.endswith("d"):
            job["ttlAfterFinish"] = f"{int(told[:-1]) * hours}h"

    return requests(API, "submit", edit)


def mortal(*states: str) -> Any:
    """Only jobs that end in these states have a time to live."""

    def make(original: Any) -> Any:
        def end(self: Any, job: Any, stage: Any, event: str) -> None:
            ttl = job.request.ttl
            if stage.name not in states:
                job.request.ttl = None
            original(self, job, stage, event)
            job.request.ttl = ttl

        return end

    return patched(f"{SCHEDULER}.end", make)


def typed(kind: str, fits: Callable[[dict[str, Any]], bool]) -> Any:
    """Jobs whose submission fits are listed with another type."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status != 200:
            return
        if asked.role == "submit" and fits(asked.body["job"]):
            asked.memory[asked.body["job"]["project"], told.body["name"]] = kind
        elif asked.role == "list":
            for job in told.body["data"]:
                job["type"] = asked.memory.get((job["project"], job["name"]), job["type"])

    return answers(API, ("submit", "list"), revise)


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


def _counted(original: Any) -> Any:
    def evict(self: Any, job: Any) -> None:
        job.failures += 1
        original(self, job)

    return evict


def _own_failures(original: Any) -> Any:
    """Each run may fail as often as the whole job."""

    def bears(member: Any) -> bool:
        original(member)
        return bool(member.failures <= member.parent.request.team.tolerate)

    return bears


def _one_more(request: Any, wanted: Any) -> None:
    if request.team is not None and request.team.parallel > request.team.size:
        request.team = replace(request.team, size=request.team.parallel)


def _whole_cores(request: Any, wanted: Any) -> None:
    if isinstance(wanted.get("cpu"), float):
        request.resources = type(request.resources)(
            cpu=float(int(wanted["cpu"]) + 1), memory=request.resources.memory, gpu=request.resources.gpu, labels=request.resources.labels
        )


def _whole_units(asked: Asked) -> None:
    job = asked.body.get("job") if isinstance(asked.body, dict) else None
    if isinstance(job, dict) and isinstance(told := job.get("memory"), str) and "." in told[1:] and told[0].isdigit():
        whole, _, rest = told.partition(".")
        job["memory"] = whole + rest.lstrip("0123456789") if rest.lstrip("0123456789") in ("Gi", "G", "Mi", "M") else told


def lists_of_projects(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Any:
    """The list of one project is shown changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and any(name == "project" and value for name, value in asked.query):
            told.body["data"] = change(told.body["data"])

    return answers(API, "list", revise)


def _idle(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [job | {"currentAllocatedGPUs": 0} for job in jobs]


def _first_of_several(asked: Asked) -> None:
    if "ra-user" in asked.headers:
        asked.headers["ra-user"] = asked.headers["ra-user"].partition(",")[0]


def _lower_projects(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status == 200 else ():
        job["project"] = job["project"].lower()


def _with_its_twin(original: Any) -> Any:
    """An ended job of the same name goes along, whatever its project."""

    def delete(world: Any, project: str, name: str) -> Any:
        for job in list(world.jobs(API).values()):
            if job.is_terminal and job.payload.name == name and job.request.project != project:
                original(world, job.request.project, name)
        return original(world, project, name)

    return delete


def _parts_stay(original: Any) -> Any:
    """What deleted workbenches had of a GPU counts against the quota for ever."""

    def give_back(self: Any, job: Any) -> None:
        original(self, job)
        if 0 < job.request.resources.gpu < 1:
            self.holders[job] = None

    return give_back


def _by_project(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["data"].sort(key=lambda job: str(job["project"]))


def _hundred(asked: Asked) -> None:
    if isinstance(asked.body, list):
        del asked.body[100:]


def _known_only_asked(asked: Asked) -> None:
    if isinstance(asked.body, list) and any(isinstance(one, dict) and one.keys() - {"name", "project"} for one in asked.body):
        asked.body = [{}]


def _anybodys(original: Any) -> Any:
    def reclaimable(self: Any, job: Any, others: Any) -> Any:
        return (other for other in others if other.request.project != job.request.project)

    return reclaimable


def _ever_higher(original: Any) -> Any:
    """What left by its time is not noticed."""

    def numbers(world: Any) -> Any:
        shelf = world.shelf("runai.numbers")
        shelf["live"] = len(world.jobs(API))
        return original(world)

    return numbers


FAULTS = [
    _fault("limit-from-creation", "RAI-TMO-009", "the limit of workbenches counts from creation", patched(f"{SCHEDULER}.arm", _lead_course)),
    _fault("preemptible-unlimited", "RAI-TMO-007", "preemptible workbenches have no limit", demanded(_no_limit_if_preemptible), "RAI-TMO-011"),
    _fault("days-of-ten-hours", "RAI-TMO-010", "a day has ten hours", days(10), "RAI-TMO-006"),
    _fault("timed-out-stays", "RAI-TMO-011", "only jobs that ended by themselves have a time to live", mortal("Succeeded", "Failed")),
    _fault("taken-back-stays", "RAI-TMO-011", "workbenches that were taken back stay listed", mortal("Succeeded", "Failed", "TimedOut")),
    _fault(
        "preemptible-is-train",
        "RAI-CRT-005",
        "preemptible workbenches are listed as Train",
        typed("Train", lambda job: job.get("interactive") is True and job.get("preemptible") is True),
    ),
    _fault(
        "preemptible-is-interactive",
        "RAI-CRT-005",
        "preemptible training jobs are listed as Interactive",
        typed("Interactive", lambda job: job.get("preemptible") is True),
    ),
    _fault("deleted-runs-go-on", "RAI-STM-005", "the runs of a deleted job go on", patched(f"{SCHEDULER}.discard", _pods_stay)),
    _fault("deleted-waits-on", "RAI-STM-012", "a job that was deleted while it waited takes its turn", patched(f"{SCHEDULER}.discard", _waits_on)),
    _fault("taken-back-is-failed", "RAI-RTY-006", "to be taken back counts as a failure", patched(f"{SCHEDULER}._evict", _counted)),
    _fault(
        "failures-of-each-run", "RAI-STM-013", "failures are counted for each run by itself", patched("mockserver.simulation.scheduler:bears", _own_failures)
    ),
    _fault("needless-runs", "RAI-STM-014", "more runs are begun than are needed", demanded(_one_more)),
    _fault("whole-cores", "RAI-PRI-014", "cores are rounded up", demanded(_whole_cores)),
    _fault("whole-units", "RAI-PRI-015", "memory loses its fraction", requests(API, "submit", _whole_units)),
    _fault("listed-by-project", "RAI-TIM-003", "the list is sorted by project", answers(API, "list", _by_project)),
    _fault("hundred-deleted", "RAI-LST-009", "a deletion ends after a hundred items", requests(API, "delete", _hundred)),
    _fault("known-members-only", "RAI-ERR-008", "a deletion with a member more is refused", requests(API, "delete", _known_only_asked)),
    _fault(
        "unfair-reclaim", "RAI-PRI-022", "what is within quota is taken back too", patched("mockserver.simulation.placement.fairshare:FairShare._reclaimable", _anybodys)
    ),
    _fault(
        "numbers-stay-taken", "RAI-CRT-020", "numbers of jobs whose time is over are never given again", patched(f"{ADAPTER}.naming:_numbers", _ever_higher)
    ),
    _fault(
        "waiting-not-in-projects",
        "RAI-LST-018",
        "a project's list lacks what waits",
        lists_of_projects(lambda jobs: [job for job in jobs if job["status"] != "Pending"]),
    ),
    _fault("idle-in-projects", "RAI-LST-018", "a project's list tells of no GPUs", lists_of_projects(_idle)),
    _fault("user-before-the-comma", "RAI-CRT-004", "a user's name ends at a comma", requests(API, "submit", _first_of_several)),
    _fault("projects-in-small-letters", "RAI-CRT-002", "projects are told in small letters", answers(API, "list", _lower_projects)),
    _fault("deletes-ended-twin", "RAI-LST-010", "a deletion takes an ended namesake along", patched(f"{ADAPTER}.jobs:_delete", _with_its_twin)),
    _fault(
        "parts-count-for-ever",
        "RAI-STM-005",
        "a part of a GPU counts against the quota for ever",
        patched("mockserver.simulation.placement.fairshare:FairShare.give_back", _parts_stay),
    ),
]
