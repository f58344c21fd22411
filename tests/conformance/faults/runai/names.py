"""Faults of Run:AI: names."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, Told, answers, patched
from tests.conformance.faults.runai.shapers import ADAPTER, API, ERROR, Job, fault, named, of, refuses, submits

TEXT_LENGTH = 49


def free(world: Any, project: str, prefix: str, first: int) -> str:
    taken = {job.payload.name for job in world.jobs("runai", project=project).values()}
    return next(f"{prefix}-{number}" for number in range(first, 10_000) if f"{prefix}-{number}" not in taken)


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


def _numbers_ever_higher(world: Any, project: str, prefix: str) -> str:
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


def _replaced(original: Any) -> Any:
    def submit(call: Any) -> Any:
        wanted, world = call.body["job"], call.world
        job = world.jobs("runai", project=wanted["project"]).get(f"{wanted['project']}/{wanted.get('name')}")
        if job is not None and job.phase == "failed":
            world.delete(job)
        return original(call)

    return submit


def _ever_higher(original: Any) -> Any:
    """What left by its time is not noticed."""

    def numbers(world: Any) -> Any:
        shelf = world.shelf("runai.numbers")
        shelf["live"] = len(world.jobs(API))
        return original(world)

    return numbers


def _third(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status < 300 and len(told.body["data"]) == 3 else ():
        job["name"] = "job-02" if job["name"] == "job-2" else job["name"]


def _number(world: Any, project: str, prefix: str) -> str:
    taken = {job.payload.name for job in world.jobs("runai", project=project).values()}
    stem = prefix.partition("-")[0]
    return next(f"{stem}-{number}" for number in range(10_000) if f"{stem}-{number}" not in taken)


FAULTS = [
    fault(
        "unnamed-refused",
        "RAI-CRT-006",
        "a job without a name is refused",
        refuses(lambda job: "name" not in job),
        "RAI-CRT-007",
    ),
    fault(
        "unnamed-elsewhere",
        "RAI-CRT-006",
        "the answer tells another name than the list",
        answers("runai", "submit", _unnamed_elsewhere),
        "RAI-CRT-008",
    ),
    fault(
        "second-number-in-the-list",
        "RAI-CRT-006",
        "job-2 is listed as job-02 among three",
        answers("runai", "list", _third),
    ),
    fault(
        "prefix-ignored",
        "RAI-CRT-007",
        "the prefix is not used",
        submits(lambda job: job.pop("jobNamePrefix", None) if isinstance(job.get("jobNamePrefix"), str) else None),
    ),
    fault(
        "prefix-without-dash",
        "RAI-CRT-007",
        "no dash follows the prefix",
        named(lambda world, project, prefix: free(world, project, prefix, 0).replace("-", "")),
    ),
    fault(
        "prefix-with-dash-cut",
        "RAI-CRT-007",
        "of a prefix what follows its dash is not used",
        named(lambda world, project, prefix: _number(world, project, prefix)),
    ),
    fault(
        "numbers-from-one",
        "RAI-CRT-008",
        "numbers begin at 1",
        named(lambda world, project, prefix: free(world, project, prefix, 1)),
    ),
    fault(
        "numbers-of-all-projects",
        "RAI-CRT-009",
        "numbers are counted over all projects",
        named(lambda world, project, prefix: free(world, project, prefix, len(world.jobs("runai")))),
    ),
    fault("numbers-ever-higher", "RAI-CRT-010", "numbers are never given again", named(_numbers_ever_higher)),
    fault(
        "number-taken",
        "RAI-CRT-011",
        "a taken number is given",
        named(lambda world, project, prefix: f"{prefix}-{len(world.jobs('runai', project=project))}"),
    ),
    fault(
        "prefix-wins",
        "RAI-CRT-012",
        "the prefix counts more than the name",
        submits(lambda job: job.pop("name", None) if "jobNamePrefix" in job else None),
    ),
    fault(
        "names-unique-everywhere",
        "RAI-CRT-013",
        "a name is taken for all projects",
        answers("runai", "submit", _unique_everywhere),
        "RAI-LST-010",
    ),
    fault(
        "duplicates-granted",
        "RAI-CRT-014",
        "a second job of a name is granted",
        answers("runai", "submit", _always_granted),
        "JOB-IDM-001",
        "RAI-IDM-005",
    ),
    fault(
        "failed-replaced",
        "RAI-CRT-014",
        "a failed job gives its name away",
        patched(f"{ADAPTER}:runai_submit_job", _replaced),
    ),
    fault(
        "names-never-free",
        "RAI-CRT-015",
        "the name of a deleted job stays taken",
        answers("runai", ("submit", "delete"), _never_free_again),
    ),
    fault(
        "numbers-stay-taken",
        "RAI-CRT-020",
        "numbers of jobs whose time is over are never given again",
        patched(f"{ADAPTER}.naming:_numbers", _ever_higher),
    ),
    fault(
        "prefix-usual",
        "RAI-DEF-003",
        "the usual prefix is run",
        submits(lambda job: job.setdefault("jobNamePrefix", "run")),
    ),
    fault("name-50", "RAI-REQ-041", "a name of 50 characters is taken", submits(_a_name_too_long)),
    fault(
        "name-49",
        "RAI-REQ-041",
        "a name of 49 characters is refused",
        refuses(lambda job: len(job.get("name", "")) == TEXT_LENGTH),
    ),
]
