"""Faults of Ionworks: channels, series and plots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, Told, answers, patched, requests
from tests.conformance.faults.ionworks.shapers import API, PLOT, Query, asks, fault, of, value, without

CHANNELS = "get_series_channels_jobs__job_id__series_channels_get"
SERIES = "get_series_jobs__job_id__series_get"


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
    bound = of(asked.query, "x_max")
    if told.status == 200 and bound and "Time [s]" in told.body and float(bound[0]) in told.body["Time [s]"]:
        told.body = {name: values[:-1] for name, values in told.body.items()}


def _more_points(query: Query) -> Query:
    return [
        (key, str(int(value) + 60) if key == "max_points" and value.isdigit() and int(value) < 400 else value)
        for key, value in query
    ]


def _asks(operation: str, change: Callable[[dict[str, str]], object]) -> Apply:
    def edit(asked: Asked) -> None:
        query = dict(asked.query)
        change(query)
        asked.query[:] = list(query.items())

    return requests(API, operation, edit)


def _series(change: Callable[[Asked, dict[str, Any]], Json]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status == 200:
            told.body = change(asked, told.body)

    return answers(API, SERIES, revise)


def _first_column(asked: Asked, body: dict[str, Any]) -> Json:
    names = dict(asked.query).get("columns", "").split(",")
    return body if len(names) < 2 else {names[0]: body[names[0]]}


def _thin(original: Any) -> Any:
    def series(source: str, columns: list[str], *, x_column: str, bounds: Any, most: int) -> dict[str, list[float]]:
        whole = original(source, columns, x_column=x_column, bounds=bounds, most=10**9)
        return {name: values[:most] for name, values in whole.items()}

    return series


FAULTS = [
    fault("uneven-series", "ION-RSP-005", "the last channel is one value short", answers(API, SERIES, _shorter)),
    fault(
        "no-x",
        "ION-RSP-006",
        "columns leave out the channel on x",
        answers(API, SERIES, _without_x),
        "ION-RSP-005",
        "ION-RSP-024",
    ),
    fault("all-columns", "ION-RSP-006", "columns are ignored", asks(SERIES, lambda q: without(q, "columns"))),
    fault(
        "usual-baseline",
        "ION-RSP-007",
        "the usual source is the baseline",
        asks(SERIES, lambda q: q if of(q, "source") else [*q, ("source", "baseline")]),
    ),
    fault("more-points", "ION-RSP-008", "a series holds more than max_points values", asks(SERIES, _more_points)),
    fault("exclusive-bound", "ION-RSP-009", "x_max does not belong to the series", answers(API, SERIES, _exclusive)),
    fault("uneven-plot", "ION-RSP-010", "a trace has more x than y values", answers(API, PLOT, _shorter_y)),
    fault("coarser-plot", "ION-RSP-011", "99 points are accepted", asks(PLOT, value("max_points", "99", "100"))),
    fault(
        "curves-beforehand",
        "ION-RSP-014",
        "a job that goes on has channels",
        answers(
            API,
            CHANNELS,
            lambda a, t: (
                t.__dict__.update(status=200, body={"objective": {}}) if t.status == 404 or not t.body else None
            ),
        ),
        "ION-ERR-005",
    ),
    fault(
        "one-axis", "ION-RSP-022", "x_column has no effect", _asks(SERIES, lambda query: query.pop("x_column", None))
    ),
    fault(
        "any-objective",
        "ION-RSP-023",
        "any name of an objective will do",
        _asks(SERIES, lambda query: query.pop("objective", None)),
    ),
    fault(
        "any-plot", "ION-RSP-023", "any plot_index will do", _asks(PLOT, lambda query: query.pop("plot_index", None))
    ),
    fault(
        "first-column",
        "ION-RSP-024",
        "only the first of several columns is told",
        _series(_first_column),
        "ION-RSP-006",
    ),
    fault(
        "one-source",
        "ION-RSP-024",
        "both sources are the optimal one",
        _asks(SERIES, lambda query: query.update(source="optimal") if query.get("source") == "baseline" else None),
    ),
    fault(
        "thinned-by-its-end",
        "ION-RSP-025",
        "a thinned series is only the beginning",
        patched("mockserver.adapters.ionworks.curve:series", _thin),
        "ION-RSP-008",
    ),
]
