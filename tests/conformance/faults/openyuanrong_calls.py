"""Faults of openYuanrong's mock: stopping, deleting, listing, tokens, refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.faults import Apply, Asked, Fault, Json, Told, answers, every_job, patched, requests
from tests.conformance.faults.openyuanrong import API

WORLD = "mockserver.simulation.world:World"


def says(where: str, was: Json, becomes: Json) -> Apply:
    """What a stop or a deletion answers is something else."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and told.body is was:
            told.body = becomes

    return answers(API, where, revise)


def _plain(asked: Asked, told: Told) -> None:
    key = asked.values["submissionId"]
    if asked.role == "read" and told.status == 200:
        asked.memory[key] = told.body["metadata"] is None
    elif told.body is True and asked.memory.get(key) and asked.body is None:
        told.body = False


def _over(job: dict[str, Any], asked: Asked) -> None:
    if not asked.memory.setdefault(job["submission_id"], False):
        asked.memory[job["submission_id"]], job["status"] = True, "SUCCEEDED"


def undone(method: str, unless: Callable[[Any], bool]) -> Apply:
    """A method of the world does nothing to some jobs, and says nothing of it."""

    def make(original: Any) -> Any:
        return lambda world, job, *others: None if unless(job) else original(world, job, *others)

    return patched(f"{WORLD}.{method}", make)


def status(where: str | tuple[str, ...], was: int, becomes: int, body: Json = None) -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was:
            told.status, told.body = becomes, told.body if body is None else body

    return answers(API, where, revise)


def remembers(phase: str, where: str) -> Apply:
    """A false answer about jobs in one state, as the last look told it, is true."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "read" and told.status == 200:
            asked.memory[asked.values["submissionId"]] = told.body["status"]
        elif asked.role == where and told.body is False and asked.memory.get(asked.values["submissionId"]) == phase:
            told.body = True

    return answers(API, ("read", where), revise)


def _gives_up(seconds: float) -> Apply:
    return patched("mockserver.adapters.openyuanrong.reading:LIMITS", lambda original: replace(original, assign=seconds))


def _ends_all(original: Any) -> Any:
    def delete(world: Any, job: Any) -> None:
        others = [one for one in world.jobs(API).values() if one.is_terminal and one is not job]
        original(world, job)
        for other in others[:1]:
            original(world, other)

    return delete


def _runs_again(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["status"] == "FAILED":
        count = asked.memory[asked.values["submissionId"]] = asked.memory.get(asked.values["submissionId"], 0) + 1
        told.body["driver_info"]["pid"] = str(int(told.body["driver_info"]["pid"] or 0) + count // 7)


def _only_own(asked: Asked, told: Told) -> None:
    tenant = asked.headers.get("x-tenant-id", "")
    if asked.role == "submit" and told.status == 200:
        asked.memory[told.body["submission_id"]] = tenant
    elif asked.role == "list" and told.status == 200:
        told.body = [job for job in told.body if asked.memory.get(job["submission_id"], "") in ("", tenant)]


def _twenty(asked: Asked, told: Told) -> None:
    told.body = told.body[:20] if isinstance(told.body, list) else told.body


def _no_failures(asked: Asked, told: Told) -> None:
    told.body = [job for job in told.body if job["status"] != "STOPPED"] if isinstance(told.body, list) else told.body


def _four(asked: Asked, told: Told) -> None:
    if isinstance(told.body, list) and len(told.body) == 5:
        told.body = [job for job in told.body if job["status"] != "PENDING"]


def _pending(asked: Asked, told: Told) -> None:
    for job in told.body if isinstance(told.body, list) else ():
        if job["status"] == "STOPPED":
            job["status"] = "RUNNING"


def _no_cookie(asked: Asked) -> None:
    asked.headers.pop("cookie", None)


def _wrong_body(asked: Asked, told: Told) -> None:
    if asked.body is not None and asked.role == "cancel":
        told.status, told.body = 400, "no body is expected"


def _leaves_one(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and told.status == 500:
        asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
    elif asked.role == "list" and told.status == 200 and told.body:
        told.body += [{**told.body[0], "submission_id": f"app-ghost-{number}"} for number in range(asked.memory.get("ghosts", 0))]


def _null_list(asked: Asked, told: Told) -> None:
    if told.body == []:
        told.body = None
        told.headers["content-type"] = "application/json"


def _role(original: Any) -> Any:
    return lambda token: {**original(token), "role": "developer"}


def _expiry(original: Any) -> Any:
    return lambda token: {**original(token), "exp": 0}


def _open(operation: str, instead_of: str) -> Apply:
    def edit(asked: Asked) -> None:
        sent = asked.headers.get("x-auth", "")
        if asked.operation == operation and (not sent if instead_of == "none" else sent == "not-a-token") and not asked.query and "cookie" not in asked.headers:
            asked.headers["x-auth"] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoiZGV2ZWxvcGVyIiwic3ViIjoiY2YifQ.c2lnbmVk"

    return requests(API, operation, edit)


def _fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


def _twice(asked: Asked, told: Told) -> None:
    own = asked.body.get("submission_id") if asked.role == "submit" and isinstance(asked.body, dict) else None
    if own and told.status == 400 and "already" in str(told.body) and asked.memory.get("last") == own:
        told.status, told.body = 200, {"submission_id": own}
    asked.memory["last"] = own


def _no_reason(job: dict[str, Any], asked: Asked) -> None:
    if job["status"] == "STOPPED":
        job["error_type"] = ""


def _no_exit(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and str(asked.body.get("entrypoint")).startswith("exit") and "submission_id" not in asked.body:
        told.status, told.body = 400, "no"


def _stops_waiting(asked: Asked, told: Told) -> None:
    key = asked.values["submissionId"]
    if asked.role == "cancel":
        asked.memory[key] = True
    elif told.status == 200 and told.body["status"] == "PENDING" and key in asked.memory:
        told.body["status"] = "STOPPED"


CREDENTIAL = "mockserver.adapters.openyuanrong.credentials"
FAULTS = [
    _fault("stop-says-false", "OYR-STM-001", "every stop is answered false", says("cancel", True, False), "OYR-STM-008", "OYR-STM-009"),
    _fault("plain-stop-says-false", "OYR-STM-001", "the stop of a job without metadata is answered false", answers(API, ("read", "cancel"), _plain), "OYR-STM-009", "OYR-IDM-022"),
    _fault("stop-ignored", "JOB-STM-007", "a stop is answered true and does nothing", undone("cancel", lambda job: True), "OYR-STM-001"),
    _fault("stop-of-waiting-says-true", "OYR-STM-002", "stopping a job that waits is answered true", remembers("PENDING", "cancel")),
    _fault("stop-of-succeeded-says-true", "OYR-STM-003", "stopping a job that succeeded is answered true", remembers("SUCCEEDED", "cancel")),
    _fault("stop-of-stopped-says-true", "OYR-STM-003", "stopping a stopped job is answered true", remembers("STOPPED", "cancel")),
    _fault("delete-of-running-says-true", "OYR-STM-004", "deleting a running job is answered true", remembers("RUNNING", "delete")),
    _fault("delete-of-waiting-says-true", "OYR-STM-005", "deleting a job that waits is answered true", remembers("PENDING", "delete")),
    _fault("stopped-not-deleted", "OYR-STM-006", "stopped jobs are not deleted", undone("delete", lambda job: job.state == "STOPPED")),
    _fault("delete-says-false", "OYR-STM-006", "every deletion is answered false", says("delete", True, False), "OYR-STM-007", "OYR-STM-010"),
    _fault("stop-of-deleted", "OYR-STM-007", "stopping what is unknown is answered false", status("cancel", 404, 200, False), "JOB-ERR-012"),
    _fault("delete-of-nobody", "JOB-ERR-013", "deleting what is unknown is answered true", status("delete", 404, 200, True), "OYR-STM-007", "OYR-STM-010"),
    _fault("stop-with-body", "OYR-STM-008", "a stop with a body is refused", answers(API, "cancel", _wrong_body)),
    _fault("second-delete-false", "OYR-STM-010", "a second deletion is answered false", status("delete", 404, 200, False), "OYR-STM-007", "JOB-ERR-013"),
    _fault("deletes-two", "OYR-STM-011", "a deletion takes an older job along", patched(f"{WORLD}.delete", _ends_all), "JOB-LST-009", "OYR-STM-010", "OYR-IDM-022"),
    _fault("runs-again", "OYR-RTY-001", "a failed job gets other processes", answers(API, "read", _runs_again)),
    _fault("gives-up-early", "OYR-TMO-001", "a job waits for fifteen seconds only", _gives_up(15.0)),
    _fault("never-gives-up", "OYR-TMO-001", "a job waits for a minute", _gives_up(60.0)),
    _fault("null-list", "OYR-LST-001", "the list of no jobs is null", answers(API, "list", _null_list), "JOB-RSP-002"),
    _fault("stopped-not-listed", "OYR-LST-002", "stopped jobs are not listed", answers(API, "list", _no_failures)),
    _fault("one-of-five-not-listed", "OYR-LST-002", "of five jobs the one that waits is not listed", answers(API, "list", _four)),
    _fault("stopped-listed-running", "OYR-LST-002", "stopped jobs are listed as running", answers(API, "list", _pending), "JOB-STM-004", "JOB-STM-007"),
    _fault("twenty-listed", "OYR-LST-003", "the list ends after twenty jobs", answers(API, "list", _twenty)),
    _fault("tenants-apart", "OYR-ISO-001", "a tenant's list holds its own jobs only", answers(API, ("submit", "list"), _only_own)),
    _fault("ghosts", "OYR-ERR-002", "a submission that finds no room is listed", answers(API, ("submit", "list"), _leaves_one)),
    _fault("refused-with-422", "OYR-ERR-003", "mistakes are answered 422", status("submit", 400, 422), "OYR-REQ-022", "OYR-REQ-027", "OYR-REQ-031"),
    _fault("empty-refusals", "OYR-ERR-001", "refusals are empty texts", answers(API, ("read", "cancel", "delete"), lambda asked, told: setattr(told, "body", "") if told.status == 404 else None)),
    _fault("submitted-201", "OYR-RSP-001", "a submission is answered 201", status("submit", 200, 201), "JOB-RSP-001"),
    _fault("stop-as-object", "OYR-RSP-002", "a stop is answered with an object", answers(API, "cancel", lambda asked, told: setattr(told, "body", {"stopped": told.body}) if told.status == 200 else None), "JOB-RSP-002"),
    _fault("no-cookie", "OYR-AUT-001", "the cookie is not looked at", requests(API, "*", _no_cookie)),
    _fault("any-role", "OYR-AUT-002", "the role is not looked at", patched(f"{CREDENTIAL}:_claims", _role)),
    _fault("never-expires", "OYR-AUT-003", "the expiry is not looked at", patched(f"{CREDENTIAL}:_claims", _expiry)),
    _fault("denied-as-text", "OYR-AUT-004", "a missing token is answered with a text", answers(API, "*", lambda asked, told: setattr(told, "body", "no") if told.status == 401 else None), "JOB-ERR-002"),
    _fault("open-list", "JOB-AUT-001", "everybody may list", _open("yr_list_jobs", "none")),
    _fault("open-stop", "JOB-AUT-002", "a wrong token may stop", _open("yr_stop_job", "wrong")),
    _fault("kept-in-list", "JOB-LST-009", "jobs that ran well are deleted in word only", undone("delete", lambda job: job.state == "SUCCEEDED"), "OYR-STM-006"),
    _fault("twice-in-a-row", "OYR-IDM-016", "an id that was just taken is given again", answers(API, "*", _twice), "OYR-IDM-013", "OYR-IDM-014", "JOB-IDM-001"),
    _fault("stopped-without-why", "OYR-RSP-011", "stopped jobs do not say why", answers(API, ("read", "list"), every_job(API, _no_reason))),
    _fault("list-denied", "JOB-AUT-003", "a right token may not list", answers(API, "list", lambda asked, told: setattr(told, "status", 403) if "x-auth" in asked.headers else None), "JOB-LST-002"),
    _fault("new-is-over", "JOB-CRT-003", "a new job is shown as having run well", answers(API, "read", every_job(API, _over))),
    _fault("exit-refused", "JOB-CRT-001", "a command that only ends is refused", answers(API, "submit", _no_exit)),
    _fault("unknown-is-502", "JOB-ERR-010", "reading what is unknown is answered 502", status("read", 404, 502), "JOB-ERR-003", "OYR-STM-007"),
    _fault("waiting-is-stopped", "JOB-STM-012", "a job that waits is shown as stopped once a stop was asked for", answers(API, ("cancel", "read"), _stops_waiting), "OYR-STM-002"),
]
