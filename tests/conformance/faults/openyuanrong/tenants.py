"""Faults of openYuanrong: tenants."""

from __future__ import annotations

from typing import Any

from mockserver.adapters.openyuanrong.refusals import answer
from tests.conformance.faults import Asked, Told, answers, patched
from tests.conformance.faults.openyuanrong.shapers import ADAPTER, API, fault


def _only_own(asked: Asked, told: Told) -> None:
    tenant = asked.headers.get("x-tenant-id", "")
    if asked.role == "submit" and told.status == 200:
        asked.memory[told.body["submission_id"]] = tenant
    elif asked.role == "list" and told.status == 200:
        told.body = [job for job in told.body if asked.memory.get(job["submission_id"], "") in ("", tenant)]


def _only_its_own(original: Any) -> Any:
    def delete(call: Any) -> Any:
        job = call.world.jobs(API).get(call.path["submissionId"])
        return (
            answer("no", 404)
            if job is not None and job.request.owner not in ("", call.every_header.get("x-tenant-id", ""))
            else original(call)
        )

    return delete


def _per_tenant(original: Any) -> Any:
    """A second tenant takes the id of the first one's job."""

    def submission_id(call: Any) -> Any:
        key = original(call)
        job = call.world.jobs(API).get(key)
        if job is not None and job.request.owner != str(call.headers.get("x-tenant-id") or ""):
            call.world.delete(job)
        return key

    return submission_id


FAULTS = [
    fault(
        "tenants-apart",
        "OYR-ISO-001",
        "a tenant's list holds its own jobs only",
        answers(API, ("submit", "list"), _only_own),
    ),
    fault(
        "tenants-delete-their-own",
        "OYR-ISO-001",
        "only its tenant may delete a job",
        patched(f"{ADAPTER}:yr_delete_job", _only_its_own),
    ),
    fault(
        "id-per-tenant",
        "OYR-ISO-002",
        "each tenant has its own ids",
        patched(f"{ADAPTER}.jobs:submission_id", _per_tenant),
    ),
]
