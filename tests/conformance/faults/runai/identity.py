"""Faults of Run:AI: ids, and what makes a job that job."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, every_job, patched
from tests.conformance.faults.runai.shapers import ADAPTER, LONG, Job, crowd, fault, lists, of, told_of, viewed


def _id_of_the_name(job: Job) -> None:
    job["id"] = f"00000000-0000-4000-8000-{sum(map(ord, job['name'])) % 10**12:012d}"


def _new_ids(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    job["id"] = f"00000000-0000-4000-8000-{asked.memory['looks']:012d}"


def _of_the_namesake(member: str) -> Apply:
    """A member of a job is what it was of the first of its name."""

    def revise(asked: Asked, told: Told) -> None:
        for job in told.body["data"] if told.status < 300 else ():
            job[member] = asked.memory.setdefault((job["project"], job["name"]), job[member])

    return answers("runai", "list", revise)


def _of_the_try(told: Job, world: Any, job: Any) -> None:
    if job.failures and not job.is_terminal:
        last = (int(told["id"][-1], 16) + job.failures) % 16  # always another one, whatever it was
        told["id"] = f"{told['id'][:-1]}{last:x}"


def _counting(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    if job["status"] == "Succeeded":
        job["nodes"] = [f"node-{asked.memory['looks']}"]


def _repeated(asked: Asked, told: Told) -> None:
    if told.status < 300 and "name" not in of(asked):
        names = asked.memory.setdefault("unnamed", [])
        names.append(told.body["name"])
        if len(names) > 4:
            told.body = {"name": names[3]}


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


def sixth_is_lost() -> Apply:
    """The sixth job that is made is never listed."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            if asked.memory["made"] == 6:
                asked.memory["lost"] = told.body["name"]
        elif asked.role == "list" and told.status < 300:
            told.body["data"] = [job for job in told.body["data"] if job["name"] != asked.memory.get("lost")]

    return answers("runai", ("submit", "list"), revise)


def _another_id(job: Job, looks: int) -> None:
    if job["status"] == "Running":
        job["id"] = f"0{job['id'][1:]}" if job["id"][0] != "0" else f"1{job['id'][1:]}"


def _second_reading(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    if job["status"] == "Succeeded" and job["project"] == "team-a":
        job["nodes"] = [f"node-{asked.memory['looks']}"]


FAULTS = [
    fault("sixth-is-lost", "JOB-IDM-002", "sixth is lost", sixth_is_lost()),
    fault(
        "eighth-of-a-crowd",
        "JOB-IDM-002",
        "of eight jobs that wait one is not listed",
        crowd(8, lambda data: data[:-1]),
    ),
    fault(
        "looks-count",
        "JOB-IDM-004",
        "the list is another at every look",
        answers("runai", "list", every_job("runai", _counting)),
        "RAI-RSP-005",
    ),
    fault(
        "team-a-looks-count",
        "JOB-IDM-004",
        "ended jobs of team-a are elsewhere at every look",
        answers("runai", "list", every_job("runai", _second_reading)),
        "RAI-RSP-005",
    ),
    fault("ids-of-names", "RAI-IDM-001", "jobs of one name share their id", lists(_id_of_the_name), "RAI-IDM-003"),
    fault(
        "ids-new",
        "RAI-IDM-002",
        "ids change from list to list",
        answers("runai", "list", every_job("runai", _new_ids)),
        "RAI-RSP-010",
    ),
    fault("id-of-the-try", "RAI-IDM-002", "every try has another id", viewed(_of_the_try)),
    fault("ids-of-runs", "RAI-IDM-002", "a long job has another id while it runs", told_of(LONG, _another_id)),
    fault(
        "names-repeated",
        "RAI-IDM-004",
        "after four generated names the last one comes again",
        answers("runai", "submit", _repeated),
        "RAI-CRT-008",
        "JOB-IDM-001",
    ),
    fault(
        "ghosts",
        "RAI-IDM-006",
        "a job ends when a deleted one of its name would have",
        patched(f"{ADAPTER}:runai_list_jobs", _ghosts),
    ),
    *(
        fault(
            f"namesake-{member.lower()}",
            "RAI-IDM-007",
            f"{member} is that of the deleted job of the name",
            _of_the_namesake(member),
        )
        for member in ("user", "images", "type", "createdAt")
    ),
]
