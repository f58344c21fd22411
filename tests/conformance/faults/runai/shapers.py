"""Faults of Run:AI: what several files share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, patched, requests

Job = dict[str, Any]
ADAPTER = "mockserver.adapters.runai"
ERROR = {"status": 400, "message": "invalid request", "details": "no"}
HOUR_US = 3_600_000_000
WAITS, RUNS, FAILED = (lambda job, phase=phase: job.phase == phase for phase in ("queued", "running", "failed"))
API = "runai"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"
SIMULATION = "mockserver.simulation"
USUAL = {"name", "project", "image", "command"}
LONG_NAME = 8


def plain(command: str, *more: str) -> Callable[[Job], bool]:
    """Whether a submission to team-a says its name, project, image, this command, and of all else no more than named
    here."""
    return lambda job: (
        job.get("command", "") == command
        and job.keys() - {"command"} == USUAL - {"command"} | set(more)
        and job["project"] == "team-a"
    )


QUICK = plain("sleep 3")
LONG = plain("sleep 600")
BAD = plain("exit 3", "backoffLimit")


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


def named(generate: Callable[[Any, str, str], str]) -> Apply:
    """Generate names another way; given are the world, the project and the prefix."""
    return patched(f"{ADAPTER}.naming:generate", lambda original: generate)


def said(key: str, words: dict[str, str]) -> Apply:
    """Other words for values of a member of the list."""
    return lists(lambda job: job.__setitem__(key, words.get(job[key], job[key])))


def viewed(change: Callable[[Job, Any, Any], Any]) -> Apply:
    """Change what is told of a job, given the world and the job itself."""

    def make(original: Any) -> Any:
        def view(world: Any, job: Any) -> Any:
            told = original(world, job)
            change(told, world, job)
            return told

        return view

    return patched(f"{ADAPTER}.jobs:view", make)


def later(when: Callable[[Any], bool], hours: float, **members: Any) -> Apply:
    """A job that is so is told otherwise so many hours after its last change."""

    def change(told: Job, world: Any, job: Any) -> None:
        if when(job) and world.now_us - job.changed > hours * HOUR_US:
            told.update(members)

    return viewed(change)


def wrong(status: int) -> Any:
    def revise(asked: Asked, told: Told) -> None:
        told.status, told.body = status, {**ERROR, "status": status}

    return revise


def demanded(change: Callable[[Any, Any], None]) -> Any:
    """Jobs ask the scheduler for something else than they should.

    `change` sees what was asked for and what the client said.
    """

    def make(original: Any) -> Any:
        def request(call: Any, wanted: Any, name: str) -> Any:
            found = original(call, wanted, name)
            change(found, wanted)
            return found

        return request

    return patched(f"{ADAPTER}.jobs:request", make)


def make(**changes: Any) -> Apply:
    """Other values of what the adapter asks of the simulation, for all jobs."""

    def change(request: Any, wanted: Job) -> None:
        for name, value in changes.items():
            setattr(request, name, value(request, wanted) if callable(value) else value)

    return simulates(change)


def is_workbench(request: Any) -> bool:
    return bool(request.endless)


def cheaper(**changes: Any) -> Apply:
    """What jobs take of their nodes, changed."""

    def change(request: Any, wanted: Job) -> None:
        told = {name: value(getattr(request.resources, name), wanted) for name, value in changes.items()}
        request.resources = replace(request.resources, **told)

    return simulates(change)


def seen(change: Any) -> Apply:
    """The list changes with each look at a job: its row, and how often it was shown in the state that it is in."""

    def revise(data: list[Job], asked: Asked) -> list[Job]:
        for job in data:
            key = (job["id"], job["status"])
            asked.memory[key] = asked.memory.get(key, 0) + 1
            change(job, asked.memory[key])
        return data

    return listed(revise)


def told_of(when: Callable[[Job], bool], change: Callable[[Job, int], Any]) -> Apply:
    """Change what is told of jobs that were submitted so, and whose names nobody had before.

    Given is how often the list was asked for.
    """

    def revise(asked: Asked, told: Told) -> None:
        known, had = asked.memory.setdefault("known", set()), asked.memory.setdefault("had", set())
        if told.status >= 300:
            return
        if asked.role == "submit":
            key = told.body["name"], of(asked)["project"]
            known.discard(key)
            known.update({key} if when(of(asked)) and key not in had else ())
            had.add(key)
            return
        asked.memory["looks"] = asked.memory.get("looks", 0) + 1
        for job in told.body["data"]:
            if (job["name"], job["project"]) in known:
                change(job, asked.memory["looks"])

    return answers("runai", ("submit", "list"), revise)


def over(job: Job, looks: int) -> None:
    if job["status"] in ("Pending", "ContainerCreating"):
        job["status"] = "Succeeded"


def on(state: str, **members: Any) -> Callable[[Job, int], None]:
    return lambda job, looks: job.update(members) if job["status"] == state else None


def crowd(size: int, change: Callable[[list[Job]], list[Job]]) -> Apply:
    """Change lists of all projects of so many jobs, none of which has a GPU, and all of whose names are long."""

    def revise(asked: Asked, told: Told) -> None:
        data = told.body["data"] if told.status < 300 else []
        if (
            len(data) == size
            and not asked.query
            and all(job["currentAllocatedGPUs"] == 0 and len(job["name"]) > LONG_NAME for job in data)
        ):
            told.body = {**told.body, "data": change(data)}

    return answers("runai", "list", revise)


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API; `also` may notice it too."""
    return Fault(f"runai:{name}", "runai", requirement, describe, apply, also)
