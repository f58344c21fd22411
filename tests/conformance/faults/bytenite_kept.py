"""Faults of what ByteNite's jobs keep of what they are given, of their logs, results and changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import get
from mockserver.adapters.bytenite.edits import draft
from mockserver.adapters.bytenite.views import answer
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Reply
from tests.conformance.faults import Apply, Asked, Edit, Told, answers, patched, requests
from tests.conformance.faults.bytenite import API, answered, fault, jobs, refuses, shows

LOGS, TASKS, RESULTS = "Customer_GetLogs", "Customer_RunningTasks", "Customer_GetJobResults"
ENDS = ("dataSource", "dataDestination")
Json = Any


def _each(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    return [_each(item, change) for item in value] if isinstance(value, list) else change(value)


def _filled(value: Json) -> Json:
    return {key: item for key, item in value.items() if item not in (0, "", [], {}) or item is False} if isinstance(value, dict) else value


def _logs(change: Callable[[dict[str, Json]], object]) -> Apply:
    return answered(LOGS, lambda asked, told: change(told.body) and None if told.status == 200 else None)


def asks(operation: str, change: Callable[[dict[str, Json]], object]) -> Apply:
    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            change(asked.body)

    return requests(API, operation, edit)


def queried(change: Callable[[dict[str, str]], object]) -> Edit:
    def edit(asked: Asked) -> None:
        query = dict(asked.query)
        change(query)
        asked.query[:] = list(query.items())

    return edit


def _results(change: Callable[[list[Json]], object]) -> Apply:
    return answered(RESULTS, lambda asked, told: change(told.body["results"]) and None if told.status == 200 else None)


def _bypassed(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and get(asked.body, "/dataDestination/dataSourceDescriptor") == "bypass" and told.status == 200:
        asked.memory[told.body["job"]["id"]] = True
    elif asked.operation == RESULTS and asked.values.get("jobId") in asked.memory:
        told.body = {"results": [{"name": "result.zip", "link": f"https://storage.bytenite.com/{asked.values['jobId']}/result.zip"}]}


def _again(asked: Asked, told: Told) -> None:
    if told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}


def _keeps_address(original: Any) -> Any:
    def completed(call: Any) -> Any:
        return Reply(200, answer(call, draft(call)))

    return completed


def _forgetful(original: Any) -> Any:
    def rename(call: Any) -> Any:
        reply = original(call)
        reply.body["job"].pop("description", None)
        return reply

    return rename


def _created_anew(original: Any) -> Any:
    def edited(call: Any, job: Any) -> Any:
        job.payload.body["createdAt"] = iso(call.world, call.world.now_us)
        return original(call, job)

    return edited


def _late(original: Any) -> Any:
    def change(call: Any) -> Any:
        job = call.world.job("bytenite", call.path["jobId"])
        job.payload.body["params"] = {**job.payload.body.get("params", {}), **call.body}
        return Reply(200, answer(call, job))

    return change


def _estimated_once(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["estimation"]["totalEstimation"] = "2"


def _early(asked: Asked, told: Told) -> None:
    asks = asked.memory.setdefault(asked.values["jobId"], [])
    asks.append(1)
    if told.status == 200 and not told.body["results"] and len(asks) > 14:
        told.body["results"] = [{"name": "result.zip", "link": "https://storage.bytenite.com/result.zip"}]


FAULTS = [
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
        "aws-is-s3", "BYT-REQ-044", "aws is shown as s3", shows("/dataSource/dataSourceDescriptor", lambda name: "s3" if name == "aws" else name), "BYT-REQ-010"
    ),
    fault("no-app", "BYT-RSP-033", "a job does not tell its app", jobs(lambda job, _: job.pop("appId", None) and None)),
    fault("template-untold", "BYT-RSP-033", "a job does not tell its template", jobs(lambda job, _: job.pop("templateInfo", None) and None)),
    fault(
        "own-template-unknown",
        "BYT-RSP-002",
        "a template of one's own is taken for hello-world",
        jobs(
            lambda job, _: (
                job["templateInfo"].__class__ and job.update(templateInfo={**job["templateInfo"], "id": "hello-world"})
                if "cf" in job["templateId"].lower()
                else None
            )
        ),
    ),
    fault("for-nothing", "BYT-RSP-034", "no payment is told", jobs(lambda job, _: job.pop("paymentAmount", None) and None)),
    fault("cheaper-by-the-dozen", "BYT-RSP-034", "more work costs less", shows("/paymentAmount", lambda amount: amount and round(1e-6 / amount, 9))),
    fault(
        "one-link",
        "BYT-RSP-035",
        "all results have one link",
        _results(lambda found: [one.update(link="https://storage.bytenite.com/result.zip") for one in found]),
    ),
    fault("results-twice", "BYT-RSP-035", "results are listed twice", _results(lambda found: found.extend(list(found)))),
    fault("bypassed-results", "BYT-RSP-036", "a bypassed destination has results", answers(API, ("submit", RESULTS), _bypassed), "BYT-RSP-016"),
    fault("no-templates", "BYT-RSP-037", "no templates are listed", answered("Customer_ListJobTemplates", lambda asked, told: told.body["data"].clear())),
    fault(
        "all-templates",
        "BYT-RSP-037",
        "templates are not cut by their limit",
        requests(API, "Customer_ListJobTemplates", queried(lambda query: query.pop("limit", None))),
    ),
    fault("silent-tasks", "BYT-RSP-027", "tasks have no logs", _logs(lambda body: body["taskrunner"].clear())),
    fault("silent-assembler", "BYT-RSP-027", "the assembler has no logs", _logs(lambda body: body["assembler"].clear())),
    fault("all-tasks-speak", "BYT-RSP-028", "logs are not filtered by task", asks(LOGS, lambda body: body.pop("taskIds", None))),
    fault(
        "errors-are-told-as-info",
        "BYT-RSP-029",
        "errors in logs have the level INFO",
        _logs(lambda body: [line.update(level="INFO") for task in body["taskrunner"].values() for line in task["logs"]]),
        "BYT-RSP-018",
        "BYT-RSP-032",
    ),
    fault(
        "logs-backwards",
        "BYT-RSP-030",
        "the newest line of the logs is first",
        _logs(lambda body: [lines.reverse() for lines in (body["partitioner"], body["assembler"])]),
    ),
    fault(
        "logs-beforehand",
        "BYT-RSP-031",
        "the assembler speaks before its time",
        _logs(lambda body: body["assembler"].extend(body["partitioner"][:1])),
        "BYT-RSP-019",
    ),
    fault("first-level", "BYT-RSP-032", "only the first level asked for counts", asks(LOGS, lambda body: body.update(levels=(body.get("levels") or [])[:1]))),
    fault(
        "first-service",
        "BYT-RSP-032",
        "only the first service asked for counts",
        asks(LOGS, lambda body: body.update(services=(body.get("services") or [])[:1])),
    ),
    fault("duration-in-whole-seconds", "BYT-TIM-021", "durations are cut to whole seconds", shows("/duration", lambda span: float(int(span)))),
    fault(
        "no-duration-of-failed",
        "BYT-TIM-021",
        "a failed job has no duration",
        jobs(lambda job, _: job.pop("duration", None) and None if job["state"].endswith("FAILED") else None),
    ),
    fault(
        "new-is-no-state",
        "BYT-TIM-018",
        "the instant of the creation is not among those of the states",
        shows("/stateTimestamps", lambda stamps: {k: v for k, v in stamps.items() if not k.endswith("NEW")}),
    ),
    fault(
        "address-stays",
        "BYT-STM-025",
        "the address of an upload stays after it",
        patched("mockserver.adapters.bytenite:Customer_UploadCompleted", _keeps_address),
    ),
    fault("older-run-again", "BYT-STM-010", "a job can be run again on the older path", answers(API, "Customer_RunJobLegacy", _again)),
    fault("short-names-only", "BYT-REQ-042", "a name of 300 characters is refused", refuses("/name", "cf " + "x" * 297)),
    fault("renaming-forgets", "BYT-STM-026", "a renamed draft loses its description", patched("mockserver.adapters.bytenite:Customer_SetJobName", _forgetful)),
    fault(
        "changed-is-created", "BYT-STM-026", "a change moves the creation", patched("mockserver.adapters.bytenite.edits:_edited", _created_anew), "BYT-TIM-003"
    ),
    fault(
        "late-on-the-older-path",
        "BYT-STM-027",
        "parameters are changed late on the older path",
        patched("mockserver.adapters.bytenite:Customer_SetJobParamsLegacy", _late),
    ),
    fault("first-estimation", "BYT-RSP-039", "an estimation is never made again", answers(API, "Customer_EstimateJob", _estimated_once), "BYT-RSP-017"),
    fault(
        "passing-states-untold",
        "BYT-TIM-023",
        "a state that passes at once has no instant",
        shows("/stateTimestamps", lambda stamps: {k: v for k, v in stamps.items() if not k.endswith("TASKS_COMPLETED")}),
    ),
    fault(
        "backwards-duration",
        "BYT-TIM-024",
        "a failed job has a negative duration",
        jobs(lambda job, _: job.update(duration=-1.0) if job["state"].endswith("FAILED") else None),
        "BYT-TIM-013",
        "BYT-TIM-021",
    ),
    fault("results-in-passing", "BYT-RSP-016", "results are there just before the job is complete", answers(API, RESULTS, _early)),
]
