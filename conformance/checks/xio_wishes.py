"""Gives the oracles of echo and shape a job with every wish that compute.x.io knows, shown by every operation that shows jobs."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json

WISHES: Json = {
    "description": "every wish there is", "cpu_count": 3, "gpu_count": 2, "min_ram_gb": 5, "min_vram_gb": 7, "min_storage_gb": 11, "max_node_count": 4,
    "max_retry_count": 6, "max_timeout_assign_ms": 456_789, "max_timeout_run_ms": 987_654, "max_timeout_start_ms": 234_567,
}  # fmt: skip
"""All different, none of them usual."""
MODEST: Json = {**WISHES, "cpu_count": 2, "gpu_count": 0, "min_ram_gb": 1, "min_vram_gb": 0, "min_storage_gb": 3, "max_node_count": 1, "max_retry_count": 2}
"""All that an ordinary node has, so that the job runs."""
GPUS: tuple[Json, ...] = ({"gpu_name": "NVIDIA RTX 4090"}, {"gpu_registry_uuid": "01234567-89ab-cdef-0123-456789abcdef"})


@check("XIO-RSP-001")
@check("XIO-RSP-002")
@check("XIO-RSP-003")
@check("XIO-RSP-004")
@check("XIO-RSP-005")
@check("XIO-RSP-006")
@check("XIO-RSP-007")
@check("XIO-RSP-008")
@check("XIO-RSP-009")
@check("XIO-RSP-011")
@check("XIO-RSP-012")
@check("XIO-RSP-013")
@check("XIO-RSP-014")
@check("XIO-RSP-015")
@check("XIO-RSP-016")
@check("XIO-RSP-017")
@check("XIO-RSP-018")
@check("XIO-RSP-019")
def everything_that_was_asked_for_is_told(session: Session) -> None:
    """When the job is made, read, listed and stopped, while it waits and after its end."""
    for shape, gpu in zip(("waits", "quick"), GPUS, strict=True):
        if shape != "quick" and shape not in session.settings.shapes:
            continue
        job = session.submit(shape, {**WISHES, **gpu})
        for _ in range(2):
            needed(session.read(job).response.is_success, "a job that was made cannot be read")
            session.list_jobs()
            session.cancel(job)
            session.advance(30)
    for shape in ("quick", "fails", "retried"):
        if shape == "quick" or shape in session.settings.shapes:
            job = session.submit(shape, MODEST)
            for _ in session.ticks(50, 10):
                session.read(job)
            session.list_jobs()
