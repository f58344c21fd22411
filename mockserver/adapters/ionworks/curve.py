"""The results of an Ionworks computation: its result, the trace of its iterations, and curves.

All numbers are invented. Source: specs/ionworks/sources.md#results
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp
from typing import Any

Bounds = tuple[float | None, float | None]

OBJECTIVE = "objective"
"""What the only objective is called when the submission names none."""

MOST_OBJECTIVES, LONGEST_OBJECTIVE = 50, 200
"""Most objectives of one job, and longest name of one."""

TIME, VOLTAGE, CURRENT = "Time [s]", "Voltage [V]", "Current [A]"
FITTED = frozenset({"datafit", "validation", "optimize", "simple_pipeline"})
"""Types of jobs that leave curves behind."""
TRACED = frozenset({"datafit", "optimize", "simple_pipeline"})
"""Types of jobs that leave a trace of their iterations behind."""

_POINTS = 501
_PARAMETER = "Negative particle radius [m]"


def _voltages(shift: float) -> list[float]:
    """A discharge from full to empty: a slope, a knee at its end."""
    spans = [point / (_POINTS - 1) for point in range(_POINTS)]
    return [round(4.15 - 0.75 * span - 0.35 * exp(12 * (span - 1)) - shift, 4) for span in spans]


_CURVES: Mapping[str, Mapping[str, list[float]]] = {
    source: {TIME: [7.2 * point for point in range(_POINTS)], VOLTAGE: _voltages(shift), CURRENT: [5.0] * _POINTS}
    for source, shift in (("optimal", 0.0), ("baseline", 0.04))
}
_BEST = 0.05
"""The cost that every fit ends at."""

_EARLY, _SAVE_SECONDS, _MOST_SAVED = 5, 5, 500
"""A running fit saves its progress every second at first, then every so many seconds, and stops at so many entries."""


def _iteration(cost: float) -> dict[str, Any]:
    return {
        "best_cost": cost,
        "cost": cost,
        "inputs": {_PARAMETER: round(1 - cost / 2, 3)},
        "inputs_unscaled": {_PARAMETER: round((1 - cost / 2) * 1e-5, 9)},
        "multistart_job_id": 0,
    }


_TRACE = [_iteration(round(_BEST + 0.95 * 0.7**number, 6)) for number in range(_MOST_SAVED)]
_THINNED = slice(0, _POINTS, 100)
_ECM_RESULT = {
    "rmse_mV": 3.2,
    "num_rcs": 2,
    "time": _CURVES["optimal"][TIME][_THINNED],
    "data_voltage": _CURVES["baseline"][VOLTAGE][_THINNED],
    "model_voltage": _CURVES["optimal"][VOLTAGE][_THINNED],
    "soc": [1.0, 0.8, 0.6, 0.4, 0.2, 0.0],
    "ocv": [4.18, 4.02, 3.87, 3.73, 3.58, 3.1],
    "r0": [0.021, 0.02, 0.02, 0.021, 0.023, 0.031],
}
_FIT_RESULT = {"cost": _BEST, "parameter_values": {_PARAMETER: 9.75e-06}}
_RESULTS: Mapping[str, dict[str, Any]] = {
    "datafit": _FIT_RESULT,
    "optimize": _FIT_RESULT,
    "simple_pipeline": _FIT_RESULT,
    "validation": {"rmse_mV": 4.1, "mae_mV": 3.3},
    "simulate": {"steps": 1, "duration_s": 3600.0, "discharge_capacity_Ah": 5.0},
    "evaluate_variables": {"values": {VOLTAGE: 3.71}},
    "ecm_fit": _ECM_RESULT,
}
_NO_RESULT: dict[str, Any] = {}


def result(job_type: str) -> dict[str, Any]:
    """The result of a completed job. Shared, not to be changed."""
    return _RESULTS.get(job_type, _NO_RESULT)


def objectives(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a job's objectives: those of its parameters, else a single one.

    Source: specs/ionworks/sources.md#results
    """
    named = params.get("objectives")
    names = [name for name in named if 0 < len(name) <= LONGEST_OBJECTIVE] if isinstance(named, dict) else []
    return tuple(names[:MOST_OBJECTIVES]) or (OBJECTIVE,)


def trace(seconds: float, *, is_complete: bool) -> list[dict[str, Any]]:
    """The iterations that a fit has saved after so many seconds, oldest first; a complete one has saved its last."""
    spaced = _EARLY + (seconds - _EARLY) // _SAVE_SECONDS
    saved = _TRACE[: int(min(seconds, spaced, _MOST_SAVED - 1))]
    return [*saved, _iteration(_BEST)] if is_complete else saved


def channels(names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Objective, then source, then names of channels."""
    return {name: {source: list(curve) for source, curve in _CURVES.items()} for name in names}


def validation(names: tuple[str, ...]) -> dict[str, Any]:
    """What a validation leaves in the metadata: the curves of each objective, and how many plots there are of it."""
    return {
        "validation_results": dict.fromkeys(names, _CURVES["optimal"]),
        "baseline_validation_results": dict.fromkeys(names, _CURVES["baseline"]),
        "validation_plot_config": {"objectives": {name: {"plot_count": 1} for name in names}},
    }


def series(source: str, columns: list[str], *, x_column: str, bounds: Bounds, most: int) -> dict[str, list[float]]:
    """The channel `x_column` and the named ones of one source, cut to `bounds` of it and thinned to `most` values.

    Raises KeyError for a channel that there is not.
    """
    curve = _CURVES[source]
    low, high = bounds
    chosen = [i for i, x in enumerate(curve[x_column]) if (low is None or x >= low) and (high is None or x <= high)]
    stride = max(1, -(-len(chosen) // most))
    return {
        name: [curve[name][index] for index in chosen[::stride]]
        for name in (dict.fromkeys([x_column, *columns]) if columns else curve)
    }


def plot(*, bounds: Bounds, most: int) -> dict[str, Any]:
    """The fitted curve over the one it started from, ready to plot."""
    traces = []
    for name, source in (("Baseline", "baseline"), ("Fit", "optimal")):
        values = series(source, [VOLTAGE], x_column=TIME, bounds=bounds, most=most)
        traces.append({"name": name, "x": values[TIME], "y": values[VOLTAGE]})
    return {"traces": traces}
