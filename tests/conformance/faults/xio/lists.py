"""Faults of compute.x.io: lists, filters and pages."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, patched
from tests.conformance.faults.xio.shapers import (
    API,
    JOBS_MODULE,
    LIST_JOBS,
    NODES,
    RUN_LIST,
    clamps,
    drops,
    edited_query,
    fault,
    page,
    shown,
    told,
    with_query,
    without,
)


def _later_pages(told: dict[str, str]) -> dict[str, str]:
    return told if told.get("page", "1") == "1" else without(told, "filter", "page")


def _assigned_too(told: dict[str, str]) -> dict[str, str]:
    return told | ({"filter[status]": "RUNNING,ASSIGNED"} if told.get("filter[status]") == "RUNNING" else {})


def _no_nought(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if not (name == "filter[cpu_count]" and value == "0")}


def _total(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["total"] = min(told.body["total"], 50)


def _no_persistent(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["data"] = [job for job in told.body["data"] if job["task"] == "BATCH"]


def total_of_the_page(asked: Asked, told: Told) -> None:
    if told.status < 300 and told.body["page"] > 1:
        told.body["total"] = len(told.body["data"])


def no_page_beyond(asked: Asked, told: Told) -> None:
    if told.status < 300 and not told.body["data"] and told.body["page"] > 1:
        told.status, told.body = 404, {"error": {"code": "not_found", "message": "there is no such page"}}


def _third_is_second(told: dict[str, str]) -> None:
    if told.get("page") == "3" and told.get("limit", "").isdigit() and int(told["limit"]) < 3:
        told["page"] = "2"


def _ranges(told: dict[str, str]) -> None:
    """The upper bound of a range is left out of it."""
    name = "filter[min_ram_gb]"
    low, comma, high = told.get(name, "").partition(",")
    if comma and low != high:
        told[name] = f"{low},{max(float(low), float(high) - 0.5):g}"


def _backwards_from_two(asked: Asked, body: dict[str, Json]) -> None:
    if body["page"] > 1:
        body["data"].reverse()


def _total_of_page(asked: Asked, body: dict[str, Json]) -> None:
    if any(name.startswith("filter") for name, _ in asked.query):
        body["total"] = len(body["data"])


def _unfiltered(name: str, nought: str) -> Apply:
    """A filter by nought is taken for none."""

    def edit(told: dict[str, str]) -> None:
        if told.get(f"filter[{name}]") == nought:
            del told[f"filter[{name}]"]

    return edited_query("list", edit)


def _half_open(original: Any) -> Any:
    return lambda name, low, high: lambda job: low <= job.payload[name] < high or low == high == job.payload[name]


def _one_less(body: dict[str, Json]) -> None:
    if body["page"] > 1:
        body["total"] -= 1


FAULTS = [
    fault("third-page-is-second", "JOB-LST-004", "third page is second", edited_query(LIST_JOBS, _third_is_second)),
    fault("totals-of-pages", "JOB-LST-005", "totals of pages", answers("xio", LIST_JOBS, total_of_the_page)),
    fault("nothing-beyond", "JOB-LST-008", "nothing beyond", answers("xio", LIST_JOBS, no_page_beyond)),
    fault(
        "ten-on-a-page",
        "XIO-LST-001",
        "ten on a page",
        edited_query(LIST_JOBS, lambda told: told.setdefault("limit", "10") and None),
    ),
    fault("fifty-one-on-a-page", "XIO-LST-002", "fifty one on a page", clamps(LIST_JOBS, "limit", 1, 50)),
    fault(
        "fifty-refused",
        "XIO-LST-002",
        "fifty refused",
        edited_query(LIST_JOBS, lambda told: told.update(limit="51") if told.get("limit") == "50" else None),
    ),
    fault("page-nought", "XIO-LST-003", "page nought", clamps(LIST_JOBS, "page", 1, 10**9)),
    fault("page-told-wrong", "XIO-LST-004", "page told wrong", page(RUN_LIST, lambda asked, body: body.update(page=1))),
    fault(
        "limit-told-as-count",
        "XIO-LST-004",
        "limit told as count",
        page(NODES, lambda asked, body: body.update(limit=max(1, len(body["data"])))),
    ),
    fault("sort-ignored", "XIO-LST-005", "sort ignored", drops(LIST_JOBS, "sort")),
    fault(
        "second-page-backwards",
        "XIO-LST-006",
        "second page backwards",
        page(LIST_JOBS, _backwards_from_two),
        "XIO-LST-005",
        "XIO-LST-019",
    ),
    fault(
        "any-sort",
        "XIO-LST-007",
        "any sort",
        edited_query(
            LIST_JOBS,
            lambda told: (
                told.pop("sort") and None if told.get("sort") not in (None, "created_at", "-created_at") else None
            ),
        ),
    ),
    fault(
        "one-state-of-several",
        "XIO-LST-008",
        "one state of several",
        edited_query(
            LIST_JOBS,
            lambda told: (
                told.update({"filter[status]": told["filter[status]"].split(",")[0]})
                if "filter[status]" in told
                else None
            ),
        ),
    ),
    fault("cores-filter-ignored", "XIO-LST-009", "cores filter ignored", drops(LIST_JOBS, "filter[cpu_count]")),
    fault(
        "cores-filter-at-least",
        "XIO-LST-009",
        "cores filter at least",
        edited_query(
            LIST_JOBS,
            lambda told: (
                told.update({"filter[cpu_count]": told["filter[cpu_count]"] + ",9999"})
                if "," not in told.get("filter[cpu_count]", ",")
                else None
            ),
        ),
    ),
    fault("no-cores-filter-is-none", "XIO-LST-009", "no cores filter is none", _unfiltered("cpu_count", "0")),
    fault("ram-filter-without-its-end", "XIO-LST-010", "ram filter without its end", edited_query(LIST_JOBS, _ranges)),
    fault("no-ram-filter-is-none", "XIO-LST-010", "no ram filter is none", _unfiltered("min_ram_gb", "0")),
    fault(
        "amounts-without-their-highest",
        "XIO-LST-010",
        "amounts without their highest",
        patched(f"{JOBS_MODULE}:_within", _half_open),
    ),
    fault(
        "storage-filter-ignored", "XIO-LST-011", "storage filter ignored", drops(LIST_JOBS, "filter[min_storage_gb]")
    ),
    fault("no-storage-filter-is-none", "XIO-LST-011", "no storage filter is none", _unfiltered("min_storage_gb", "0")),
    fault(
        "gpu-memory-filter-ignored", "XIO-LST-012", "gpu memory filter ignored", drops(LIST_JOBS, "filter[min_vram_gb]")
    ),
    fault(
        "no-gpu-memory-filter-is-none", "XIO-LST-012", "no gpu memory filter is none", _unfiltered("min_vram_gb", "0,0")
    ),
    fault("task-filter-ignored", "XIO-LST-013", "task filter ignored", drops(LIST_JOBS, "filter[task]")),
    fault("uuid-filter-ignored", "XIO-LST-014", "uuid filter ignored", drops(LIST_JOBS, "filter[uuid]")),
    fault("creation-filter-ignored", "XIO-LST-015", "creation filter ignored", drops(LIST_JOBS, "filter[created_at]")),
    fault(
        "only-the-first-filter",
        "XIO-LST-016",
        "only the first filter",
        edited_query(
            LIST_JOBS,
            lambda told: [told.pop(name) for name in [name for name in told if name.startswith("filter")][1:]] and None,
        ),
    ),
    fault("filtered-total-of-the-page", "XIO-LST-017", "filtered total of the page", page(LIST_JOBS, _total_of_page)),
    fault("later-pages-count-one-less", "XIO-LST-017", "later pages count one less", told(_one_less)),
    fault(
        "state-filter-of-any-word",
        "XIO-LST-018",
        "state filter of any word",
        edited_query(
            LIST_JOBS,
            lambda told: told.pop("filter[status]") and None if told.get("filter[status]") == "DONE" else None,
        ),
    ),
    fault(
        "oldest-first-unasked",
        "XIO-LST-019",
        "oldest first unasked",
        edited_query(LIST_JOBS, lambda told: told.setdefault("sort", "created_at") and None),
        "JOB-LST-007",
    ),
    fault(
        "stale-in-the-list",
        "XIO-LST-027",
        "stale in the list",
        answers(
            "xio",
            "list",
            every_job("xio", lambda job, asked: job.update(started_at=None) if job["status"] == "RUNNING" else None),
        ),
        "XIO-TIM-007",
    ),
    fault(
        "stopped-jobs-never-started",
        "XIO-LST-027",
        "stopped jobs never started",
        shown(lambda job: job.update(started_at=None) if job["status"] == "CANCELLED" else None, ("list",)),
    ),
    fault(
        "running-means-assigned-too",
        "XIO-LST-046",
        "a filter by RUNNING holds what is ASSIGNED",
        with_query("list", _assigned_too),
    ),
    fault(
        "persistent-unlisted",
        "XIO-LST-046",
        "persistent jobs are not listed",
        answers(API, "list", _no_persistent),
        "XIO-LST-013",
    ),
    fault(
        "filtered-unsorted",
        "XIO-LST-047",
        "filtered lists are not sorted",
        with_query("list", lambda told: without(told, "sort", "filter")),
    ),
    fault("unfiltered-pages", "XIO-LST-047", "only the first page is filtered", with_query("list", _later_pages)),
    fault("nought-is-no-filter", "XIO-LST-047", "a filter by no cores filters nothing", with_query("list", _no_nought)),
    fault("total-of-fifty", "XIO-LST-049", "totals end at fifty", answers(API, "list", _total)),
    fault(
        "forty-nine-of-fifty",
        "XIO-LST-049",
        "forty nine of fifty",
        told(lambda body: body.update(data=body["data"][:49])),
    ),
]
