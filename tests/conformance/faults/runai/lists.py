"""Faults of Run:AI: lists, filters and pages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, both, patched, requests
from tests.conformance.faults.runai.shapers import ADAPTER, API, FAILED, LONG_NAME, WAITS, Job, crowd, fault, listed, of

GONE = {"status": 404, "message": "job not found", "details": "no"}


def deletes(change: Callable[[list[Job], Asked], Any]) -> Apply:
    """Change the jobs that a deletion names."""
    return requests(
        "runai", "delete", lambda asked: change(asked.body, asked) if isinstance(asked.body, list) else None
    )


def deleted(change: Callable[[list[Job], Told], Any]) -> Apply:
    """Change what is told of deletions."""
    return answers(
        "runai", "delete", lambda asked, told: change(told.body["data"], told) if told.status < 300 else None
    )


def _told_gone(when: Callable[[Any], bool], *, is_kept: bool) -> Apply:
    """A job to be deleted that is so is told as not there; it may be kept for that."""

    def make(original: Any) -> Any:
        def delete(world: Any, project: str, name: str) -> Any:
            job = world.jobs("runai", project=project).get(f"{project}/{name}")
            if job is None or not when(job):
                return original(world, project, name)
            if not is_kept:
                original(world, project, name)
            return {"name": name, "ok": False, "error": GONE}

        return delete

    return patched(f"{ADAPTER}.jobs:_delete", make)


def _beginnings_too(original: Any) -> Any:
    def delete(world: Any, project: str, name: str) -> Any:
        reply = original(world, project, name)
        for job in list(world.jobs("runai", project=project).values()):
            if job.payload.name.startswith(f"{name}-"):
                original(world, project, job.payload.name)
        return reply

    return delete


def _asked_for(asked: Asked) -> str:
    return dict(asked.query).get("project", "")


def _deleted_again(asked: Asked, told: Told) -> None:
    names = asked.memory.setdefault("deleted", set())
    for one in told.body["data"] if told.status < 300 else ():
        if not one["ok"] and one["name"] in names:
            one.pop("error"), one.__setitem__("ok", True)
        elif one["ok"]:
            names.add(one["name"])


def lists_of_projects(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Any:
    """The list of one project is shown changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and any(name == "project" and value for name, value in asked.query):
            told.body["data"] = change(told.body["data"])

    return answers(API, "list", revise)


def _idle(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [job | {"currentAllocatedGPUs": 0} for job in jobs]


def _with_its_twin(original: Any) -> Any:
    """An ended job of the same name goes along, whatever its project."""

    def delete(world: Any, project: str, name: str) -> Any:
        for job in list(world.jobs(API).values()):
            if job.is_terminal and job.payload.name == name and job.request.project != project:
                original(world, job.request.project, name)
        return original(world, project, name)

    return delete


def _hundred(asked: Asked) -> None:
    if isinstance(asked.body, list):
        del asked.body[100:]


def neighbours_go_too() -> Apply:
    """With an ended job its neighbour in the list goes, if that has ended too."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "delete" and told.status < 300:
            asked.memory.setdefault("gone", set()).update(one["name"] for one in told.body["data"] if one["ok"])
        elif asked.role == "list" and told.status < 300:
            shown = told.body["data"]
            before = asked.memory.get("shown", [])
            for first, second in pairwise(before):
                if (
                    second["name"] in asked.memory.get("gone", ())
                    and first["status"] == second["status"] == "Succeeded"
                ):
                    asked.memory.setdefault("lost", set()).add(first["name"])
            asked.memory["shown"] = shown
            told.body = {**told.body, "data": [job for job in shown if job["name"] not in asked.memory.get("lost", ())]}

    return answers("runai", ("delete", "list"), revise)


def _project(asked: Asked) -> str:
    return dict(asked.query).get("project", "")


def _begins(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        project = call.query.pop("project", "") if call.query else ""
        reply = original(call)
        reply.body["data"] = [one for one in reply.body["data"] if one["project"].startswith(project or "")]
        return reply

    return list_jobs


def _spare(state: str) -> Any:
    """Jobs in a state are told to be deleted, and are not."""

    def edit(asked: Asked) -> None:
        asked.memory["asked"] = asked.body
        if isinstance(asked.body, list):
            asked.body = [
                one
                for one in asked.body
                if not (isinstance(one, dict) and one.get("name") in asked.memory.get(state, ()))
            ]

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "list" and told.status < 300:
            asked.memory[state] = {one["name"] for one in told.body["data"] if one["status"] == state}
        elif asked.role == "delete" and told.status < 300:
            told.body = {"data": [{"name": one["name"], "ok": True} for one in asked.memory["asked"]]}

    return both("runai", ("list", "delete"), lambda asked: edit(asked) if asked.role == "delete" else None, revise)


def _every_namesake(original: Any) -> Any:
    def delete(world: Any, project: str, name: str) -> Any:
        reply = original(world, project, name)
        for job in [one for one in world.jobs("runai").values() if one.payload.name == name]:
            original(world, job.request.project, name)
        return reply

    return delete


def _any_project(original: Any) -> Any:
    def delete(world: Any, project: str, name: str) -> Any:
        found = next((one.request.project for one in world.jobs("runai").values() if one.payload.name == name), project)
        return original(world, found, name)

    return delete


def _neighbour_too(asked: Asked) -> None:
    if isinstance(asked.body, list) and len(asked.body) == 3 and isinstance(asked.body[0], dict):
        asked.body = asked.body[:2]


def _all_well(data: list[Job], told: Told) -> None:
    for one in data:
        one.pop("error", None)
        one["ok"] = True


def _nothing_if_one_is_missing(original: Any) -> Any:
    from mockserver.adapters.runai import naming

    def delete_jobs(call: Any) -> Any:
        known = [naming.key_of(item["project"], item["name"]) in call.world.jobs("runai") for item in call.body]
        if all(known):
            return original(call)
        return original(call).__class__(
            200, {"data": [{"name": item["name"], "ok": False, "error": GONE} for item in call.body]}
        )

    return delete_jobs


def _all_if_none(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        if not reply.body["data"] and call.query.get("project"):
            call.query.pop("project")
            return original(call)
        return reply

    return list_jobs


def _without_running(data: list[Job]) -> list[Job]:
    return (
        [job for job in data if job["status"] != "Running"]
        if any(job["status"] == "Succeeded" for job in data)
        else data
    )


def _spared(asked: Asked) -> None:
    types = asked.memory.setdefault("types", set())
    if asked.role == "submit" and "nodeType" in of(asked):
        types.add(of(asked).get("name"))
    if asked.role == "delete":
        asked.memory["asked"] = asked.body
        if (
            isinstance(asked.body, list)
            and len(asked.body) == 1
            and isinstance(asked.body[0], dict)
            and asked.body[0].get("name") in types
        ):
            asked.body = []


def _told_deleted(asked: Asked, told: Told) -> None:
    if asked.role == "delete" and told.status < 300 and not told.body["data"]:
        told.body = {"data": [{"name": one["name"], "ok": True} for one in asked.memory["asked"]]}


def _without_failed(data: list[Job]) -> list[Job]:
    return (
        [job for job in data if job["status"] != "Failed"] if any(job["status"] == "Pending" for job in data) else data
    )


def _of_the_first_project(data: list[Job]) -> list[Job]:
    return (
        [job for job in data if job["project"] == data[0]["project"]] if len(data[0]["project"]) > LONG_NAME else data
    )


def _all_of_nobody(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        if not reply.body["data"] and "nobody" in call.query.get("project", ""):
            call.query.pop("project")
            return original(call)
        return reply

    return list_jobs


FAULTS = [
    fault(
        "one-of-three-is-missing",
        "JOB-LST-002",
        "of three jobs the running one is not listed",
        crowd(3, _without_running),
    ),
    fault(
        "newest-first",
        "JOB-LST-007",
        "the newest job is listed first",
        listed(lambda data, asked: data[::-1]),
        "RAI-LST-007",
        "RAI-TIM-003",
    ),
    fault("neighbours-go-too", "JOB-LST-009", "neighbours go too", neighbours_go_too()),
    fault(
        "signs-in-projects",
        "RAI-LST-001",
        "a list of a project with a dot is empty",
        listed(lambda data, asked: [] if "." in _asked_for(asked) else data),
    ),
    fault(
        "filter-ignored",
        "RAI-LST-001",
        "a list of a project holds all jobs",
        requests("runai", "list", lambda asked: asked.query.clear()),
        "RAI-LST-003",
        "RAI-LST-004",
    ),
    fault(
        "filter-hides-ended",
        "RAI-LST-001",
        "a list of a project holds no ended jobs",
        listed(
            lambda data, asked: [
                one for one in data if not _project(asked) or one["status"] not in ("Succeeded", "Failed")
            ]
        ),
    ),
    fault(
        "no-project-is-the-first",
        "RAI-LST-002",
        "a list without project is that of the first job's",
        listed(
            lambda data, asked: (
                data if _project(asked) else [one for one in data if one["project"] == data[0]["project"]]
            )
        ),
        "RAI-CRT-013",
    ),
    fault(
        "two-projects-are-one",
        "RAI-LST-002",
        "of two jobs in two projects the second is not listed",
        crowd(2, _of_the_first_project),
    ),
    fault(
        "projects-in-any-case",
        "RAI-LST-003",
        "projects are told apart in lower case",
        requests(
            "runai",
            "list",
            lambda asked: asked.query.__setitem__(slice(None), [(key, value.lower()) for key, value in asked.query]),
        ),
    ),
    fault(
        "filter-by-beginning",
        "RAI-LST-003",
        "a list of a project holds those of longer names",
        patched(f"{ADAPTER}:runai_list_jobs", _begins),
    ),
    fault(
        "unknown-project-is-all",
        "RAI-LST-004",
        "a list of an unknown project holds all jobs",
        patched(f"{ADAPTER}:runai_list_jobs", _all_if_none),
    ),
    fault(
        "nobodys-project-is-all",
        "RAI-LST-004",
        "a list of nobody's project holds all jobs",
        patched(f"{ADAPTER}:runai_list_jobs", _all_of_nobody),
    ),
    fault(
        "empty-is-null",
        "RAI-LST-005",
        "a list without jobs is null",
        answers(
            "runai",
            "list",
            lambda asked, told: (
                told.body.__setitem__("data", None) if told.status < 300 and not told.body["data"] else None
            ),
        ),
        "RAI-LST-004",
        "JOB-RSP-002",
    ),
    fault(
        "empty-is-missing",
        "RAI-LST-005",
        "a list without jobs has no data",
        answers(
            "runai",
            "list",
            lambda asked, told: told.body.pop("data") if told.status < 300 and not told.body["data"] else None,
        ),
        "RAI-LST-004",
        "JOB-RSP-002",
    ),
    fault(
        "twenty-of-a-project",
        "RAI-LST-006",
        "a list of a project ends after twenty",
        listed(lambda data, asked: data[:20] if _asked_for(asked) else data),
    ),
    fault("list-of-a-hundred", "RAI-LST-006", "only a hundred jobs are listed", listed(lambda data, asked: data[:100])),
    fault(
        "project-list-by-name",
        "RAI-LST-007",
        "the list of a project goes by name",
        listed(lambda data, asked: sorted(data, key=lambda one: str(one["name"])) if _project(asked) else data),
    ),
    fault(
        "pause-not-deleted",
        "RAI-LST-008",
        "a job between two tries cannot be deleted",
        _told_gone(lambda job: job.failures and WAITS(job), is_kept=True),
    ),
    fault("waiting-not-deleted", "RAI-LST-008", "a waiting job is told to be deleted, and stays", _spare("Pending")),
    fault("running-not-deleted", "RAI-LST-008", "a running job is told to be deleted, and stays", _spare("Running")),
    fault(
        "ended-not-deleted",
        "RAI-LST-008",
        "an ended job is told to be deleted, and stays",
        _spare("Succeeded"),
        "JOB-LST-009",
    ),
    fault(
        "waiting-for-a-type-not-deleted",
        "RAI-LST-008",
        "a job that waits for a node type is told to be deleted, and stays",
        both("runai", ("submit", "delete"), _spared, _told_deleted),
    ),
    fault(
        "beginnings-deleted",
        "RAI-LST-009",
        "a deletion takes jobs whose name only begins so",
        patched(f"{ADAPTER}.jobs:_delete", _beginnings_too),
    ),
    fault("hundred-deleted", "RAI-LST-009", "a deletion ends after a hundred items", requests(API, "delete", _hundred)),
    fault(
        "two-of-three",
        "RAI-LST-009",
        "of three jobs two are deleted",
        requests("runai", "delete", _neighbour_too),
        "RAI-LST-011",
    ),
    fault(
        "only-the-first",
        "RAI-LST-009",
        "only the first job of a deletion is deleted",
        deletes(lambda body, asked: body.__delitem__(slice(1, None))),
        "RAI-LST-011",
        "RAI-LST-012",
    ),
    fault(
        "deletes-ended-twin",
        "RAI-LST-010",
        "a deletion takes an ended namesake along",
        patched(f"{ADAPTER}.jobs:_delete", _with_its_twin),
    ),
    fault(
        "namesakes-deleted",
        "RAI-LST-010",
        "jobs of one name are deleted in all projects",
        patched(f"{ADAPTER}.jobs:_delete", _every_namesake),
    ),
    fault(
        "failed-told-missing",
        "RAI-LST-011",
        "a failed job that is deleted is told as not there",
        _told_gone(FAILED, is_kept=False),
    ),
    fault(
        "deletions-backwards",
        "RAI-LST-011",
        "what became of jobs is told backwards",
        deleted(lambda data, told: data.reverse()),
    ),
    fault(
        "deletions-unnamed",
        "RAI-LST-011",
        "what became of jobs is told under one name",
        deleted(lambda data, told: [one.__setitem__("name", data[0]["name"]) for one in data]),
    ),
    fault(
        "missing-told-deleted",
        "RAI-LST-012",
        "a job that is not there is told to be deleted",
        deleted(_all_well),
        "RAI-LST-013",
        "JOB-ERR-013",
    ),
    fault(
        "missing-without-404",
        "RAI-LST-012",
        "the error of a job that is not there is a 500",
        deleted(lambda data, told: [one["error"].__setitem__("status", 500) for one in data if "error" in one]),
    ),
    fault(
        "missing-fails-all",
        "RAI-LST-012",
        "one job that is not there keeps the others",
        patched(f"{ADAPTER}:runai_delete_jobs", _nothing_if_one_is_missing),
    ),
    fault(
        "missing-is-404",
        "RAI-LST-012",
        "a deletion of a job that is not there is a 404 as a whole",
        deleted(lambda data, told: setattr(told, "status", 404) if any(not one["ok"] for one in data) else None),
    ),
    fault(
        "deleted-again",
        "RAI-LST-013",
        "a job is deleted as often as one asks",
        answers("runai", "delete", _deleted_again),
        "RAI-LST-015",
    ),
    fault(
        "any-project",
        "RAI-LST-014",
        "a job is deleted under the name of any project",
        patched(f"{ADAPTER}.jobs:_delete", _any_project),
        "RAI-LST-010",
    ),
    fault(
        "failed-not-listed",
        "RAI-LST-016",
        "failed jobs are not listed",
        listed(lambda data, asked: [one for one in data if one["status"] != "Failed"]),
    ),
    fault(
        "waiting-not-listed",
        "RAI-LST-016",
        "waiting jobs are not listed",
        listed(lambda data, asked: [one for one in data if one["status"] != "Pending"]),
        "JOB-STM-009",
        "RAI-CRT-016",
    ),
    fault(
        "failed-of-four", "RAI-LST-016", "a failed job of four is not listed while one waits", crowd(4, _without_failed)
    ),
    fault(
        "waiting-not-in-projects",
        "RAI-LST-018",
        "a project's list lacks what waits",
        lists_of_projects(lambda jobs: [job for job in jobs if job["status"] != "Pending"]),
    ),
    fault("idle-in-projects", "RAI-LST-018", "a project's list tells of no GPUs", lists_of_projects(_idle)),
    fault(
        "project-list-without-users",
        "RAI-LST-018",
        "the list of a project tells no users",
        listed(lambda data, asked: [{**one, "user": ""} for one in data] if _project(asked) else data),
        "RAI-RSP-010",
    ),
    fault(
        "project-list-is-late",
        "RAI-LST-018",
        "the list of a project tells ended jobs as running",
        listed(
            lambda data, asked: (
                [{**one, "status": "Running"} if one["status"] == "Succeeded" else one for one in data]
                if _project(asked)
                else data
            )
        ),
        "JOB-STM-004",
    ),
]
