"""Faults of what ByteNite's jobs keep of what they are given, of their logs and lists, and of what strangers may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.pointer import get
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


def _asked(operation: str, change: Callable[[dict[str, Json]], object]) -> Apply:
    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            change(asked.body)

    return requests(API, operation, edit)


def _query(change: Callable[[dict[str, str]], object]) -> Edit:
    def edit(asked: Asked) -> None:
        query = dict(asked.query)
        change(query)
        asked.query[:] = list(query.items())

    return edit


def _listed(change: Callable[[list[Json], Asked], object]) -> Apply:
    return answered(("list", "Customer_FilterJobs"), lambda asked, told: change(told.body["data"], asked) and None if told.status == 200 else None)


def _stale(items: list[Json], asked: Asked) -> None:
    items[:] = [asked.memory.setdefault(item["id"], item) for item in items]


def _by_state(items: list[Json], _: Asked) -> None:
    items.sort(key=lambda item: item["state"] == "JOB_STATE_NEW")


def _results(change: Callable[[list[Json]], object]) -> Apply:
    return answered(RESULTS, lambda asked, told: change(told.body["results"]) and None if told.status == 200 else None)


def _bypassed(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and get(asked.body, "/dataDestination/dataSourceDescriptor") == "bypass" and told.status == 200:
        asked.memory[told.body["job"]["id"]] = True
    elif asked.operation == RESULTS and asked.values.get("jobId") in asked.memory:
        told.body = {"results": [{"name": "result.zip", "link": f"https://storage.bytenite.com/{asked.values['jobId']}/result.zip"}]}


def _open(operation: str) -> Apply:
    """A call finds the jobs of all customers."""

    def make(original: Any) -> Any:
        return lambda call: call.world.job("bytenite", call.path["jobId"]) if call.operation == operation else original(call)

    return patched("mockserver.adapters.bytenite.jobs:find", make)


def _unguarded(operation: str) -> Apply:
    return patched("mockserver.adapters.bytenite:verify", lambda original: lambda call: None if call.operation == operation else original(call))


def _prolongs(original: Any) -> Any:
    def owner(call: Any) -> str:
        name: str = original(call)
        shelf = call.world.shelf("bytenite.tokens")
        shelf.update({token: (whose, end + 1800) for token, (whose, end) in shelf.items() if whose == name})
        return name

    return owner


def _again(asked: Asked, told: Told) -> None:
    if told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}


def _keeps_address(original: Any) -> Any:
    def completed(call: Any) -> Any:
        from mockserver.adapters.bytenite.edits import draft
        from mockserver.adapters.bytenite.sheet import answer
        from mockserver.adapters.exchange import Reply

        return Reply(200, answer(call.world, draft(call)))

    return completed


def _young(items: list[Json], asked: Asked) -> None:
    items.sort(key=lambda item: item.get("submittedAt", ""), reverse=True)


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
    fault("no-template", "BYT-RSP-033", "a job does not tell its template", jobs(lambda job, _: job.pop("templateInfo", None) and None)),
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
    fault("flat-rate", "BYT-RSP-034", "more tasks cost the same", shows("/paymentAmount", lambda amount: min(amount, 0.001))),
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
        requests(API, "Customer_ListJobTemplates", _query(lambda query: query.pop("limit", None))),
    ),
    fault("silent-tasks", "BYT-RSP-027", "tasks have no logs", _logs(lambda body: body["taskrunner"].clear())),
    fault("silent-assembler", "BYT-RSP-027", "the assembler has no logs", _logs(lambda body: body["assembler"].clear())),
    fault("all-tasks-speak", "BYT-RSP-028", "logs are not filtered by task", _asked(LOGS, lambda body: body.pop("taskIds", None))),
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
    fault("first-level", "BYT-RSP-032", "only the first level asked for counts", _asked(LOGS, lambda body: body.update(levels=(body.get("levels") or [])[:1]))),
    fault(
        "first-service",
        "BYT-RSP-032",
        "only the first service asked for counts",
        _asked(LOGS, lambda body: body.update(services=(body.get("services") or [])[:1])),
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
    fault("stale-list", "BYT-LST-015", "a list tells of each job what it first told", _listed(_stale), "JOB-LST-003", "BYT-LST-010"),
    fault("drafts-last", "BYT-LST-016", "drafts come last in a list", _listed(_by_state)),
    fault("by-its-run", "BYT-LST-016", "a list has the order in which jobs were run", _listed(_young), "JOB-LST-007", "BYT-LST-006"),
    fault(
        "no-order-by-state",
        "BYT-LST-017",
        "a list cannot be ordered by state",
        requests(API, "list", _query(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("state") else None)),
    ),
    fault(
        "no-order-by-end",
        "BYT-LST-017",
        "a list cannot be ordered by end",
        requests(API, "list", _query(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("ended") else None)),
    ),
    fault(
        "first-template",
        "BYT-LST-018",
        "only the first template of a filter counts",
        _asked("Customer_FilterJobs", lambda body: body.update(templateIds=(body.get("templateIds") or [])[:1])),
    ),
    fault(
        "either-filter",
        "BYT-LST-018",
        "beside states no template counts",
        _asked("Customer_FilterJobs", lambda body: body.pop("templateIds", None) if body.get("states") else None),
    ),
    fault("unordered-filter", "BYT-LST-018", "a filtered list has no other order", _asked("Customer_FilterJobs", lambda body: body.pop("orderBy", None))),
    fault(
        "fifty-at-most",
        "BYT-LST-019",
        "a page holds fifty jobs at most",
        answered("list", lambda asked, told: told.body["data"].__setitem__(slice(50, None), []) if told.status == 200 else None),
    ),
    fault(
        "address-stays",
        "BYT-STM-025",
        "the address of an upload stays after it",
        patched("mockserver.adapters.bytenite:Customer_UploadCompleted", _keeps_address),
    ),
    fault("older-run-again", "BYT-STM-010", "a job can be run again on the older path", answers(API, "Customer_RunJobLegacy", _again)),
    fault("strangers-estimate", "BYT-ISO-003", "estimations are told to strangers", _open("Customer_EstimateJob")),
    fault("strangers-read-configs", "BYT-ISO-003", "configs are told to strangers", _open("Customer_GetJobConfigs")),
    fault(
        "used-is-prolonged", "BYT-AUT-010", "a token lives on when it is used", patched("mockserver.adapters.bytenite.tokens:_owner", _prolongs), "BYT-AUT-006"
    ),
    fault("open-templates", "BYT-AUT-011", "templates ask for no token", _unguarded("Customer_ListJobTemplates")),
    fault("short-names-only", "BYT-REQ-042", "a name of 300 characters is refused", refuses("/name", "cf " + "x" * 297)),
]
