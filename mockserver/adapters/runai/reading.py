"""What a submission to Run:AI asks for, in house units. Source: specs/runai/sources.md#defaults"""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.adapters.exchange import Call, Json, Refusal
from mockserver.adapters.runai import naming
from mockserver.adapters.runai.amounts import quantity, span
from mockserver.adapters.runai.naming import API
from mockserver.adapters.steering import script
from mockserver.simulation.request import NO_BACKOFF, NO_LIMITS, Backoff, JobRequest, Limits, ResourceRequest, Team
from mockserver.simulation.scenario.scenario import Project
from mockserver.simulation.short_cache import short_cache
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


def request(call: Call, wanted: Json, name: str) -> JobRequest:
    """The job that a submission asks for, under its complete name."""
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
    """The smaller requests of an elastic job: half its GPUs, half of that, down to one.

    Source: specs/runai/sources.md#elastic
    """
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
        raise Refusal(
            "unknown", f"there is no project {name}; this cluster has {', '.join(project.name for project in projects)}"
        )
    return found


@short_cache(1024)
def _resources(gpu: float, cpu: float | None, memory: str | None, node_type: str | None) -> ResourceRequest:
    """What a job takes of its node; cores and memory follow the GPUs unless they are given.

    Source: specs/runai/sources.md#defaults
    """
    return ResourceRequest(
        cpu=gpu * CORES_PER_GPU if cpu is None else cpu,
        memory=int(gpu * MEMORY_PER_GPU) if memory is None else quantity(memory),
        gpu=gpu,
        labels=(f"{NODE_TYPE_LABEL}={node_type}",) if node_type else (),
    )
