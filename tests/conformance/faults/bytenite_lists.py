"""Faults of ByteNite's lists and tokens, and of what strangers may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.simulation.events import EXPIRY
from tests.conformance.faults import Apply, Asked, Told, answers, every_job, patched, requests
from tests.conformance.faults.bytenite import API, answered, fault
from tests.conformance.faults.bytenite_kept import asks, queried

Json = Any


def _listed(change: Callable[[list[Json], Asked], object]) -> Apply:
    return answered(("list", "Customer_FilterJobs"), lambda asked, told: change(told.body["data"], asked) and None if told.status == 200 else None)


def _stale(items: list[Json], asked: Asked) -> None:
    items[:] = [asked.memory.setdefault(item["id"], item) for item in items]


def _by_state(items: list[Json], _: Asked) -> None:
    items.sort(key=lambda item: item["state"] == "JOB_STATE_NEW")


def _open(operation: str) -> Apply:
    """A call finds the jobs of all customers."""

    def make(original: Any) -> Any:
        return lambda call: call.world.job("bytenite", call.path["jobId"]) if call.operation == operation else original(call)

    return patched("mockserver.adapters.bytenite.jobs:find", make)


def _unguarded(operation: str) -> Apply:
    return patched("mockserver.adapters.bytenite:verify", lambda original: lambda call: None if call.operation == operation else original(call))


def _prolongs(original: Any) -> Any:
    def owner(call: Any) -> str:
        name: str = original(call)
        shelf = call.world.shelf("bytenite.tokens")
        shelf.update({token: (whose, end + 1800) for token, (whose, end) in shelf.items() if whose == name})
        return name

    return owner


def _young(items: list[Json], asked: Asked) -> None:
    items.sort(key=lambda item: item.get("submittedAt", ""), reverse=True)


def _lowered(asked: Asked) -> None:
    if "authorization" in asked.headers:
        asked.headers["authorization"] = asked.headers["authorization"].lower()


def _nothing(asked: Asked, told: Told) -> None:
    if dict(asked.query).get("pagination.limit") == "0":
        told.body["data"] = []


def _ten(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and not asked.body.get("pagination"):
        told.body["data"] = told.body["data"][:10]


def _mellows(original: Any) -> Any:
    def catch_up(world: Any, job: Any, kept: Any) -> None:
        original(world, job, kept)
        if job.phase == "failed":
            kept.seen = 0 if world.now_us - job.history[-4] < 6e8 else kept.seen
            kept.body["state"] = job.state if world.now_us - job.history[-4] < 6e8 else "JOB_STATE_COMPLETE"

    return catch_up


def _forgotten(original: Any) -> Any:
    def submit(scheduler: Any, request: Any, course: Any, **options: Any) -> Any:
        job = original(scheduler, request, course, **options)
        scheduler.events.add(scheduler.clock.now + 3_600_000_000, EXPIRY, job, generation=job.generation)
        return job

    return submit


def _one_address(job: dict[str, Any], _: Asked) -> None:
    params = (job.get("dataSource") or {}).get("params") or {}
    if "tempUrl" in params:
        params["tempUrl"] = "https://upload.bytenite.com/file"


FAULTS = [
    fault("stale-list", "BYT-LST-015", "a list tells of each job what it first told", _listed(_stale), "JOB-LST-003", "BYT-LST-010"),
    fault("drafts-last", "BYT-LST-016", "drafts come last in a list", _listed(_by_state)),
    fault("by-its-run", "BYT-LST-016", "a list has the order in which jobs were run", _listed(_young), "JOB-LST-007", "BYT-LST-006"),
    fault(
        "no-order-by-state",
        "BYT-LST-017",
        "a list cannot be ordered by state",
        requests(API, "list", queried(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("state") else None)),
    ),
    fault(
        "no-order-by-end",
        "BYT-LST-017",
        "a list cannot be ordered by end",
        requests(API, "list", queried(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("ended") else None)),
    ),
    fault(
        "first-template",
        "BYT-LST-018",
        "only the first template of a filter counts",
        asks("Customer_FilterJobs", lambda body: body.update(templateIds=(body.get("templateIds") or [])[:1])),
    ),
    fault(
        "either-filter",
        "BYT-LST-018",
        "beside states no template counts",
        asks("Customer_FilterJobs", lambda body: body.pop("templateIds", None) if body.get("states") else None),
    ),
    fault("unordered-filter", "BYT-LST-018", "a filtered list has no other order", asks("Customer_FilterJobs", lambda body: body.pop("orderBy", None))),
    fault(
        "fifty-at-most",
        "BYT-LST-019",
        "a page holds fifty jobs at most",
        answered("list", lambda asked, told: told.body["data"].__setitem__(slice(50, None), []) if told.status == 200 else None),
    ),
    fault("strangers-estimate", "BYT-ISO-003", "estimations are told to strangers", _open("Customer_EstimateJob")),
    fault("strangers-read-configs", "BYT-ISO-003", "configs are told to strangers", _open("Customer_GetJobConfigs")),
    fault(
        "used-is-prolonged", "BYT-AUT-010", "a token lives on when it is used", patched("mockserver.adapters.bytenite.credentials:_customer", _prolongs), "BYT-AUT-006"
    ),
    fault("open-templates", "BYT-AUT-011", "templates ask for no token", _unguarded("Customer_ListJobTemplates")),
    fault("tokens-in-any-case", "BYT-AUT-007", "letters of a token may be of any case", requests(API, "*", _lowered)),
    fault("nothing-on-a-page", "BYT-DEF-003", "a limit of nought is one", answered("list", _nothing)),
    fault("ten-filtered", "BYT-DEF-003", "a page of a filtered list holds ten jobs", answered("Customer_FilterJobs", _ten)),
    fault(
        "failed-is-complete-later",
        "BYT-IDM-004",
        "a failed job is complete ten minutes later",
        patched("mockserver.adapters.bytenite.views:_catch_up", _mellows),
        "JOB-STM-004",
    ),
    fault("drafts-are-forgotten", "BYT-IDM-004", "a draft is forgotten after an hour", patched("mockserver.simulation.scheduler:Scheduler.submit", _forgotten)),
    fault(
        "first-input",
        "BYT-STM-029",
        "a job reads the input that it was created with",
        patched("mockserver.adapters.bytenite.edits:plan", lambda original: lambda request, kept: None),
    ),
    fault("one-address", "BYT-RSP-040", "all files are uploaded to one address", answers(API, ("submit", "read"), every_job(API, _one_address))),
]
