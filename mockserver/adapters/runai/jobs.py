"""Run:AI's jobs: submit them, list them, delete them item by item."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.runai import naming
from mockserver.adapters.runai.naming import API
from mockserver.adapters.runai.reading import request
from mockserver.adapters.runai.refusals import error_body
from mockserver.adapters.runai.views import view
from mockserver.simulation.errors import UnknownJob
from mockserver.simulation.world import World


def runai_submit_job(call: Call) -> Reply:
    """Create a job under its own or a generated name. Source: specs/runai/sources.md#operations"""
    world, wanted = call.world, call.body["job"]
    project = wanted["project"]
    name = wanted.get("name")
    if name is None:
        name = naming.generate(world, project, wanted.get("jobNamePrefix", "job"))
    elif naming.key_of(project, name) in world.jobs(API, project=project):
        raise Refusal("conflict", f"project {project} has a job {name} already")
    world.submit(request(call, wanted, name))
    naming.submitted(world)
    return Reply(200, {"name": name})


def runai_list_jobs(call: Call) -> Reply:
    """List the jobs of a project, or of all, the oldest first. Source: specs/runai/sources.md#list"""
    world = call.world
    jobs = world.jobs(API, project=call.query.get("project") or None)
    return Reply(200, {"data": [view(world, job) for job in jobs.values()]})


def runai_delete_jobs(call: Call) -> Reply:
    """Delete each job named and tell what became of it. Source: specs/runai/sources.md#errors"""
    return Reply(200, {"data": [_delete(call.world, item["project"], item["name"]) for item in call.body]})


def _delete(world: World, project: str, name: str) -> Json:
    job = world.jobs(API, project=project).get(naming.key_of(project, name))
    try:
        if job is None:
            raise UnknownJob(name)
        world.delete(job)
    except UnknownJob:  # never there, or its time to live is over this very instant
        return {
            "name": name,
            "ok": False,
            "error": error_body(404, "job not found", f"project {project} has no job {name}"),
        }
    naming.deleted(world, project, name)
    return {"name": name, "ok": True}
