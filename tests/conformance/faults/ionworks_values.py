"""Faults of the values that Ionworks is handed and gives back: params, metadata, projects, curves, and the words of violations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.adapters.exchange import Refusal
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.ionworks import API, SUBMITS, each, fault, refusal
from tests.conformance.faults.ionworks_endings import METADATA

Json = Any
SERIES, PLOT = "get_series_jobs__job_id__series_get", "get_plot_data_pipelines_datafits__job_id__plot_data_get"
INVALID = {"detail": [{"loc": ["body", "params"], "msg": "no", "type": "value_error"}]}


def _everywhere(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return {key: _everywhere(item, change) for key, item in value.items()}
    return [_everywhere(item, change) for item in value] if isinstance(value, list) else change(value)


def _metadata(change: Callable[[Json], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body = _everywhere(told.body, change)

    return answers(API, METADATA, revise)


def _asks(operation: str, change: Callable[[dict[str, str]], object]) -> Apply:
    def edit(asked: Asked) -> None:
        query = dict(asked.query)
        change(query)
        asked.query[:] = list(query.items())

    return requests(API, operation, edit)


def _params(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    def is_refused(asked: Asked) -> bool:
        params = asked.body.get("params") if isinstance(asked.body, dict) else None
        return isinstance(params, dict) and holds(params)

    return answers(API, SUBMITS, refusal(422, INVALID, is_refused))


def _beside(holds: Callable[[dict[str, Any]], bool]) -> Apply:
    def is_refused(asked: Asked) -> bool:
        told = asked.body.get("metadata") if isinstance(asked.body, dict) else None
        return isinstance(told, dict) and holds(told)

    return answers(API, SUBMITS, refusal(422, INVALID, is_refused))


def _uncompressed(original: Any) -> Any:
    def inflate(raw: bytes, coding: bytes) -> bytes:
        raise Refusal("media_type", "no Content-Encoding is taken here")

    return inflate


def _violations(change: Callable[[dict[str, Any]], object]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 422 and isinstance(told.body, dict):
            for one in told.body.get("detail") or []:
                change(one)

    return answers(API, "*", revise)


def _series(change: Callable[[Asked, dict[str, Any]], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body = change(asked, told.body)

    return answers(API, SERIES, revise)


def _first_column(asked: Asked, body: dict[str, Any]) -> Json:
    names = dict(asked.query).get("columns", "").split(",")
    return body if len(names) < 2 else {names[0]: body[names[0]]}


def _inherits(job: dict[str, Any], asked: Asked) -> None:
    asked.memory.setdefault(job["job_id"], job["project_id"])
    if job["parent_job_id"] and job["project_id"] is None:
        job["project_id"] = asked.memory.get(job["parent_job_id"])


def _thin(original: Any) -> Any:
    def series(source: str, columns: list[str], *, x_column: str, bounds: Any, most: int) -> dict[str, list[float]]:
        whole = original(source, columns, x_column=x_column, bounds=bounds, most=10**9)
        return {name: values[:most] for name, values in whole.items()}

    return series


FAULTS = [
    fault("params-without-nulls", "REQ-027", "params may hold no null", _params(lambda params: None in params.values())),
    fault("params-of-fifty", "REQ-027", "params may have fifty members", _params(lambda params: len(params) > 50)),
    fault(
        "params-of-64-bits",
        "REQ-027",
        "numbers beyond 64 bits are refused",
        _params(lambda params: any(isinstance(one, int) and one > 2**63 for one in params.values())),
    ),
    fault("params-short", "REQ-027", "params may have a hundred thousand characters", _params(lambda params: len(str(params)) > 100_000), "REQ-028"),
    fault("uncompressed", "REQ-028", "no compressed body is read", patched("mockserver.http.body:inflate", _uncompressed)),
    fault("project-cut", "CRT-007", "names of projects are cut", each(lambda job, _: job.update(project_id=(job["project_id"] or "")[:32] or None)), "CRT-005"),
    fault(
        "project-lowered",
        "CRT-007",
        "names of projects are lowered",
        each(lambda job, _: job.update(project_id=(job["project_id"] or "").lower() or None)),
        "CRT-005",
    ),
    fault("project-inherited", "CRT-007", "a child belongs to the project of its parent", each(_inherits)),
    fault("metadata-of-doubles", "RSP-019", "numbers in metadata are doubles", _metadata(lambda value: float(value) if type(value) is int else value)),
    fault(
        "metadata-rounded",
        "RSP-019",
        "numbers in metadata have two decimals",
        _metadata(lambda value: round(value, 2) if isinstance(value, float) else value),
        "RSP-003",
    ),
    fault(
        "metadata-as-numbers",
        "RSP-019",
        "digits in metadata become numbers",
        _metadata(lambda value: int(value) if isinstance(value, str) and value.isdigit() else value),
    ),
    fault("metadata-stripped", "RSP-020", "texts in metadata lose their margins", _metadata(lambda value: value.strip() if isinstance(value, str) else value)),
    fault(
        "metadata-in-ascii",
        "RSP-020",
        "texts in metadata lose what is not ASCII",
        _metadata(lambda value: value.encode("ascii", "replace").decode() if isinstance(value, str) else value),
        "RSP-003",
    ),
    fault("types-alike", "ERR-010", "all violations have one type", _violations(lambda one: one.update(type="value_error"))),
    fault(
        "types-of-pydantic-1", "ERR-010", "types of violations are those of pydantic 1", _violations(lambda one: one.update(type=f"value_error.{one['type']}"))
    ),
    fault("query-in-the-body", "ERR-011", "violations in a query lead to the body", _violations(lambda one: one.update(loc=["body", *one["loc"][1:]]))),
    fault("one-axis", "RSP-022", "x_column has no effect", _asks(SERIES, lambda query: query.pop("x_column", None))),
    fault("any-objective", "RSP-023", "any name of an objective will do", _asks(SERIES, lambda query: query.pop("objective", None))),
    fault("any-plot", "RSP-023", "any plot_index will do", _asks(PLOT, lambda query: query.pop("plot_index", None))),
    fault("first-column", "RSP-024", "only the first of several columns is told", _series(_first_column), "RSP-006"),
    fault(
        "one-source",
        "RSP-024",
        "both sources are the optimal one",
        _asks(SERIES, lambda query: query.update(source="optimal") if query.get("source") == "baseline" else None),
    ),
    fault("thinned-by-its-end", "RSP-025", "a thinned series is only the beginning", patched("mockserver.adapters.ionworks.curve:series", _thin), "RSP-008"),
    fault("metadata-of-fifty", "REQ-016", "metadata may have fifty members", _beside(lambda told: len(told) > 50)),
    fault("metadata-one-deep", "REQ-016", "metadata may not be nested", _beside(lambda told: any(isinstance(one, dict | list) for one in told.values()))),
]
