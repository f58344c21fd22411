"""Faults of what every job API owes, made for Run:AI, whose list is all that tells of a job."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.conformance.faults import Apply, Asked, Fault, Told, answers
from tests.conformance.faults.common_everyday import unescaped
from tests.conformance.faults.runai import Job, listed, refuses, said


def seen(change: Any) -> Apply:
    """The list changes with each look at a job: its row, and how often it was shown in the state that it is in."""

    def revise(data: list[Job], asked: Asked) -> list[Job]:
        for job in data:
            key = (job["id"], job["status"])
            asked.memory[key] = asked.memory.get(key, 0) + 1
            change(job, asked.memory[key])
        return data

    return listed(revise)


def _waits_again(job: Job, looks: int) -> None:
    if job["status"] == "Running" and looks % 3 == 2:
        job["status"] = "Pending"


def _over_at_first(job: Job, looks: int) -> None:
    if job["status"] in ("Pending", "ContainerCreating"):
        job["status"] = "Succeeded"


def sixth_is_lost() -> Apply:
    """The sixth job that is made is never listed."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status < 300:
            asked.memory["made"] = asked.memory.get("made", 0) + 1
            if asked.memory["made"] == 6:
                asked.memory["lost"] = told.body["name"]
        elif asked.role == "list" and told.status < 300:
            told.body["data"] = [job for job in told.body["data"] if job["name"] != asked.memory.get("lost")]

    return answers("runai", ("submit", "list"), revise)


def refused_are_listed() -> Apply:
    """Every refused submission leaves a row."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "submit" and told.status == 400:
            asked.memory["ghosts"] = asked.memory.get("ghosts", 0) + 1
        elif asked.role == "list" and told.status < 300 and told.body["data"]:
            first, ghosts = told.body["data"][0], asked.memory.get("ghosts", 0)
            told.body["data"] += [{**first, "id": f"00000000-0000-4000-8000-{number:012}", "name": f"ghost-{number}"} for number in range(ghosts)]

    return answers("runai", ("submit", "list"), revise)


def nobody_is_deleted(asked: Asked, told: Told) -> None:
    """A deletion of one job alone is always carried out, it says."""
    if told.status < 300 and len(told.body["data"]) == 1 and not told.body["data"][0]["ok"]:
        told.body["data"] = [{"name": told.body["data"][0]["name"], "ok": True}]


def neighbours_go_too() -> Apply:
    """With an ended job its neighbour in the list goes, if that has ended too."""

    def revise(asked: Asked, told: Told) -> None:
        if asked.role == "delete" and told.status < 300:
            asked.memory.setdefault("gone", set()).update(one["name"] for one in told.body["data"] if one["ok"])
        elif asked.role == "list" and told.status < 300:
            shown = told.body["data"]
            before = asked.memory.get("shown", [])
            for first, second in pairwise(before):
                if second["name"] in asked.memory.get("gone", ()) and first["status"] == second["status"] == "Succeeded":
                    asked.memory.setdefault("lost", set()).add(first["name"])
            asked.memory["shown"] = shown
            told.body = {**told.body, "data": [job for job in shown if job["name"] not in asked.memory.get("lost", ())]}

    return answers("runai", ("delete", "list"), revise)


EVERYDAY: dict[str, tuple[Any, ...]] = {
    "unknown-node-types-are-refused": ("JOB-CRT-001", refuses(lambda job: str(job.get("nodeType")).count("-") == 2)),
    "new-jobs-are-over": ("JOB-CRT-003", seen(_over_at_first)),
    "escapes-are-kept": ("JOB-REQ-005", unescaped("runai", {})),
    "failures-are-deletions": ("JOB-STM-006", said("status", {"Failed": "Deleted"}), "RAI-STM-001"),
    "running-and-waiting": ("JOB-STM-010", seen(_waits_again)),
    "sixth-is-lost": ("JOB-IDM-002", sixth_is_lost()),
    "refused-are-listed": ("JOB-ERR-011", refused_are_listed()),
    "nobody-is-deleted": ("JOB-ERR-013", answers("runai", "delete", nobody_is_deleted)),
    "neighbours-go-too": ("JOB-LST-009", neighbours_go_too()),
}

FAULTS = [Fault(f"runai:{name}", "runai", requirement, name.replace("-", " "), apply, tuple(also)) for name, (requirement, apply, *also) in EVERYDAY.items()]
