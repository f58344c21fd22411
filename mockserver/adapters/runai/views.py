"""A job as Run:AI lists it. Source: specs/runai/sources.md#list"""

from __future__ import annotations

from typing import Any

from mockserver.adapters.dates import unix_millis
from mockserver.adapters.runai.reading import Submission
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


def view(world: World, job: Job) -> dict[str, Any]:
    """The members of a job in the list, as it is now."""
    submission: Submission = job.payload
    nodes = world.scheduler.cluster.nodes
    active = [one for one in ((job,) if job.crew is None else job.crew.members) if one.holding]
    return {
        "id": submission.id,
        "project": job.request.project,
        "name": submission.name,
        "status": job.stage.name,
        "type": submission.type,
        "nodes": [nodes[number].name for one in active for number, _ in one.holding],
        "createdAt": unix_millis(world, job.created),
        "images": submission.image,
        "user": submission.user,
        "currentAllocatedGPUs": sum(one.shape.request.gpu for one in active),
    }
