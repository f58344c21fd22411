"""Faults of Ionworks: instants and durations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.conformance.faults import Asked
from tests.conformance.faults.ionworks.shapers import always, each, fault, shifted, status, when


def _end_of_its_run(job: dict[str, Any], _: Asked) -> None:
    if job["completed_at"] and job["compute_time"] is not None:
        job["completed_at"] = shifted(job["started_at"], job["compute_time"])


def _all_its_time(job: dict[str, Any], _: Asked) -> None:
    if job["completed_at"] and job["compute_time"] is not None:
        job["compute_time"] = (
            datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["started_at"])
        ).total_seconds()


def _since_submission(job: dict[str, Any]) -> float:
    return (datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds()


FAULTS = [
    fault(
        "started-and-made",
        "ION-TIM-001",
        "created_at and started_at are swapped",
        when(
            lambda job: job["started_at"],
            created_at=lambda job: job["started_at"],
            started_at=lambda job: shifted(job["created_at"], -1),
        ),
    ),
    fault(
        "updated-before",
        "ION-TIM-002",
        "updated_at is an hour behind",
        when(always, updated_at=lambda job: shifted(job["updated_at"], -3600)),
    ),
    fault(
        "updated-never",
        "ION-TIM-003",
        "updated_at is created_at",
        when(always, updated_at=lambda job: job["created_at"]),
        "ION-TIM-013",
    ),
    fault(
        "pending-has-started",
        "ION-TIM-004",
        "a pending job has a started_at",
        when(status("pending"), started_at=lambda job: job["created_at"]),
        "ION-TIM-009",
        "ION-TIM-011",
    ),
    fault(
        "never-started",
        "ION-TIM-005",
        "a processing job has no started_at",
        when(status("processing"), started_at=None),
    ),
    fault(
        "ended-beforehand",
        "ION-TIM-006",
        "a processing job has a completed_at",
        when(status("processing"), completed_at=lambda job: job["updated_at"]),
    ),
    fault("no-end", "ION-TIM-007", "a completed job has no completed_at", when(status("completed"), completed_at=None)),
    fault(
        "no-end-of-failed", "ION-TIM-008", "a failed job has no completed_at", when(status("failed"), completed_at=None)
    ),
    fault(
        "start-until-canceled",
        "ION-TIM-009",
        "a canceled job no longer tells when it started",
        when(status("canceled"), started_at=None),
    ),
    fault(
        "made-anew",
        "ION-TIM-009",
        "created_at moves with updated_at",
        when(always, created_at=lambda job: job["updated_at"]),
    ),
    fault(
        "made-at-once",
        "ION-TIM-010",
        "every job was made when the first was",
        each(lambda job, asked: job.update(created_at=asked.memory.setdefault("first", job["created_at"]))),
    ),
    fault(
        "started-when-made",
        "ION-TIM-011",
        "started_at is created_at",
        when(lambda job: job["started_at"], started_at=lambda job: job["created_at"]),
    ),
    fault(
        "failed-an-hour-later",
        "ION-TIM-012",
        "a failed job tells an end an hour later",
        when(
            lambda job: job["status"] == "failed",
            completed_at=lambda job: shifted(job["completed_at"], 3600),
            updated_at=lambda job: shifted(job["updated_at"], 3600),
            compute_time=lambda job: job["compute_time"] + 3600,
        ),
    ),
    fault(
        "parent-ends-with-its-run",
        "ION-TIM-012",
        "completed_at of a parent is the end of its run",
        each(_end_of_its_run),
    ),
    fault(
        "ended-when-started",
        "ION-TIM-012",
        "completed_at is started_at",
        when(lambda job: job["completed_at"] and job["started_at"], completed_at=lambda job: job["started_at"]),
    ),
    fault(
        "updated-at-the-end",
        "ION-TIM-013",
        "starting is no update",
        when(status("processing"), updated_at=lambda job: job["created_at"]),
    ),
    fault(
        "failures-have-no-length",
        "ION-TIM-014",
        "compute_time is told of completed jobs only",
        when(lambda job: job["status"] != "completed", compute_time=None),
    ),
    fault("parent-computes-on", "ION-TIM-014", "compute_time of a parent counts its wait", each(_all_its_time)),
    fault(
        "computed-while-waiting",
        "ION-TIM-014",
        "compute_time of a canceled job counts its wait",
        when(lambda job: status("canceled")(job) and job["compute_time"] is not None, compute_time=_since_submission),
    ),
    fault(
        "milliseconds",
        "ION-TIM-014",
        "compute_time is in milliseconds",
        when(lambda job: job["compute_time"], compute_time=lambda job: job["compute_time"] * 1000),
    ),
    fault(
        "wait-counts",
        "ION-TIM-014",
        "compute_time includes the wait",
        when(
            lambda job: job["compute_time"] and job["completed_at"],
            compute_time=lambda job: (
                datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["created_at"])
            ).total_seconds(),
        ),
    ),
    fault(
        "computed-beforehand",
        "ION-TIM-015",
        "a processing job has a compute_time",
        when(status("processing"), compute_time=0),
    ),
    fault(
        "computed-backwards",
        "ION-TIM-016",
        "compute_time is negative",
        when(lambda job: job["compute_time"], compute_time=lambda job: -job["compute_time"]),
        "ION-TIM-014",
    ),
    fault(
        "no-offset",
        "ION-TIM-017",
        "instants have no offset",
        each(
            lambda job, _: job.update(
                {name: value.rstrip("Z") for name, value in job.items() if name.endswith("_at") and value}
            )
        ),
        "JOB-RSP-002",
    ),
    fault(
        "computed-without-start",
        "ION-TIM-018",
        "a job canceled while it waited has computed",
        when(
            lambda job: job["status"] == "canceled" and job["started_at"] is None,
            started_at=lambda job: job["created_at"],
            compute_time=1.0,
        ),
    ),
    fault(
        "whole-seconds",
        "ION-TIM-019",
        "compute_time is cut to whole seconds",
        when(lambda job: job["compute_time"], compute_time=lambda job: int(job["compute_time"])),
    ),
    fault(
        "no-end-of-canceled",
        "ION-TIM-020",
        "a canceled job has no completed_at",
        when(status("canceled"), completed_at=None),
    ),
]
