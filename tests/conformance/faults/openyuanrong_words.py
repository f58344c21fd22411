"""Faults of openYuanrong in what a submission may say and what is told of it: odd words, odd ids, amounts beside each other, instants."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from conformance.traffic.json_pointer import MISSING, get
from tests.conformance.faults import App, Apply, Asked, Fault, Json, Told, answers, every_job, requests
from tests.conformance.faults.openyuanrong import API, refuses


def _fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


def told(change: Callable[[dict[str, Any]], None]) -> Apply:
    """Jobs are shown changed, read and listed."""
    return answers(API, ("read", "list"), every_job(API, lambda job, asked: change(job)))


def asks(change: Callable[[dict[str, Any]], None]) -> Apply:
    """Submissions reach the mock changed."""
    return requests(API, "submit", lambda asked: change(asked.body) if isinstance(asked.body, dict) else None)


def rerouted(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """Requests reach the mock by another method or path."""

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        async def other(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await app(scope | change(scope) if scope["type"] == "http" else scope, receive, send)

        yield other

    return apply


def no_id(wrong: Callable[[str], bool]) -> Apply:
    """Some ids are refused."""
    return refuses(lambda asked: isinstance(found := get(asked.body, "/submission_id"), str) and found != "" and wrong(found))


def no_keys(pointer: str, wrong: Callable[[str], bool]) -> Apply:
    """Maps with some keys are refused."""
    return refuses(lambda asked: isinstance(found := get(asked.body, pointer), dict) and any(map(wrong, found)))


def _raw_driver(asked: Asked, answered: Told) -> None:
    """The driver has the id as it was sent."""
    own = get(asked.body, "/submission_id")
    if asked.role == "submit" and isinstance(own, str) and own and answered.status == 200:
        asked.memory[answered.body["submission_id"]] = own
    for job in answered.body if isinstance(answered.body, list) else [answered.body]:
        if isinstance(job, dict) and "driver_info" in job:
            job["driver_info"]["id"] = asked.memory.get(job["submission_id"], job["submission_id"])


def inherited(pointer: str, name: str, member: str = "") -> Apply:
    """Jobs that say nothing there tell what the last one said."""

    def revise(asked: Asked, answered: Told) -> None:
        said = get(asked.body, pointer) if asked.role == "submit" else MISSING
        if said and said is not MISSING and answered.status == 200:
            asked.memory["said"] = json.dumps(said) if member else said
        for job in answered.body if isinstance(answered.body, list) else [answered.body]:
            if isinstance(job, dict) and name in job and asked.role != "submit":
                holder, key = (job[name], member) if member else (job, name)
                holder[key] = holder[key] or asked.memory.get("said", holder[key])

    return answers(API, ("submit", "read", "list"), revise)


def _one_environment(asked: Asked, answered: Told) -> None:
    for job in answered.body if answered.status == 200 else ():
        job["runtime_env"] = answered.body[0]["runtime_env"]


def _first_resource(body: dict[str, Any]) -> None:
    found = body.get("entrypoint_resources")
    if isinstance(found, dict) and all(isinstance(one, int | float) and not isinstance(one, bool) for one in found.values()):
        body["entrypoint_resources"] = dict(list(found.items())[:1])


def _range_alone(body: dict[str, Any]) -> None:
    found = body.get("entrypoint_num_cpus")
    if isinstance(found, float) and found > 16 and "entrypoint_memory" in body:
        body["entrypoint_num_cpus"] = 16


def shifted(seconds: int, *states: str) -> Apply:
    """Start and end are told so much later; of some states the end only."""

    def change(job: dict[str, Any]) -> None:
        for name in ("end_time",) if states else ("start_time", "end_time"):
            if job[name] and (not states or job["status"] in states):
                job[name] = str(int(job[name]) + seconds)

    return told(change)


def _readers_only(asked: Asked) -> None:
    if asked.role == "submit":
        asked.query = [pair for pair in asked.query if pair[0] != "token"]


def _two_labels(asked: Asked) -> None:
    found = asked.headers.get("x-pool-label", "")
    if found.count(",") == 2:
        asked.headers["x-pool-label"] = found.rpartition(",")[0]


def _cookie_first(asked: Asked) -> None:
    if "iam_token" in asked.headers.get("cookie", ""):
        asked.headers.pop("x-auth", None)


def _listed_well(asked: Asked, answered: Told) -> None:
    for job in answered.body if answered.status == 200 else ():
        job["driver_exit_code"] = 0


def _one_a_second(asked: Asked, answered: Told) -> None:
    for job in answered.body if isinstance(answered.body, list) else [answered.body]:
        if isinstance(job, dict) and job.get("status") == "SUCCEEDED" and asked.memory.setdefault(job["end_time"], job["submission_id"]) != job["submission_id"]:
            job.update(status="RUNNING", end_time="")


def fails(wrong: Callable[[Json], bool]) -> Apply:
    """Some submissions end in a stack trace."""
    return answers(API, "submit", lambda asked, answered: answered.__dict__.update(status=500, body="stack") if wrong(asked.body) else None)


def _environment(change: Callable[[dict[str, Any]], None]) -> Apply:
    return told(lambda job: change(job["runtime_env"]))


def _command(change: Callable[[str], str]) -> Apply:
    return told(lambda job: job.update(entrypoint=change(job["entrypoint"])))


def _sees_get(scope: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST"} if scope["method"] == "GET" and scope["path"].endswith("/stop") else {}


def _sees_put(scope: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST"} if scope["method"] == "PUT" else {}


def _undecoded(scope: dict[str, Any]) -> dict[str, Any]:
    return {"path": scope["path"] + "-2d", "raw_path": scope["raw_path"] + b"-2d"} if b"%2d" in (scope.get("raw_path") or b"").lower() else {}


FAULTS = [
    _fault("odd-id-made", "OYR-IDM-006", "the id app- is taken for none", asks(lambda body: body.pop("submission_id") if body.get("submission_id") == "app-" else None)),
    _fault("digits", "OYR-IDM-006", "ids of digits are refused", no_id(str.isdigit)),
    _fault("hyphen-first", "OYR-IDM-006", "ids that begin with a hyphen are refused", no_id(lambda id_: id_.startswith("-"))),
    _fault("one-letter", "OYR-IDM-006", "ids of one letter are refused", no_id(lambda id_: len(id_) == 1)),
    _fault("driver-raw", "OYR-RSP-004", "the driver has the id as it was sent", answers(API, ("submit", "read", "list"), _raw_driver)),
    _fault("undecoded", "OYR-IDM-023", "a hyphen that is percent-encoded is none", rerouted(_undecoded)),
    _fault("small-variables-refused", "OYR-REQ-011", "variables in small letters are refused", no_keys("/runtime_env/env_vars", str.islower)),
    _fault("dotted-metadata-refused", "OYR-REQ-016", "metadata with a dot or a slash are refused", no_keys("/metadata", lambda key: "." in key or "/" in key)),
    _fault("own-metadata-lost", "OYR-REQ-016", "metadata that begin with an underscore are lost", told(lambda job: job.update(metadata={key: value for key, value in job["metadata"].items() if key[0] != "_"}) if job["metadata"] else None)),
    _fault("space-refused", "OYR-REQ-010", "a directory with a space in it is refused", refuses(lambda asked: " " in str(get(asked.body, "/runtime_env/working_dir")))),
    _fault("ascii-directory", "OYR-REQ-010", "a directory is told in ASCII", _environment(lambda env: env.update(working_dir=env["working_dir"].encode("ascii", "replace").decode()))),
    _fault("numbers-in-metadata", "OYR-REQ-016", "007 is told as 7", told(lambda job: job.update(metadata={key: str(int(value)) if value.isdecimal() and value.isascii() else value for key, value in job["metadata"].items()}) if job["metadata"] else None)),
    _fault("metadata-win", "OYR-RSP-003", "metadata named like a member replace it", told(lambda job: job.update({key: value for key, value in (job["metadata"] or {}).items() if key == "type"})), "JOB-RSP-002", "OYR-RSP-014", "OYR-REQ-016"),
    _fault("decoded-url", "OYR-REQ-010", "a file URL is decoded", _environment(lambda env: env.update(working_dir=unquote(env["working_dir"])) if env["working_dir"].startswith("file:") else None)),
    _fault("id-like-a-path", "OYR-IDM-006", "a job whose id is stop cannot be read", answers(API, "read", lambda asked, answered: answered.__dict__.update(status=404, body="no") if asked.values["submissionId"] == "app-stop" else None)),
    _fault("a-little-more", "OYR-REQ-019", "cores a little above sixteen are taken", asks(lambda body: body.update(entrypoint_num_cpus=16) if isinstance(found := body.get("entrypoint_num_cpus"), float) and 16 < found < 16.0009 else None)),
    _fault("third-label", "OYR-PRI-001", "only two labels count", requests(API, "submit", _two_labels)),
    _fault("cookie-first", "OYR-AUT-001", "the cookie counts more than the header", requests(API, "*", _cookie_first)),
    _fault("listed-exit-code", "OYR-LST-002", "the list tells no exit codes", answers(API, "list", _listed_well)),
    _fault("exit-nought", "OYR-STM-017", "exit 0 is a failure", told(lambda job: job.update(status="FAILED", error_type="no") if job["entrypoint"] == "exit 0" and job["status"] == "SUCCEEDED" else None)),
    _fault("twins-run-on", "JOB-STM-005", "of jobs that end in one second only the one seen first has ended", answers(API, ("read", "list"), _one_a_second), "OYR-STM-017"),
    _fault("no-backslash", "OYR-REQ-004", "backslashes of commands are lost", _command(lambda text: text.replace("\\", ""))),
    _fault("percent-decoded", "OYR-REQ-004", "percent signs of commands are decoded", _command(unquote)),
    _fault("home-expanded", "OYR-REQ-004", "variables in commands are expanded", _command(lambda text: text.replace("$HOME", "/root"))),
    _fault("whole-cores-refused", "OYR-REQ-018", "whole cores with a fraction of nought are refused", refuses(lambda asked: isinstance(found := get(asked.body, "/entrypoint_num_cpus"), float) and found.is_integer())),
    _fault("range-alone", "OYR-REQ-019", "too many cores are taken where memory is asked for too", asks(_range_alone), "OYR-REQ-020", "OYR-REQ-024", "OYR-REQ-025"),
    _fault("fraction-refused", "OYR-REQ-043", "a fraction of a further resource is refused", refuses(lambda asked: isinstance(found := get(asked.body, "/entrypoint_resources"), dict) and any(isinstance(one, float) and not one.is_integer() for one in found.values()))),
    _fault("first-resource-only", "OYR-REQ-035", "only the first of several further resources counts", asks(_first_resource)),
    _fault("unescaped-variables", "OYR-RSP-015", "line ends in variables are not escaped", _environment(lambda env: env.update(envVars=env["envVars"].replace("\\n", "\n")))),
    _fault("no-extras", "OYR-RSP-016", "the extras of packages are not told", _environment(lambda env: env.update(pip=re.sub(r"\[.*?\]", "", env["pip"])))),
    _fault("metadata-inherited", "OYR-DEF-001", "a job without metadata tells those of another", inherited("/metadata", "metadata")),
    _fault("variables-inherited", "OYR-DEF-002", "a job without variables tells those of another", inherited("/runtime_env/env_vars", "runtime_env", "envVars")),
    _fault("one-environment", "OYR-LST-004", "the list tells the first job's environment of every job", answers(API, "list", _one_environment), "OYR-RSP-014", "JOB-LST-003"),
    _fault("exit-143", "OYR-RSP-010", "a command that exits with 143 was stopped", told(lambda job: job.update(status="STOPPED") if job["driver_exit_code"] == 143 and job["status"] == "FAILED" else None)),
    _fault("failed-end-late", "OYR-TIM-008", "the end of a failed job is told an hour late", shifted(3600, "FAILED")),
    _fault("local-time", "OYR-TIM-013", "start and end are told in local time", shifted(8 * 3600), "OYR-AUT-003"),
    _fault("get-stops", "JOB-IDM-004", "GET stops a job", rerouted(_sees_get)),
    _fault("put-submits", "JOB-ERR-008", "PUT submits a job", rerouted(_sees_put)),
    _fault("query-token-reads", "OYR-AUT-001", "the token in the query is good for reading only", requests(API, "*", _readers_only)),
    _fault("deep-500", "JOB-ERR-010", "deep JSON ends in a stack trace", fails(lambda body: str(body).count("[") > 40)),
    _fault("long-command-500", "OYR-ERR-005", "a long command ends in a stack trace", fails(lambda body: isinstance(body, dict) and len(str(body.get("entrypoint"))) > 65_535)),
]
