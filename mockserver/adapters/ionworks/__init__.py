"""Ionworks: battery-modelling jobs, worded as its FastAPI service words them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

import msgspec

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.adapters.ionworks import curve
from mockserver.adapters.ionworks.caller import identity, organization, verify
from mockserver.adapters.ionworks.correlation import SHELF, correlation
from mockserver.adapters.ionworks.refusal import error
from mockserver.adapters.ionworks.report import Order, has_series, normal, report, seen, stored
from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.steering import script
from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.job import Job, JobRequest, Limits, ResourceRequest
from mockserver.simulation.world import World

__all__ = ["error", "verify"]

API = "ionworks"
GONE, CONFLICTS, CASCADES = f"{API}.submission-gone", f"{API}.cancel-terminal-conflicts", f"{API}.cascade-cancel"

_GIB = 1 << 30
_USUAL = ResourceRequest(cpu=4, memory=8 * _GIB)
_SMALL = ResourceRequest(cpu=1, memory=2 * _GIB)
_LARGE = ResourceRequest(cpu=8, memory=16 * _GIB)
_RESOURCES = {"dummy": _SMALL, "evaluate_variables": _SMALL, "ecm_fit": _SMALL, "datafit": _LARGE, "optimize": _LARGE}
_LIMITS = Limits(run=86_400.0)


def submit_job_jobs_post(call: Call) -> Reply:
    """Queue a job. Source: specs/ionworks/sources.md#submission-gone"""
    world, body = call.world, call.body
    if GONE in world.scenario.switches:
        raise Refusal("gone", "Jobs are not submitted directly any more; use the operation that creates them.")
    project_id = call.query.get("project_id")
    owner, user = identity(call)
    url = body.get("callback_url")
    order = Order(body["job_type"], body.get("metadata"), None if url is None else normal(url), project_id, user, curve.objectives(body["params"]))
    job = world.submit(
        JobRequest(
            API,
            world.new_id(API, fingerprint=call.raw),
            _RESOURCES.get(order.job_type, _USUAL),
            owner=owner,
            project=project_id or "",
            priority=int(body.get("priority", 0)),
            limits=_LIMITS,
            parent=body.get("parent_job_id"),
            script=script(call, body.get("metadata"), body.get("params")),
            callback=order.callback_url,
            remote=url is not None and call.is_remote(),
            payload=order,
        )
    )
    return _reply(call, report(world, job), status=202)


submit_job_jobs__post = submit_job_jobs_post


def callback_body(world: World, job: Job) -> dict[str, Any]:
    """What the caller is told when a job has ended: the job as it is then."""
    return report(world, job)


def list_jobs_jobs_get(call: Call) -> Reply:
    """One page of the caller's jobs, newest first, and how many match in all."""
    jobs, total = _page(call)
    return _reply(call, {"jobs": jobs, "total": total})


def list_jobs_jobs__get(call: Call) -> Reply:
    """The caller's jobs as a bare array, newest first."""
    return _reply(call, _page(call)[0])


def get_job_jobs__job_id__get(call: Call) -> Reply:
    """One job as it is now."""
    return _reply(call, seen(call.world, _named(call)))


def cancel_job_jobs__job_id__cancel_post(call: Call) -> Reply:
    """Stop a job; one that has ended stays as it is. Source: specs/ionworks/sources.md#cancel"""
    world, job = call.world, _named(call)
    switches = world.scenario.switches
    try:
        world.cancel(job)
    except NotCancellable:
        if CONFLICTS in switches:
            raise
    else:
        if CASCADES in switches:
            _cancel_below(world, job)
    return _reply(call, report(world, job))


def get_job_metadata_jobs__job_id__metadata_get(call: Call) -> Reply:
    """What is stored beside a job."""
    job = _named(call)
    found = stored(call.world, job)
    if found is None:
        raise Refusal("unknown", f"Job {job.key} has no metadata.")
    return _reply(call, found)


def get_series_channels_jobs__job_id__series_channels_get(call: Call) -> Reply:
    """The channels that a job can be read by: none while it has recorded none."""
    job = _named(call)
    return _reply(call, curve.channels(job.payload.objectives) if has_series(job) else {})


def get_series_jobs__job_id__series_get(call: Call) -> Reply:
    """The curves of a completed job."""
    job, query = _fitted(call), call.query
    _check_objective(job, query.get("objective"))
    columns = [name for name in (query.get("columns") or "").split(",") if name]
    bounds = (query.get("x_min"), query.get("x_max"))
    try:
        values = curve.series(query["source"], columns, x_column=query["x_column"], bounds=bounds, most=query["max_points"])
    except KeyError as error:
        raise Refusal("unknown", f"Job {job.key} has no channel {error.args[0]!r}.") from error
    return _reply(call, values)


def get_plot_data_pipelines_datafits__job_id__plot_data_get(call: Call) -> Reply:
    """The curves of a completed fit, ready to plot."""
    job, query = _fitted(call), call.query
    _check_objective(job, query.get("objective_name"))
    if query["plot_index"]:
        raise Refusal("unknown", f"Job {job.key} has no plot {query['plot_index']}.")
    return _reply(call, curve.plot(bounds=(query.get("x_min"), query.get("x_max")), most=query["max_points"]))


def healthz_healthz_get(call: Call) -> Reply:
    """The service is up."""
    return _reply(call, {"status": "ok"})


def get_current_user_users_me_get(call: Call) -> Reply:
    """The caller and its organisation."""
    owner, name = identity(call)
    home = {"id": owner, "name": owner}
    user = {"id": name, "email": f"{name}@ionworks.example", "organization_id": owner}
    return _reply(call, user | {"authorized_organization": home, "organizations": [home]})


def _reply(call: Call, body: Any, *, status: int = 200) -> Reply:
    return Reply(status, body, correlation(call.world))


def _named(call: Call) -> Job:
    return call.world.job(API, call.path["job_id"], owner=organization(call))


def _page(call: Call) -> tuple[list[dict[str, Any]], int]:
    world, query = call.world, call.query
    jobs = world.jobs(API, owner=organization(call))
    offset, limit = query["offset"], query["limit"]
    status = query.get("status")
    types = query.get("job_types") or query.get("job_type")
    if not status and not types:
        first = min(offset, len(jobs))
        return [seen(world, job) for job in islice(reversed(jobs.values()), first, first + limit)], len(jobs)
    wanted = {types} if isinstance(types, str) else set(types or ())
    matching = [job for job in reversed(jobs.values()) if _matches(job, status, wanted)]
    return [seen(world, job) for job in matching[offset : offset + limit]], len(matching)


def _matches(job: Job, status: str | None, types: set[str]) -> bool:
    return (not status or job.stage.name == status) and (not types or job.request.payload.job_type in types)


def _fitted(call: Call) -> Job:
    """The named job, if it has completed and has curves. Raises Refusal, UnknownJob."""
    job = _named(call)
    if not has_series(job):
        raise Refusal("unknown", f"Job {job.key} has no series.")
    return job


def _check_objective(job: Job, name: str | None) -> None:
    if name and name not in job.payload.objectives:
        raise Refusal("unknown", f"Job {job.key} has no objective {name!r}; it has {', '.join(job.payload.objectives)}.")


def _cancel_below(world: World, job: Job) -> None:
    """Cancel all that is left of a job's children, theirs included."""
    family: Iterable[Job] = world.jobs(API, owner=job.request.owner).values()
    for child in [other for other in family if other.parent is job]:
        if not child.is_terminal:
            world.cancel(child, "cancelled with its parent")
        _cancel_below(world, child)


def _order(value: Any) -> Order:
    """What a snapshot says of a submission; how the job was last read is not taken from there."""
    order = msgspec.convert(value, Order)
    order.length, order.seen = 0, {}
    return order


KEEPS = Keeping(_order, report, {SHELF: typed(dict[Literal["count"], int])})
