"""Faults that any API may have, as Run:AI's would: what is read too freely, refused without reason, said in another form."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, Told, answers, both, every_job, requests
from tests.conformance.faults.runai import ERROR, Job, lists, named, of, refuses, said, submits
from tests.conformance.faults.runai_course import fault


def _filled(asked: Asked) -> None:
    if isinstance(asked.body, dict) and not isinstance(asked.body.get("job"), dict):
        asked.body = {"job": {"project": "team-a", "image": "alpine"}}


def _given(key: str, value: str) -> Any:
    return lambda asked: of(asked).setdefault(key, value) if isinstance(asked.body, dict) and isinstance(asked.body.get("job"), dict) and of(asked) else None


def _text(key: str, value: str) -> Any:
    return submits(lambda job: job.__setitem__(key, value) if not isinstance(job.get(key, ""), str) else None)


def _granted(when: Any) -> Any:
    """Answer refused submissions as if they had made a job."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status in (400, 415) and when(asked):
            told.status, told.body = 200, {"name": "job-x"}

    return answers("runai", "submit", revise)


def _made_all_the_same(asked: Asked) -> None:
    asked.memory["poor"] = bool(of(asked)) and "image" not in of(asked)
    if asked.memory["poor"]:
        of(asked)["image"] = "alpine"


def _refused_all_the_same(asked: Asked, told: Told) -> None:
    if asked.memory.pop("poor", False) and told.status < 300:
        told.status, told.body = 400, ERROR


def _counting(job: Job, asked: Asked) -> None:
    asked.memory["looks"] = asked.memory.get("looks", 0) + 1
    if job["status"] == "Succeeded":
        job["nodes"] = [f"node-{asked.memory['looks']}"]


def _repeated(asked: Asked, told: Told) -> None:
    if told.status < 300 and "name" not in of(asked):
        names = asked.memory.setdefault("unnamed", [])
        names.append(told.body["name"])
        if len(names) > 4:
            told.body = {"name": names[3]}


def _deleted_again(asked: Asked, told: Told) -> None:
    names = asked.memory.setdefault("deleted", set())
    for one in told.body["data"] if told.status < 300 else ():
        if not one["ok"] and one["name"] in names:
            one.pop("error"), one.__setitem__("ok", True)
        elif one["ok"]:
            names.add(one["name"])


def _wrong(status: int) -> Any:
    def revise(asked: Asked, told: Told) -> None:
        told.status, told.body = status, {**ERROR, "status": status}

    return revise


FAULTS = [
    fault("job-may-be-missing", "RAI-REQ-001", "parameters may be missing", requests("runai", "submit", _filled), "JOB-REQ-001"),
    fault("project-may-be-missing", "RAI-REQ-003", "a job needs no project", requests("runai", "submit", _given("project", "team-a")), "JOB-REQ-001"),
    fault("image-may-be-missing", "RAI-REQ-005", "a job needs no image", requests("runai", "submit", _given("image", "alpine")), "JOB-REQ-001"),
    fault("any-project-type", "RAI-REQ-003", "a project may be of any type", _text("project", "team-a"), "JOB-REQ-002"),
    fault("any-image-type", "RAI-REQ-005", "an image may be of any type", _text("image", "alpine"), "JOB-REQ-002"),
    fault("unknown-members", "JOB-REQ-003", "unknown members beside the job are refused", answers("runai", "submit", lambda asked, told: _wrong(400)(asked, told) if isinstance(asked.body, dict) and len(asked.body) > 1 else None)),
    fault("members-in-order", "JOB-REQ-004", "the image may not come before the project", refuses(lambda job: "name" in job and list(job).index("image") < list(job).index("project"))),
    fault("not-json", "JOB-ERR-004", "what is not JSON is granted", _granted(lambda asked: asked.body is None and asked.headers.get("content-length", "0") not in ("0", "4"))),
    fault("not-an-object", "JOB-ERR-005", "a body that is no object is granted", _granted(lambda asked: isinstance(asked.body, list))),
    fault("no-body", "JOB-ERR-006", "a submission without a body is granted", _granted(lambda asked: asked.headers.get("content-length", "0") == "0")),
    fault("any-media", "JOB-ERR-009", "the media type is not looked at", requests("runai", "submit", lambda asked: asked.headers.__setitem__("content-type", "application/json"))),
    fault("refused-and-made", "RAI-ERR-007", "a submission without an image is refused and makes a job", both("runai", "submit", _made_all_the_same, _refused_all_the_same), "RAI-CRT-017"),
    fault("images-missing", "JOB-RSP-002", "the list does not tell images", lists(lambda job: job.pop("images")), "RAI-CRT-003"),
    fault("gpus-as-text", "JOB-RSP-002", "GPUs are told as a text", lists(lambda job: job.__setitem__("currentAllocatedGPUs", str(job["currentAllocatedGPUs"]))), "RAI-RSP-007"),
    fault("plain-text", "JOB-RSP-004", "the list says it is a text", answers("runai", "list", lambda asked, told: told.headers.__setitem__("content-type", "text/plain"))),
    fault("good-as-failed", "JOB-STM-005", "a good end is told as Failed", said("status", {"Succeeded": "Failed"}), "RAI-STM-001"),
    fault("placed-anyhow", "JOB-STM-009", "a job that cannot be placed runs", submits(lambda job: job.pop("nodeType", None) if isinstance(job.get("nodeType"), str) else None), "RAI-TMO-004"),
    fault("never-running", "RAI-STM-011", "a running job is told as ContainerCreating", said("status", {"Running": "ContainerCreating"})),
    fault("running-as-active", "RAI-STM-011", "a running job is told as Active", said("status", {"Running": "Active"})),
    fault("waiting-as-queued", "RAI-TMO-004", "a waiting job is told as Queued", said("status", {"Pending": "Queued"}), "RAI-CRT-016"),
    fault("looks-count", "JOB-IDM-004", "the list is another at every look", answers("runai", "list", every_job("runai", _counting)), "RAI-RSP-005"),
    fault("names-repeated", "RAI-IDM-004", "after four generated names the last one comes again", answers("runai", "submit", _repeated), "RAI-CRT-008", "JOB-IDM-001"),
    fault("capital-names", "RAI-RSP-002", "generated names have a capital", named(lambda world, project, prefix: f"{prefix.title()}-{len(world.jobs('runai'))}"), "RAI-CRT-007"),
    fault("deleted-again", "RAI-LST-013", "a job is deleted as often as one asks", answers("runai", "delete", _deleted_again), "RAI-LST-015"),
    fault("deletion-closed", "JOB-AUT-003", "a right token does not delete", answers("runai", "delete", lambda asked, told: _wrong(403)(asked, told) if "Bearer" in asked.headers.get("authorization", "") and asked.headers.get("content-length") != "0" else None), "RAI-AUT-004"),
    fault("arguments-dropped", "RAI-CRT-019", "arguments do not reach the command", submits(lambda job: job.pop("arguments", None) if isinstance(job.get("arguments"), list) and job["arguments"] == ["40"] else None)),
    fault("retries-at-most-six", "RAI-RTY-001", "no job is tried again more than six times", submits(lambda job: job.__setitem__("backoffLimit", 6) if type(job.get("backoffLimit")) is int and job["backoffLimit"] > 6 else None)),
    fault("gpus-late", "RAI-RSP-008", "GPUs are told only while a job runs", lists(lambda job: job.__setitem__("currentAllocatedGPUs", 0) if job["status"] != "Running" else None)),
    fault("projects-in-any-case", "RAI-LST-003", "projects are told apart in lower case", requests("runai", "list", lambda asked: asked.query.__setitem__(slice(None), [(key, value.lower()) for key, value in asked.query]))),
]
