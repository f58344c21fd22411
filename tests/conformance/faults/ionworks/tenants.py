"""Faults of Ionworks: tenants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.ionworks.shapers import API, ARRAY, LIST, METADATA, ORGANIZATION, PLOT, READ, fault, when


def _anybody(holds: Callable[[Any], bool]) -> Apply:
    """Where something holds of a call, jobs of every organisation are found."""

    def make(original: Any) -> Any:
        def job(world: Any, api: str, key: str, *, owner: str | None = None) -> Any:
            found = world._jobs[api].get(key)
            return found if found is not None and holds(found) else original(world, api, key, owner=owner)

        return job

    return patched("mockserver.simulation.world:World.job", make)


def _operation(*names: str) -> Callable[[Asked], None]:
    """For these operations every caller is the first organisation that asked for anything."""

    def edit(asked: Asked) -> None:
        told = asked.headers.get(ORGANIZATION)
        if told is not None:
            first = asked.memory.setdefault("first", told)
            if asked.operation in names:
                asked.headers[ORGANIZATION] = first

    return edit


def _first_total(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["total"] = asked.memory.setdefault("most", 0) + told.body["total"]
        asked.memory["most"] += 1 if asked.headers.get(ORGANIZATION) else 0


def _any_parent(original: Any) -> Any:
    def submit(world: Any, request: Any) -> Any:
        parent = world._jobs[request.api].get(request.parent) if request.parent else None
        owner = None if parent is None else parent.request.owner
        if parent is not None and owner != request.owner:
            request.parent = None
        return original(world, request)

    return submit


def _keyless(asked: Asked) -> None:
    if ORGANIZATION not in asked.headers:
        asked.headers[ORGANIZATION] = "one-for-all"


FAULTS = [
    fault("read-for-all", "JOB-ISO-001", "everybody reads everything", requests(API, "*", _operation(READ))),
    fault(
        "list-for-all",
        "JOB-ISO-002",
        "lists show the jobs of the first organisation",
        requests(API, "*", _operation(LIST)),
        "ION-ISO-002",
    ),
    fault(
        "running-for-all",
        "JOB-ISO-003",
        "everybody cancels what runs",
        _anybody(lambda job: job.stage.name == "processing"),
    ),
    fault("metadata-for-all", "ION-ISO-001", "metadata is read by everybody", requests(API, "*", _operation(METADATA))),
    fault("plots-for-all", "ION-ISO-001", "plots are read by everybody", requests(API, "*", _operation(PLOT))),
    fault(
        "total-for-all",
        "ION-ISO-002",
        "the total grows with every organisation's lists",
        answers(API, LIST, _first_total),
    ),
    fault(
        "array-for-all",
        "ION-ISO-003",
        "the array shows the jobs of the first organisation",
        requests(API, "*", _operation(ARRAY)),
    ),
    fault(
        "parents-for-all",
        "ION-ISO-004",
        "a parent of another organisation is passed over",
        patched("mockserver.simulation.world:World.submit", _any_parent),
    ),
    fault(
        "one-organisation",
        "ION-ISO-005",
        "all jobs tell one organisation",
        when(lambda job: True, organization_id="org-shared"),
    ),
    fault(
        "cancel-for-all",
        "ION-ISO-006",
        "everybody cancels what waits",
        _anybody(lambda job: job.stage.name == "pending"),
        "JOB-ISO-001",
    ),
    fault("keys-are-one", "ION-ISO-007", "keys do not tell callers apart", requests(API, "*", _keyless)),
    fault(
        "slash-of-nobody",
        "ION-ISO-008",
        "a submission to the path with a slash belongs to nobody",
        requests(API, "submit_job_jobs__post", lambda asked: asked.headers.pop("x-organization-id", None) and None),
    ),
]
