"""Faults of Run:AI: what answers say of a job."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked, Told, answers
from tests.conformance.faults.runai.shapers import BAD, LONG, Job, fault, lists, named, on, told_of, viewed


def _begun(told: Job, world: Any, job: Any) -> None:
    told["createdAt"] = (world.epoch_us + job.changed) // 1000


def _occupied_for_ever(told: Job, world: Any, job: Any) -> None:
    if job.is_terminal:
        told["currentAllocatedGPUs"] = job.request.resources.gpu


def _promised(told: Job, world: Any, job: Any) -> None:
    if job.phase == "queued":
        told["currentAllocatedGPUs"] = job.request.resources.gpu


def _first_node(asked: Asked, told: Told) -> None:
    for job in told.body["data"] if told.status == 200 else ():
        job["nodes"] = job["nodes"][:1]


def _text_of_many(asked: Asked, told: Told) -> None:
    if told.status < 300 and len(told.body["data"]) > 2:
        told.headers["content-type"] = "text/plain"


FAULTS = [
    fault(
        "lists-are-created",
        "JOB-RSP-001",
        "a list of three is answered with 201",
        answers(
            "runai",
            "list",
            lambda asked, told: (
                setattr(told, "status", 201) if told.status == 200 and len(told.body["data"]) > 2 else None
            ),
        ),
    ),
    fault(
        "images-missing",
        "JOB-RSP-002",
        "the list does not tell images",
        lists(lambda job: job.pop("images")),
        "RAI-CRT-003",
    ),
    fault(
        "gpus-as-text",
        "JOB-RSP-002",
        "GPUs are told as a text",
        lists(lambda job: job.__setitem__("currentAllocatedGPUs", str(job["currentAllocatedGPUs"]))),
        "RAI-RSP-007",
    ),
    fault(
        "plain-text",
        "JOB-RSP-004",
        "the list says it is a text",
        answers("runai", "list", lambda asked, told: told.headers.__setitem__("content-type", "text/plain")),
    ),
    fault("many-are-text", "JOB-RSP-004", "a list of three says it is a text", answers("runai", "list", _text_of_many)),
    fault(
        "names-empty",
        "RAI-RSP-001",
        "the answer's name is empty",
        answers(
            "runai", "submit", lambda asked, told: told.body.__setitem__("name", "") if told.status < 300 else None
        ),
        "JOB-CRT-002",
    ),
    fault(
        "capital-names",
        "RAI-RSP-002",
        "generated names have a capital",
        named(lambda world, project, prefix: f"{prefix.title()}-{len(world.jobs('runai'))}"),
        "RAI-CRT-007",
    ),
    fault("gpus-after-the-end", "RAI-RSP-003", "an ended job still occupies GPUs", viewed(_occupied_for_ever)),
    fault("gpus-before-the-start", "RAI-RSP-004", "a waiting job occupies GPUs", viewed(_promised)),
    fault(
        "nodes-after-the-end",
        "RAI-RSP-005",
        "an ended job is still on a node",
        lists(lambda job: job.__setitem__("nodes", ["node-0"]) if job["status"] in ("Succeeded", "Failed") else None),
    ),
    fault(
        "nodes-shared",
        "RAI-RSP-005",
        "a waiting job is on the node of another",
        lists(lambda job: job.__setitem__("nodes", ["node-0"]) if job["status"] == "Pending" else None),
    ),
    fault(
        "nodes-empty",
        "RAI-RSP-006",
        "a running job is on no node",
        lists(lambda job: job.__setitem__("nodes", []) if job["status"] == "Running" else None),
    ),
    fault("long-jobs-are-nowhere", "RAI-RSP-006", "a long job runs on no node", told_of(LONG, on("Running", nodes=[]))),
    fault(
        "gpus-rounded",
        "RAI-RSP-007",
        "a part of a GPU is told as a whole one",
        lists(lambda job: job.__setitem__("currentAllocatedGPUs", -(-job["currentAllocatedGPUs"] // 1))),
    ),
    fault(
        "gpus-at-most-one",
        "RAI-RSP-007",
        "no more than one GPU is told",
        lists(lambda job: job.__setitem__("currentAllocatedGPUs", min(job["currentAllocatedGPUs"], 1))),
    ),
    fault(
        "nodes-late",
        "RAI-RSP-008",
        "a job that is made ready is on no node",
        lists(lambda job: job.__setitem__("nodes", []) if job["status"] == "ContainerCreating" else None),
    ),
    fault(
        "gpus-late",
        "RAI-RSP-008",
        "GPUs are told only while a job runs",
        lists(lambda job: job.__setitem__("currentAllocatedGPUs", 0) if job["status"] != "Running" else None),
    ),
    fault(
        "created-in-seconds",
        "RAI-RSP-009",
        "createdAt is in seconds",
        lists(lambda job: job.__setitem__("createdAt", job["createdAt"] // 1000)),
    ),
    fault(
        "failures-in-seconds",
        "RAI-RSP-009",
        "createdAt of a failing job is in seconds",
        told_of(BAD, lambda job, looks: job.update(createdAt=job["createdAt"] // 1000)),
    ),
    fault(
        "created-follows-states",
        "RAI-RSP-010",
        "createdAt is the instant of the latest change",
        viewed(_begun),
        "RAI-TIM-001",
    ),
    fault(
        "gpus-of-one-run",
        "RAI-RSP-011",
        "GPUs of one run are told",
        lists(
            lambda job: job.__setitem__("currentAllocatedGPUs", job["currentAllocatedGPUs"] / max(1, len(job["nodes"])))
        ),
    ),
    fault(
        "first-node-only", "RAI-RSP-011", "a job tells the first of its nodes", answers("runai", "list", _first_node)
    ),
]
