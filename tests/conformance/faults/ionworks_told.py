"""Faults of what Ionworks' jobs tell of themselves: members that follow from the state, and instants."""

from __future__ import annotations

from datetime import datetime

from tests.conformance.faults import answers
from tests.conformance.faults.ionworks import API, ARRAY, LIST, always, each, fault, jobs_in, shifted, status, when

FAULTS = [
    # what follows from the state
    fault("canceled-goes-on", "STM-001", "a canceled job is not terminal", when(status("canceled"), is_terminal=False)),
    fault("waiting-is-over", "STM-001", "a waiting job is terminal", when(status("waiting"), is_terminal=True)),
    fault("canceled-is-well", "STM-002", "a canceled job has not failed", when(status("canceled"), is_failed=False)),
    fault(
        "completed-failed",
        "STM-002",
        "a completed job has failed, in lists",
        answers(API, (LIST, ARRAY), lambda a, t: [job.update(is_failed=job["is_terminal"]) for job in jobs_in(t)] and None),
    ),
    fault("error-without-failure", "STM-003", "a completed job has an error", when(status("completed"), error="none")),
    fault("failure-without-code", "STM-004", "a failed job has no error code", when(status("failed"), error_code=None)),
    fault("result-of-a-failure", "STM-005", "a failed job has a result", when(status("failed"), result={})),
    fault("no-result", "STM-006", "a completed job has no result", when(status("completed"), result=None)),
    # instants
    fault(
        "started-and-made",
        "TIM-001",
        "created_at and started_at are swapped",
        when(lambda job: job["started_at"], created_at=lambda job: job["started_at"], started_at=lambda job: shifted(job["created_at"], -1)),
    ),
    fault("updated-before", "TIM-002", "updated_at is an hour behind", when(always, updated_at=lambda job: shifted(job["updated_at"], -3600))),
    fault("updated-never", "TIM-003", "updated_at is created_at", when(always, updated_at=lambda job: job["created_at"]), "TIM-013"),
    fault(
        "pending-has-started",
        "TIM-004",
        "a pending job has a started_at",
        when(status("pending"), started_at=lambda job: job["created_at"]),
        "TIM-009",
        "TIM-011",
    ),
    fault("never-started", "TIM-005", "a processing job has no started_at", when(status("processing"), started_at=None)),
    fault("ended-beforehand", "TIM-006", "a processing job has a completed_at", when(status("processing"), completed_at=lambda job: job["updated_at"])),
    fault("no-end", "TIM-007", "a completed job has no completed_at", when(status("completed"), completed_at=None)),
    fault("no-end-of-canceled", "TIM-020", "a canceled job has no completed_at", when(status("canceled"), completed_at=None)),
    fault("no-end-of-failed", "TIM-008", "a failed job has no completed_at", when(status("failed"), completed_at=None)),
    fault("made-anew", "TIM-009", "created_at moves with updated_at", when(always, created_at=lambda job: job["updated_at"])),
    fault(
        "made-at-once",
        "TIM-010",
        "every job was made when the first was",
        each(lambda job, asked: job.update(created_at=asked.memory.setdefault("first", job["created_at"]))),
    ),
    fault("started-when-made", "TIM-011", "started_at is created_at", when(lambda job: job["started_at"], started_at=lambda job: job["created_at"])),
    fault(
        "ended-when-started",
        "TIM-012",
        "completed_at is started_at",
        when(lambda job: job["completed_at"] and job["started_at"], completed_at=lambda job: job["started_at"]),
    ),
    fault("updated-at-the-end", "TIM-013", "starting is no update", when(status("processing"), updated_at=lambda job: job["created_at"])),
    fault(
        "milliseconds", "TIM-014", "compute_time is in milliseconds", when(lambda job: job["compute_time"], compute_time=lambda job: job["compute_time"] * 1000)
    ),
    fault(
        "wait-counts",
        "TIM-014",
        "compute_time includes the wait",
        when(
            lambda job: job["compute_time"] and job["completed_at"],
            compute_time=lambda job: (datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["created_at"])).total_seconds(),
        ),
    ),
    fault("computed-beforehand", "TIM-015", "a processing job has a compute_time", when(status("processing"), compute_time=0)),
    fault(
        "computed-backwards",
        "TIM-016",
        "compute_time is negative",
        when(lambda job: job["compute_time"], compute_time=lambda job: -job["compute_time"]),
        "TIM-014",
    ),
    fault(
        "no-offset",
        "TIM-017",
        "instants have no offset",
        each(lambda job, _: job.update({name: value.rstrip("Z") for name, value in job.items() if name.endswith("_at") and value})),
        "JOB-RSP-002",
    ),
    fault(
        "computed-without-start",
        "TIM-018",
        "a job canceled while it waited has computed",
        when(lambda job: job["status"] == "canceled" and job["started_at"] is None, started_at=lambda job: job["created_at"], compute_time=1.0),
    ),
    fault(
        "project-of-lists",
        "CRT-005",
        "jobs in lists belong to no project",
        answers(API, LIST, lambda a, t: [job.update(project_id=None) for job in jobs_in(t)] and None),
    ),
]
