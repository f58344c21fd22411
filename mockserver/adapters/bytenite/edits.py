"""Change a draft: its data sources, parameters, name and limits."""

from __future__ import annotations

from mockserver.adapters.bytenite import reading
from mockserver.adapters.bytenite.jobs import find, plan
from mockserver.adapters.bytenite.views import answer, record, upload_source
from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.steering import script
from mockserver.simulation.job import Job


def draft(call: Call) -> Job:
    """The job that the path names, which must be new. Source: specs/bytenite/sources.md#edits"""
    job = find(call)
    if job.phase != "draft":
        raise Refusal(
            "unprocessable", f"job {job.key} is {job.state}: only a job in JOB_STATE_NEW can be changed or run"
        )
    return job


def configure(job: Job, *bodies: dict[str, Json] | None) -> None:
    """Add limits to those that a draft has."""
    body = record(job).body
    given = reading.config(*bodies)
    if given:
        body["config"] = {**body.get("config", {}), **given}
        plan(job.request, record(job))


def _edited(call: Call, job: Job) -> Reply:
    call.world.edited(job)
    return Reply(200, answer(call, job))


def Customer_SetJobDatasource(call: Call) -> Reply:
    """Set where a draft reads, writes, or both."""
    job = draft(call)
    for camel, snake in (("dataSource", "data_source"), ("dataDestination", "data_destination")):
        given = reading.source(call.body, camel, snake, job_id=job.key)
        if given is not None:
            record(job).body[camel] = given
    plan(job.request, record(job))
    return _edited(call, job)


def Customer_SetJobParams(call: Call) -> Reply:
    """Set the parameters of a draft, part by part."""
    job = draft(call)
    kept = record(job)
    given = reading.params(call.body or {})
    if given:
        params = kept.body["params"] = {**kept.body.get("params", {}), **given}
        plan(job.request, kept)
        job.request.command = reading.command(params)
        job.request.script = script(call, params.get("app")) or job.request.script
    return _edited(call, job)


def Customer_SetJobName(call: Call) -> Reply:
    """Rename a draft."""
    job = draft(call)
    record(job).body["name"] = call.body["name"]
    return _edited(call, job)


def Customer_SetJobConfigs(call: Call) -> Reply:
    """Set the limits of a draft, given flat or under config."""
    job = draft(call)
    configure(job, call.body, call.body.get("config"))
    return _edited(call, job)


def Customer_UploadCompleted(call: Call) -> Reply:
    """Note that the input file is there; its upload address is withdrawn."""
    job = draft(call)
    source = upload_source(record(job).body)
    if source is not None:
        source["params"] = {name: value for name, value in source["params"].items() if name != "tempUrl"}
    return _edited(call, job)


Customer_PostJobConfigs = Customer_SetJobConfigs
Customer_SetJobDatasourceLegacy = Customer_SetJobDatasource
Customer_SetJobParamsLegacy = Customer_SetJobParams
Customer_UploadCompletedLegacy = Customer_UploadCompleted
