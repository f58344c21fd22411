"""Faults of ByteNite's mock: changes of drafts, runs, stops, timeouts, neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.adapters.exchange import Refusal
from tests.conformance.faults import Apply, Asked, Told, answers, every_job, patched, requests
from tests.conformance.faults.bytenite import API, fault, half_a_minute


def _replaced(part: str) -> Apply:
    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and part not in asked.body:
            asked.body[part] = {}

    return requests(API, "Customer_SetJobParams", edit)


def _drops(operation: str, name: str) -> Apply:
    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            asked.body.pop(name, None)

    return requests(API, operation, edit)


def late(operation: str) -> Apply:
    """A change is also made to jobs that were run."""

    def make(original: Any) -> Any:
        def draft(call: Any) -> Any:
            try:
                return original(call)
            except Refusal:
                if call.operation != operation:
                    raise
                from mockserver.adapters.bytenite.jobs import find

                return find(call)

        return draft

    return patched("mockserver.adapters.bytenite.edits:draft", make)


def undone(method: str, unless: Callable[[Any], bool]) -> Apply:
    """A method of the world does nothing to some jobs, and says nothing of it."""

    def make(original: Any) -> Any:
        def instead(world: Any, job: Any, *others: Any) -> Any:
            return None if unless(job) else original(world, job, *others)

        return instead

    return patched(f"mockserver.simulation.world:World.{method}", make)


def _rerun(asked: Asked, told: Told) -> None:
    if asked.role == "start" and told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}
        asked.memory[asked.values["jobId"]] = True
    elif asked.role == "read" and told.status == 200 and asked.memory.get(asked.values["jobId"]) and "submittedAt" in told.body["job"]:
        told.body["job"]["submittedAt"] = half_a_minute(told.body["job"]["submittedAt"])


def _granted(asked: Asked, told: Told) -> None:
    if told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}


def _wrapped_only(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and "config" in asked.body and asked.role == "start":
        told.status, told.body = 400, {"code": 3, "message": "no", "details": []}


def _empty_source(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "dataSource" not in asked.body:
        asked.body["dataSource"] = {"dataSourceDescriptor": "bypass"}


def _once_named(asked: Asked, told: Told) -> None:
    if asked.operation == "Customer_SetJobName" and told.status == 200 and isinstance(asked.body, dict):
        asked.memory["name"] = asked.body.get("name")
    elif asked.role == "read" and told.status == 200 and "name" in asked.memory and told.body["job"]["state"] == "JOB_STATE_NEW":
        told.body["job"]["name"] = asked.memory["name"]


def _deduplicated(asked: Asked, told: Told) -> None:
    if told.status < 300:
        told.body = asked.memory.setdefault(repr(asked.body), told.body)


LIMITED = "mockserver.adapters.bytenite.reading:limits"
TEAM = "mockserver.adapters.bytenite.reading:team"


def job_limit(change: Callable[[float | None], float | None]) -> Apply:
    """The job timeout that the engine is told."""

    def make(original: Any) -> Any:
        from mockserver.simulation.request import Limits

        return lambda config: Limits(total=change(original(config).total))

    return patched(LIMITED, make)


def task_limit(change: Callable[[float | None], float | None]) -> Apply:
    """The task timeout that the engine is told."""

    def make(original: Any) -> Any:
        def team(config: Any, count: int) -> Any:
            config = dict(config)
            config["taskTimeout"] = change(config.get("taskTimeout") or None)
            return original(config, count)

        return team

    return patched(TEAM, make)


def _more(seconds: float) -> Callable[[float | None], float | None]:
    return lambda limit: None if limit is None else limit + seconds


def _impatient(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["job"]["state"] == "JOB_STATE_NEW":
        count = asked.memory[asked.values["jobId"]] = asked.memory.get(asked.values["jobId"], 0) + 1
        if count > 1 or "submittedAt" not in told.body["job"]:
            told.body["job"]["state"] = "JOB_STATE_STARTED"


def _nought(original: Any) -> Any:
    from mockserver.simulation.request import Limits

    return lambda config: Limits(total=1.0) if config.get("jobTimeout") == 0 else original(config)


def _timed_out(job: dict[str, Any], asked: Asked) -> None:
    if "timeout" in job.get("errorMessage", ""):
        job["state"] = "JOB_STATE_COMPLETE"


def _not_waiting(original: Any) -> Any:
    def arm(scheduler: Any, job: Any, *others: Any, **options: Any) -> Any:
        script = job.request.script
        return None if script is not None and script.stay_queued else original(scheduler, job, *others, **options)

    return arm


FAULTS = [
    fault("source-reset", "BYT-STM-002", "a change of the destination alone resets the source", requests(API, "Customer_SetJobDatasource", _empty_source)),
    fault("assembler-not-changed", "BYT-STM-003", "the assembler's part of a change is dropped", _drops("Customer_SetJobParams", "assembler")),
    fault("params-replaced", "BYT-STM-004", "a change of one part empties the partitioner's", _replaced("partitioner")),
    fault("renamed-in-part", "BYT-STM-005", "a new name is cut to eight letters", requests(API, "Customer_SetJobName", lambda asked: asked.body.__setitem__("name", asked.body["name"][:8]) if isinstance((asked.body or {}).get("name"), str) else None)),
    fault("wrapped-limits-lost", "BYT-STM-034", "limits under config are dropped from a change", _drops("Customer_SetJobConfigs", "config")),
    fault("late-params", "BYT-STM-007", "parameters of jobs that were run can be changed", late("Customer_SetJobParams"), "BYT-STM-009"),
    fault("late-source", "BYT-STM-007", "data sources of jobs that were run can be changed", late("Customer_SetJobDatasource"), "BYT-STM-009"),
    fault("late-name", "BYT-STM-008", "jobs that were run can be renamed", late("Customer_SetJobName"), "BYT-STM-009"),
    fault("second-run-granted", "BYT-STM-010", "a second run is answered as if it were the first", answers(API, "start", _granted), "BYT-ERR-009", "BYT-IDM-001"),
    fault("second-run-resubmits", "BYT-STM-011", "a second run moves the instant of submission", answers(API, ("start", "read"), _rerun), "BYT-STM-010"),
    fault("aborted-draft-stays", "BYT-STM-012", "a draft is not deleted when it is aborted", undone("delete", lambda job: job.phase == "draft"), "BYT-LST-013"),
    fault("abort-ignored", "BYT-STM-013", "a job at work cannot be aborted", undone("cancel", lambda job: job.state == "JOB_STATE_PARTITIONED"), "JOB-STM-007"),
    fault("queued-abort-ignored", "JOB-STM-012", "a job that waits cannot be aborted", undone("cancel", lambda job: job.phase == "queued")),
    fault("waiting-not-deleted", "BYT-STM-015", "a job that waits cannot be deleted", undone("delete", lambda job: job.phase == "queued")),
    fault("wrapped-run-refused", "BYT-STM-016", "limits under config are refused when a job is run", answers(API, "start", _wrapped_only)),
    fault("run-limits-lost", "BYT-STM-017", "limits that come with the run are dropped", patched("mockserver.adapters.bytenite.runs:configure", lambda original: lambda *all_: None), "BYT-TMO-011"),
    fault("old-params-lost", "BYT-STM-018", "the older path of parameters changes nothing", _drops("Customer_SetJobParamsLegacy", "app")),
    fault("job-timeout-ignored", "BYT-TMO-001", "the job timeout is not kept", job_limit(lambda limit: None)),
    fault("job-timeout-early", "BYT-TMO-002", "the job timeout ends jobs five seconds early", job_limit(_more(-5))),
    fault("job-timeout-off-by-one", "BYT-TMO-003", "the job timeout ends jobs a second late", job_limit(_more(1))),
    fault("task-timeout-ignored", "BYT-TMO-007", "the task timeout is not kept", task_limit(lambda limit: None)),
    fault("task-timeout-early", "BYT-TMO-008", "the task timeout ends tasks a second early", task_limit(_more(-1))),
    fault("task-timeout-late", "BYT-TMO-009", "the task timeout ends tasks a second late", task_limit(_more(1))),
    fault("job-timeout-in-ms", "BYT-TMO-010", "the job timeout is read as milliseconds", job_limit(lambda limit: limit and limit / 1000), "BYT-TMO-002"),
    fault("limit-by-default", "BYT-TMO-012", "jobs without a timeout get one of five minutes", job_limit(lambda limit: limit or 300)),
    fault("rename-spreads", "BYT-IDM-002", "a new name is shown for every draft", answers(API, ("Customer_SetJobName", "read"), _once_named)),
    fault("deduplicated", "BYT-IDM-003", "an equal submission is answered with the first job", answers(API, "submit", _deduplicated), "JOB-IDM-001"),
    fault("draft-runs", "JOB-STM-011", "a draft is shown as started after a while", answers(API, "read", _impatient), "BYT-TMO-005", "BYT-CRT-004"),
    fault("configs-of-another", "BYT-RSP-024", "the configs are shown with another name", answers(API, "Customer_GetJobConfigs", lambda asked, told: told.body["job"].__setitem__("name", "a job") if told.status == 200 else None)),
    fault("no-upload", "BYT-RSP-025", "nobody is told where to upload", answers(API, ("read", "Customer_SetJobDatasource"), lambda asked, told: (((told.body or {}).get("job", {}).get("dataSource") or {}).get("params") or {}).pop("tempUrl", None) and None)),
    fault("nought-is-a-limit", "BYT-TMO-013", "a timeout of nought is one of a second", patched("mockserver.adapters.bytenite.reading:limits", _nought)),
    fault("abort-of-ended-granted", "BYT-STM-014", "aborting an ended job is granted", answers(API, "cancel", _granted)),
    fault("timeout-is-complete", "BYT-TMO-004", "a job stopped by its timeout is shown as complete", answers(API, ("read", "list"), every_job(API, _timed_out)), "BYT-TMO-007", "BYT-TMO-001"),
    fault("waiting-without-limit", "BYT-TMO-006", "the job timeout is only kept by jobs that have capacity", patched("mockserver.simulation.scheduler:Scheduler.arm", _not_waiting)),
    fault("template-beside", "BYT-RSP-001", "the template beside the job has no owner", answers(API, "read", lambda asked, told: told.body["templateInfo"].pop("owner") and None if told.status == 200 else None)),
]
