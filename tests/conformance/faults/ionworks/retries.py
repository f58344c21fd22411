"""Faults of Ionworks: retries."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Asked
from tests.conformance.faults.ionworks.shapers import each, fault, shifted


def _again(job: dict[str, Any], asked: Asked) -> None:
    """A failed job that has been looked at five times has started anew."""
    if job["status"] == "failed":
        looks = asked.memory[job["job_id"]] = asked.memory.get(job["job_id"], 0) + 1
        if looks > 5:
            job["started_at"] = shifted(job["started_at"], 60)
            job["completed_at"] = shifted(job["completed_at"], 60)
            job["updated_at"] = shifted(job["updated_at"], 60)


FAULTS = [
    fault("failed-starts-anew", "ION-RTY-001", "a failed job starts again", each(_again), "ION-TIM-009"),
]
