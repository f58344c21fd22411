"""Faults of compute.x.io: instants and durations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, answers, every_job, patched
from tests.conformance.faults.xio.shapers import JOBS_MODULE, SHOWN, fault, shown


def _promised_from_creation(original: Any) -> Any:
    def render(world: Any, job: Any) -> Any:
        told = original(world, job)
        if told["timeout_assign_at_ms"] is not None:
            told["timeout_assign_at_ms"] -= (job.changed - job.created) // 1000
        return told

    return render


def _first_start(original: Any) -> Any:
    """The start that is told stays that of the first run."""

    def render(world: Any, job: Any) -> Any:
        told, history = original(world, job), job.history
        began = next(
            (at for at, stage in zip(history[::4], history[1::4], strict=True) if stage.phase == "running"), None
        )
        if told["started_at"] and began is not None:
            from mockserver.adapters.dates import iso_millis

            told["started_at"] = iso_millis(world, began)
        return told

    return render


def unstarted(status: str) -> Any:
    """Jobs in that state tell no start."""

    def make(original: Any) -> Any:
        def render(world: Any, job: Any) -> Any:
            told = original(world, job)
            return told | {"started_at": None} if told["status"] == status else told

        return render

    return patched(f"{JOBS_MODULE}:view", make)


def later(job: dict[str, Json], name: str, seconds: float) -> None:
    """An instant is moved."""
    if isinstance(job.get(name), str):
        moved = datetime.fromisoformat(job[name]) + timedelta(seconds=seconds)
        job[name] = moved.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def in_state(
    states: tuple[str, ...], change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = SHOWN
) -> Apply:
    return shown(lambda job: change(job) if job["status"] in states else None, where)


def counted(change: Callable[[dict[str, Json], int], None]) -> Apply:
    """Something changes each time a job is read: the job, how often it was."""

    def edit(job: dict[str, Json], asked: Asked) -> None:
        asked.memory[job["uuid"]] = asked.memory.get(job["uuid"], 0) + 1
        change(job, asked.memory[job["uuid"]])

    return answers("xio", ("read",), every_job("xio", edit))


def _first_creation() -> Apply:
    return answers(
        "xio",
        SHOWN,
        every_job(
            "xio", lambda job, asked: job.update(created_at=asked.memory.setdefault("created", job["created_at"]))
        ),
    )


def _swap(job: dict[str, Json]) -> None:
    if job["started_at"] and job["completed_at"]:
        job["started_at"], job["completed_at"] = job["completed_at"], job["started_at"]


def _waits_as_made(job: dict[str, Json]) -> None:
    if job["status"] == "PENDING":
        job["updated_at"] = job["created_at"]


FAULTS = [
    fault(
        "start-and-end-swapped",
        "XIO-TIM-001",
        "start and end swapped",
        shown(_swap, ("read",)),
        "XIO-TIM-010",
        "XIO-TIM-011",
    ),
    fault(
        "updated-before-created",
        "XIO-TIM-002",
        "updated before created",
        shown(lambda job: later(job, "updated_at", -60)),
    ),
    fault(
        "updated-is-created",
        "XIO-TIM-003",
        "updated is created",
        shown(lambda job: job.update(updated_at=job["created_at"])),
        "XIO-TIM-012",
    ),
    fault(
        "creation-moves", "XIO-TIM-004", "creation moves", counted(lambda job, count: later(job, "created_at", count))
    ),
    fault(
        "completed-while-running",
        "XIO-TIM-005",
        "completed while running",
        in_state(("RUNNING",), lambda job: job.update(completed_at=job["started_at"])),
    ),
    fault(
        "stopped-jobs-never-completed",
        "XIO-TIM-006",
        "stopped jobs never completed",
        in_state(("CANCELLED",), lambda job: job.update(completed_at=None)),
        "XIO-TIM-011",
    ),
    fault(
        "failed-jobs-never-completed",
        "XIO-TIM-006",
        "failed jobs never completed",
        in_state(("FAILED",), lambda job: job.update(completed_at=None)),
        "XIO-TIM-011",
    ),
    fault(
        "running-jobs-never-started",
        "XIO-TIM-007",
        "running jobs never started",
        in_state(("RUNNING",), lambda job: job.update(started_at=None)),
    ),
    fault(
        "assigned-jobs-have-started",
        "XIO-TIM-008",
        "assigned jobs have started",
        in_state(("ASSIGNED",), lambda job: job.update(started_at=job["updated_at"])),
    ),
    fault("all-created-together", "XIO-TIM-009", "all created together", _first_creation()),
    fault(
        "started-when-assigned",
        "XIO-TIM-010",
        "started when assigned",
        shown(lambda job: later(job, "started_at", -20)),
        "XIO-TIM-001",
    ),
    fault(
        "started-when-created",
        "XIO-TIM-010",
        "started when created",
        shown(lambda job: job.update(started_at=job["started_at"] and job["created_at"])),
    ),
    fault(
        "stopped-jobs-completed-later",
        "XIO-TIM-011",
        "stopped jobs completed later",
        in_state(("CANCELLED",), lambda job: later(job, "completed_at", 30)),
    ),
    fault(
        "limits-completed-at-start",
        "XIO-TIM-011",
        "limits completed at start",
        in_state(("FAILED",), lambda job: job.update(completed_at=job["started_at"] or job["created_at"])),
    ),
    fault(
        "stops-are-no-updates",
        "XIO-TIM-011",
        "stops are no updates",
        in_state(("CANCELLED",), lambda job: job.update(updated_at=job["started_at"] or job["created_at"])),
    ),
    fault(
        "starts-are-no-updates",
        "XIO-TIM-012",
        "starts are no updates",
        in_state(("RUNNING",), lambda job: later(job, "updated_at", -20)),
    ),
    fault("waiting-again-is-no-update", "XIO-TIM-012", "waiting again is no update", shown(_waits_as_made)),
    fault(
        "assign-instant-in-seconds",
        "XIO-TIM-013",
        "assign instant in seconds",
        in_state(("PENDING",), lambda job: job.update(timeout_assign_at_ms=job["timeout_assign_at_ms"] // 1000)),
    ),
    fault(
        "assign-instant-always-the-usual",
        "XIO-TIM-013",
        "assign instant always the usual",
        in_state(
            ("PENDING",),
            lambda job: job.update(
                timeout_assign_at_ms=job["timeout_assign_at_ms"] - job["max_timeout_assign_ms"] + 300_000
            ),
        ),
    ),
    fault(
        "assign-instant-stays",
        "XIO-TIM-014",
        "assign instant stays",
        in_state(("RUNNING", "COMPLETED"), lambda job: job.update(timeout_assign_at_ms=1_767_603_600_000)),
    ),
    fault(
        "instants-are-days",
        "XIO-TIM-015",
        "instants are days",
        shown(lambda job: job.update(created_at=job["created_at"][:10])),
        "JOB-RSP-002",
    ),
    fault(
        "completion-moves",
        "XIO-TIM-019",
        "completion moves",
        counted(lambda job, count: later(job, "completed_at", count)),
    ),
    fault(
        "reading-updates",
        "XIO-TIM-020",
        "reading updates",
        counted(
            lambda job, count: later(job, "updated_at", count) if count > 1 and job["status"] == "PENDING" else None
        ),
    ),
    fault(
        "second-wait-told-from-creation",
        "XIO-TIM-021",
        "the end of a second wait is told from creation",
        patched(f"{JOBS_MODULE}:view", _promised_from_creation),
    ),
    fault(
        "first-start",
        "XIO-TIM-022",
        "the start of the first run is told for ever",
        patched(f"{JOBS_MODULE}:view", _first_start),
    ),
    fault("failed-unstarted", "XIO-TIM-023", "failed jobs lose their start", unstarted("FAILED")),
    fault("stopped-unstarted", "XIO-TIM-023", "stopped jobs lose their start", unstarted("CANCELLED")),
]
