"""Faults of ByteNite: drafts."""

from __future__ import annotations

import copy
from typing import Any

from mockserver.adapters.bytenite.edits import draft
from mockserver.adapters.bytenite.views import answer
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Refusal, Reply
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.bytenite.shapers import API, code, fault, granted, half_a_minute, undone


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


def _rerun(asked: Asked, told: Told) -> None:
    if asked.role == "start" and told.status == 400:
        told.status, told.body = 200, {"ok": True, "requestId": "", "message": "", "error": None}
        asked.memory[asked.values["jobId"]] = True
    elif (
        asked.role == "read"
        and told.status == 200
        and asked.memory.get(asked.values["jobId"])
        and "submittedAt" in told.body["job"]
    ):
        told.body["job"]["submittedAt"] = half_a_minute(told.body["job"]["submittedAt"])


def _wrapped_only(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and "config" in asked.body and asked.role == "start":
        told.status, told.body = 400, {"code": 3, "message": "no", "details": []}


def _empty_source(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "dataSource" not in asked.body:
        asked.body["dataSource"] = {"dataSourceDescriptor": "bypass"}


def _camel_only(original: Any) -> Any:
    return lambda body, camel, snake, *, job_id: original(body, camel, camel, job_id=job_id)


def _known_only(original: Any) -> Any:
    def configure(job: Any, body: Any, config: Any) -> None:
        if set(body) - {"config", "taskTimeout", "jobTimeout", "isTestJob"}:
            raise Refusal("invalid", "unknown members")
        original(job, body, config)

    return configure


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


def _says_before(original: Any) -> Any:
    def call_(call: Any) -> Reply:
        before = copy.deepcopy(answer(call, draft(call)))
        original(call)
        return Reply(200, before)

    return call_


def _true_only(asked: Asked) -> None:
    for name in ("jobTimeout", "taskTimeout", "isTestJob"):
        if isinstance(asked.body, dict) and not asked.body.get(name, True):
            del asked.body[name]


def _filled_only(asked: Asked) -> None:
    for name in ("app", "partitioner", "assembler"):
        if isinstance(asked.body, dict) and asked.body.get(name) == {}:
            del asked.body[name]


FAULTS = [
    fault(
        "source-reset",
        "BYT-STM-002",
        "a change of the destination alone resets the source",
        requests(API, "Customer_SetJobDatasource", _empty_source),
    ),
    fault(
        "assembler-not-changed",
        "BYT-STM-003",
        "the assembler's part of a change is dropped",
        _drops("Customer_SetJobParams", "assembler"),
    ),
    fault("params-replaced", "BYT-STM-004", "a change of one part empties the partitioner's", _replaced("partitioner")),
    fault(
        "renamed-in-part",
        "BYT-STM-005",
        "a new name is cut to eight letters",
        requests(
            API,
            "Customer_SetJobName",
            lambda asked: (
                asked.body.__setitem__("name", asked.body["name"][:8])
                if isinstance((asked.body or {}).get("name"), str)
                else None
            ),
        ),
    ),
    fault(
        "no-way-back",
        "BYT-STM-006",
        "limits that are changed to nought or false stay",
        requests(API, "Customer_SetJobConfigs", _true_only),
    ),
    fault(
        "late-params",
        "BYT-STM-007",
        "parameters of jobs that were run can be changed",
        late("Customer_SetJobParams"),
        "BYT-STM-009",
    ),
    fault(
        "late-source",
        "BYT-STM-007",
        "data sources of jobs that were run can be changed",
        late("Customer_SetJobDatasource"),
        "BYT-STM-009",
    ),
    fault("late-name", "BYT-STM-008", "jobs that were run can be renamed", late("Customer_SetJobName"), "BYT-STM-009"),
    fault("code-state", "BYT-STM-009", "what the state forbids has the code of what is wrong", code(9, 3)),
    fault(
        "second-run-granted",
        "BYT-STM-010",
        "a second run is answered as if it were the first",
        answers(API, "start", granted),
        "BYT-ERR-009",
        "BYT-IDM-001",
    ),
    fault(
        "older-run-again",
        "BYT-STM-010",
        "a job can be run again on the older path",
        answers(API, "Customer_RunJobLegacy", _again),
    ),
    fault(
        "second-run-resubmits",
        "BYT-STM-011",
        "a second run moves the instant of submission",
        answers(API, ("start", "read"), _rerun),
        "BYT-STM-010",
    ),
    fault(
        "aborted-draft-stays",
        "BYT-STM-012",
        "a draft is not deleted when it is aborted",
        undone("delete", lambda job: job.phase == "draft"),
        "BYT-LST-013",
    ),
    fault(
        "wrapped-run-refused",
        "BYT-STM-016",
        "limits under config are refused when a job is run",
        answers(API, "start", _wrapped_only),
    ),
    fault(
        "run-limits-lost",
        "BYT-STM-017",
        "limits that come with the run are dropped",
        patched("mockserver.adapters.bytenite.runs:configure", lambda original: lambda *all_: None),
        "BYT-TMO-011",
    ),
    fault(
        "old-params-lost",
        "BYT-STM-018",
        "the older path of parameters changes nothing",
        _drops("Customer_SetJobParamsLegacy", "app"),
    ),
    fault(
        "address-stays",
        "BYT-STM-025",
        "the address of an upload stays after it",
        patched("mockserver.adapters.bytenite:Customer_UploadCompleted", _keeps_address),
    ),
    fault(
        "renaming-forgets",
        "BYT-STM-026",
        "a renamed draft loses its description",
        patched("mockserver.adapters.bytenite:Customer_SetJobName", _forgetful),
    ),
    fault(
        "changed-is-created",
        "BYT-STM-026",
        "a change moves the creation",
        patched("mockserver.adapters.bytenite.edits:_edited", _created_anew),
        "BYT-TIM-003",
    ),
    fault(
        "late-on-the-older-path",
        "BYT-STM-027",
        "parameters are changed late on the older path",
        patched("mockserver.adapters.bytenite:Customer_SetJobParamsLegacy", _late),
    ),
    fault(
        "first-input",
        "BYT-STM-029",
        "a job reads the input that it was created with",
        patched("mockserver.adapters.bytenite.edits:plan", lambda original: lambda request, kept: None),
    ),
    fault(
        "camel-case-only",
        "BYT-STM-032",
        "sources in snake case are passed over",
        patched("mockserver.adapters.bytenite.reading:source", _camel_only),
    ),
    fault(
        "known-limits-only",
        "BYT-STM-032",
        "the run refuses members that it does not know",
        patched("mockserver.adapters.bytenite.runs:configure", _known_only),
    ),
    fault(
        "wrapped-limits-lost",
        "BYT-STM-034",
        "limits under config are dropped from a change",
        _drops("Customer_SetJobConfigs", "config"),
    ),
    fault(
        "empty-is-nothing",
        "BYT-STM-035",
        "a part that is changed to an empty one stays",
        requests(API, "Customer_SetJobParams", _filled_only),
    ),
    fault(
        "change-behind",
        "BYT-STM-036",
        "the answer to a renaming shows the job before it",
        patched("mockserver.adapters.bytenite:Customer_SetJobName", _says_before),
    ),
]
