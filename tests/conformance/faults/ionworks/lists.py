"""Faults of Ionworks: lists, filters and pages."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults import Asked, Told, answers, requests
from tests.conformance.faults.ionworks.shapers import (
    API,
    ARRAY,
    INVALID_BODY,
    LIST,
    UNKNOWN,
    Query,
    asks,
    fault,
    jobs_in,
    of,
    query,
    refusal,
    value,
    values,
    without,
)

INVALID_QUERY = {"detail": [{"loc": ["query"], "msg": "no", "type": "enum"}]}


def _no_beyond(asked: Asked, told: Told) -> None:
    if told.status == 200 and not told.body["jobs"] and told.body["total"]:
        told.status, told.body = 404, UNKNOWN


def _failed_among_canceled(asked: Asked, told: Told) -> None:
    if told.status == 200:
        for job in jobs_in(told):
            asked.memory.setdefault("failed", {}).update({job["job_id"]: job} if job["status"] == "failed" else {})
        if of(asked.query, "status") == ["canceled"]:
            told.body["jobs"] += asked.memory.get("failed", {}).values()
            told.body["total"] = len(told.body["jobs"])


def _at_most_a_hundred(asked: Asked) -> None:
    asked.query[:] = [
        (name, str(min(int(value), 100)) if name == "limit" and value.isdigit() and int(value) <= 1000 else value)
        for name, value in asked.query
    ]


def _type_twice(asked: Asked, told: Told) -> None:
    types = values(asked, "job_types")
    if len(types) != len(set(types)):
        told.status, told.body = 422, INVALID_BODY


def _one_further(asked: Asked) -> None:
    if values(asked, "status"):
        query(
            lambda name, value: str(int(value) + 1) if name == "offset" and value.isdigit() and value != "0" else value
        )(asked)


def _unlimited(asked: Asked) -> None:
    if values(asked, "status"):
        asked.query[:] = [one for one in asked.query if one[0] != "limit"]


def _without_children(asked: Asked, told: Told) -> None:
    if isinstance(told.body, list):
        told.body = [job for job in told.body if job["parent_job_id"] is None]


def _last_type_only(query: Query) -> Query:
    types = of(query, "job_types")
    return [*without(query, "job_types"), *[("job_types", one) for one in types[-1:]]]


def _one_type_counts(query: Query) -> Query:
    return without(query, "job_types") if of(query, "job_type") else query


def _no_status_beside_types(query: Query) -> Query:
    return without(query, "status") if of(query, "job_type") or of(query, "job_types") else query


def _total_of_page(asked: Asked, told: Told) -> None:
    if told.status == 200 and (of(asked.query, "job_type") or of(asked.query, "job_types")):
        told.body["total"] = len(told.body["jobs"])


def _page_two_backwards(asked: Asked, told: Told) -> None:
    if told.status == 200 and of(asked.query, "offset") not in ([], ["0"]):
        told.body["jobs"].reverse()


def _oldest_first_by_type(asked: Asked, told: Told) -> None:
    if told.status == 200 and of(asked.query, "job_type"):
        told.body["jobs"].reverse()


def _one_if_empty(asked: Asked, told: Told) -> None:
    if told.status == 200 and not told.body["jobs"]:
        told.body["total"] = max(told.body["total"], 1)


def _without_waiting(asked: Asked, told: Told) -> None:
    if isinstance(told.body, list):
        told.body = [job for job in told.body if job["status"] != "pending"]


def _remembered(asked: Asked, told: Told) -> None:
    """Canceled jobs are listed as they were listed before."""
    for job in jobs_in(told):
        before = asked.memory.get(job["job_id"])
        if job["status"] == "canceled" and before is not None:
            job.update(before)
        asked.memory[job["job_id"]] = dict(job)


def _total_up(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["total"] += 1


def _most(bound: int) -> Callable[[Query], Query]:
    """A limit of one more than the highest is cut to the highest."""
    return lambda query: [
        (key, str(min(int(value), bound))) if key == "limit" and value.isdigit() else (key, value)
        for key, value in query
    ]


FAULTS = [
    fault(
        "other-in-lists",
        "JOB-LST-003",
        "jobs in lists have no callback_url and no result",
        answers(API, LIST, lambda a, t: [job.update(result=None) for job in jobs_in(t)] and None),
        "ION-STM-006",
        "ION-LST-010",
    ),
    fault(
        "offset-is-ignored",
        "JOB-LST-004",
        "the offset is ignored",
        asks(LIST, lambda q: without(q, "offset")),
        "JOB-LST-008",
    ),
    fault("one-too-many", "JOB-LST-005", "the total is one too high", answers(API, LIST, _total_up), "ION-LST-002"),
    fault(
        "one-more-per-page",
        "JOB-LST-006",
        "a page holds one job more than asked for",
        asks(
            LIST,
            lambda q: [
                (k, str(int(v) + 1)) if k == "limit" and v.isdigit() and 0 < int(v) < 1000 else (k, v) for k, v in q
            ],
        ),
        "JOB-LST-004",
        "ION-LST-007",
    ),
    fault("nothing-beyond", "JOB-LST-008", "a page beyond the last is answered 404", answers(API, LIST, _no_beyond)),
    fault(
        "status-is-ignored",
        "JOB-LST-010",
        "status does not filter",
        asks(LIST, lambda q: [one for one in q if one[0] != "status" or one[1] not in ("processing", "completed")]),
        "ION-LST-005",
    ),
    fault(
        "one-status-is-refused",
        "ION-LST-001",
        "status=waiting is refused",
        answers(API, LIST, refusal(422, INVALID_QUERY, lambda a: "waiting" in of(a.query, "status"))),
    ),
    fault(
        "any-status",
        "ION-LST-001",
        "an unknown status is passed over",
        asks(LIST, lambda q: [one for one in q if one != ("status", "done")]),
    ),
    fault(
        "type-is-ignored",
        "ION-LST-002",
        "job_type does not filter",
        asks(LIST, lambda q: without(q, "job_type")),
        "ION-LST-006",
    ),
    fault("no-type-twice", "ION-LST-003", "one type named twice is refused", answers(API, LIST, _type_twice)),
    fault("last-type-only", "ION-LST-003", "of several types only the last counts", asks(LIST, _last_type_only)),
    fault("one-type-counts", "ION-LST-004", "job_type counts more than job_types", asks(LIST, _one_type_counts)),
    fault("status-or-type", "ION-LST-005", "beside a type the status is ignored", asks(LIST, _no_status_beside_types)),
    fault(
        "one-type-is-no-filter",
        "ION-LST-006",
        "job_type=ecm_fit is refused",
        answers(API, LIST, refusal(422, INVALID_QUERY, lambda a: "ecm_fit" in of(a.query, "job_type"))),
        "ION-LST-002",
    ),
    fault(
        "further-by-status",
        "ION-LST-007",
        "the offset of a list of one status is one too many",
        requests(API, LIST, _one_further),
    ),
    fault(
        "unlimited-by-status",
        "ION-LST-007",
        "the limit of a list of one status is ignored",
        requests(API, LIST, _unlimited),
    ),
    fault(
        "total-of-the-page",
        "ION-LST-007",
        "the total of a filtered list counts its page",
        answers(API, LIST, _total_of_page),
    ),
    fault(
        "array-oldest-first",
        "ION-LST-008",
        "the array has the oldest job first",
        answers(API, ARRAY, lambda a, t: t.body.reverse() if isinstance(t.body, list) else None),
    ),
    fault(
        "array-without-children", "ION-LST-008", "the array leaves children out", answers(API, ARRAY, _without_children)
    ),
    fault(
        "array-without-pending",
        "ION-LST-008",
        "the array leaves pending jobs out",
        answers(API, ARRAY, _without_waiting),
    ),
    fault("array-of-all", "ION-LST-009", "the array is not filtered", asks(ARRAY, lambda q: [])),
    fault("stale-list", "ION-LST-010", "canceled jobs are listed as they were", answers(API, LIST, _remembered)),
    fault(
        "refused-limits",
        "ION-LST-011",
        "a limit that is no number is passed over",
        asks(LIST, lambda q: [one for one in q if one != ("limit", "ten")]),
    ),
    fault("longer-pages", "ION-LST-011", "a limit of 1001 is accepted", asks(LIST, _most(1000))),
    fault("shorter-pages", "ION-LST-011", "a limit of 1000 is refused", asks(LIST, value("limit", "1000", "1001"))),
    fault("no-page", "ION-LST-011", "a limit of 0 is accepted", asks(LIST, value("limit", "0", "1"))),
    fault(
        "no-second-page",
        "ION-LST-012",
        "an offset of 1000 is refused",
        answers(
            API,
            LIST,
            lambda a, t: t.__dict__.update(status=422, body=INVALID_QUERY) if "1000" in of(a.query, "offset") else None,
        ),
    ),
    fault("negative-offset", "ION-LST-012", "an offset of -1 is accepted", asks(LIST, value("offset", "-1", "0"))),
    fault(
        "page-two-backwards",
        "ION-LST-013",
        "pages after the first are in reverse",
        answers(API, LIST, _page_two_backwards),
        "JOB-LST-007",
    ),
    fault(
        "oldest-of-a-type", "ION-LST-013", "lists of one type are in reverse", answers(API, LIST, _oldest_first_by_type)
    ),
    fault("never-empty", "ION-LST-014", "the total of an empty list is 1", answers(API, LIST, _one_if_empty)),
    fault(
        "total-without-canceled",
        "ION-LST-015",
        "canceled jobs are not counted",
        answers(
            API,
            LIST,
            lambda a, t: (
                t.body.update(total=t.body["total"] - sum(1 for job in jobs_in(t) if job["status"] == "canceled"))
                if t.status == 200
                else None
            ),
        ),
    ),
    fault(
        "failed-among-canceled",
        "ION-LST-016",
        "status=canceled holds failed jobs as well",
        answers(API, LIST, _failed_among_canceled),
        "ION-LST-013",
    ),
    fault(
        "pending-among-processing",
        "ION-LST-016",
        "status=pending is read as processing",
        asks(LIST, lambda q: [(k, "processing") if (k, v) == ("status", "pending") else (k, v) for k, v in q]),
        "JOB-LST-010",
    ),
    fault(
        "hundred-in-the-array",
        "ION-LST-017",
        "the array is cut at a hundred jobs",
        answers(
            API,
            ARRAY,
            lambda a, t: t.body.__setitem__(slice(100, None), []) if isinstance(t.body, list) and not a.query else None,
        ),
    ),
    fault(
        "hundred-on-a-page",
        "ION-LST-017",
        "a page holds a hundred jobs at most",
        requests(API, LIST, _at_most_a_hundred),
    ),
]
