"""Faults of what every job API owes, made for ByteNite, openYuanrong and compute.x.io: reading, stopping, neighbours, lists, bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import specs
from tests.conformance.faults import Apply, Asked, Fault, Json, Told, answers, every_job
from tests.conformance.faults.ionworks_raw import passed_on, raw

APIS: dict[str, dict[str, Any]] = {
    "bytenite": {
        "id": "id", "status": "state", "job": lambda body: body["job"], "waits": "JOB_STATE_STARTED", "runs": "JOB_STATE_PARTITIONED", "good": "JOB_STATE_COMPLETE",
        "bad": "JOB_STATE_FAILED", "stopped": "JOB_STATE_FAILED", "text": "name", "number": "numChunks", "last": "params", "valid": {"templateId": "hello-world"},
        "no": {"code": 5, "message": "no", "details": []}, "jobs": lambda body: body["data"], "ghost": "app-", "size": 3,
        "done": lambda asked: {"ok": True, "requestId": "", "message": "", "error": None},
    },
    "openyuanrong": {
        "id": "submission_id", "status": "status", "job": lambda body: body, "waits": "PENDING", "runs": "RUNNING", "good": "SUCCEEDED", "bad": "FAILED", "stopped": "STOPPED",
        "text": "entrypoint", "number": "driver_exit_code", "last": "runtime_env", "valid": {"entrypoint": "true", "runtime_env": {"working_dir": "/"}}, "no": "not found app",
        "jobs": lambda body: body, "ghost": "app-", "size": 2, "done": lambda asked: True,
    },
    "xio": {
        "id": "uuid", "status": "status", "job": lambda body: body, "waits": "PENDING", "runs": "RUNNING", "good": "COMPLETED", "bad": "FAILED", "stopped": "CANCELLED",
        "text": "title", "number": "cpu_count", "last": "parameters", "no": {"error": {"code": "not_found", "message": "no"}}, "jobs": lambda body: body["data"], "ghost": "", "size": 5,
        "valid": {"title": "a", "task": "BATCH", "max_timeout_run_ms": 60000, "cpu_count": 1, "parameters": {"type": "docker", "parameters": {"image": "alpine"}}},
        "done": lambda asked: {**asked.memory["job"], "uuid": _asked_id(asked), "status": "CANCELLED"},
    },
}  # fmt: skip
Words = dict[str, Any]
Make = Callable[[str, Words], Apply]
LOOKS = ("read", "list")


def shown_as(one: str, other: str) -> Make:
    """Jobs in one state are shown in another."""

    def make(api: str, words: Words) -> Apply:
        def change(job: dict[str, Any], asked: Asked) -> None:
            if job.get(words["status"]) == words[one]:
                job[words["status"]] = words[other]

        return answers(api, LOOKS, every_job(api, change))

    return make


def _asked_id(asked: Asked) -> str:
    return next(iter(asked.values.values()), "")


def after_stops(state: str, count: int, only: str = "") -> Make:
    """A job that was stopped so often is shown in that state, of jobs that were last seen in another or of all."""

    def make(api: str, words: Words) -> Apply:
        def revise(asked: Asked, told: Told) -> None:
            key = _asked_id(asked)
            if asked.role == "cancel":
                if not only or asked.memory.get(f"seen {key}") == words[only]:
                    asked.memory[key] = asked.memory.get(key, 0) + 1
            elif told.status == 200:
                job = words["job"](told.body)
                asked.memory[f"seen {key}"] = job[words["status"]]
                if asked.memory.get(key, 0) >= count:
                    job[words["status"]] = words[state]

        return answers(api, ("cancel", "read"), revise)

    return make


def stop_spreads(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "cancel":
            asked.memory["stopped"] = True
        elif told.status == 200 and "stopped" in asked.memory and words["job"](told.body)[words["status"]] == words["runs"]:
            words["job"](told.body)[words["status"]] = words["stopped"]

    return answers(api, ("cancel", "read"), revise)


def steps_back(api: str, words: Words) -> Apply:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if job.get(words["status"]) == words["runs"]:
            count = asked.memory[job[words["id"]]] = asked.memory.get(job[words["id"]], 0) + 1
            if count == 5:
                job[words["status"]] = words["waits"]

    return answers(api, "read", every_job(api, change))


def first_read_fails(api: str, words: Words) -> Apply:
    """Of the only job of a world, made by an ordinary submission."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            asked.memory["plain"] = len(asked.body) == words["size"]
        elif told.status == 200 and asked.memory.get("made") == 1 and asked.memory.pop("plain", False):
            told.status, told.body = 404, words["no"]

    return answers(api, ("submit", "read"), revise)


def reads_another(api: str, words: Words) -> Apply:
    """The seventh job that is read is told as the first."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            known = asked.memory.setdefault("known", [])
            if _asked_id(asked) not in known:
                known.append(_asked_id(asked))
            if known.index(_asked_id(asked)) == 6:
                words["job"](told.body)[words["id"]] = known[0]

    return answers(api, "read", revise)


def reading_counts(api: str, words: Words) -> Apply:
    """The third look at a job that ran well."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and words["job"](told.body)[words["status"]] == words["good"]:
            looks = asked.memory[_asked_id(asked)] = asked.memory.get(_asked_id(asked), 0) + 1
            if looks == 3:
                words["job"](told.body)[words["text"]] = "another text"

    return answers(api, "read", revise)


def number_as_text(api: str, words: Words) -> Apply:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if words["number"] in job:
            job[words["number"]] = str(job[words["number"]])

    return answers(api, "read", every_job(api, change))


def listed_otherwise(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200 and len(words["jobs"](told.body)) == 2:
            for job in words["jobs"](told.body):
                if job[words["status"]] == words["good"]:
                    job[words["text"]] = "a job"

    return answers(api, "list", revise)


def as_text(api: str, words: Words) -> Apply:
    return answers(api, "read", lambda asked, told: told.headers.__setitem__("content-type", "text/plain") if told.status == 200 else None)


def order_matters(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if isinstance(asked.body, dict) and next(iter(asked.body), "") == words["last"]:
            told.status, told.body = 400, words["no"]

    return answers(api, "submit", revise)


def refused_are_listed(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status == 400 and isinstance(asked.body, dict) and len(asked.body) < words["size"]:
            asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
        elif asked.role == "list" and told.status == 200:
            jobs, ghosts = words["jobs"](told.body), range(asked.memory.get("ghosts", 0))
            jobs += [{**jobs[0], words["id"]: f"{words['ghost']}00000000-0000-4000-8000-{number:012}"} for number in ghosts if jobs]

    return answers(api, ("submit", "list"), revise)


def the_eighth_is_lost(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            if asked.memory["made"] == 8:
                asked.memory["lost"] = words["job"](told.body)[words["id"]]
        elif told.status == 200 and asked.memory.get("lost") == _asked_id(asked):
            told.status, told.body = 404, words["no"]

    return answers(api, ("submit", "read"), revise)


def stop_of_nobody(api: str, words: Words) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        ids = asked.memory.setdefault("ids", set())
        if asked.role == "submit" and told.status < 300:
            asked.memory["job"] = told.body
            ids.add(words["job"](told.body)[words["id"]])
        elif asked.role == "cancel" and told.status == 404 and ids and _asked_id(asked) not in ids:
            told.status, told.body = 200, words["done"](asked)

    return answers(api, ("submit", "cancel"), revise)


def swapped(holds: Callable[[bytes], bool]) -> Make:
    """Another body for submissions of which something holds."""

    def make(api: str, words: Words) -> Apply:
        spec = specs.load(api)
        assert spec.lifecycle is not None
        path = spec.base_path + spec.operations[spec.lifecycle.roles["submit"].operation].path

        async def meddle(app: Any, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
            is_meant = scope["method"] == "POST" and scope["path"] == path and holds(body)
            await passed_on(app, scope, json.dumps(words["valid"]).encode() if is_meant else body, receive, send)

        return raw(meddle)

    return make


def _parsed(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:
        return None


def broken(body: bytes) -> bool:
    """Whether a body is there and no JSON."""
    return bool(body) and _parsed(body) is None and body.strip() != b"null"


def no_object(body: bytes) -> bool:
    """Whether a body is JSON and no object."""
    return bool(body) and not broken(body) and not isinstance(_parsed(body), dict)


def unescaped(api: str, words: Words) -> Apply:
    """Escapes are left in the text, so that no member has its name."""

    async def meddle(app: Any, scope: dict[str, Any], body: bytes, receive: Any, send: Any) -> None:
        await passed_on(app, scope, body.replace(b"\\u00", b"\\\\u00"), receive, send)

    return raw(meddle)


EVERYDAY: dict[str, tuple[str, str, Make, tuple[str, ...]]] = {
    "good-is-bad": ("JOB-STM-005", "jobs that ran well are shown as failed", shown_as("good", "bad"), ()),
    "bad-is-good": ("JOB-STM-006", "failed jobs are shown as having run well", shown_as("bad", "good"), ()),
    "waiting-is-running": ("JOB-STM-009", "jobs that wait are shown as running", shown_as("waits", "runs"), ()),
    "running-is-waiting": ("JOB-STM-010", "a job that runs is shown as waiting at the fifth look", steps_back, ("JOB-STM-002",)),
    "steps-back": ("JOB-STM-002", "a running job is seen waiting again, once", steps_back, ("JOB-STM-010",)),
    "second-stop-ends-well": ("JOB-STM-003", "a job that is stopped twice is shown as having run well", after_stops("good", 2), ()),
    "stop-after-the-end": ("JOB-STM-008", "stopping a job that ran well shows it as stopped", after_stops("stopped", 1, "good"), ("JOB-STM-004",)),
    "stop-spreads": ("JOB-STM-013", "stopping one job shows every running job as stopped", stop_spreads, ()),
    "first-read-fails": ("JOB-CRT-005", "a new job is not known at first", first_read_fails, ()),
    "reads-another": ("JOB-IDM-003", "reading a job tells of the first that was read", reads_another, ()),
    "reading-counts": ("JOB-IDM-004", "reading a job changes it", reading_counts, ()),
    "eighth-is-lost": ("JOB-IDM-002", "the eighth job is lost", the_eighth_is_lost, ()),
    "number-as-text": ("JOB-RSP-002", "a number of the job is told as text", number_as_text, ()),
    "as-text": ("JOB-RSP-004", "a job that is read is declared as text", as_text, ()),
    "list-tells-otherwise": ("JOB-LST-003", "the list has other texts than the jobs", listed_otherwise, ()),
    "order-matters": ("JOB-REQ-004", "a submission in another order is refused", order_matters, ()),
    "escapes": ("JOB-REQ-005", "escapes are not read", unescaped, ()),
    "broken-json": ("JOB-ERR-004", "what is no JSON is taken for another submission", swapped(broken), ()),
    "no-object": ("JOB-ERR-005", "what is no object is taken for another submission", swapped(no_object), ()),
    "no-body": ("JOB-ERR-006", "a missing body is taken for another submission", swapped(lambda body: not body), ()),
    "refused-are-listed": ("JOB-ERR-011", "refused submissions are listed", refused_are_listed, ()),
    "stop-of-nobody": ("JOB-ERR-012", "stopping a job that never was is granted", stop_of_nobody, ()),
}


VACUOUS = {("xio", "JOB-STM-002")}
"""Requirements that no answer can break, since the lifecycle leads from everywhere to everywhere."""


def _made() -> Iterator[Fault]:
    for api, words in APIS.items():
        for name, (requirement, describe, make, also) in EVERYDAY.items():
            if (api, requirement) in VACUOUS:
                continue
            yield Fault(f"{api}:everyday-{name}", api, requirement, describe, make(api, words), also)


FAULTS = list(_made())
