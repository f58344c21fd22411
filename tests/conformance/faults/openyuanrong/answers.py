"""Faults of openYuanrong: what answers say of a job."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import get
from mockserver.simulation.request import Outcome
from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, patched, requests
from tests.conformance.faults.openyuanrong.shapers import API, LOOKS, environment, fault, shown, shows, status, told


def inside(name: str, member: str, change: Callable[[dict[str, Any]], Json]) -> Apply:
    """A member of a member is shown otherwise."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        job[name] = {**job[name], member: change(job)}

    return answers(API, LOOKS, every_job(API, revise))


def _moves(job: dict[str, Any], asked: Asked) -> None:
    if job["driver_node_id"] and job["status"] not in ("RUNNING", "PENDING"):
        job["driver_node_id"] += "-away"


def _no_reason(job: dict[str, Any], asked: Asked) -> None:
    if job["status"] == "STOPPED":
        job["error_type"] = ""


def _code_two(original: Any) -> Any:
    def run(self: Any, job: Any) -> Any:
        outcome = original(self, job)
        return Outcome(outcome.duration) if outcome.exit_code == 2 else outcome

    return run


def _signed_byte(job: dict[str, Any], asked: Asked) -> None:
    if job["driver_exit_code"] > 127:
        job["driver_exit_code"] -= 256


def _variables(change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    def revise(job: dict[str, Any]) -> None:
        told = job["runtime_env"]["envVars"]
        if told:
            job["runtime_env"]["envVars"] = json.dumps(change(json.loads(told)))

    return shown(revise)


def _two_packages(asked: Asked) -> None:
    environment = asked.body.get("runtime_env") if isinstance(asked.body, dict) else None
    if isinstance(environment, dict) and isinstance(environment.get("pip"), list):
        environment["pip"] = (
            environment["pip"][:2] if all(isinstance(one, str) for one in environment["pip"]) else environment["pip"]
        )


def _lost(member: str) -> Callable[[dict[str, Any]], None]:
    def change(job: dict[str, Any]) -> None:
        if job["end_time"]:
            job["driver_info"][member] = ""

    return change


def _other_process(job: dict[str, Any]) -> None:
    if job["end_time"] and job["driver_info"]["pid"]:
        job["driver_info"]["pid"] += "0"


def _raw_driver(asked: Asked, answered: Told) -> None:
    """The driver has the id as it was sent."""
    own = get(asked.body, "/submission_id")
    if asked.role == "submit" and isinstance(own, str) and own and answered.status == 200:
        asked.memory[answered.body["submission_id"]] = own
    for job in answered.body if isinstance(answered.body, list) else [answered.body]:
        if isinstance(job, dict) and "driver_info" in job:
            job["driver_info"]["id"] = asked.memory.get(job["submission_id"], job["submission_id"])


FAULTS = [
    fault("submitted-201", "OYR-RSP-001", "a submission is answered 201", status("submit", 200, 201), "JOB-RSP-001"),
    fault(
        "stop-as-object",
        "OYR-RSP-002",
        "a stop is answered with an object",
        answers(
            API,
            "cancel",
            lambda asked, told: setattr(told, "body", {"stopped": told.body}) if told.status == 200 else None,
        ),
        "JOB-RSP-002",
    ),
    fault(
        "other-type",
        "OYR-RSP-003",
        "jobs that fail are shown as drivers",
        shows("type", lambda job: "DRIVER" if job["entrypoint"].startswith("exit") else "SUBMISSION"),
        "JOB-RSP-002",
    ),
    fault(
        "metadata-win",
        "OYR-RSP-003",
        "metadata named like a member replace it",
        told(lambda job: job.update({key: value for key, value in (job["metadata"] or {}).items() if key == "type"})),
        "JOB-RSP-002",
        "OYR-RSP-014",
        "OYR-REQ-016",
    ),
    fault(
        "driver-id",
        "OYR-RSP-004",
        "the driver's id is the process",
        inside("driver_info", "id", lambda job: job["driver_info"]["pid"]),
    ),
    fault(
        "driver-raw",
        "OYR-RSP-004",
        "the driver has the id as it was sent",
        answers(API, ("submit", "read", "list"), _raw_driver),
    ),
    fault(
        "node-hidden",
        "OYR-RSP-006",
        "a job that runs tells no node",
        shows("driver_node_id", lambda job: "", "RUNNING"),
    ),
    fault(
        "exit-code-success",
        "OYR-RSP-009",
        "the exit code of a job that succeeded is 1",
        shows("driver_exit_code", lambda job: 1, "SUCCEEDED"),
    ),
    fault(
        "exit-code-nought", "OYR-RSP-010", "the exit code of every job is 0", shows("driver_exit_code", lambda job: 0)
    ),
    fault(
        "exit-code-one",
        "OYR-RSP-010",
        "the exit code of every failure is 1",
        shows("driver_exit_code", lambda job: int(job["driver_exit_code"] != 0)),
    ),
    fault(
        "exit-two-is-well",
        "OYR-RSP-010",
        "a command that exits with 2 has succeeded",
        patched("mockserver.simulation.workload:Workload.run", _code_two),
    ),
    fault(
        "exit-code-is-signed",
        "OYR-RSP-010",
        "exit codes above 127 are told below nought",
        answers(API, ("read", "list"), every_job(API, _signed_byte)),
    ),
    fault(
        "exit-143",
        "OYR-RSP-010",
        "a command that exits with 143 was stopped",
        told(
            lambda job: (
                job.update(status="STOPPED") if job["driver_exit_code"] == 143 and job["status"] == "FAILED" else None
            )
        ),
    ),
    fault(
        "failed-without-why", "OYR-RSP-011", "failed jobs do not say why", shows("error_type", lambda job: "", "FAILED")
    ),
    fault(
        "stopped-without-why",
        "OYR-RSP-011",
        "stopped jobs do not say why",
        answers(API, ("read", "list"), every_job(API, _no_reason)),
    ),
    fault(
        "succeeded-with-why",
        "OYR-RSP-012",
        "jobs that succeeded tell of an error",
        shows("error_type", lambda job: "none", "SUCCEEDED"),
    ),
    fault(
        "node-moves",
        "OYR-RSP-014",
        "a job that has ended is shown on another node",
        answers(API, LOOKS, every_job(API, _moves)),
    ),
    fault(
        "variables-lost",
        "OYR-RSP-015",
        "environment variables are not shown",
        inside("runtime_env", "envVars", lambda job: ""),
    ),
    fault(
        "empty-variables-lost",
        "OYR-RSP-015",
        "empty variables are left out",
        _variables(lambda told: {key: value for key, value in told.items() if value}),
    ),
    fault(
        "unescaped-variables",
        "OYR-RSP-015",
        "line ends in variables are not escaped",
        environment(lambda env: env.update(envVars=env["envVars"].replace("\\n", "\n"))),
    ),
    fault(
        "packages-lost",
        "OYR-RSP-016",
        "only the first package is shown",
        inside("runtime_env", "pip", lambda job: " ".join(job["runtime_env"]["pip"].split()[:3])),
    ),
    fault("two-packages", "OYR-RSP-016", "only two packages are named", requests(API, "submit", _two_packages)),
    fault(
        "no-extras",
        "OYR-RSP-016",
        "the extras of packages are not told",
        environment(lambda env: env.update(pip=re.sub(r"\[.*?\]", "", env["pip"]))),
    ),
    fault("other-process", "OYR-RSP-017", "ended jobs tell of another process", shown(_other_process)),
    fault("pid-lost", "OYR-RSP-018", "ended jobs have no process", shown(_lost("pid"))),
    fault("address-lost", "OYR-RSP-018", "ended jobs have no address", shown(_lost("node_ip_address"))),
]
