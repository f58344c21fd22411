"""What an Ionworks computation leaves behind: its result, the trace of its iterations, and curves to read and plot.

All numbers are made up. Source: specs/ionworks/sources.md#results
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

Bounds = tuple[float | None, float | None]

OBJECTIVE = "objective"
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
_STEPS = (1.0, 0.42, 0.19, 0.08, 0.05)
_TRACE = [
    {
        "best_cost": cost,
        "cost": cost,
        "inputs": {_PARAMETER: round(1 - cost / 2, 3)},
        "inputs_unscaled": {_PARAMETER: round((1 - cost / 2) * 1e-5, 9)},
        "multistart_job_id": 0,
    }
    for cost in _STEPS
]
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
_FIT_RESULT = {"cost": _STEPS[-1], "parameter_values": {_PARAMETER: 9.75e-06}}
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


def trace() -> list[dict[str, Any]]:
    """One entry per saved iteration, oldest first."""
    return _TRACE


def channels() -> dict[str, dict[str, list[str]]]:
    """Objective, then source, then names of channels."""
    return {OBJECTIVE: {source: list(curve) for source, curve in _CURVES.items()}}


def series(source: str, columns: list[str], *, x_column: str, bounds: Bounds, most: int) -> dict[str, list[float]]:
    """The named channels of one source, cut to `bounds` of `x_column` and thinned to `most` values.

    Raises KeyError for a channel that there is not.
    """
    curve = _CURVES[source]
    low, high = bounds
    chosen = [i for i, x in enumerate(curve[x_column]) if (low is None or x >= low) and (high is None or x <= high)]
    stride = max(1, -(-len(chosen) // most))
    return {name: [curve[name][index] for index in chosen[::stride]] for name in columns or curve}


def plot(*, bounds: Bounds, most: int) -> dict[str, Any]:
    """The fitted curve over the one it started from, ready to plot."""
    traces = []
    for name, source in (("Baseline", "baseline"), ("Fit", "optimal")):
        values = series(source, [TIME, VOLTAGE], x_column=TIME, bounds=bounds, most=most)
        traces.append({"name": name, "x": values[TIME], "y": values[VOLTAGE]})
    return {"traces": traces}
