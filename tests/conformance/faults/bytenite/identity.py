"""Faults of ByteNite: ids, and what makes a job that job."""

from __future__ import annotations

from typing import Any

from mockserver.simulation.events import EXPIRY
from tests.conformance.faults import Asked, Told, answers, patched
from tests.conformance.faults.bytenite.shapers import API, fault


def _once_named(asked: Asked, told: Told) -> None:
    if asked.operation == "Customer_SetJobName" and told.status == 200 and isinstance(asked.body, dict):
        asked.memory["name"] = asked.body.get("name")
    elif (
        asked.role == "read"
        and told.status == 200
        and "name" in asked.memory
        and told.body["job"]["state"] == "JOB_STATE_NEW"
    ):
        told.body["job"]["name"] = asked.memory["name"]


def _deduplicated(asked: Asked, told: Told) -> None:
    if told.status < 300:
        told.body = asked.memory.setdefault(repr(asked.body), told.body)


def _mellows(original: Any) -> Any:
    def catch_up(world: Any, job: Any, kept: Any) -> None:
        original(world, job, kept)
        if job.phase == "failed":
            kept.seen = 0 if world.now_us - job.history[-4] < 6e8 else kept.seen
            kept.body["state"] = job.state if world.now_us - job.history[-4] < 6e8 else "JOB_STATE_COMPLETE"

    return catch_up


def _forgotten(original: Any) -> Any:
    def submit(scheduler: Any, request: Any, lifecycle: Any, **options: Any) -> Any:
        job = original(scheduler, request, lifecycle, **options)
        scheduler.agenda.add(scheduler.clock.now + 3_600_000_000, EXPIRY, job, generation=job.generation)
        return job

    return submit


FAULTS = [
    fault(
        "rename-spreads",
        "BYT-IDM-002",
        "a new name is shown for every draft",
        answers(API, ("Customer_SetJobName", "read"), _once_named),
    ),
    fault(
        "deduplicated",
        "BYT-IDM-003",
        "an equal submission is answered with the first job",
        answers(API, "submit", _deduplicated),
        "JOB-IDM-001",
    ),
    fault(
        "failed-is-complete-later",
        "BYT-IDM-004",
        "a failed job is complete ten minutes later",
        patched("mockserver.adapters.bytenite.views:_catch_up", _mellows),
        "JOB-STM-004",
    ),
    fault(
        "drafts-are-forgotten",
        "BYT-IDM-004",
        "a draft is forgotten after an hour",
        patched("mockserver.simulation.scheduler:Scheduler.submit", _forgotten),
    ),
]
