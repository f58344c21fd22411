"""Faults of ByteNite's mock: members of submissions that are read or shown wrongly, instants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Apply, Asked, Fault, Json, Told, answers, every_job, requests

API = "bytenite"
SHOWN = ("submit", "read", "list")
KINDS: dict[str, Callable[[Json], bool]] = {
    "text": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "whole": lambda value: isinstance(value, int | str) and not isinstance(value, bool) and str(value).isdigit(),
    "flag": lambda value: isinstance(value, bool),
}


def forgives(pointer: str, kind: str, instead: Json = MISSING) -> Apply:
    """A value of a wrong type at a pointer of a submission is taken for another, or for none."""

    def edit(asked: Asked) -> None:
        told = get(asked.body, pointer)
        if told is not MISSING and not KINDS[kind](told):
            asked.body = put(asked.body, pointer, instead)

    return requests(API, "submit", edit)


def shows(pointer: str, change: Callable[[Json], Json]) -> Apply:
    """Every shown job tells something else at a pointer, where it tells anything."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        told = get(job, pointer)
        if told is not MISSING and told is not None:
            changed = put(job, pointer, change(told))
            job.clear()
            job.update(changed)

    return answers(API, SHOWN, every_job(API, revise))


def refuses(pointer: str, *values: Json) -> Apply:
    """A submission with one of these values is refused."""

    def revise(asked: Asked, told: Told) -> None:
        if get(asked.body, pointer) in values:
            told.status, told.body = 400, {"code": 3, "message": "no", "details": []}

    return answers(API, "submit", revise)


def jobs(change: Callable[[dict[str, Any], Asked], None]) -> Apply:
    """Every job that is read or listed is changed."""
    return answers(API, ("read", "list"), every_job(API, change))


def answered(where: str | tuple[str, ...], change: Callable[[Asked, Told], None]) -> Apply:
    """Granted answers are changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(asked, told)

    return answers(API, where, revise)


def _no_template(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "templateId" not in asked.body:
        asked.body["templateId"] = "hello-world"


def _swap(one: str, other: str) -> Callable[[dict[str, Any], Asked], None]:
    def change(job: dict[str, Any], asked: Asked) -> None:
        first, second = get(job, one), get(job, other)
        if first is not MISSING and second is not MISSING:
            changed = put(put(job, one, second), other, first)
            job.clear()
            job.update(changed)

    return change


def half_a_minute(date: str) -> str:
    """The same instant half a minute later, or earlier where that would pass the minute."""
    second = int(date[17:19])
    return f"{date[:17]}{(second + 30) % 60:02}{date[19:]}"


def _set(name: str, value: Callable[[dict[str, Any]], Json], *states: str) -> Callable[[dict[str, Any], Asked], None]:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if job.get("state", "").removeprefix("JOB_STATE_") in states:
            job[name] = value(job)

    return change


def _chosen(job: dict[str, Any], asked: Asked) -> None:
    if asked.role == "submit" and isinstance(asked.body, dict) and "createdAt" in asked.body:
        asked.memory[job["id"]] = asked.body["createdAt"]
    job["createdAt"] = asked.memory.get(job["id"], job["createdAt"])


def _drifts(job: dict[str, Any], asked: Asked) -> None:
    if job.get("numChunks"):
        count = asked.memory[job["id"]] = asked.memory.get(job["id"], 0) + 1
        job["numChunks"] += count > 6


def _number(asked: Asked, told: Told) -> None:
    told.body["job"]["state"] = "JOB_STATE_STARTED"


def _stamps_ahead(job: dict[str, Any], asked: Asked) -> None:
    if job["state"] == "JOB_STATE_PARTITIONED":
        job["stateTimestamps"]["JOB_STATE_TASKS_COMPLETED"] = job["stateTimestamps"]["JOB_STATE_PARTITIONED"]


def _no_merged(job: dict[str, Any], asked: Asked) -> None:
    job.get("stateTimestamps", {}).pop("JOB_STATE_MERGED", None)


def _latest_stamp(job: dict[str, Any], asked: Asked) -> None:
    stamps = job.get("stateTimestamps", {})
    if "JOB_STATE_UPLOADING" in stamps:
        stamps["JOB_STATE_UPLOADING"] = max(stamps.values())


_MEMBERS: list[tuple[str, str, str, str]] = [
    ("BYT-REQ-006", "/name", "text", "a name that is no text"),
    ("BYT-REQ-008", "/description", "text", "a description that is no text"),
    ("BYT-REQ-011", "/dataSource", "object", "a data source that is no object"),
    ("BYT-REQ-012", "/dataSource/dataSourceDescriptor", "text", "a descriptor that is no text"),
    ("BYT-REQ-013", "/dataSource/params", "object", "parameters of a source that are no object"),
    ("BYT-REQ-014", "/dataSource/params/@type", "text", "a type of a source that is no text"),
    ("BYT-REQ-016", "/dataDestination", "object", "a destination that is no object"),
    ("BYT-REQ-017", "/dataDestination/dataSourceDescriptor", "text", "a destination's descriptor that is no text"),
    ("BYT-REQ-021", "/params", "object", "parameters that are no object"),
    ("BYT-REQ-022", "/params/app", "object", "parameters of the app that are no object"),
    ("BYT-REQ-023", "/params/partitioner", "object", "parameters of the partitioner that are no object"),
    ("BYT-REQ-024", "/params/assembler", "object", "parameters of the assembler that are no object"),
    ("BYT-REQ-026", "/params/preset", "text", "a preset that is no text"),
    ("BYT-REQ-028", "/config/taskTimeout", "whole", "a task timeout that is no whole number"),
    ("BYT-REQ-030", "/config/jobTimeout", "whole", "a job timeout that is no whole number"),
    ("BYT-REQ-032", "/config/isTestJob", "flag", "a mark of a test that is no flag"),
    ("BYT-REQ-033", "/config", "object", "a configuration that is no object"),
]


def fault(name: str, requirement: str, describe: str, apply: Apply, *also: str) -> Fault:
    """A fault of this API."""
    return Fault(f"{API}:{name}", API, requirement, describe, apply, also)


FAULTS = [fault(f"takes{pointer.replace('/', '-').replace('@', '').lower()}", id_, f"{what} is passed over", forgives(pointer, kind), "JOB-REQ-002") for id_, pointer, kind, what in _MEMBERS]
FAULTS += [
    fault("no-template", "BYT-REQ-001", "a submission without a template gets one", requests(API, "submit", _no_template), "JOB-REQ-001"),
    fault("template-number", "BYT-REQ-002", "a template that is no text is taken for another", forgives("/templateId", "text", "hello-world"), "JOB-REQ-002"),
    fault("template-shown", "BYT-REQ-003", "every job is shown as one of the first template", shows("/templateId", lambda told: "hello-world")),
    fault("name-ascii", "BYT-REQ-005", "letters beyond ASCII are lost from names", shows("/name", lambda told: told.encode("ascii", "replace").decode())),
    fault("description-line", "BYT-REQ-007", "only the first line of a description is kept", shows("/description", lambda told: told.split("\n")[0])),
    fault("source-params", "BYT-REQ-009", "parameters of a data source lose their bucket", shows("/dataSource/params", lambda told: {k: v for k, v in told.items() if k != "bucketName"}), "BYT-STM-002"),
    fault("aws-refused", "BYT-REQ-010", "the descriptor aws is refused", refuses("/dataSource/dataSourceDescriptor", "aws")),
    fault("destination-shown", "BYT-REQ-015", "every destination is shown as a bucket", shows("/dataDestination/dataSourceDescriptor", lambda told: "bucket"), "BYT-STM-002"),
    fault("app-flattened", "BYT-REQ-018", "nested parameters of the app are lost", shows("/params/app", lambda told: {k: v for k, v in told.items() if not isinstance(v, dict)})),
    fault("partitioner-only-replicas", "BYT-REQ-019", "only replicas are kept of the partitioner's parameters", shows("/params/partitioner", lambda told: {k: v for k, v in told.items() if k == "num_replicas"}), "BYT-STM-003"),
    fault("assembler-lost", "BYT-REQ-020", "parameters of the assembler are shown empty", shows("/params/assembler", lambda told: {}), "BYT-STM-003"),
    fault("preset-refused", "BYT-REQ-025", "the deprecated preset is refused", refuses("/params/preset", "fast")),
    fault("task-timeout-32-bit", "BYT-REQ-027", "task timeouts beyond 32 bits are cut", shows("/config/taskTimeout", lambda told: min(told, 2**31 - 1))),
    fault("job-timeout-plus-one", "BYT-REQ-029", "job timeouts are shown with one too many", shows("/config/jobTimeout", lambda told: told + 1), "BYT-STM-006"),
    fault("test-forgotten", "BYT-REQ-031", "no job is shown as a test", shows("/config/isTestJob", lambda told: False), "BYT-STM-006"),
    fault("digits-refused", "BYT-REQ-035", "a job timeout in digits is refused", refuses("/config/jobTimeout", "3600")),
    fault("created-201", "BYT-CRT-001", "a creation is answered 201", answered("submit", lambda asked, told: setattr(told, "status", 201)), "JOB-RSP-001"),
    fault("runs-at-once", "BYT-CRT-002", "a created job is shown as started", answered("submit", _number)),
    fault("created-chosen", "BYT-CRT-004", "a submission chooses the instant of its creation", answers(API, SHOWN, every_job(API, _chosen))),
    fault("test-by-default", "BYT-DEF-002", "a job with any limit is shown as a test", shows("/config", lambda told: {"isTestJob": True, **told})),
    fault("priority-balanced", "BYT-DEF-001", "jobs are shown with another priority", jobs(lambda job, asked: job.__setitem__("priority", "EXECUTION_PRIORITY_BALANCED"))),
    fault("units-fraction", "BYT-RSP-008", "the estimation of units is no whole number", shows("/numUnitsEstimation", lambda told: f"{told}.0"), "BYT-RSP-017"),
    fault("not-ok", "BYT-RSP-009", "a job that was run is answered as not ok", answered("start", lambda asked, told: told.body.__setitem__("ok", False))),
    fault("pays-back", "BYT-RSP-012", "payments are below nought", shows("/paymentAmount", lambda told: -1.0 - told)),
    fault("failed-without-why", "BYT-RSP-003", "failed jobs do not say why", jobs(lambda job, asked: job.pop("errorMessage", None) and None)),
    fault("chunks-off-by-one", "BYT-RSP-007", "a job of several chunks is shown with one less", shows("/numChunks", lambda told: max(1, told - 1))),
    fault("created-after-submitted", "BYT-TIM-001", "creation and submission are swapped", jobs(_swap("/createdAt", "/submittedAt"))),
    fault("merging-after-merged", "BYT-TIM-002", "the instants of merging and merged are swapped", jobs(_swap("/stateTimestamps/JOB_STATE_MERGING", "/stateTimestamps/JOB_STATE_MERGED"))),
    fault("chunks-drift", "BYT-TIM-003", "the number of chunks grows while one looks", jobs(_drifts)),
    fault("ends-while-merging", "BYT-TIM-005", "a job that is being merged tells of an end", jobs(_set("endedAt", lambda job: job["startedAt"], "MERGING", "MERGED"))),
    fault("starts-while-waiting", "BYT-TIM-007", "a job that waits tells of a start", jobs(_set("startedAt", lambda job: job["submittedAt"], "STARTED"))),
    fault("created-now", "BYT-TIM-015", "every job tells the same creation", shows("/createdAt", lambda told: "2026-01-01T00:00:00Z")),
    fault("ends-later", "BYT-TIM-017", "the end is told half a minute off", shows("/endedAt", half_a_minute), "BYT-TIM-020"),
    fault("duration-in-ms", "BYT-TIM-013", "the duration is told in milliseconds", shows("/duration", lambda told: told * 1000)),
    fault("merged-without-instant", "BYT-TIM-018", "being merged has no instant", jobs(_no_merged)),
    fault("stamps-ahead", "BYT-TIM-019", "a state that is still to come has an instant", jobs(_stamps_ahead)),
    fault("upload-moves", "BYT-TIM-004", "the instant of the upload moves on with the job", jobs(_latest_stamp), "BYT-TIM-002"),
    fault("complete-is-failed", "BYT-STM-001", "complete jobs are shown as failed", jobs(_set("state", lambda job: "JOB_STATE_FAILED", "COMPLETE")), "JOB-STM-005"),
    fault("still-new", "BYT-STM-020", "a job that waits is shown as new", jobs(_set("state", lambda job: "JOB_STATE_NEW", "STARTED")), "JOB-STM-009"),
]
