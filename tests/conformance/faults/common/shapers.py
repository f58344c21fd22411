"""Faults of every API: what several files share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import specs
from tests.conformance.faults import Apply, Asked, Fault, Told, answers
from tests.conformance.faults.raw import passed_on, raw

FEW = 3
"""Some faults show only in crowds, others only in short lists, so that few checks meet them."""
OWED = {"JOB-ERR-001": "JOB-ERR-002", "JOB-RSP-001": "JOB-RSP-003"}
"""What is owed instead where the vendor gives neither a shape of refusals nor the status of a grant, so that the
document can only assume them."""
ASSUMING = ("runai", "xio")


def asked_id(asked: Asked) -> str:
    return next(iter(asked.values.values()), "")


APIS: dict[str, dict[str, Any]] = {
    "bytenite": {
        "id": "id",
        "status": "state",
        "job": lambda body: body["job"],
        "waits": "JOB_STATE_STARTED",
        "runs": "JOB_STATE_PARTITIONED",
        "good": "JOB_STATE_COMPLETE",
        "bad": "JOB_STATE_FAILED",
        "stopped": "JOB_STATE_FAILED",
        "text": "name",
        "number": "numChunks",
        "last": "params",
        "valid": {"templateId": "hello-world"},
        "no": {"code": 5, "message": "no", "details": []},
        "jobs": lambda body: body["data"],
        "ghost": "app-",
        "size": 3,
        "done": lambda asked: {"ok": True, "requestId": "", "message": "", "error": None},
    },
    "openyuanrong": {
        "id": "submission_id",
        "status": "status",
        "job": lambda body: body,
        "waits": "PENDING",
        "runs": "RUNNING",
        "good": "SUCCEEDED",
        "bad": "FAILED",
        "stopped": "STOPPED",
        "text": "entrypoint",
        "number": "driver_exit_code",
        "last": "runtime_env",
        "valid": {"entrypoint": "true", "runtime_env": {"working_dir": "/"}},
        "no": "not found app",
        "jobs": lambda body: body,
        "ghost": "app-",
        "size": 2,
        "done": lambda asked: True,
    },
    "xio": {
        "id": "uuid",
        "status": "status",
        "job": lambda body: body,
        "waits": "PENDING",
        "runs": "RUNNING",
        "good": "COMPLETED",
        "bad": "FAILED",
        "stopped": "CANCELLED",
        "text": "title",
        "number": "cpu_count",
        "last": "parameters",
        "no": {"error": {"code": "not_found", "message": "no"}},
        "jobs": lambda body: body["data"],
        "ghost": "",
        "size": 5,
        "valid": {
            "title": "a",
            "task": "BATCH",
            "max_timeout_run_ms": 60000,
            "cpu_count": 1,
            "parameters": {"type": "docker", "parameters": {"image": "alpine"}},
        },
        "done": lambda asked: {**asked.memory["job"], "uuid": asked_id(asked), "status": "CANCELLED"},
    },
}
Words = dict[str, Any]
Make = Callable[[str, Words], Apply]
VACUOUS = {("xio", "JOB-STM-002")}
"""Requirements that no answer can break, since the lifecycle leads from everywhere to everywhere."""


def roles(api: str) -> Any:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    return lifecycle.roles


def are_few(items: Any, asked: Asked) -> bool:
    """Whether this is a whole list of just three jobs, and no page that was asked to be that short."""
    is_page = any("limit" in name and value.isdigit() and int(value) <= FEW for name, value in asked.query)
    return isinstance(items, list) and len(items) == FEW and not is_page


def the_eighth_is_lost(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            if asked.memory["made"] == 8:
                asked.memory["lost"] = words["job"](told.body)[words["id"]]
        elif told.status == 200 and asked.memory.get("lost") == asked_id(asked):
            told.status, told.body = 404, words["no"]

    return answers(api, ("submit", "read"), revise)


def stop_of_nobody(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        ids = asked.memory.setdefault("ids", set())
        if asked.role == "submit" and told.status < 300:
            asked.memory["job"] = told.body
            ids.add(words["job"](told.body)[words["id"]])
        elif asked.role == "cancel" and told.status == 404 and ids and asked_id(asked) not in ids:
            told.status, told.body = 200, words["done"](asked)

    return answers(api, ("submit", "cancel"), revise)


def unescaped(api: str, words: Words) -> Apply:
    """Escapes are left in the text, so that no member has its name."""

    async def meddle(app: Any, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
        await passed_on(app, scope, body.replace(b"\\u00", b"\\\\u00"), receive, send)

    return raw(meddle)


Rows = dict[str, tuple[str, str, Any, tuple[str, ...]]]
"""By name: the requirement, what is broken, what makes the fault for an API, and who may notice it too."""


def of_every_api(rows: Rows) -> Iterator[Fault]:
    """The faults of each API that its documents rule out."""
    for api in specs.names():
        for name, (requirement, describe, make, also) in rows.items():
            apply = make(api)
            owed = OWED.get(requirement, requirement) if api in ASSUMING else requirement
            if apply is not None:
                yield Fault(f"{api}:{name}", api, owed, describe, apply, also)


def everyday(rows: Rows) -> Iterator[Fault]:
    """The faults of each API whose words for states are known."""
    for api, words in APIS.items():
        for name, (requirement, describe, make, also) in rows.items():
            if (api, requirement) not in VACUOUS:
                yield Fault(f"{api}:everyday-{name}", api, requirement, describe, make(api, words), also)
