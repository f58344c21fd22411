"""Faults of openYuanrong: instants and durations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, answers, every_job, patched
from tests.conformance.faults.openyuanrong.shapers import ADAPTER, API, LOOKS, fault, shown, shows, told


def _later(name: str, seconds: int) -> Callable[[dict[str, Any]], str]:
    return lambda job: str(int(job[name]) + seconds) if job[name] else ""


def _later_start(job: dict[str, Any]) -> str:
    return str(int(job["start_time"]) + (int(job["end_time"]) - int(job["start_time"]) > 2))


def _planned(job: dict[str, Any]) -> str:
    """The end of a short job is told as soon as it runs."""
    return str(int(job["start_time"]) + 3) if job["entrypoint"] == "sleep 3" else ""


def _second_early(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if job.serial == 2 and told["entrypoint"] == "sleep 600" and told["metadata"] is None and told["start_time"]:
            told["start_time"] = str(int(told["start_time"]) - 50)
        return told

    return render


def _drift(job: dict[str, Any], asked: Asked) -> None:
    count = asked.memory[job["submission_id"]] = asked.memory.get(job["submission_id"], 0) + 1
    if job["end_time"] and count > 3:
        job["end_time"] = str(int(job["end_time"]) + 1)


def _submitted(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if told["start_time"]:
            told["start_time"] = str((world.epoch_us + job.created) // 1_000_000)
        return told

    return render


def _started_anyway(job: dict[str, Any]) -> None:
    if job["status"] == "FAILED" and not job["start_time"]:
        job["start_time"] = job["end_time"]


def _start_in_milliseconds(job: dict[str, Any]) -> None:
    if job["start_time"]:
        job["start_time"] += "000"


def shifted(seconds: int, *states: str) -> Apply:
    """Start and end are told so much later; of some states the end only."""

    def change(job: dict[str, Any]) -> None:
        for name in ("end_time",) if states else ("start_time", "end_time"):
            if job[name] and (not states or job["status"] in states):
                job[name] = str(int(job[name]) + seconds)

    return told(change)


FAULTS = [
    fault(
        "ends-before-start",
        "OYR-TIM-001",
        "the end of a failed job is told before its start",
        shows("end_time", _later("end_time", -3600), "FAILED"),
        "OYR-TIM-008",
    ),
    fault(
        "start-is-told-anew",
        "OYR-TIM-002",
        "a job that succeeded tells another start than before",
        shows("start_time", _later_start, "SUCCEEDED"),
    ),
    fault("end-drifts", "OYR-TIM-002", "the end moves on while one looks", answers(API, LOOKS, every_job(API, _drift))),
    fault(
        "end-while-running", "OYR-TIM-003", "a job that runs tells of an end", shows("end_time", _planned, "RUNNING")
    ),
    fault("no-end", "OYR-TIM-004", "stopped jobs tell of no end", shows("end_time", lambda job: "", "STOPPED")),
    fault(
        "start-while-waiting",
        "OYR-TIM-006",
        "a job that waits tells of a start",
        shows("start_time", lambda job: "1767225600", "PENDING"),
    ),
    fault(
        "start-early",
        "OYR-TIM-007",
        "the start of a second job is told too early",
        patched("mockserver.adapters.openyuanrong.jobs:view", _second_early),
    ),
    fault(
        "end-late",
        "OYR-TIM-008",
        "the end is told ten seconds late",
        shows("end_time", lambda job: _later("end_time", 0 if job["metadata"] else 10)(job)),
    ),
    fault("failed-end-late", "OYR-TIM-008", "the end of a failed job is told an hour late", shifted(3600, "FAILED")),
    fault(
        "start-is-submission",
        "OYR-TIM-010",
        "the start that is told is the submission",
        patched(f"{ADAPTER}.jobs:view", _submitted),
    ),
    fault("roomless-started", "OYR-TIM-011", "jobs that found no room tell of a start", shown(_started_anyway)),
    fault(
        "two-units",
        "OYR-TIM-012",
        "the start is told in milliseconds, the end in seconds",
        shown(_start_in_milliseconds),
    ),
    fault("local-time", "OYR-TIM-013", "start and end are told in local time", shifted(8 * 3600), "OYR-AUT-003"),
]
