"""Run:AI's words for jobs: submission, the list, deletion item by item, and its errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mockserver.adapters.dates import unix_millis
from mockserver.adapters.exchange import Call, Json, Kind, Refusal, Reply
from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.runai import naming
from mockserver.adapters.runai.amounts import quantity, span
from mockserver.adapters.runai.naming import API
from mockserver.adapters.steering import script
from mockserver.simulation.errors import UnknownJob
from mockserver.simulation.job import NO_BACKOFF, NO_LIMITS, Backoff, Job, JobRequest, Limits, ResourceRequest, Team
from mockserver.simulation.scenario import Project
from mockserver.simulation.world import World

TRAINING_RETRIES = 6
KUBERNETES_BACKOFF = Backoff(first=10.0, most=360.0)
MOST_PODS = 1000
MIB = 1 << 20
MEMORY_PER_GPU = 100 * MIB
CORES_PER_GPU = 1.0
INTERACTIVE_PRIORITY = 1
NODE_TYPE_LABEL = "run.ai/type"


@dataclass(frozen=True, slots=True)
class Submission:
    """What the list tells of a job and the simulation does not know."""

    id: str
    name: str
    type: str
    image: str
    user: str


def runai_submit_job(call: Call) -> Reply:
    """Create a job under its own or a generated name. Source: specs/runai/sources.md#operations"""
    world, wanted = call.world, call.body["job"]
    project = wanted["project"]
    name = wanted.get("name")
    if name is None:
        name = naming.generate(world, project, wanted.get("jobNamePrefix", "job"))
    elif naming.key_of(project, name) in world.jobs(API, project=project):
        raise Refusal("conflict", f"project {project} has a job {name} already")
    world.submit(_request(call, wanted, name))
    naming.submitted(world)
    return Reply(200, {"name": name})


def runai_list_jobs(call: Call) -> Reply:
    """List the jobs of a project, or of all, the oldest first. Source: specs/runai/sources.md#list"""
    world = call.world
    jobs = world.jobs(API, project=call.query.get("project") or None)
    return Reply(200, {"data": [_view(world, job) for job in jobs.values()]})


def runai_delete_jobs(call: Call) -> Reply:
    """Delete each job named and tell what became of it. Source: specs/runai/sources.md#errors"""
    return Reply(200, {"data": [_delete(call.world, item["project"], item["name"]) for item in call.body]})


def verify(call: Call) -> None:
    """Ask for a bearer token that the scenario lists. Source: specs/runai/sources.md#credentials"""
    scheme, _, token = call.every_header.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("unauthenticated", "this cluster expects `Authorization: Bearer <token>`")
    if token not in call.world.scenario.credentials.get(API, {}):
        raise Refusal("unauthenticated", "the bearer token is not known to this cluster")


def error(refusal: Refusal, world: World | None = None) -> Reply:
    """Word any refusal as status, message and details. Source: specs/runai/sources.md#errors"""
    status, message = _WORDS[refusal.kind]
    reasons = "; ".join(f"{_place(each.pointer) or each.place}: {each.message}" for each in refusal.violations)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Reply(status, _error(status, message, reasons or refusal.message), headers)


_WORDS: dict[Kind, tuple[int, str]] = {
    "malformed": (400, "malformed request"),
    "invalid": (400, "invalid request"),
    "unprocessable": (400, "invalid request"),
    "unplaceable": (400, "invalid request"),
    "unauthenticated": (401, "unauthorized"),
    "forbidden": (403, "forbidden"),
    "unknown": (404, "not found"),
    "unrouted": (404, "no such path"),
    "method": (405, "method not allowed"),
    "conflict": (409, "already exists"),
    "gone": (410, "gone"),
    "too_large": (413, "request too large"),
    "media_type": (415, "unsupported media type"),
    "throttled": (429, "too many requests"),
    "internal": (500, "internal error"),
    "unavailable": (503, "unavailable"),
}


def _error(status: int, message: str, details: str) -> Json:
    return {"status": status, "message": message, "details": details}


def _place(pointer: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in pointer).lstrip(".")


def _request(call: Call, wanted: Json, name: str) -> JobRequest:
    interactive = wanted.get("interactive", False)
    quota = _quota(call.world, wanted["project"])
    ttl = wanted.get("ttlAfterFinish")
    key = naming.key_of(wanted["project"], name)
    return JobRequest(
        api=API,
        key=key,
        resources=_resources(wanted.get("gpu", 0), wanted.get("cpu"), wanted.get("memory"), wanted.get("nodeType")),
        project=wanted["project"],
        priority=INTERACTIVE_PRIORITY if interactive else 0,
        limits=Limits(run=quota.interactive_limit_s) if quota is not None and interactive else NO_LIMITS,
        preemptible=not interactive or wanted.get("preemptible", False),
        restartable=not interactive,
        retries=0 if interactive else wanted.get("backoffLimit", TRAINING_RETRIES),
        backoff=NO_BACKOFF if interactive else KUBERNETES_BACKOFF,
        command=" ".join((wanted.get("command", ""), *wanted.get("arguments", ()))),
        endless=interactive,
        script=script(call, wanted.get("environment")),
        ttl=None if ttl is None else span(ttl),
        draw=key,
        payload=Submission(
            id=call.world.new_id(API, fingerprint=call.raw),
            name=name,
            type="Interactive" if interactive else "Train",
            image=wanted["image"],
            user=call.headers.get("ra-user", ""),
        ),
        team=None if interactive else _team(wanted),
        elastic=_less(wanted) if wanted.get("elastic", False) else (),
    )


def _team(wanted: Json) -> Team | None:
    """The pods of a job that has to complete more than once. Source: specs/runai/sources.md#pods"""
    size, parallel = min(wanted.get("completions", 1), MOST_PODS), min(wanted.get("parallelism", 1), MOST_PODS)
    return Team(size, parallel, tolerate=wanted.get("backoffLimit", TRAINING_RETRIES)) if size > 1 else None


def _less(wanted: Json) -> tuple[ResourceRequest, ...]:
    """What an elastic job makes do with: half its GPUs, half of that, down to one. Source: specs/runai/sources.md#elastic"""
    gpus, found = int(wanted.get("gpu", 0)), []
    while gpus > 1:
        gpus //= 2
        found.append(_resources(gpus, wanted.get("cpu"), wanted.get("memory"), wanted.get("nodeType")))
    return tuple(found)


def _quota(world: World, name: str) -> Project | None:
    """The project's quota, None where the scenario has no projects. Raises Refusal for one that is not among them."""
    projects = world.scenario.projects
    found = next((project for project in projects if project.name == name), None)
    if projects and found is None:
        raise Refusal("unknown", f"there is no project {name}; this cluster has {', '.join(project.name for project in projects)}")
    return found


@lru_cache(maxsize=1024)
def _resources(gpu: float, cpu: float | None, memory: str | None, node_type: str | None) -> ResourceRequest:
    """What a job takes of its node; cores and memory follow the GPUs unless they are given. Source: specs/runai/sources.md#defaults"""
    return ResourceRequest(
        cpu=gpu * CORES_PER_GPU if cpu is None else cpu,
        memory=int(gpu * MEMORY_PER_GPU) if memory is None else quantity(memory),
        gpu=gpu,
        labels=(f"{NODE_TYPE_LABEL}={node_type}",) if node_type else (),
    )


def _view(world: World, job: Job) -> dict[str, Any]:
    told: Any = job.payload
    nodes = world.scheduler.cluster.nodes
    active = [one for one in ((job,) if job.crew is None else job.crew.members) if one.holding]
    return {
        "id": told.id,
        "project": job.request.project,
        "name": told.name,
        "status": job.stage.name,
        "type": told.type,
        "nodes": [nodes[number].name for one in active for number, _ in one.holding],
        "createdAt": unix_millis(world, job.created),
        "images": told.image,
        "user": told.user,
        "currentAllocatedGPUs": sum(one.shape.request.gpu for one in active),
    }


KEEPS = Keeping(typed(Submission), _view, {naming.SHELF: naming.read})


def _delete(world: World, project: str, name: str) -> Json:
    job = world.jobs(API, project=project).get(naming.key_of(project, name))
    try:
        if job is None:
            raise UnknownJob(name)
        world.delete(job)
    except UnknownJob:  # never there, or its time to live is over this very instant
        return {"name": name, "ok": False, "error": _error(404, "job not found", f"project {project} has no job {name}")}
    naming.deleted(world, project, name)
    return {"name": name, "ok": True}
