"""Faults that show only in rich, long, late or second jobs of openYuanrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import ceil
from typing import Any

from mockserver.simulation.events import RUN_END
from mockserver.simulation.request import Outcome
from tests.conformance.faults import Asked, Fault, Told, answers, every_job, patched, requests

API = "openyuanrong"
ADAPTER = f"mockserver.adapters.{API}"
HOUR_US = 3_600_000_000


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


def shown(change: Callable[[dict[str, Any]], None]) -> Any:
    """Jobs are shown changed."""
    return answers(API, ("read", "list"), every_job(API, lambda job, asked: change(job)))


def _variables(change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    def revise(job: dict[str, Any]) -> None:
        told = job["runtime_env"]["envVars"]
        if told:
            job["runtime_env"]["envVars"] = json.dumps(change(json.loads(told)))

    return shown(revise)


def _two_packages(asked: Asked) -> None:
    environment = asked.body.get("runtime_env") if isinstance(asked.body, dict) else None
    if isinstance(environment, dict) and isinstance(environment.get("pip"), list):
        environment["pip"] = environment["pip"][:2] if all(isinstance(one, str) for one in environment["pip"]) else environment["pip"]


def _first_metadata(asked: Asked, told: Told) -> None:
    """A job has the metadata that the first job of its id had."""
    if asked.role == "submit" and told.status == 200:
        asked.memory.setdefault(told.body["submission_id"], asked.body.get("metadata"))
    elif asked.role == "read" and told.status == 200:
        told.body["metadata"] = asked.memory.get(told.body["submission_id"])


def _per_tenant(original: Any) -> Any:
    """A second tenant takes the id of the first one's job."""

    def submission_id(call: Any) -> Any:
        key = original(call)
        job = call.world.jobs(API).get(key)
        if job is not None and job.request.owner != str(call.headers.get("x-tenant-id") or ""):
            call.world.delete(job)
        return key

    return submission_id


def _no_deletion_without_node(original: Any) -> Any:
    def delete(call: Any) -> Any:
        job = call.world.jobs(API).get(call.path["submissionId"])
        if job is not None and job.is_terminal and len(job.history) == 8:
            from mockserver.adapters.openyuanrong.refusals import answer

            return answer(False)
        return original(call)

    return delete


def _started_anyway(job: dict[str, Any]) -> None:
    if job["status"] == "FAILED" and not job["start_time"]:
        job["start_time"] = job["end_time"]


def lingers(function: str, phase: str, change: Callable[[Any, Any], None]) -> Any:
    """A call in vain about a job in that phase changes it."""

    def make(original: Any) -> Any:
        def call_in_vain(call: Any) -> Any:
            reply = original(call)
            job = call.world.jobs(API).get(call.path["submissionId"])
            if job is not None and job.phase == phase and reply.body is False:
                change(call.world, job)
            return reply

        return call_in_vain

    return patched(f"{ADAPTER}:{function}", make)


def _forgotten(world: Any, job: Any) -> None:
    job.generation += 1


def _killed_soon(world: Any, job: Any) -> None:
    world.scheduler.events.add(world.now_us + 20_000_000, RUN_END, job, generation=job.generation, detail=Outcome(0, 9, "killed"))


def _begun_anew(world: Any, job: Any) -> None:
    job.history[4] = world.now_us


def amounts(member: str, change: Callable[[float], float]) -> Any:
    """Jobs take another amount than they ask for."""

    def edit(asked: Asked) -> None:
        found = asked.body.get(member) if isinstance(asked.body, dict) else None
        if isinstance(found, dict):
            asked.body[member] = {name: change(value) if isinstance(value, float) else value for name, value in found.items()}
        elif isinstance(found, float) and found > 1:
            asked.body[member] = change(found)

    return requests(API, "submit", edit)


def _whole_gibibytes(asked: Asked) -> None:
    found = asked.body.get("entrypoint_memory") if isinstance(asked.body, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and 1 << 30 < found < 1 << 40:
        asked.body["entrypoint_memory"] = ceil(found / (1 << 30)) << 30


def old(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    """Jobs that ended an hour ago are shown changed, or not at all in lists."""

    def make(original: Any) -> Any:
        def render(world: Any, job: Any) -> Any:
            told = original(world, job)
            return change(told) if job.is_terminal and world.now_us - job.changed > HOUR_US // 2 else told

        return render

    return patched(f"{ADAPTER}.jobs:view", make)


def _unlisted(original: Any) -> Any:
    def listed(call: Any) -> Any:
        reply, now = original(call), call.world.now_us
        jobs = call.world.jobs(API)
        reply.body = [one for one in reply.body if not (jobs[one["submission_id"]].is_terminal and now - jobs[one["submission_id"]].changed > HOUR_US // 2)]
        return reply

    return listed


def _half_an_hour(asked: Asked) -> None:
    command = asked.body.get("entrypoint") if isinstance(asked.body, dict) else None
    if isinstance(command, str) and command.startswith("sleep ") and command[6:].isdigit() and int(command[6:]) > 1800:
        asked.body["entrypoint"] = "sleep 1800"


def _lost(member: str) -> Callable[[dict[str, Any]], None]:
    def change(job: dict[str, Any]) -> None:
        if job["end_time"]:
            job["driver_info"][member] = ""

    return change


def _other_process(job: dict[str, Any]) -> None:
    if job["end_time"] and job["driver_info"]["pid"]:
        job["driver_info"]["pid"] += "0"


def _failed_later(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"status": "FAILED"} if told["status"] == "SUCCEEDED" else told


def _well_if_rich(job: dict[str, Any]) -> None:
    if job["status"] == "STOPPED" and job["metadata"]:
        job.update(status="SUCCEEDED", error_type="")


def _failed_after_a_minute(job: dict[str, Any]) -> None:
    if job["status"] == "STOPPED" and int(job["end_time"]) - int(job["start_time"]) > 60:
        job["status"] = "FAILED"


def _start_in_milliseconds(job: dict[str, Any]) -> None:
    if job["start_time"]:
        job["start_time"] += "000"


def _metadata(change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    return shown(lambda job: job.update(metadata=change(job["metadata"])) if job["metadata"] else None)


FAULTS = [
    _fault("ten-metadata", "OYR-REQ-016", "only ten metadata are kept", _metadata(lambda told: dict(list(told.items())[:10]))),
    _fault("short-metadata", "OYR-REQ-016", "metadata are cut to 256 characters", _metadata(lambda told: {key: value[:256] for key, value in told.items()})),
    _fault("short-command", "OYR-REQ-004", "commands are cut to 1024 characters", shown(lambda job: job.update(entrypoint=job["entrypoint"][:1024]))),
    _fault("tidy-command", "OYR-REQ-004", "white space in commands is made one", shown(lambda job: job.update(entrypoint=" ".join(job["entrypoint"].split())))),
    _fault(
        "tidy-directory",
        "OYR-REQ-010",
        "a directory loses its last slash",
        shown(lambda job: job["runtime_env"].update(working_dir=job["runtime_env"]["working_dir"].rstrip("/"))),
    ),
    _fault(
        "empty-variables-lost", "OYR-RSP-015", "empty variables are left out", _variables(lambda told: {key: value for key, value in told.items() if value})
    ),
    _fault("two-packages", "OYR-RSP-016", "only two packages are named", requests(API, "submit", _two_packages)),
    _fault(
        "first-metadata", "OYR-IDM-021", "a second job of an id has the metadata of the first", answers(API, ("submit", "read"), _first_metadata), "OYR-LST-004"
    ),
    _fault("id-per-tenant", "OYR-ISO-002", "each tenant has its own ids", patched(f"{ADAPTER}.jobs:submission_id", _per_tenant)),
    _fault("roomless-kept", "OYR-STM-006", "jobs that found no room are not deleted", patched(f"{ADAPTER}:yr_delete_job", _no_deletion_without_node)),
    _fault("roomless-started", "OYR-TIM-011", "jobs that found no room tell of a start", shown(_started_anyway)),
    _fault("pid-lost", "OYR-RSP-018", "ended jobs have no process", shown(_lost("pid"))),
    _fault("address-lost", "OYR-RSP-018", "ended jobs have no address", shown(_lost("node_ip_address"))),
    _fault("other-process", "OYR-RSP-017", "ended jobs tell of another process", shown(_other_process)),
    _fault("stop-lingers", "OYR-STM-002", "a job that waits is never placed after a stop in vain", lingers("yr_stop_job", "queued", _forgotten)),
    _fault("delete-lingers", "OYR-STM-005", "a job that waits is never placed after a deletion in vain", lingers("yr_delete_job", "queued", _forgotten)),
    _fault("delete-kills-later", "OYR-STM-004", "a running job ends soon after a deletion in vain", lingers("yr_delete_job", "running", _killed_soon)),
    _fault(
        "delete-begins-anew",
        "OYR-STM-004",
        "a running job tells another start after a deletion in vain",
        lingers("yr_delete_job", "running", _begun_anew),
        "OYR-TIM-002",
    ),
    _fault("whole-cores", "OYR-STM-012", "cores are rounded up", amounts("entrypoint_num_cpus", ceil), "OYR-REQ-018", "OYR-REQ-019"),
    _fault("whole-gibibytes", "OYR-STM-012", "memory is rounded up to gibibytes", requests(API, "submit", _whole_gibibytes)),
    _fault("whole-resources", "OYR-STM-012", "other resources are rounded up", amounts("entrypoint_resources", ceil)),
    _fault("unlisted-after-a-while", "OYR-STM-015", "ended jobs leave the list by themselves", patched(f"{ADAPTER}:yr_list_jobs", _unlisted)),
    _fault("failed-after-a-while", "OYR-STM-015", "a job that succeeded has failed later on", old(_failed_later)),
    _fault("half-an-hour", "OYR-STM-016", "no job runs longer than half an hour", requests(API, "submit", _half_an_hour)),
    _fault("rich-and-stopped", "OYR-STM-017", "a stopped job with metadata has succeeded", shown(_well_if_rich)),
    _fault("long-and-stopped", "OYR-STM-017", "a job that is stopped after a minute has failed", shown(_failed_after_a_minute)),
    _fault("two-units", "OYR-TIM-012", "the start is told in milliseconds, the end in seconds", shown(_start_in_milliseconds)),
]
