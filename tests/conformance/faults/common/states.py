"""Faults of every API: states, stops and deletes."""

from __future__ import annotations

from typing import Any

import specs
from conformance.traffic.json_pointer import get
from specs.lifecycle import TERMINAL
from tests.conformance.faults import Apply, Asked, Told, answers, every_job
from tests.conformance.faults.common.shapers import Make, Words, are_few, asked_id, everyday, of_every_api, roles

LOOKS = ("read", "list")


def _member(api: str, what: str) -> str:
    """The last part of the pointer to a job's id or status."""
    role = roles(api).get("read") or roles(api)["list"]
    return str((role.status if what == "status" else roles(api)["submit"].id) or "").rpartition("/")[2]


def invented_state(api: str) -> Apply | None:
    if api == "runai":  # its set of states is open
        return None
    name, pointer = _member(api, "status"), roles(api)["list"].items or ""

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status < 300 and are_few(items, asked):
            items[-1][name] = "dreaming"

    return answers(api, "list", revise)


def ended_jobs_come_back(api: str) -> Apply:
    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    name, pointer = _member(api, "status"), roles(api)["list"].items or ""
    unseen = 0 if "read" in roles(api) else 1  # where the list is all there is, an end is seen first

    def revise(asked: Asked, told: Told) -> None:
        items = get(told.body, pointer)
        if told.status >= 300 or not are_few(items, asked):
            return
        if all(job[name] in lifecycle.states and lifecycle.states[job[name]].phase in TERMINAL for job in items):
            asked.memory["looks"] = asked.memory.get("looks", 0) + 1
            if asked.memory["looks"] > unseen:
                items[0][name] = lifecycle.initial

    return answers(api, "list", revise)


def shown_as(one: str, other: str) -> Make:
    """Jobs in one state are shown in another."""

    def make(api: str, words: Words) -> Apply:
        def change(job: dict[str, Any], asked: Asked) -> None:
            if job.get(words["status"]) == words[one]:
                job[words["status"]] = words[other]

        return answers(api, LOOKS, every_job(api, change))

    return make


def after_stops(state: str, count: int, only: str = "") -> Make:
    """A job that was stopped so often is shown in that state, of jobs that were last seen in another or of all."""

    def make(api: str, words: Words) -> Apply:
        def revise(asked: Asked, told: Told) -> None:
            key = asked_id(asked)
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
        elif (
            told.status == 200
            and "stopped" in asked.memory
            and words["job"](told.body)[words["status"]] == words["runs"]
        ):
            words["job"](told.body)[words["status"]] = words["stopped"]

    return answers(api, ("cancel", "read"), revise)


def steps_back(api: str, words: Words) -> Apply:
    def change(job: dict[str, Any], asked: Asked) -> None:
        if job.get(words["status"]) == words["runs"]:
            count = asked.memory[job[words["id"]]] = asked.memory.get(job[words["id"]], 0) + 1
            if count == 5:
                job[words["status"]] = words["waits"]

    return answers(api, "read", every_job(api, change))


FAULTS = [
    *of_every_api(
        {
            "invented-state": (
                "JOB-STM-001",
                "the last of three jobs is listed in a state that nobody lists",
                invented_state,
                ("JOB-RSP-002",),
            ),
            "ended-jobs-come-back": (
                "JOB-STM-004",
                "the first of three jobs that have ended is listed in its first state",
                ended_jobs_come_back,
                (),
            ),
        }
    ),
    *everyday(
        {
            "steps-back": ("JOB-STM-002", "a running job is seen waiting again, once", steps_back, ("JOB-STM-010",)),
            "second-stop-ends-well": (
                "JOB-STM-003",
                "a job that is stopped twice is shown as having run well",
                after_stops("good", 2),
                (),
            ),
            "good-is-bad": ("JOB-STM-005", "jobs that ran well are shown as failed", shown_as("good", "bad"), ()),
            "bad-is-good": ("JOB-STM-006", "failed jobs are shown as having run well", shown_as("bad", "good"), ()),
            "stop-after-the-end": (
                "JOB-STM-008",
                "stopping a job that ran well shows it as stopped",
                after_stops("stopped", 1, "good"),
                ("JOB-STM-004",),
            ),
            "waiting-is-running": ("JOB-STM-009", "jobs that wait are shown as running", shown_as("waits", "runs"), ()),
            "running-is-waiting": (
                "JOB-STM-010",
                "a job that runs is shown as waiting at the fifth look",
                steps_back,
                ("JOB-STM-002",),
            ),
            "stop-spreads": ("JOB-STM-013", "stopping one job shows every running job as stopped", stop_spreads, ()),
        }
    ),
]
