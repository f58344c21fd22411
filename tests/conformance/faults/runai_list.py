"""Faults of Run:AI's list, of deletion, refusals and credentials."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, Told, answers, both, patched, requests
from tests.conformance.faults.runai import ADAPTER, ERROR, Job, deleted, deletes, listed, lists
from tests.conformance.faults.runai_course import fault

GONE = {"status": 404, "message": "job not found", "details": "no"}


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
            asked.body = [one for one in asked.body if not (isinstance(one, dict) and one.get("name") in asked.memory.get(state, ()))]

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
        return original(call).__class__(200, {"data": [{"name": item["name"], "ok": False, "error": GONE} for item in call.body]})

    return delete_jobs


def _one_job(asked: Asked) -> None:
    if isinstance(asked.body, dict):
        asked.body = [asked.body] if "name" in asked.body else []


def _project_guessed(asked: Asked) -> None:
    for one in asked.body if isinstance(asked.body, list) else ():
        if isinstance(one, dict) and "project" not in one:
            one["project"] = "team-a"


def _names_as_text(asked: Asked) -> None:
    for one in asked.body if isinstance(asked.body, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), int):
            one["name"] = str(one["name"])


def _status_in_body(asked: Asked, told: Told) -> None:
    if told.status >= 400 and isinstance(told.body, dict):
        told.body["status"] = 500


def _let_in(asked: Asked) -> None:
    """Whoever shows no right token is let in, and told otherwise."""
    asked.memory["stranger"] = asked.headers.get("authorization") != "Bearer mock-token"
    asked.headers["authorization"] = "Bearer mock-token"


def _turned_away(asked: Asked, told: Told) -> None:
    if asked.memory.get("stranger") and asked.headers.get("x-mock-sandbox"):
        told.status, told.body = 401, {**ERROR, "status": 401}
        told.headers["www-authenticate"] = "Bearer"


def _bearer_only(asked: Asked) -> None:
    scheme, _, _ = asked.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        asked.headers.pop("authorization", None)


def _user_is_enough(asked: Asked) -> None:
    if asked.headers.get("ra-user") == "admin":
        asked.headers["authorization"] = "Bearer mock-token"


def _drop_challenge(asked: Asked, told: Told) -> None:
    told.headers.pop("www-authenticate", None)


def _all_if_none(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        if not reply.body["data"] and call.query.get("project"):
            call.query.pop("project")
            return original(call)
        return reply

    return list_jobs


FAULTS = [
    fault("filter-ignored", "RAI-LST-001", "a list of a project holds all jobs", requests("runai", "list", lambda asked: asked.query.clear()), "RAI-LST-003", "RAI-LST-004"),
    fault("filter-hides-ended", "RAI-LST-001", "a list of a project holds no ended jobs", listed(lambda data, asked: [one for one in data if not _project(asked) or one["status"] not in ("Succeeded", "Failed")])),
    fault("no-project-is-the-first", "RAI-LST-002", "a list without project is that of the first job's", listed(lambda data, asked: data if _project(asked) else [one for one in data if one["project"] == data[0]["project"]]), "RAI-CRT-013"),
    fault("filter-by-beginning", "RAI-LST-003", "a list of a project holds those of longer names", patched(f"{ADAPTER}:runai_list_jobs", _begins)),
    fault("unknown-project-is-all", "RAI-LST-004", "a list of an unknown project holds all jobs", patched(f"{ADAPTER}:runai_list_jobs", _all_if_none)),
    fault("empty-is-null", "RAI-LST-005", "a list without jobs is null", answers("runai", "list", lambda asked, told: told.body.__setitem__("data", None) if told.status < 300 and not told.body["data"] else None), "RAI-LST-004", "JOB-RSP-002"),
    fault("empty-is-missing", "RAI-LST-005", "a list without jobs has no data", answers("runai", "list", lambda asked, told: told.body.pop("data") if told.status < 300 and not told.body["data"] else None), "RAI-LST-004", "JOB-RSP-002"),
    fault("list-of-a-hundred", "RAI-LST-006", "only a hundred jobs are listed", listed(lambda data, asked: data[:100])),
    fault("project-list-by-name", "RAI-LST-007", "the list of a project goes by name", listed(lambda data, asked: sorted(data, key=lambda one: str(one["name"])) if _project(asked) else data)),
    fault("newest-first", "JOB-LST-007", "the newest job is listed first", listed(lambda data, asked: data[::-1]), "RAI-LST-007", "RAI-TIM-003"),
    fault("list-by-name", "RAI-TIM-003", "the list goes by name, backwards", listed(lambda data, asked: sorted(data, key=lambda one: str(one["name"]), reverse=True)), "JOB-LST-007"),
    fault("failed-not-listed", "RAI-LST-016", "failed jobs are not listed", listed(lambda data, asked: [one for one in data if one["status"] != "Failed"])),
    fault("waiting-not-listed", "RAI-LST-016", "waiting jobs are not listed", listed(lambda data, asked: [one for one in data if one["status"] != "Pending"]), "JOB-STM-009", "RAI-CRT-016"),
    fault("waiting-not-deleted", "RAI-LST-008", "a waiting job is told to be deleted, and stays", _spare("Pending")),
    fault("running-not-deleted", "RAI-LST-008", "a running job is told to be deleted, and stays", _spare("Running")),
    fault("ended-not-deleted", "RAI-LST-008", "an ended job is told to be deleted, and stays", _spare("Succeeded"), "JOB-LST-009"),
    fault("two-of-three", "RAI-LST-009", "of three jobs two are deleted", requests("runai", "delete", _neighbour_too), "RAI-LST-011"),
    fault("only-the-first", "RAI-LST-009", "only the first job of a deletion is deleted", deletes(lambda body, asked: body.__delitem__(slice(1, None))), "RAI-LST-011", "RAI-LST-012"),
    fault("namesakes-deleted", "RAI-LST-010", "jobs of one name are deleted in all projects", patched(f"{ADAPTER}.jobs:_delete", _every_namesake)),
    fault("deletions-backwards", "RAI-LST-011", "what became of jobs is told backwards", deleted(lambda data, told: data.reverse())),
    fault("deletions-unnamed", "RAI-LST-011", "what became of jobs is told under one name", deleted(lambda data, told: [one.__setitem__("name", data[0]["name"]) for one in data])),
    fault("missing-told-deleted", "RAI-LST-012", "a job that is not there is told to be deleted", deleted(_all_well), "RAI-LST-013", "JOB-ERR-013"),
    fault("missing-without-404", "RAI-LST-012", "the error of a job that is not there is a 500", deleted(lambda data, told: [one["error"].__setitem__("status", 500) for one in data if "error" in one])),
    fault("missing-fails-all", "RAI-LST-012", "one job that is not there keeps the others", patched(f"{ADAPTER}:runai_delete_jobs", _nothing_if_one_is_missing)),
    fault("missing-is-404", "RAI-LST-012", "a deletion of a job that is not there is a 404 as a whole", deleted(lambda data, told: setattr(told, "status", 404) if any(not one["ok"] for one in data) else None)),
    fault("any-project", "RAI-LST-014", "a job is deleted under the name of any project", patched(f"{ADAPTER}.jobs:_delete", _any_project), "RAI-LST-010"),
    fault("deletion-of-an-object", "RAI-ERR-001", "a deletion may be one job", requests("runai", "delete", _one_job)),
    fault("deletion-without-project", "RAI-ERR-002", "a deletion needs no project", requests("runai", "delete", _project_guessed)),
    fault("status-in-body", "RAI-ERR-003", "the body of a refusal says 500", answers("runai", "*", _status_in_body)),
    fault("names-as-numbers", "RAI-ERR-004", "a name in a deletion may be a number", requests("runai", "delete", _names_as_text)),
    fault("broken-deletion-is-empty", "RAI-ERR-005", "a deletion that is not JSON is granted", answers("runai", "delete", lambda asked, told: (setattr(told, "status", 200), setattr(told, "body", {"data": []})) if asked.body is None and told.status == 400 and asked.headers.get("content-length") not in (None, "4") else None)),
    fault("no-challenge", "RAI-AUT-001", "401 does not say how to authenticate", answers("runai", "*", _drop_challenge)),
    fault("bearer-only", "RAI-AUT-002", "only Bearer with a capital is read", requests("runai", "*", _bearer_only)),
    fault("submission-let-in", "RAI-AUT-003", "a submission that is refused makes a job", both("runai", "submit", _let_in, _turned_away)),
    fault("deletion-let-in", "RAI-AUT-004", "a deletion that is refused deletes", both("runai", "delete", _let_in, _turned_away)),
    fault("user-is-enough", "RAI-AUT-005", "RA-USER opens everything", requests("runai", "*", _user_is_enough)),
    fault("list-open", "JOB-AUT-001", "the list asks for no credential", requests("runai", "list", lambda asked: asked.headers.__setitem__("authorization", "Bearer mock-token")), "RAI-AUT-005", "JOB-AUT-002"),
    fault("any-token", "JOB-AUT-002", "any token is right", requests("runai", "*", lambda asked: asked.headers.__setitem__("authorization", "Bearer mock-token") if "authorization" in asked.headers else None)),
    fault("nodes-shared", "RAI-RSP-005", "a waiting job is on the node of another", lists(lambda job: job.__setitem__("nodes", ["node-0"]) if job["status"] == "Pending" else None)),
    fault("project-list-without-users", "RAI-LST-018", "the list of a project tells no users", listed(lambda data, asked: [{**one, "user": ""} for one in data] if _project(asked) else data), "RAI-RSP-010"),
    fault("project-list-is-late", "RAI-LST-018", "the list of a project tells ended jobs as running", listed(lambda data, asked: [{**one, "status": "Running"} if one["status"] == "Succeeded" else one for one in data] if _project(asked) else data), "JOB-STM-004"),
]
