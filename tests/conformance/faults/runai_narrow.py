"""Faults of Run:AI's API that touch few jobs only, so that one requirement alone notices them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mockserver.simulation.request import Limits
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, both, every_job, patched, requests
from tests.conformance.faults.runai import ADAPTER, ERROR, Job, named, of, simulates, submits
from tests.conformance.faults.runai_course import _spans, fault

USUAL = {"name", "project", "image", "command"}
LONG_NAME = 8


def plain(command: str, *more: str) -> Callable[[Job], bool]:
    """Whether a submission to team-a says its name, project, image, this command, and of all else no more than named here."""
    return lambda job: job.get("command", "") == command and job.keys() - {"command"} == USUAL - {"command"} | set(more) and job["project"] == "team-a"


def told_of(when: Callable[[Job], bool], change: Callable[[Job, int], Any]) -> Apply:
    """Change what is told of jobs that were submitted so, and whose names nobody had before; given is how often the list was asked for."""

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


def _is(**words: Any) -> Callable[[Job, int], None]:
    """Other words for states."""
    return lambda job, looks: job.__setitem__("status", words.get(job["status"], job["status"]))


def _over(job: Job, looks: int) -> None:
    if job["status"] in ("Pending", "ContainerCreating"):
        job["status"] = "Succeeded"


def _falls_back(job: Job, looks: int) -> None:
    if job["status"] == "Running" and looks > 1 and looks % 2 == 0:
        job["status"] = "Pending"


def _on(state: str, **members: Any) -> Callable[[Job, int], None]:
    return lambda job, looks: job.update(members) if job["status"] == state else None


def _another_id(job: Job, looks: int) -> None:
    if job["status"] == "Running":
        job["id"] = f"0{job['id'][1:]}" if job["id"][0] != "0" else f"1{job['id'][1:]}"


def _crowd(size: int, change: Callable[[list[Job]], list[Job]]) -> Apply:
    """Change lists of all projects of so many jobs, none of which has a GPU, and all of whose names are long."""

    def revise(asked: Asked, told: Told) -> None:
        data = told.body["data"] if told.status < 300 else []
        if len(data) == size and not asked.query and all(job["currentAllocatedGPUs"] == 0 and len(job["name"]) > LONG_NAME for job in data):
            told.body = {**told.body, "data": change(data)}

    return answers("runai", "list", revise)


def _without_running(data: list[Job]) -> list[Job]:
    return [job for job in data if job["status"] != "Running"] if any(job["status"] == "Succeeded" for job in data) else data


def _third(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status < 300 and len(told.body["data"]) == 3 else ():
        job["name"] = "job-02" if job["name"] == "job-2" else job["name"]


def _spared(asked: Asked) -> None:
    types = asked.memory.setdefault("types", set())
    if asked.role == "submit" and "nodeType" in of(asked):
        types.add(of(asked).get("name"))
    if asked.role == "delete":
        asked.memory["asked"] = asked.body
        if isinstance(asked.body, list) and len(asked.body) == 1 and isinstance(asked.body[0], dict) and asked.body[0].get("name") in types:
            asked.body = []


def _told_deleted(asked: Asked, told: Told) -> None:
    if asked.role == "delete" and told.status < 300 and not told.body["data"]:
        told.body = {"data": [{"name": one["name"], "ok": True} for one in asked.memory["asked"]]}


def _without_failed(data: list[Job]) -> list[Job]:
    return [job for job in data if job["status"] != "Failed"] if any(job["status"] == "Pending" for job in data) else data


def _of_the_first_project(data: list[Job]) -> list[Job]:
    return [job for job in data if job["project"] == data[0]["project"]] if len(data[0]["project"]) > LONG_NAME else data


def _closed_to_good(asked: Asked, told: Told) -> None:
    """Where credentials are verified, which the first refusal shows, a good one deletes no job of the document's example."""
    if isinstance(asked.body, list) and [one.get("name") for one in asked.body if isinstance(one, dict)] == ["job-0", "job-0"] and told.status < 300:
        told.status, told.body = 403, {**ERROR, "status": 403}


def _nobody(asked: Asked, told: Told) -> None:
    if told.status < 300 and len(told.body["data"]) == 1 and not told.body["data"][0]["ok"] and re.fullmatch(r"[0-9a-f-]{36}", told.body["data"][0]["name"]):
        told.body = {"data": [{"name": told.body["data"][0]["name"], "ok": True}]}


def _second_reading(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    if job["status"] == "Succeeded" and job["project"] == "team-a":
        job["nodes"] = [f"node-{asked.memory['looks']}"]


def _text_of_many(asked: Asked, told: Told) -> None:
    if told.status < 300 and len(told.body["data"]) > 2:
        told.headers["content-type"] = "text/plain"


def _kept_after_failure(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        if job.phase != "failed" or job.request.retries or job.request.resources.gpu != 1:
            original(self, job)

    return give_back


def _all_of_nobody(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        if not reply.body["data"] and "nobody" in call.query.get("project", ""):
            call.query.pop("project")
            return original(call)
        return reply

    return list_jobs


def _young_ones_go(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply, world = original(call), call.world
        old = {
            one.payload.id for one in world.jobs("runai").values() if one.request.ttl == 5 and not one.is_terminal and world.now_us - one.created > 30_000_000
        }
        reply.body["data"] = [one for one in reply.body["data"] if one["id"] not in old]
        return reply

    return list_jobs


def _tail(job: Job) -> None:
    if isinstance(job.get("name"), str) and len(job["name"]) > LONG_NAME and job["name"].endswith("-0"):
        job["name"] += "0"


def _one_by_one(job: Job) -> None:
    if type(job.get("parallelism")) is int and not job.keys() & {"gpu", "cpu", "backoffLimit"} and job.get("completions") == 4:
        job.pop("parallelism")


def _together(job: Job) -> None:
    if job.get("completions") == 3 and "parallelism" not in job:
        job["parallelism"] = 3


QUICK, LONG, BAD = plain("sleep 3"), plain("sleep 600"), plain("exit 3", "backoffLimit")
FAULTS: list[Fault] = [
    fault("plain-jobs-are-over", "RAI-STM-004", "a new plain job is told as Succeeded", told_of(QUICK, _over), "JOB-STM-004"),
    fault("long-jobs-are-over", "JOB-CRT-003", "a new long job is told as Succeeded", told_of(LONG, _over), "RAI-STM-004", "JOB-STM-004", "JOB-STM-010"),
    fault("plain-jobs-fail", "JOB-STM-005", "a plain job whose run went well is told as Failed", told_of(QUICK, _is(Succeeded="Failed")), "RAI-STM-001"),
    fault("plain-failures-are-deletions", "JOB-STM-006", "a plain failure is told as Deleted", told_of(BAD, _is(Failed="Deleted")), "RAI-STM-001"),
    fault("plain-failures-are-fails", "RAI-STM-001", "a plain failure is told as Fail", told_of(BAD, _is(Failed="Fail")), "JOB-STM-006"),
    fault("long-jobs-fall-back", "JOB-STM-010", "a long job is told to wait now and then", told_of(LONG, _falls_back), "RAI-STM-011"),
    fault("workbenches-never-run", "RAI-STM-011", "a workbench is told as ContainerCreating all the time", told_of(plain("", "interactive"), _is(Running="ContainerCreating"))),
    fault("long-jobs-are-nowhere", "RAI-RSP-006", "a long job runs on no node", told_of(LONG, _on("Running", nodes=[]))),
    fault("long-jobs-have-a-gpu", "RAI-DEF-002", "a long job that asks for no GPU has one", told_of(LONG, _on("Running", currentAllocatedGPUs=1))),
    fault("plain-jobs-are-workbenches", "RAI-DEF-001", "a job that does not say what it is is told to be a workbench", told_of(QUICK, lambda job, looks: job.update(type="Interactive"))),
    fault("ids-of-runs", "RAI-IDM-002", "a long job has another id while it runs", told_of(LONG, _another_id)),
    fault("failures-in-seconds", "RAI-RSP-009", "createdAt of a failing job is in seconds", told_of(BAD, lambda job, looks: job.update(createdAt=job["createdAt"] // 1000))),
    fault("one-of-three-is-missing", "JOB-LST-002", "of three jobs the running one is not listed", _crowd(3, _without_running)),
    fault("failed-of-four", "RAI-LST-016", "a failed job of four is not listed while one waits", _crowd(4, _without_failed)),
    fault("eighth-of-a-crowd", "JOB-IDM-002", "of eight jobs that wait one is not listed", _crowd(8, lambda data: data[:-1])),
    fault("two-projects-are-one", "RAI-LST-002", "of two jobs in two projects the second is not listed", _crowd(2, _of_the_first_project)),
    fault("noughts-renamed", "RAI-CRT-001", "a given name that ends in -0 gets another 0", submits(_tail)),
    fault("second-number-in-the-list", "RAI-CRT-006", "job-2 is listed as job-02 among three", answers("runai", "list", _third)),
    fault("prefix-with-dash-cut", "RAI-CRT-007", "of a prefix what follows its dash is not used", named(lambda world, project, prefix: _number(world, project, prefix))),
    fault("example-not-deleted", "JOB-AUT-003", "a right token does not delete what the example names", answers("runai", "delete", _closed_to_good)),
    fault("uuids-are-deleted", "JOB-ERR-013", "a deletion of what looks like an id is always carried out, it says", answers("runai", "delete", _nobody)),
    fault("team-a-looks-count", "JOB-IDM-004", "ended jobs of team-a are elsewhere at every look", answers("runai", "list", every_job("runai", _second_reading)), "RAI-RSP-005"),
    fault("lists-are-created", "JOB-RSP-001", "a list of three is answered with 201", answers("runai", "list", lambda asked, told: setattr(told, "status", 201) if told.status == 200 and len(told.body["data"]) > 2 else None)),
    fault("many-are-text", "JOB-RSP-004", "a list of three says it is a text", answers("runai", "list", _text_of_many)),
    fault("plain-ones-placed-anyhow", "JOB-STM-009", "a plain job that cannot be placed runs", submits(lambda job: job.pop("nodeType") if job.get("nodeType") == "no-such-type" and plain("sleep 3", "nodeType")(job) else None)),
    fault("waiting-for-a-type-not-deleted", "RAI-LST-008", "a job that waits for a node type is told to be deleted, and stays", both("runai", ("submit", "delete"), _spared, _told_deleted)),
    fault("nobodys-project-is-all", "RAI-LST-004", "a list of nobody's project holds all jobs", patched(f"{ADAPTER}:runai_list_jobs", _all_of_nobody)),
    fault("failed-holds", "RAI-STM-006", "a failed job keeps its GPU", patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", _kept_after_failure), "RAI-RSP-003"),
    fault("three-at-once", "RAI-STM-009", "three runs go on at once", submits(_together)),
    fault("four-one-by-one", "RAI-STM-010", "four runs go on one by one", submits(_one_by_one)),
    fault("half-minutes-longer", "RAI-TMO-001", "half a minute is two seconds longer", _spans(lambda text, seconds: seconds + 2 * (text == "30s")), "RAI-TMO-002"),
    fault("five-seconds-from-creation", "RAI-TMO-004", "a time to live hides what has not ended", patched(f"{ADAPTER}:runai_list_jobs", _young_ones_go)),
    fault("limit-for-training", "RAI-TMO-008", "training jobs with a GPU are ended at the limit", simulates(lambda request, wanted: setattr(request, "limits", Limits(run=600)) if not request.endless and wanted.get("gpu") else None)),
    fault("empty-objects-are-filled", "RAI-REQ-001", "an empty object makes a job", requests("runai", "submit", lambda asked: setattr(asked, "body", {"job": {"project": "team-a", "image": "alpine"}}) if asked.body == {} else None), "JOB-REQ-001"),
]  # fmt: skip


def _number(world: Any, project: str, prefix: str) -> str:
    taken = {job.payload.name for job in world.jobs("runai", project=project).values()}
    stem = prefix.partition("-")[0]
    return next(f"{stem}-{number}" for number in range(10_000) if f"{stem}-{number}" not in taken)
