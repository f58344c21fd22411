"""Faults of ByteNite: lists, filters and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, requests
from tests.conformance.faults.bytenite.shapers import API, answered, asks, fault, queried, undone

LISTS = ("list", "Customer_FilterJobs")


def _query(asked: Asked, name: str) -> int:
    told = dict(asked.query).get(name, "0")
    return int(told) if told.isdigit() else 0


def _shifted(asked: Asked) -> None:
    asked.query = [
        (name, str(int(value) - 1) if name == "pagination.offset" and value.isdigit() and value != "0" else value)
        for name, value in asked.query
    ]


def _one_more(asked: Asked) -> None:
    asked.query = [
        (name, str(int(value) + 1) if name == "pagination.limit" and value.isdigit() else value)
        for name, value in asked.query
    ]


def _digits_only(name: str) -> Apply:
    def edit(asked: Asked) -> None:
        asked.query = [(key, value) for key, value in asked.query if key != name or value.isdigit()]

    return requests(API, "list", edit)


def paging(name: str, change: Any) -> Apply:
    """A member of the pagination is another; `change` is told of the call and the answer."""

    def revise(asked: Asked, told: Told) -> None:
        told.body["pagination"][name] = change(asked, told.body)

    return answered(LISTS, revise)


def _next(asked: Asked, body: Any) -> bool:
    return bool(body["pagination"]["offset"] + len(body["data"]) <= body["pagination"]["total"])


def _second_page_backwards(asked: Asked, told: Told) -> None:
    if _query(asked, "pagination.offset"):
        told.body["data"].reverse()


def _beyond(asked: Asked, told: Told) -> None:
    if not told.body["data"] and _query(asked, "pagination.offset"):
        told.status, told.body = 404, {"code": 5, "message": "no such page", "details": []}


def _counted(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and told.status == 200:
        asked.memory["made"] = asked.memory.get("made", 0) + 1
    elif asked.role == "list" and told.status == 200:
        told.body["pagination"]["total"] = asked.memory.get("made", 0)


def _one_state(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("states"):
        asked.body["states"] = asked.body["states"][:1]


def _whole_name(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and asked.body.get("name"):
        told.body["data"] = [job for job in told.body["data"] if job.get("name") == asked.body["name"]]


def _renamed(asked: Asked, told: Told) -> None:
    for job in told.body["data"]:
        job["name"] = asked.memory.setdefault(job["id"], "") or "a job"


def _unlisted(job: dict[str, Any], asked: Asked) -> None:
    job.pop("description", None)


def _any_for_failed(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "JOB_STATE_FAILED" in (asked.body.get("states") or ()):
        asked.body["states"] = []


def _by_creation(asked: Asked) -> None:
    asked.query = [
        (name, value.replace("endedAt", "createdAt") if name == "orderBy" else value) for name, value in asked.query
    ]


def _unless(state: str) -> Any:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body["data"] = [job for job in told.body["data"] if job["state"] != state]

    return revise


def _remembers(asked: Asked, told: Told) -> None:
    known, gone = asked.memory.setdefault("known", {}), asked.memory.setdefault("gone", [])
    if told.status == 200 and asked.role == "read":
        known[asked.values["jobId"]] = told.body["job"]
    elif told.status == 200 and asked.role == "delete":
        gone += [known[asked.values["jobId"]]] if asked.values["jobId"] in known else []
    elif told.status == 200:
        told.body["data"] += gone


def _listed(change: Callable[[list[Json], Asked], object]) -> Apply:
    return answered(
        ("list", "Customer_FilterJobs"),
        lambda asked, told: change(told.body["data"], asked) and None if told.status == 200 else None,
    )


def _stale(items: list[Json], asked: Asked) -> None:
    items[:] = [asked.memory.setdefault(item["id"], item) for item in items]


def _by_state(items: list[Json], _: Asked) -> None:
    items.sort(key=lambda item: item["state"] == "JOB_STATE_NEW")


def _young(items: list[Json], asked: Asked) -> None:
    items.sort(key=lambda item: item.get("submittedAt", ""), reverse=True)


FAULTS = [
    fault(
        "waiting-unlisted",
        "JOB-LST-002",
        "jobs that wait are not listed",
        answers(API, "list", _unless("JOB_STATE_STARTED")),
    ),
    fault("listed-otherwise", "JOB-LST-003", "the list has other names than the jobs", answered("list", _renamed)),
    fault(
        "offset-off-by-one",
        "JOB-LST-004",
        "every page but the first begins one job early",
        requests(API, "list", _shifted),
        "BYT-LST-002",
    ),
    fault(
        "total-of-page",
        "JOB-LST-005",
        "the total counts the page",
        paging("total", lambda asked, body: len(body["data"])),
        "BYT-LST-012",
        "BYT-LST-013",
    ),
    fault(
        "limit-off-by-one",
        "JOB-LST-006",
        "pages hold one job more than asked for",
        requests(API, "list", _one_more),
        "JOB-LST-004",
    ),
    fault(
        "oldest-first",
        "JOB-LST-007",
        "a list is in the order of creation",
        answered(
            "list", lambda asked, told: told.body["data"].reverse() if "orderBy" not in dict(asked.query) else None
        ),
    ),
    fault("beyond-is-error", "JOB-LST-008", "a page beyond the end is refused", answered("list", _beyond)),
    fault(
        "deleted-stays",
        "JOB-LST-009",
        "ended jobs are not deleted",
        undone("delete", lambda job: job.is_terminal),
        "BYT-STM-015",
    ),
    fault(
        "no-has-next",
        "BYT-LST-001",
        "a page does not say whether there are more",
        answered("list", lambda asked, told: told.body["pagination"].pop("hasNext")),
        "BYT-LST-003",
    ),
    fault(
        "offset-nought",
        "BYT-LST-002",
        "every page tells the offset nought",
        paging("offset", lambda asked, body: 0),
        "BYT-LST-012",
    ),
    fault(
        "next-off-by-one",
        "BYT-LST-003",
        "a page that ends exactly promises more",
        paging("hasNext", _next),
        "BYT-LST-012",
    ),
    fault(
        "always-previous",
        "BYT-LST-004",
        "every page says that there are jobs before it",
        paging("hasPrevious", lambda asked, body: True),
    ),
    fault(
        "short-names-ignored",
        "BYT-LST-005",
        "the short name of the offset is not known",
        requests(
            API,
            "list",
            lambda asked: setattr(asked, "query", [(name, value) for name, value in asked.query if name != "offset"]),
        ),
    ),
    fault(
        "page-two-backwards",
        "BYT-LST-006",
        "later pages are in the other order",
        answered("list", _second_page_backwards),
        "BYT-LST-005",
    ),
    fault(
        "any-limit",
        "BYT-LST-007",
        "a limit that is no number is passed over",
        _digits_only("pagination.limit"),
        "BYT-LST-009",
    ),
    fault(
        "any-offset",
        "BYT-LST-008",
        "an offset that is no number is passed over",
        _digits_only("pagination.offset"),
        "BYT-LST-009",
    ),
    fault(
        "one-state",
        "BYT-LST-010",
        "a filter looks at the first of several states",
        requests(API, "Customer_FilterJobs", _one_state),
    ),
    fault(
        "filter-passes-failed",
        "BYT-LST-010",
        "a filter by failed jobs holds all",
        requests(API, "Customer_FilterJobs", _any_for_failed),
    ),
    fault(
        "whole-name",
        "BYT-LST-011",
        "a filter takes a name for the whole of it",
        answered("Customer_FilterJobs", _whole_name),
    ),
    fault(
        "filter-remembers",
        "BYT-LST-011",
        "a filtered list holds jobs that were deleted",
        answers(API, ("read", "delete", "Customer_FilterJobs"), _remembers),
    ),
    fault("deleted-count", "BYT-LST-013", "the total counts deleted jobs", answers(API, ("submit", "list"), _counted)),
    fault(
        "stale-list",
        "BYT-LST-015",
        "a list tells of each job what it first told",
        _listed(_stale),
        "JOB-LST-003",
        "BYT-LST-010",
    ),
    fault("drafts-last", "BYT-LST-016", "drafts come last in a list", _listed(_by_state)),
    fault(
        "by-its-run",
        "BYT-LST-016",
        "a list has the order in which jobs were run",
        _listed(_young),
        "JOB-LST-007",
        "BYT-LST-006",
    ),
    fault(
        "ended-is-created",
        "BYT-LST-017",
        "an order by the end is one by the creation",
        requests(API, "list", _by_creation),
    ),
    fault(
        "no-order-by-state",
        "BYT-LST-017",
        "a list cannot be ordered by state",
        requests(
            API,
            "list",
            queried(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("state") else None),
        ),
    ),
    fault(
        "no-order-by-end",
        "BYT-LST-017",
        "a list cannot be ordered by end",
        requests(
            API,
            "list",
            queried(lambda query: query.pop("orderBy", None) if query.get("orderBy", "").startswith("ended") else None),
        ),
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
    fault(
        "unordered-filter",
        "BYT-LST-018",
        "a filtered list has no other order",
        asks("Customer_FilterJobs", lambda body: body.pop("orderBy", None)),
    ),
    fault(
        "fifty-at-most",
        "BYT-LST-019",
        "a page holds fifty jobs at most",
        answered(
            "list",
            lambda asked, told: told.body["data"].__setitem__(slice(50, None), []) if told.status == 200 else None,
        ),
    ),
    fault(
        "listed-in-short",
        "BYT-LST-020",
        "a list does not tell descriptions",
        answers(API, "list", every_job(API, _unlisted)),
    ),
]
