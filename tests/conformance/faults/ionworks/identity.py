"""Faults of Ionworks: ids, and what makes a job that job."""

from __future__ import annotations

from typing import Any

from mockserver.simulation.events import EXPIRY
from tests.conformance.faults import Apply, Asked, Told, answers, patched
from tests.conformance.faults.common.shapers import the_eighth_is_lost
from tests.conformance.faults.ionworks.shapers import (
    API,
    READ,
    SUBMITS,
    WORDS,
    always,
    each,
    fault,
    jobs_in,
    shifted,
    when,
)


def _latest(asked: Asked, told: Told) -> None:
    if asked.operation in SUBMITS and told.status == 202:
        asked.memory["latest"] = told.body["job_id"]
    elif asked.operation == READ and told.status == 200:
        told.body["job_id"] = asked.memory.get("latest", told.body["job_id"])


def _counted(asked: Asked, told: Told) -> None:
    count = asked.memory["count"] = asked.memory.get("count", 0) + 1
    for job in jobs_in(told):
        job["updated_at"] = shifted(job["updated_at"], count / 1000)


def _forgets(after: float) -> Apply:
    def make(original: Any) -> Any:
        def end(scheduler: Any, job: Any, stage: Any, event: str) -> None:
            original(scheduler, job, stage, event)
            scheduler.agenda.add(scheduler.clock.now + int(after * 1e6), EXPIRY, job, generation=job.generation)

        return end

    return patched("mockserver.simulation.scheduler:Scheduler.end", make)


def _other_code(job: dict[str, Any], asked: Asked) -> None:
    if job["status"] == "failed":
        looks = asked.memory[job["job_id"]] = asked.memory.get(job["job_id"], 0) + 1
        if looks > 1:
            job["error_code"] = "CONFIGURATION_ERROR"


FAULTS = [
    fault("eighth-is-lost", "JOB-IDM-002", "the eighth job cannot be read", the_eighth_is_lost(API, WORDS)),
    fault(
        "another-is-told",
        "JOB-IDM-003",
        "reading a job shows the id of the latest",
        answers(API, (*SUBMITS, READ), _latest),
    ),
    fault("reading-updates", "JOB-IDM-004", "reading a job updates it", answers(API, READ, _counted)),
    fault(
        "priority-sinks",
        "ION-IDM-001",
        "a job that has started has priority 0",
        when(lambda job: job["started_at"], priority=0),
        "ION-CRT-002",
    ),
    fault(
        "user-per-job",
        "ION-IDM-002",
        "every job has a user of its own",
        when(always, user_id=lambda job: f"user-{job['job_id'][:8]}"),
    ),
    fault(
        "one-place-for-all",
        "ION-IDM-003",
        "all parameters are kept in one place",
        when(always, params_path="jobs/params.json"),
    ),
    fault("gone-after-an-hour", "ION-IDM-004", "an ended job is forgotten after an hour", _forgets(3600)),
    fault(
        "one-user-for-all",
        "ION-IDM-005",
        "all callers are one user",
        each(lambda job, _: job.update(user_id="user-of-all")),
    ),
    fault("other-code", "ION-IDM-006", "the error code of a failed job changes at the second look", each(_other_code)),
]
