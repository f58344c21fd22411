"""Faults of Ionworks' lists, of what it keeps beside jobs, of its tenants and credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.ionworks import API, ARRAY, CANCEL, LIST, READ, fault, jobs_in, refusal, sent, when

Json = Any
ADAPTER, CURVE = "mockserver.adapters.ionworks", "mockserver.adapters.ionworks.curve"
METADATA, CHANNELS = "get_job_metadata_jobs__job_id__metadata_get", "get_series_channels_jobs__job_id__series_channels_get"
SERIES, PLOT = "get_series_jobs__job_id__series_get", "get_plot_data_pipelines_datafits__job_id__plot_data_get"
ME, HEALTH = "get_current_user_users_me_get", "healthz_healthz_get"
UNKNOWN = {"error_code": "NOT_FOUND", "message": "no", "detail": None}
INVALID = {"detail": [{"loc": ["query"], "msg": "no", "type": "enum"}]}
KEY, ORGANIZATION = "x-api-key", "x-organization-id"
Query = list[tuple[str, str]]


def asks(where: str | tuple[str, ...], change: Callable[[Query], Query]) -> Apply:
    """Change the query of a request."""

    def edit(asked: Asked) -> None:
        asked.query[:] = change(list(asked.query))

    return requests(API, where, edit)


def _of(query: Query, name: str) -> list[str]:
    return [value for key, value in query if key == name]


def _without(query: Query, *names: str) -> Query:
    return [pair for pair in query if pair[0] not in names]


def _value(name: str, old: str, new: str) -> Callable[[Query], Query]:
    return lambda query: [(key, new if (key, value) == (name, old) else value) for key, value in query]


def _last_type_only(query: Query) -> Query:
    types = _of(query, "job_types")
    return [*_without(query, "job_types"), *[("job_types", one) for one in types[-1:]]]


def _one_type_counts(query: Query) -> Query:
    return _without(query, "job_types") if _of(query, "job_type") else query


def _no_status_beside_types(query: Query) -> Query:
    return _without(query, "status") if _of(query, "job_type") or _of(query, "job_types") else query


def _total_of_page(asked: Asked, told: Told) -> None:
    if told.status == 200 and (_of(asked.query, "job_type") or _of(asked.query, "job_types")):
        told.body["total"] = len(told.body["jobs"])


def _page_two_backwards(asked: Asked, told: Told) -> None:
    if told.status == 200 and _of(asked.query, "offset") not in ([], ["0"]):
        told.body["jobs"].reverse()


def _oldest_first_by_type(asked: Asked, told: Told) -> None:
    if told.status == 200 and _of(asked.query, "job_type"):
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
    return lambda query: [(key, str(min(int(value), bound))) if key == "limit" and value.isdigit() else (key, value) for key, value in query]


def _flat(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = {name: value for name, value in told.body.items() if not isinstance(value, dict)}


def _empty_metadata(asked: Asked, told: Told) -> None:
    if told.status == 404:
        told.status, told.body = 200, {}


def _shorter(asked: Asked, told: Told) -> None:
    if told.status == 200 and len(told.body) > 1:
        told.body[list(told.body)[-1]].pop()


def _without_x(asked: Asked, told: Told) -> None:
    wanted = dict(asked.query).get("columns")
    if told.status == 200 and wanted:
        told.body = {name: values for name, values in told.body.items() if name in wanted.split(",")}


def _shorter_y(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["traces"][0]["y"].pop()


def _exclusive(asked: Asked, told: Told) -> None:
    bound = _of(asked.query, "x_max")
    if told.status == 200 and bound and "Time [s]" in told.body and float(bound[0]) in told.body["Time [s]"]:
        told.body = {name: values[:-1] for name, values in told.body.items()}


def _more_points(query: Query) -> Query:
    return [(key, str(int(value) + 60) if key == "max_points" and value.isdigit() and int(value) < 400 else value) for key, value in query]


def _as(headers: dict[str, str], holds: Callable[[Asked], Any] = lambda asked: True) -> Callable[[Asked], None]:
    """Send other headers where something holds of a request."""

    def edit(asked: Asked) -> None:
        if holds(asked):
            asked.headers.update(headers)

    return edit


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


def _without_bearer(asked: Asked) -> None:
    if asked.headers.pop("authorization", None):
        asked.headers[KEY] = "bearer-is-not-read"


def _any_bearer(asked: Asked) -> None:
    if asked.headers.get("authorization", "").startswith("Bearer not"):
        asked.headers["authorization"] = "Bearer mock-api-key"


FAULTS = [
    fault(
        "one-status-is-refused",
        "LST-001",
        "status=waiting is refused",
        answers(API, LIST, refusal(422, INVALID, lambda a: "waiting" in _of(a.query, "status"))),
    ),
    fault("any-status", "LST-001", "an unknown status is passed over", asks(LIST, lambda q: [one for one in q if one != ("status", "done")])),
    fault("type-is-ignored", "LST-002", "job_type does not filter", asks(LIST, lambda q: _without(q, "job_type")), "LST-006"),
    fault("last-type-only", "LST-003", "of several types only the last counts", asks(LIST, _last_type_only)),
    fault("one-type-counts", "LST-004", "job_type counts more than job_types", asks(LIST, _one_type_counts)),
    fault("status-or-type", "LST-005", "beside a type the status is ignored", asks(LIST, _no_status_beside_types)),
    fault(
        "one-type-is-no-filter",
        "LST-006",
        "job_type=ecm_fit is refused",
        answers(API, LIST, refusal(422, INVALID, lambda a: "ecm_fit" in _of(a.query, "job_type"))),
        "LST-002",
    ),
    fault("total-of-the-page", "LST-007", "the total of a filtered list counts its page", answers(API, LIST, _total_of_page)),
    fault("array-without-pending", "LST-008", "the array leaves pending jobs out", answers(API, ARRAY, _without_waiting)),
    fault("array-of-all", "LST-009", "the array is not filtered", asks(ARRAY, lambda q: [])),
    fault("stale-list", "LST-010", "canceled jobs are listed as they were", answers(API, LIST, _remembered)),
    fault("longer-pages", "LST-011", "a limit of 1001 is accepted", asks(LIST, _most(1000))),
    fault("shorter-pages", "LST-011", "a limit of 1000 is refused", asks(LIST, _value("limit", "1000", "1001"))),
    fault("no-page", "LST-011", "a limit of 0 is accepted", asks(LIST, _value("limit", "0", "1"))),
    fault("negative-offset", "LST-012", "an offset of -1 is accepted", asks(LIST, _value("offset", "-1", "0"))),
    fault("page-two-backwards", "LST-013", "pages after the first are in reverse", answers(API, LIST, _page_two_backwards), "JOB-LST-007"),
    fault("oldest-of-a-type", "LST-013", "lists of one type are in reverse", answers(API, LIST, _oldest_first_by_type)),
    fault("never-empty", "LST-014", "the total of an empty list is 1", answers(API, LIST, _one_if_empty)),
    fault("one-too-many", "JOB-LST-005", "the total is one too high", answers(API, LIST, _total_up), "LST-002"),
    fault("usual-page-of-99", "DEF-007", "a page holds 99 jobs", asks(LIST, lambda q: q if _of(q, "limit") else [*q, ("limit", "99")])),
    fault("usual-page-of-20", "DEF-007", "a page holds 20 jobs", asks(LIST, lambda q: q if _of(q, "limit") else [*q, ("limit", "20")])),
    fault("offset-is-ignored", "JOB-LST-004", "the offset is ignored", asks(LIST, lambda q: _without(q, "offset")), "JOB-LST-008"),
    # beside the jobs
    fault("flat-metadata", "RSP-003", "metadata loses its objects", answers(API, METADATA, _flat)),
    fault("metadata-of-nothing", "RSP-004", "missing metadata is an empty object", answers(API, METADATA, _empty_metadata), "ERR-005"),
    fault("uneven-series", "RSP-005", "the last channel is one value short", answers(API, SERIES, _shorter)),
    fault("no-x", "RSP-006", "columns leave out the channel on x", answers(API, SERIES, _without_x), "RSP-005", "RSP-024"),
    fault("all-columns", "RSP-006", "columns are ignored", asks(SERIES, lambda q: _without(q, "columns"))),
    fault("usual-baseline", "RSP-007", "the usual source is the baseline", asks(SERIES, lambda q: q if _of(q, "source") else [*q, ("source", "baseline")])),
    fault("more-points", "RSP-008", "a series holds more than max_points values", asks(SERIES, _more_points)),
    fault("exclusive-bound", "RSP-009", "x_max does not belong to the series", answers(API, SERIES, _exclusive)),
    fault("uneven-plot", "RSP-010", "a trace has more x than y values", answers(API, PLOT, _shorter_y)),
    fault("coarser-plot", "RSP-011", "99 points are accepted", asks(PLOT, _value("max_points", "99", "100"))),
    fault(
        "somebody-else", "RSP-012", "the caller is told another user", answers(API, ME, lambda a, t: t.body.update(id="user-0") if t.status == 200 else None)
    ),
    fault("not-up", "RSP-013", "the health is answered 204", answers(API, HEALTH, lambda a, t: setattr(t, "status", 204)), "JOB-RSP-001"),
    fault(
        "curves-beforehand",
        "RSP-014",
        "a job that goes on has channels",
        answers(API, CHANNELS, lambda a, t: t.__dict__.update(status=200, body={"objective": {}}) if t.status == 404 or not t.body else None),
        "ERR-005",
    ),
    fault(
        "unknown-is-broken",
        "ERR-005",
        "the plot of an unknown job is answered 409",
        answers(API, PLOT, lambda a, t: setattr(t, "status", 409) if t.status == 404 else None),
    ),
    # tenants and credentials
    fault("metadata-for-all", "ISO-001", "metadata is read by everybody", requests(API, "*", _operation(METADATA))),
    fault("plots-for-all", "ISO-001", "plots are read by everybody", requests(API, "*", _operation(PLOT))),
    fault("total-for-all", "ISO-002", "the total grows with every organisation's lists", answers(API, LIST, _first_total)),
    fault("list-for-all", "JOB-ISO-002", "lists show the jobs of the first organisation", requests(API, "*", _operation(LIST)), "ISO-002"),
    fault("array-for-all", "ISO-003", "the array shows the jobs of the first organisation", requests(API, "*", _operation(ARRAY))),
    fault("parents-for-all", "ISO-004", "a parent of another organisation is passed over", patched("mockserver.simulation.world:World.submit", _any_parent)),
    fault("one-organisation", "ISO-005", "all jobs tell one organisation", when(lambda job: True, organization_id="org-shared")),
    fault("cancel-for-all", "ISO-006", "everybody cancels what waits", _anybody(lambda job: job.stage.name == "pending"), "JOB-ISO-001"),
    fault("running-for-all", "JOB-ISO-003", "everybody cancels what runs", _anybody(lambda job: job.stage.name == "processing")),
    fault("read-for-all", "JOB-ISO-001", "everybody reads everything", requests(API, "*", _operation(READ))),
    fault("keys-are-one", "ISO-007", "keys do not tell callers apart", requests(API, "*", _keyless)),
    fault("no-bearer", "AUT-001", "a bearer token is not read", requests(API, "*", _without_bearer)),
    fault("any-bearer", "AUT-002", "any bearer token is taken", requests(API, "*", _any_bearer)),
    fault("any-organisation", "AUT-003", "a credential serves every organisation", requests(API, "*", lambda a: a.headers.pop(ORGANIZATION, None) and None)),
    fault(
        "open-metadata", "JOB-AUT-001", "metadata asks for no credential", requests(API, METADATA, lambda a: a.headers.setdefault(KEY, "mock-api-key") and None)
    ),
    fault("any-key", "JOB-AUT-002", "cancels take any key", requests(API, CANCEL, lambda a: a.headers.update({KEY: "mock-api-key"}))),
    # what every API owes, in ways of this one
    fault(
        "cancel-of-nobody",
        "JOB-ERR-012",
        "a cancel of an unknown job is granted",
        answers(API, CANCEL, lambda a, t: setattr(t, "status", 200) if t.status == 404 else None),
        "ERR-004",
    ),
    fault(
        "unknown-members-are-refused",
        "JOB-REQ-003",
        "members that nobody knows are refused",
        sent(lambda b: b.update(params=7) if any(name.startswith("zz") for name in b) else None),
        "REQ-023",
    ),
    fault(
        "gone-after-reading",
        "JOB-CRT-005",
        "a new job is not found when first read",
        answers(API, READ, lambda a, t: a.memory.setdefault(a.path, t.__dict__.update(status=404, body=UNKNOWN) or True) and None),
    ),
]
