"""Faults of ByteNite: instants and durations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Asked, answers, every_job
from tests.conformance.faults.bytenite.shapers import API, SHOWN, fault, half_a_minute, jobs, set_member, shows


def _swap(one: str, other: str) -> Callable[[dict[str, Any], Asked], None]:
    def change(job: dict[str, Any], asked: Asked) -> None:
        first, second = get(job, one), get(job, other)
        if first is not MISSING and second is not MISSING:
            changed = put(put(job, one, second), other, first)
            job.clear()
            job.update(changed)

    return change


def _drifts(job: dict[str, Any], asked: Asked) -> None:
    if job.get("numChunks"):
        count = asked.memory[job["id"]] = asked.memory.get(job["id"], 0) + 1
        job["numChunks"] += count > 6


def _stamps_ahead(job: dict[str, Any], asked: Asked) -> None:
    if job["state"] == "JOB_STATE_PARTITIONED":
        job["stateTimestamps"]["JOB_STATE_TASKS_COMPLETED"] = job["stateTimestamps"]["JOB_STATE_PARTITIONED"]


def _no_merged(job: dict[str, Any], asked: Asked) -> None:
    job.get("stateTimestamps", {}).pop("JOB_STATE_MERGED", None)


def _latest_stamp(job: dict[str, Any], asked: Asked) -> None:
    stamps = job.get("stateTimestamps", {})
    if "JOB_STATE_UPLOADING" in stamps:
        stamps["JOB_STATE_UPLOADING"] = max(stamps.values())


def _started_when_run(job: dict[str, Any], _: Asked) -> None:
    if "startedAt" in job:
        job["startedAt"] = job["submittedAt"]


def _unstamped(job: dict[str, Any], asked: Asked) -> None:
    if (job.get("numChunks") or 0) > 1:
        job["stateTimestamps"] = {
            state: told for state, told in job["stateTimestamps"].items() if state != "JOB_STATE_TASKS_COMPLETED"
        }


def _begun(job: dict[str, Any], asked: Asked) -> None:
    if job["state"] == "JOB_STATE_FAILED":
        job.setdefault("startedAt", job.get("submittedAt"))


FAULTS = [
    fault(
        "created-after-submitted",
        "BYT-TIM-001",
        "creation and submission are swapped",
        jobs(_swap("/createdAt", "/submittedAt")),
    ),
    fault(
        "merging-after-merged",
        "BYT-TIM-002",
        "the instants of merging and merged are swapped",
        jobs(_swap("/stateTimestamps/JOB_STATE_MERGING", "/stateTimestamps/JOB_STATE_MERGED")),
    ),
    fault("chunks-drift", "BYT-TIM-003", "the number of chunks grows while one looks", jobs(_drifts)),
    fault(
        "upload-moves",
        "BYT-TIM-004",
        "the instant of the upload moves on with the job",
        jobs(_latest_stamp),
        "BYT-TIM-002",
    ),
    fault(
        "ends-while-merging",
        "BYT-TIM-005",
        "a job that is being merged tells of an end",
        jobs(set_member("endedAt", lambda job: job["startedAt"], "MERGING", "MERGED")),
    ),
    fault(
        "starts-while-waiting",
        "BYT-TIM-007",
        "a job that waits tells of a start",
        jobs(set_member("startedAt", lambda job: job["submittedAt"], "STARTED")),
    ),
    fault(
        "duration-in-ms",
        "BYT-TIM-013",
        "the duration is told in milliseconds",
        shows("/duration", lambda told: told * 1000),
    ),
    fault(
        "created-now",
        "BYT-TIM-015",
        "every job tells the same creation",
        shows("/createdAt", lambda told: "2026-01-01T00:00:00Z"),
    ),
    fault(
        "ends-later",
        "BYT-TIM-017",
        "the end is told half a minute off",
        shows("/endedAt", half_a_minute),
        "BYT-TIM-020",
    ),
    fault("merged-without-instant", "BYT-TIM-018", "being merged has no instant", jobs(_no_merged)),
    fault(
        "new-is-no-state",
        "BYT-TIM-018",
        "the instant of the creation is not among those of the states",
        shows("/stateTimestamps", lambda stamps: {k: v for k, v in stamps.items() if not k.endswith("NEW")}),
    ),
    fault("stamps-ahead", "BYT-TIM-019", "a state that is still to come has an instant", jobs(_stamps_ahead)),
    fault(
        "duration-in-whole-seconds",
        "BYT-TIM-021",
        "durations are cut to whole seconds",
        shows("/duration", lambda span: float(int(span))),
    ),
    fault(
        "no-duration-of-failed",
        "BYT-TIM-021",
        "a failed job has no duration",
        jobs(lambda job, _: job.pop("duration", None) and None if job["state"].endswith("FAILED") else None),
    ),
    fault(
        "started-when-run",
        "BYT-TIM-022",
        "a job that waits has started",
        jobs(_started_when_run),
        "BYT-TIM-007",
        "BYT-TIM-013",
    ),
    fault(
        "passing-states-untold",
        "BYT-TIM-023",
        "a state that passes at once has no instant",
        shows(
            "/stateTimestamps", lambda stamps: {k: v for k, v in stamps.items() if not k.endswith("TASKS_COMPLETED")}
        ),
    ),
    fault(
        "unstamped-crowd",
        "BYT-TIM-023",
        "a job of several tasks does not tell when they were done",
        answers(API, SHOWN, every_job(API, _unstamped)),
    ),
    fault(
        "backwards-duration",
        "BYT-TIM-024",
        "a failed job has a negative duration",
        jobs(lambda job, _: job.update(duration=-1.0) if job["state"].endswith("FAILED") else None),
        "BYT-TIM-013",
        "BYT-TIM-021",
    ),
    fault(
        "started-by-an-abort",
        "BYT-TIM-025",
        "a job that is aborted while it waits has started",
        answers(API, "read", every_job(API, _begun)),
    ),
]
