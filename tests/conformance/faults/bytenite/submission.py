"""Faults of ByteNite: what a submission may say and what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, patched, requests
from tests.conformance.faults.bytenite.shapers import API, SHOWN, answered, fault, jobs, shows

KINDS: dict[str, Callable[[Json], bool]] = {
    "text": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "whole": lambda value: isinstance(value, int | str) and not isinstance(value, bool) and str(value).isdigit(),
    "flag": lambda value: isinstance(value, bool),
}
ENDS = ("dataSource", "dataDestination")
NEW = "JOB_STATE_NEW"


def forgives(pointer: str, kind: str, instead: Json = MISSING) -> Apply:
    """A value of a wrong type at a pointer of a submission is taken for another, or for none."""

    def edit(asked: Asked) -> None:
        told = get(asked.body, pointer)
        if told is not MISSING and not KINDS[kind](told):
            asked.body = put(asked.body, pointer, instead)

    return requests(API, "submit", edit)


def refuses(pointer: str, *values: Json) -> Apply:
    """A submission with one of these values is refused."""

    def revise(asked: Asked, told: Told) -> None:
        if get(asked.body, pointer) in values:
            told.status, told.body = 400, {"code": 3, "message": "no", "details": []}

    return answers(API, "submit", revise)


def _no_template(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "templateId" not in asked.body:
        asked.body["templateId"] = "hello-world"


def _chosen(job: dict[str, Any], asked: Asked) -> None:
    if asked.role == "submit" and isinstance(asked.body, dict) and "createdAt" in asked.body:
        asked.memory[job["id"]] = asked.body["createdAt"]
    job["createdAt"] = asked.memory.get(job["id"], job["createdAt"])


def _number(asked: Asked, told: Told) -> None:
    told.body["job"]["state"] = "JOB_STATE_STARTED"


def _each(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    return [_each(item, change) for item in value] if isinstance(value, list) else change(value)


def _filled(value: Json) -> Json:
    return (
        {key: item for key, item in value.items() if item not in (0, "", [], {}) or item is False}
        if isinstance(value, dict)
        else value
    )


def _loses(name: str, *states: str) -> Apply:
    """A job that is in one of these states, or in any but the first, is shown without a member."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job["state"] in states or (not states and job["state"] != NEW):
            job.pop(name, None)

    return answers(API, SHOWN, every_job(API, revise))


def _nameless(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["job"].pop("name", None)


def _lower(value: Json, depth: int = 0) -> Json:
    if isinstance(value, dict):
        return {name.lower() if depth else name: _lower(one, depth + 1) for name, one in value.items()}
    return value


def _lowered(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("params"), dict):
        asked.body["params"] = {name: _lower(part) for name, part in asked.body["params"].items()}


def _bare_url(job: dict[str, Any], asked: Asked) -> None:
    params = (job.get("dataSource") or {}).get("params") or {}
    if "url" in params:
        params["url"] = params["url"].partition("?")[0]


def _nothing(asked: Asked, told: Told) -> None:
    if dict(asked.query).get("pagination.limit") == "0":
        told.body["data"] = []


def _ten(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and not asked.body.get("pagination"):
        told.body["data"] = told.body["data"][:10]


FAULTS = [
    fault(
        "failing-app-refused",
        "JOB-CRT-001",
        "a submission whose app is to fail is refused",
        answers(
            API,
            "submit",
            lambda asked, told: (
                setattr(told, "status", 400) if get(asked.body, "/params/app/MOCK_EXIT_CODE") == 3 else None
            ),
        ),
    ),
    fault(
        "created-201",
        "BYT-CRT-001",
        "a creation is answered 201",
        answered("submit", lambda asked, told: setattr(told, "status", 201)),
        "JOB-RSP-001",
    ),
    fault("runs-at-once", "BYT-CRT-002", "a created job is shown as started", answered("submit", _number)),
    fault(
        "created-chosen",
        "BYT-CRT-004",
        "a submission chooses the instant of its creation",
        answers(API, SHOWN, every_job(API, _chosen)),
    ),
    fault(
        "created-nameless",
        "BYT-CRT-007",
        "the answer to a creation does not tell the name",
        answers(API, "submit", _nameless),
    ),
    fault(
        "priority-balanced",
        "BYT-DEF-001",
        "jobs are shown with another priority",
        jobs(lambda job, asked: job.__setitem__("priority", "EXECUTION_PRIORITY_BALANCED")),
    ),
    fault(
        "test-by-default",
        "BYT-DEF-002",
        "a job with any limit is shown as a test",
        shows("/config", lambda told: {"isTestJob": True, **told}),
    ),
    fault(
        "twenty-five",
        "BYT-DEF-003",
        "a page holds twenty-five jobs",
        patched("mockserver.adapters.bytenite.jobs:PAGE", lambda original: 25),
    ),
    fault("nothing-on-a-page", "BYT-DEF-003", "a limit of nought is one", answered("list", _nothing)),
    fault(
        "ten-filtered", "BYT-DEF-003", "a page of a filtered list holds ten jobs", answered("Customer_FilterJobs", _ten)
    ),
    fault(
        "no-template",
        "BYT-REQ-001",
        "a submission without a template gets one",
        requests(API, "submit", _no_template),
        "JOB-REQ-001",
    ),
    fault(
        "template-number",
        "BYT-REQ-002",
        "a template that is no text is taken for another",
        forgives("/templateId", "text", "hello-world"),
        "JOB-REQ-002",
    ),
    fault(
        "template-shown",
        "BYT-REQ-003",
        "every job is shown as one of the first template",
        shows("/templateId", lambda told: "hello-world"),
    ),
    fault(
        "name-ascii",
        "BYT-REQ-005",
        "letters beyond ASCII are lost from names",
        shows("/name", lambda told: told.encode("ascii", "replace").decode()),
    ),
    fault("takes-name", "BYT-REQ-006", "a name that is no text is ignored", forgives("/name", "text"), "JOB-REQ-002"),
    fault(
        "description-line",
        "BYT-REQ-007",
        "only the first line of a description is kept",
        shows("/description", lambda told: told.split("\n")[0]),
    ),
    fault(
        "takes-description",
        "BYT-REQ-008",
        "a description that is no text is ignored",
        forgives("/description", "text"),
        "JOB-REQ-002",
    ),
    fault(
        "source-params",
        "BYT-REQ-009",
        "parameters of a data source lose their bucket",
        shows("/dataSource/params", lambda told: {k: v for k, v in told.items() if k != "bucketName"}),
        "BYT-STM-002",
    ),
    fault(
        "aws-refused",
        "BYT-REQ-010",
        "the descriptor aws is refused",
        refuses("/dataSource/dataSourceDescriptor", "aws"),
    ),
    fault(
        "takes-datasource",
        "BYT-REQ-011",
        "a data source that is no object is ignored",
        forgives("/dataSource", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-datasource-datasourcedescriptor",
        "BYT-REQ-012",
        "a descriptor that is no text is ignored",
        forgives("/dataSource/dataSourceDescriptor", "text"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-datasource-params",
        "BYT-REQ-013",
        "parameters of a source that are no object is ignored",
        forgives("/dataSource/params", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-datasource-params-type",
        "BYT-REQ-014",
        "a type of a source that is no text is ignored",
        forgives("/dataSource/params/@type", "text"),
        "JOB-REQ-002",
    ),
    fault(
        "destination-shown",
        "BYT-REQ-015",
        "every destination is shown as a bucket",
        shows("/dataDestination/dataSourceDescriptor", lambda told: "bucket"),
        "BYT-STM-002",
    ),
    fault(
        "takes-datadestination",
        "BYT-REQ-016",
        "a destination that is no object is ignored",
        forgives("/dataDestination", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-datadestination-datasourcedescriptor",
        "BYT-REQ-017",
        "a destination's descriptor that is no text is ignored",
        forgives("/dataDestination/dataSourceDescriptor", "text"),
        "JOB-REQ-002",
    ),
    fault(
        "app-flattened",
        "BYT-REQ-018",
        "nested parameters of the app are lost",
        shows("/params/app", lambda told: {k: v for k, v in told.items() if not isinstance(v, dict)}),
    ),
    fault(
        "partitioner-only-replicas",
        "BYT-REQ-019",
        "only replicas are kept of the partitioner's parameters",
        shows("/params/partitioner", lambda told: {k: v for k, v in told.items() if k == "num_replicas"}),
        "BYT-STM-003",
    ),
    fault(
        "assembler-lost",
        "BYT-REQ-020",
        "parameters of the assembler are shown empty",
        shows("/params/assembler", lambda told: {}),
        "BYT-STM-003",
    ),
    fault(
        "takes-params",
        "BYT-REQ-021",
        "parameters that are no object is ignored",
        forgives("/params", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-params-app",
        "BYT-REQ-022",
        "parameters of the app that are no object is ignored",
        forgives("/params/app", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-params-partitioner",
        "BYT-REQ-023",
        "parameters of the partitioner that are no object is ignored",
        forgives("/params/partitioner", "object"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-params-assembler",
        "BYT-REQ-024",
        "parameters of the assembler that are no object is ignored",
        forgives("/params/assembler", "object"),
        "JOB-REQ-002",
    ),
    fault("preset-refused", "BYT-REQ-025", "the deprecated preset is refused", refuses("/params/preset", "fast")),
    fault(
        "takes-params-preset",
        "BYT-REQ-026",
        "a preset that is no text is ignored",
        forgives("/params/preset", "text"),
        "JOB-REQ-002",
    ),
    fault(
        "task-timeout-32-bit",
        "BYT-REQ-027",
        "task timeouts beyond 32 bits are cut",
        shows("/config/taskTimeout", lambda told: min(told, 2**31 - 1)),
    ),
    fault(
        "takes-config-tasktimeout",
        "BYT-REQ-028",
        "a task timeout that is no whole number is ignored",
        forgives("/config/taskTimeout", "whole"),
        "JOB-REQ-002",
    ),
    fault(
        "job-timeout-plus-one",
        "BYT-REQ-029",
        "job timeouts are shown with one too many",
        shows("/config/jobTimeout", lambda told: told + 1),
        "BYT-STM-006",
    ),
    fault(
        "takes-config-jobtimeout",
        "BYT-REQ-030",
        "a job timeout that is no whole number is ignored",
        forgives("/config/jobTimeout", "whole"),
        "JOB-REQ-002",
    ),
    fault(
        "test-forgotten",
        "BYT-REQ-031",
        "no job is shown as a test",
        shows("/config/isTestJob", lambda told: False),
        "BYT-STM-006",
    ),
    fault(
        "takes-config-istestjob",
        "BYT-REQ-032",
        "a mark of a test that is no flag is ignored",
        forgives("/config/isTestJob", "flag"),
        "JOB-REQ-002",
    ),
    fault(
        "takes-config",
        "BYT-REQ-033",
        "a configuration that is no object is ignored",
        forgives("/config", "object"),
        "JOB-REQ-002",
    ),
    fault("digits-refused", "BYT-REQ-035", "a job timeout in digits is refused", refuses("/config/jobTimeout", "3600")),
    fault("names-stripped", "BYT-REQ-042", "names lose their margins", shows("/name", lambda name: name.strip())),
    fault("names-cut", "BYT-REQ-042", "names are cut", shows("/name", lambda name: name[:64])),
    fault(
        "descriptions-on-one-line",
        "BYT-REQ-042",
        "descriptions lose their line ends",
        shows("/description", lambda text: text.replace("\n", " ")),
        "BYT-REQ-007",
    ),
    fault(
        "short-names-only", "BYT-REQ-042", "a name of 300 characters is refused", refuses("/name", "cf " + "x" * 297)
    ),
    fault(
        "whole-parameters",
        "BYT-REQ-043",
        "numbers in parameters are cut",
        shows("/params/app", lambda app: _each(app, lambda one: int(one) if isinstance(one, float) else one)),
        "BYT-REQ-018",
    ),
    fault("filled-parameters", "BYT-REQ-043", "empty parameters are lost", shows("/params/assembler", _filled)),
    fault(
        "parameters-as-text",
        "BYT-REQ-043",
        "truth values in parameters are texts",
        shows("/params/partitioner", lambda part: _each(part, lambda one: str(one) if isinstance(one, bool) else one)),
    ),
    fault(
        "inner-names-lowered",
        "BYT-REQ-043",
        "names inside of parameters lose their capitals",
        requests(API, "submit", _lowered),
    ),
    fault(
        "destination-without-parameters",
        "BYT-REQ-044",
        "parameters of a destination are lost",
        shows("/dataDestination", lambda end: {key: value for key, value in end.items() if key != "params"}),
        "BYT-REQ-015",
    ),
    fault(
        "ends-alike",
        "BYT-REQ-044",
        "a source is also the destination",
        jobs(lambda job, _: job.setdefault(ENDS[1], job[ENDS[0]]) and None if ENDS[0] in job else None),
    ),
    fault(
        "aws-is-s3",
        "BYT-REQ-044",
        "aws is shown as s3",
        shows("/dataSource/dataSourceDescriptor", lambda name: "s3" if name == "aws" else name),
        "BYT-REQ-010",
    ),
    fault(
        "query-lost",
        "BYT-REQ-044",
        "the query of a source's URL is lost",
        answers(API, SHOWN, every_job(API, _bare_url)),
    ),
    fault("run-forgets-description", "BYT-REQ-045", "a job that was run has no description", _loses("description")),
    fault("end-forgets-limits", "BYT-REQ-045", "a complete job has no limits", _loses("config", "JOB_STATE_COMPLETE")),
]
