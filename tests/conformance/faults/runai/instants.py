"""Faults of Run:AI: instants and durations."""

from __future__ import annotations

from tests.conformance.faults import Asked, Told, answers, every_job
from tests.conformance.faults.runai.shapers import API, Job, fault, listed, lists


def _first_creation(job: Job, asked: Asked) -> None:
    job["createdAt"] = asked.memory.setdefault("created", job["createdAt"])


def _by_project(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["data"].sort(key=lambda job: str(job["project"]))


FAULTS = [
    fault(
        "created-an-hour-late",
        "RAI-TIM-001",
        "createdAt is an hour late",
        lists(lambda job: job.__setitem__("createdAt", job["createdAt"] + 3_600_000)),
    ),
    fault(
        "created-in-minutes",
        "RAI-TIM-002",
        "createdAt is cut to minutes",
        lists(lambda job: job.__setitem__("createdAt", job["createdAt"] // 60_000 * 60_000)),
        "RAI-TIM-001",
    ),
    fault(
        "created-with-the-first",
        "RAI-TIM-002",
        "all jobs are created with the first",
        answers("runai", "list", every_job("runai", _first_creation)),
        "RAI-TIM-001",
    ),
    fault("listed-by-project", "RAI-TIM-003", "the list is sorted by project", answers(API, "list", _by_project)),
    fault(
        "list-by-name",
        "RAI-TIM-003",
        "the list goes by name, backwards",
        listed(lambda data, asked: sorted(data, key=lambda one: str(one["name"]), reverse=True)),
        "JOB-LST-007",
    ),
]
