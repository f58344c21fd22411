"""Create, read, list, filter and delete jobs; their results, their estimation and the templates they can name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from mockserver.adapters.bytenite import files, reading
from mockserver.adapters.bytenite.credentials import tenant
from mockserver.adapters.bytenite.views import Record, answer, body_of, record, view
from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Reply
from mockserver.adapters.steering import script
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest, Outcome

API = "bytenite"
PAGE = 20


def done() -> Reply:
    """The answer of calls that have nothing to show."""
    return Reply(200, {"ok": True, "requestId": "", "message": "", "error": None})


def find(call: Call) -> Job:
    """The job that the path names. Raises UnknownJob."""
    return call.world.job(API, call.path["jobId"], owner=tenant(call))


def Customer_CreateJob(call: Call) -> Reply:
    """A draft; it waits to be run."""
    body, world = call.body, call.world
    key = world.new_id(API, fingerprint=call.raw)
    template = reading.template(body["templateId"])
    params, config = reading.params(body.get("params") or {}), reading.config(body.get("config"))
    kept = Record({"id": key, "templateId": body["templateId"]}, template.facts)
    facts: dict[str, Json] = {
        "name": body.get("name"),
        "description": body.get("description"),
        "state": "",
        "appId": template.facts["app"],
        "config": config or None,
        "dataSource": reading.source(body, "dataSource", "data_source", job_id=key),
        "dataDestination": reading.source(body, "dataDestination", "data_destination", job_id=key),
        "params": params or None,
        "createdAt": iso(world, world.now_us),
        "templateInfo": template.facts,
        "stateTimestamps": {},
    }
    kept.body.update((name, value) for name, value in facts.items() if value is not None)
    request = JobRequest(
        API,
        key,
        template.resources,
        owner=tenant(call),
        command=reading.command(params),
        script=script(call, params.get("app")),
        payload=kept,
    )
    plan(request, kept)
    return Reply(200, answer(call, world.submit(request)))


def plan(request: JobRequest, kept: Record) -> None:
    """Let a draft's request follow what its body says of chunks, limits and where the input comes from."""
    body, config = kept.body, kept.body.get("config", {})
    kept.chunks = reading.chunks(body.get("params", {}), config)
    body["numUnitsEstimation"] = str(kept.chunks)
    request.limits, request.team = reading.limits(config), reading.team(config, kept.chunks)
    why = reading.unreachable(body.get("dataSource"))
    request.unready = Outcome(0, 1, why) if why else None


def Customer_GetJob(call: Call) -> Reply:
    """The job as it is now."""
    return Reply(200, answer(call, find(call)))


Customer_GetJobConfigs = Customer_GetJob


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted, and in which order; "" is newest first."""

    limit: int
    offset: int
    order: str


def Customer_ListJobs(call: Call) -> Reply:
    """One page of the caller's jobs, newest first or in the order asked for."""
    get = call.query.get
    page = Page(
        get("pagination.limit") or get("limit") or PAGE,
        get("pagination.offset") or get("offset") or 0,
        get("orderBy") or "",
    )
    jobs = call.world.jobs(API, owner=tenant(call))
    return _page(call, reversed(jobs.values()), total=len(jobs), page=page)


def Customer_FilterJobs(call: Call) -> Reply:
    """One page of the caller's jobs that fit. Source: specs/bytenite/sources.md#operations"""
    body, paging = call.body, call.body.get("pagination") or {}
    page = Page(int(paging.get("limit") or 0) or PAGE, int(paging.get("offset") or 0), body.get("orderBy") or "")
    jobs = [job for job in call.world.jobs(API, owner=tenant(call)).values() if _fits(job, body)]
    return _page(call, reversed(jobs), total=len(jobs), page=page)


def _fits(job: Job, wanted: dict[str, Json]) -> bool:
    body = record(job).body
    return (
        (not wanted.get("states") or job.state in wanted["states"])
        and (not wanted.get("templateIds") or body["templateId"] in wanted["templateIds"])
        and (not wanted.get("name") or wanted["name"] in body.get("name", ""))
    )


def _page(call: Call, newest: Iterable[Job], *, total: int, page: Page) -> Reply:
    first = min(page.offset, total)
    last = min(first + page.limit, total)
    if page.order:
        member, _, direction = page.order.partition(" ")
        newest = sorted(newest, key=_sorter(call, member), reverse=direction == "desc")
    data = [view(call, job) for job in islice(newest, first, last)]
    paging = {"total": total, "offset": page.offset, "hasPrevious": first > 0, "hasNext": last < total}
    return Reply(200, {"pagination": paging, "data": data})


def _sorter(call: Call, member: str) -> Callable[[Job], str]:
    return lambda job: str(body_of(call.world, job).get(member, ""))


def Customer_DeleteJob(call: Call) -> Reply:
    """Forget a job, whatever it is doing."""
    call.world.delete(find(call))
    return done()


def Customer_GetJobResults(call: Call) -> Reply:
    """Names and links of what the job made; nothing before it is complete or when its destination is bypassed."""
    job = find(call)
    if not files.has_result(job):
        return Reply(200, {"results": []})
    return Reply(200, {"results": [{"name": files.RESULT, "link": call.origin() + files.result_path(job.key)}]})


def Customer_EstimateJob(call: Call) -> Reply:
    """How many units the job is thought to take, as text."""
    return Reply(200, {"estimation": {"totalEstimation": record(find(call)).body["numUnitsEstimation"]}})


def Customer_ListJobTemplates(call: Call) -> Reply:
    """The templates that are known, in the order of their ids."""
    offset = call.query.get("offset") or 0
    limit = call.query.get("limit") or len(reading.TEMPLATES)
    return Reply(
        200, {"data": [reading.TEMPLATES[name].facts for name in sorted(reading.TEMPLATES)][offset : offset + limit]}
    )
