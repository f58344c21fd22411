"""Faults of ByteNite: states, stops and deletes."""

from __future__ import annotations

from typing import Any

from mockserver.adapters.dates import iso
from mockserver.simulation.request import Team
from tests.conformance.faults import Asked, Told, answers, patched
from tests.conformance.faults.bytenite.shapers import API, fault, granted, jobs, set_member, undone


def _moves(original: Any) -> Any:
    def abort(call: Any) -> Any:
        job = call.world.job("bytenite", call.path["jobId"])
        if job.is_terminal:
            job.payload.body["endedAt"] = iso(call.world, call.world.now_us)
        return original(call)

    return abort


def _not_yet(original: Any) -> Any:
    def cancel(world: Any, job: Any, *words: Any) -> None:
        if job.phase != "starting":
            original(world, job, *words)

    return cancel


def _impatient(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["job"]["state"] == "JOB_STATE_NEW":
        count = asked.memory[asked.values["jobId"]] = asked.memory.get(asked.values["jobId"], 0) + 1
        if count > 1 or "submittedAt" not in told.body["job"]:
            told.body["job"]["state"] = "JOB_STATE_STARTED"


def _too_late(original: Any) -> Any:
    return lambda world, job, reason="": None if job.stage.phase == "finishing" else original(world, job, reason)


def _tolerant(original: Any) -> Any:
    return lambda config, count: Team(count, count, tolerate=int(count > 1), run=original(config, count).run)


FAULTS = [
    fault(
        "draft-runs",
        "JOB-STM-011",
        "a draft is shown as started after a while",
        answers(API, "read", _impatient),
        "BYT-TMO-005",
        "BYT-CRT-004",
    ),
    fault(
        "queued-abort-ignored",
        "JOB-STM-012",
        "a job that waits cannot be aborted",
        undone("cancel", lambda job: job.phase == "queued"),
    ),
    fault(
        "complete-is-failed",
        "BYT-STM-001",
        "complete jobs are shown as failed",
        jobs(set_member("state", lambda job: "JOB_STATE_FAILED", "COMPLETE")),
        "JOB-STM-005",
    ),
    fault(
        "beginning-goes-on",
        "BYT-STM-013",
        "a job that takes in its input is not aborted",
        patched("mockserver.simulation.world:World.cancel", _not_yet),
    ),
    fault(
        "abort-ignored",
        "BYT-STM-013",
        "a job at work cannot be aborted",
        undone("cancel", lambda job: job.state == "JOB_STATE_PARTITIONED"),
        "JOB-STM-007",
    ),
    fault("abort-of-ended-granted", "BYT-STM-014", "aborting an ended job is granted", answers(API, "cancel", granted)),
    fault(
        "waiting-not-deleted",
        "BYT-STM-015",
        "a job that waits cannot be deleted",
        undone("delete", lambda job: job.phase == "queued"),
    ),
    fault(
        "still-new",
        "BYT-STM-020",
        "a job that waits is shown as new",
        jobs(set_member("state", lambda job: "JOB_STATE_NEW", "STARTED")),
        "JOB-STM-009",
    ),
    fault(
        "late-abort-moves-the-end",
        "BYT-STM-028",
        "an abort that comes too late moves the end",
        patched("mockserver.adapters.bytenite:Customer_AbortJob", _moves),
    ),
    fault(
        "ending-goes-on",
        "BYT-STM-030",
        "a job that puts together its output is not aborted",
        patched("mockserver.simulation.world:World.cancel", _too_late),
    ),
    fault(
        "one-task-may-fail",
        "BYT-STM-031",
        "one failed task of several is tolerated",
        patched("mockserver.adapters.bytenite.reading:team", _tolerant),
    ),
]
