"""openYuanrong's jobs: submit, list, read, stop and delete them."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.adapters.openyuanrong.reading import API, request, submission_id
from mockserver.adapters.openyuanrong.refusals import answer
from mockserver.adapters.openyuanrong.views import ASSIGN_TIMEOUT, view
from mockserver.simulation.errors import Unplaceable
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


def yr_submit_job(call: Call) -> Reply:
    """Queue a job. Where time moves by itself the answer comes once the job is placed.

    Raises Refusal for an id that is taken, Unplaceable for a job that no node could ever run.
    """
    world, key = call.world, submission_id(call)
    if key in world.jobs(API):
        raise Refusal("conflict", f"submit job has already exist, submissionId: {key}")
    wanted = request(call, key)
    world.refuse_unplaceable(key, wanted.resources)
    job = world.submit(wanted)
    reply = answer({"submission_id": key})
    reply.later = lambda: _placed(world, job)
    return reply


def _placed(world: World, job: Job) -> Reply | None:
    """The answer to a submission once its job has left the queue. Raises Unplaceable when it found no room in time."""
    world.settle()
    if job.phase == "queued":
        return None
    outcome = job.outcome
    if job.phase == "failed" and outcome.reason == ASSIGN_TIMEOUT:
        raise Unplaceable(job.key, world.why_waiting(job) or "what there was of room was given to others")
    return answer({"submission_id": job.key})


def yr_list_jobs(call: Call) -> Reply:
    """Every job of every tenant, in order of submission."""
    world = call.world
    return answer([view(world, job) for job in world.jobs(API).values()])


def yr_get_job(call: Call) -> Reply:
    """One job as it stands."""
    key = call.path["submissionId"]
    job = call.world.jobs(API).get(key)
    if job is None:
        raise Refusal("unknown", f"not found app, submissionId: {key}")
    return answer(view(call.world, job))


def yr_stop_job(call: Call) -> Reply:
    """Stop a running job; False, and nothing else, in any other state."""
    job = _existing(call)
    if job.phase != "running":
        return answer(False)
    call.world.cancel(job, "the job was stopped on request")
    return answer(True)


def yr_delete_job(call: Call) -> Reply:
    """Forget a job that has ended; False, and nothing else, while it has not."""
    job = _existing(call)
    if not job.is_terminal:
        return answer(False)
    call.world.delete(job)
    return answer(True)


def _existing(call: Call) -> Job:
    key = call.path["submissionId"]
    job = call.world.jobs(API).get(key)
    if job is None:
        raise Refusal("unknown", f"the app does not exist, submissionId:[{key}]")
    return job
