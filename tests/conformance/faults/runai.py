"""Faults of Run:AI's API: names, views, retries, times to live, quotas, the list, deletion, credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, patched, requests

Job = dict[str, Any]
ADAPTER = "mockserver.adapters.runai"
ERROR = {"status": 400, "message": "invalid request", "details": "no"}


def of(asked: Asked) -> Job:
    """The parameters of a submission, or nothing."""
    body = asked.body if isinstance(asked.body, dict) else {}
    found = body.get("job")
    return found if isinstance(found, dict) else {}


def submits(change: Callable[[Job], Any]) -> Apply:
    """Change the parameters of every submission."""
    return requests("runai", "submit", lambda asked: change(of(asked)))


def refuses(when: Callable[[Job], bool], status: int = 400) -> Apply:
    """Refuse submissions that should be granted."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300 and when(of(asked)):
            told.status, told.body = status, {**ERROR, "status": status}

    return answers("runai", "submit", revise)


def lists(change: Callable[[Job], Any]) -> Apply:
    """Change every job of the list."""
    return answers("runai", "list", every_job("runai", lambda job, asked: change(job)))


def listed(change: Callable[[list[Job], Asked], list[Job]]) -> Apply:
    """Change the list as a whole."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = {**told.body, "data": change(told.body["data"], asked)}

    return answers("runai", "list", revise)


def simulates(change: Callable[[Any, Job], Any]) -> Apply:
    """Change what the adapter asks of the simulation."""

    def make(original: Any) -> Any:
        def changed(call: Any, wanted: Job, name: str) -> Any:
            request = original(call, wanted, name)
            change(request, wanted)
            return request

        return changed

    return patched(f"{ADAPTER}.jobs:request", make)


def deletes(change: Callable[[list[Job], Asked], Any]) -> Apply:
    """Change the jobs that a deletion names."""
    return requests("runai", "delete", lambda asked: change(asked.body, asked) if isinstance(asked.body, list) else None)


def deleted(change: Callable[[list[Job], Told], Any]) -> Apply:
    """Change what is told of deletions."""
    return answers("runai", "delete", lambda asked, told: change(told.body["data"], told) if told.status < 300 else None)


def named(generate: Callable[[Any, str, str], str]) -> Apply:
    """Generate names another way; given are the world, the project and the prefix."""
    return patched(f"{ADAPTER}.naming:generate", lambda original: generate)


def free(world: Any, project: str, prefix: str, first: int) -> str:
    taken = {job.payload.name for job in world.jobs("runai", project=project).values()}
    return next(f"{prefix}-{number}" for number in range(first, 10_000) if f"{prefix}-{number}" not in taken)


def put(key: str, value: Any) -> Callable[[Job], None]:
    return lambda job: job.__setitem__(key, value)


def said(key: str, words: dict[str, str]) -> Apply:
    """Other words for values of a member of the list."""
    return lists(lambda job: job.__setitem__(key, words.get(job[key], job[key])))


# -- names -------------------------------------------------------------------------------------------------------------------------


def _unique_everywhere(asked: Asked, told: Told) -> None:
    name, owners = of(asked).get("name"), asked.memory.setdefault("owners", {})
    if told.status < 300 and name and owners.setdefault(name, of(asked)["project"]) != of(asked)["project"]:
        told.status, told.body = 409, {**ERROR, "status": 409}


def _always_granted(asked: Asked, told: Told) -> None:
    if told.status == 409:
        told.status, told.body = 200, {"name": of(asked)["name"]}


def _never_free_again(asked: Asked, told: Told) -> None:
    names = asked.memory.setdefault("names", set())
    if told.status < 300 and asked.role == "submit":
        if told.body["name"] in names:
            told.status, told.body = 409, {**ERROR, "status": 409}
    elif told.status < 300 and asked.role == "delete":
        names.update(one["name"] for one in told.body["data"] if one["ok"])


def _ever_higher(world: Any, project: str, prefix: str) -> str:
    numbers = world.shelf("fault")
    first = numbers.get((project, prefix), 0)
    name = free(world, project, prefix, first)
    numbers[project, prefix] = int(name.rpartition("-")[2]) + 1
    return name


def _unnamed_elsewhere(asked: Asked, told: Told) -> None:
    if told.status < 300 and "name" not in of(asked):
        told.body = {"name": told.body["name"] + "0"}


def _a_name_too_long(job: Job) -> None:
    if len(str(job.get("name", ""))) > TEXT_LENGTH:
        job["name"] = job["name"][:TEXT_LENGTH]


TEXT_LENGTH = 49
NAMES = [
    Fault("runai:name-50", "runai", "RAI-REQ-041", "a name of 50 characters is taken", submits(_a_name_too_long)),
    Fault("runai:name-49", "runai", "RAI-REQ-041", "a name of 49 characters is refused", refuses(lambda job: len(job.get("name", "")) == TEXT_LENGTH)),
    Fault("runai:renamed", "runai", "RAI-CRT-001", "a job's name gets a tail", submits(lambda job: job.__setitem__("name", job["name"] + "-x") if isinstance(job.get("name"), str) else None)),
    Fault("runai:unnamed-refused", "runai", "RAI-CRT-006", "a job without a name is refused", refuses(lambda job: "name" not in job), ("RAI-CRT-007",)),
    Fault("runai:unnamed-elsewhere", "runai", "RAI-CRT-006", "the answer tells another name than the list", answers("runai", "submit", _unnamed_elsewhere), ("RAI-CRT-008",)),
    Fault("runai:prefix-ignored", "runai", "RAI-CRT-007", "the prefix is not used", submits(lambda job: job.pop("jobNamePrefix", None) if isinstance(job.get("jobNamePrefix"), str) else None)),
    Fault("runai:prefix-without-dash", "runai", "RAI-CRT-007", "no dash follows the prefix", named(lambda world, project, prefix: free(world, project, prefix, 0).replace("-", ""))),
    Fault("runai:numbers-from-one", "runai", "RAI-CRT-008", "numbers begin at 1", named(lambda world, project, prefix: free(world, project, prefix, 1))),
    Fault("runai:numbers-of-all-projects", "runai", "RAI-CRT-009", "numbers are counted over all projects", named(lambda world, project, prefix: free(world, project, prefix, len(world.jobs("runai"))))),
    Fault("runai:numbers-ever-higher", "runai", "RAI-CRT-010", "numbers are never given again", named(_ever_higher)),
    Fault("runai:number-taken", "runai", "RAI-CRT-011", "a taken number is given", named(lambda world, project, prefix: f"{prefix}-{len(world.jobs('runai', project=project))}")),
    Fault("runai:prefix-wins", "runai", "RAI-CRT-012", "the prefix counts more than the name", submits(lambda job: job.pop("name", None) if "jobNamePrefix" in job else None)),
    Fault("runai:names-unique-everywhere", "runai", "RAI-CRT-013", "a name is taken for all projects", answers("runai", "submit", _unique_everywhere), ("RAI-LST-010",)),
    Fault("runai:duplicates-granted", "runai", "RAI-CRT-014", "a second job of a name is granted", answers("runai", "submit", _always_granted), ("JOB-IDM-001", "RAI-IDM-005")),
    Fault("runai:names-never-free", "runai", "RAI-CRT-015", "the name of a deleted job stays taken", answers("runai", ("submit", "delete"), _never_free_again)),
    Fault("runai:huge-refused", "runai", "RAI-CRT-016", "a job that no machine can hold is refused", refuses(lambda job: job.get("gpu", 0) > 16)),
    Fault("runai:prefix-usual", "runai", "RAI-DEF-003", "the usual prefix is run", submits(lambda job: job.setdefault("jobNamePrefix", "run"))),
    Fault("runai:names-empty", "runai", "RAI-RSP-001", "the answer's name is empty", answers("runai", "submit", lambda asked, told: told.body.__setitem__("name", "") if told.status < 300 else None), ("JOB-CRT-002",)),
    Fault("runai:media-parameter", "runai", "RAI-REQ-080", "a media type with a parameter is refused", answers("runai", "submit", lambda asked, told: (setattr(told, "status", 415), setattr(told, "body", {**ERROR, "status": 415})) if ";" in asked.headers.get("content-type", "") else None)),
    Fault("runai:user-demanded", "runai", "RAI-REQ-079", "RA-USER is demanded", answers("runai", "submit", lambda asked, told: (setattr(told, "status", 401), setattr(told, "body", {**ERROR, "status": 401})) if "ra-user" not in asked.headers else None), ("RAI-DEF-007",)),
    Fault("runai:user-with-space", "runai", "RAI-REQ-078", "RA-USER may not hold a space", answers("runai", "submit", lambda asked, told: (setattr(told, "status", 400), setattr(told, "body", ERROR)) if " " in asked.headers.get("ra-user", "") else None)),
    Fault("runai:unknown-members-of-claims", "runai", "RAI-REQ-077", "a claim with an unknown member is refused", refuses(lambda job: any(isinstance(one, dict) and one.keys() - {"size", "path", "storageClass", "readOnly"} for one in job.get("pvc", ())))),
]

# -- what the list tells -----------------------------------------------------------------------------------------------------------


def _of_the_first(job: Job, asked: Asked) -> None:
    job["user"] = asked.memory.setdefault("user", job["user"])


def _id_of_the_name(job: Job) -> None:
    job["id"] = f"00000000-0000-4000-8000-{sum(map(ord, job['name'])) % 10**12:012d}"


def _new_ids(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    job["id"] = f"00000000-0000-4000-8000-{asked.memory['looks']:012d}"


def _first_creation(job: Job, asked: Asked) -> None:
    job["createdAt"] = asked.memory.setdefault("created", job["createdAt"])


def viewed(change: Callable[[Job, Any, Any], Any]) -> Apply:
    """Change what is told of a job, given the world and the job itself."""

    def make(original: Any) -> Any:
        def view(world: Any, job: Any) -> Any:
            told = original(world, job)
            change(told, world, job)
            return told

        return view

    return patched(f"{ADAPTER}.jobs:view", make)


def _begun(told: Job, world: Any, job: Any) -> None:
    told["createdAt"] = (world.epoch_us + job.changed) // 1000


def _occupied_for_ever(told: Job, world: Any, job: Any) -> None:
    if job.is_terminal:
        told["currentAllocatedGPUs"] = job.request.resources.gpu


def _promised(told: Job, world: Any, job: Any) -> None:
    if job.phase == "queued":
        told["currentAllocatedGPUs"] = job.request.resources.gpu


def _always_train(job: Job) -> None:
    if job["status"] == "Running":
        job["type"] = "Train"


VIEWS = [
    Fault("runai:project-fixed", "runai", "RAI-CRT-002", "every job is listed under one project", lists(put("project", "team-a"))),
    Fault("runai:image-without-tag", "runai", "RAI-CRT-003", "the list leaves tags of images out", lists(lambda job: job.__setitem__("images", job["images"].rpartition(":")[0] or job["images"]))),
    Fault("runai:user-empty", "runai", "RAI-CRT-004", "the user is always empty", lists(put("user", ""))),
    Fault("runai:user-lower", "runai", "RAI-CRT-004", "the user is told in lower case", lists(lambda job: job.__setitem__("user", job["user"].lower()))),
    Fault("runai:user-of-the-first", "runai", "RAI-CRT-004", "all jobs are listed with the first one's user", answers("runai", "list", every_job("runai", _of_the_first))),
    Fault("runai:user-anonymous", "runai", "RAI-DEF-007", "the user is anonymous without RA-USER", lists(lambda job: job.__setitem__("user", job["user"] or "anonymous"))),
    Fault("runai:types-swapped", "runai", "RAI-CRT-005", "workbenches are listed as Train", said("type", {"Interactive": "Train"})),
    Fault("runai:type-while-running", "runai", "RAI-CRT-005", "running workbenches are listed as Train", lists(_always_train), ("RAI-RSP-010",)),
    Fault("runai:interactive-usual", "runai", "RAI-DEF-001", "a job is a workbench unless it says otherwise", submits(lambda job: job.setdefault("interactive", True))),
    Fault("runai:gpus-after-the-end", "runai", "RAI-RSP-003", "an ended job still occupies GPUs", viewed(_occupied_for_ever)),
    Fault("runai:gpus-before-the-start", "runai", "RAI-RSP-004", "a waiting job occupies GPUs", viewed(_promised)),
    Fault("runai:nodes-after-the-end", "runai", "RAI-RSP-005", "an ended job is still on a node", lists(lambda job: job.__setitem__("nodes", ["node-0"]) if job["status"] in ("Succeeded", "Failed") else None)),
    Fault("runai:nodes-empty", "runai", "RAI-RSP-006", "a running job is on no node", lists(lambda job: job.__setitem__("nodes", []) if job["status"] == "Running" else None)),
    Fault("runai:gpus-rounded", "runai", "RAI-RSP-007", "a part of a GPU is told as a whole one", lists(lambda job: job.__setitem__("currentAllocatedGPUs", -(-job["currentAllocatedGPUs"] // 1)))),
    Fault("runai:gpus-at-most-one", "runai", "RAI-RSP-007", "no more than one GPU is told", lists(lambda job: job.__setitem__("currentAllocatedGPUs", min(job["currentAllocatedGPUs"], 1)))),
    Fault("runai:gpu-usual", "runai", "RAI-DEF-002", "a job gets one GPU unless it says otherwise", submits(lambda job: job.setdefault("gpu", 1))),
    Fault("runai:nodes-late", "runai", "RAI-RSP-008", "a job that is made ready is on no node", lists(lambda job: job.__setitem__("nodes", []) if job["status"] == "ContainerCreating" else None)),
    Fault("runai:created-in-seconds", "runai", "RAI-RSP-009", "createdAt is in seconds", lists(lambda job: job.__setitem__("createdAt", job["createdAt"] // 1000))),
    Fault("runai:created-follows-states", "runai", "RAI-RSP-010", "createdAt is the instant of the latest change", viewed(_begun), ("RAI-TIM-001",)),
    Fault("runai:created-an-hour-late", "runai", "RAI-TIM-001", "createdAt is an hour late", lists(lambda job: job.__setitem__("createdAt", job["createdAt"] + 3_600_000))),
    Fault("runai:created-in-minutes", "runai", "RAI-TIM-002", "createdAt is cut to minutes", lists(lambda job: job.__setitem__("createdAt", job["createdAt"] // 60_000 * 60_000)), ("RAI-TIM-001",)),
    Fault("runai:created-with-the-first", "runai", "RAI-TIM-002", "all jobs are created with the first", answers("runai", "list", every_job("runai", _first_creation)), ("RAI-TIM-001",)),
    Fault("runai:ids-of-names", "runai", "RAI-IDM-001", "jobs of one name share their id", lists(_id_of_the_name), ("RAI-IDM-003",)),
    Fault("runai:ids-new", "runai", "RAI-IDM-002", "ids change from list to list", answers("runai", "list", every_job("runai", _new_ids)), ("RAI-RSP-010",)),
    Fault("runai:fail", "runai", "RAI-STM-001", "a failed job is told as Fail", said("status", {"Failed": "Fail"})),
    Fault("runai:completed", "runai", "RAI-STM-001", "a good end is told as Completed", said("status", {"Succeeded": "Completed"})),
    Fault("runai:failed-as-succeeded", "runai", "RAI-STM-001", "a failed job is told as Succeeded", said("status", {"Failed": "Succeeded"}), ("JOB-STM-006",)),
    Fault("runai:ended-at-once", "runai", "RAI-STM-004", "a waiting job is told as Succeeded", said("status", {"Pending": "Succeeded", "ContainerCreating": "Succeeded"}), ("JOB-STM-009",)),
]
FAULTS = [*NAMES, *VIEWS]
