"""Faults of compute.x.io: ids, and what makes a job that job."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, patched
from tests.conformance.faults.xio.shapers import JOBS_MODULE, fault, stops


def _same_job_again() -> Apply:
    """A submission that was seen before is answered with the job it made then."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = asked.memory.setdefault(repr(asked.body), told.body)

    return answers("xio", "submit", revise)


def _exact(original: Any) -> Any:
    """Jobs are found by their uuid as it is stored."""

    def find(world: Any, uuid: str) -> Any:
        return original(world, uuid if uuid == uuid.lower() else "-")

    return find


def _third_at_once(original: Any, world: Any, job: Any) -> None:
    seen, at = world.shelf("stops"), (job.key, world.now_us)
    seen[at] = seen.get(at, 0) + 1
    if seen[at] == 3:
        raise RuntimeError("two are enough")
    original()


FAULTS = [
    fault("equal-submissions-are-one", "XIO-IDM-001", "equal submissions are one", _same_job_again()),
    fault(
        "third-stop-at-once-crashes",
        "XIO-IDM-004",
        "the third stop at one instant makes the server fail",
        stops(_third_at_once),
        "JOB-ERR-010",
    ),
    fault(
        "uuid-exact", "XIO-IDM-005", "capitals in a uuid are not its letters", patched(f"{JOBS_MODULE}:find", _exact)
    ),
]
