"""What Ionworks offers about a job: metadata, channels, series and plots.

Source: specs/ionworks/sources.md#results
"""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.adapters.ionworks import curve
from mockserver.adapters.ionworks.correlation import reply
from mockserver.adapters.ionworks.jobs import named
from mockserver.adapters.ionworks.views import has_series, stored
from mockserver.simulation.job import Job


def get_job_metadata_jobs__job_id__metadata_get(call: Call) -> Reply:
    """What is stored beside a job."""
    job = named(call)
    found = stored(call.world, job)
    if found is None:
        raise Refusal("unknown", f"Job {job.key} has no metadata.")
    return reply(call, found)


def get_series_channels_jobs__job_id__series_channels_get(call: Call) -> Reply:
    """The channels that a job can be read by: none while it has recorded none."""
    job = named(call)
    return reply(call, curve.channels(job.payload.objectives) if has_series(job) else {})


def get_series_jobs__job_id__series_get(call: Call) -> Reply:
    """The curves of a completed job."""
    job, query = _fitted(call), call.query
    _check_objective(job, query.get("objective"))
    columns = [name for name in (query.get("columns") or "").split(",") if name]
    bounds = (query.get("x_min"), query.get("x_max"))
    try:
        values = curve.series(
            query["source"], columns, x_column=query["x_column"], bounds=bounds, most=query["max_points"]
        )
    except KeyError as error:
        raise Refusal("unknown", f"Job {job.key} has no channel {error.args[0]!r}.") from error
    return reply(call, values)


def get_plot_data_pipelines_datafits__job_id__plot_data_get(call: Call) -> Reply:
    """The curves of a completed fit, ready to plot."""
    job, query = _fitted(call), call.query
    _check_objective(job, query.get("objective_name"))
    if query["plot_index"]:
        raise Refusal("unknown", f"Job {job.key} has no plot {query['plot_index']}.")
    return reply(call, curve.plot(bounds=(query.get("x_min"), query.get("x_max")), most=query["max_points"]))


def _fitted(call: Call) -> Job:
    """The named job, if it has completed and has curves. Raises Refusal, UnknownJob."""
    job = named(call)
    if not has_series(job):
        raise Refusal("unknown", f"Job {job.key} has no series.")
    return job


def _check_objective(job: Job, name: str | None) -> None:
    if name and name not in job.payload.objectives:
        raise Refusal(
            "unknown", f"Job {job.key} has no objective {name!r}; it has {', '.join(job.payload.objectives)}."
        )
