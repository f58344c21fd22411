"""compute.x.io: jobs, their runs, recipes and the network's catalog, in the vendor's words.

Source: specs/xio/sources.md
"""

from typing import Any
from uuid import UUID

from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.xio.catalog import xio_list_compute_offers, xio_list_gpu_registry, xio_list_nodes
from mockserver.adapters.xio.jobs import FIELDS, LATER, render, xio_cancel_job, xio_create_job, xio_get_job, xio_list_jobs
from mockserver.adapters.xio.recipes import xio_cook_job_recipe, xio_list_job_recipes
from mockserver.adapters.xio.refusals import error
from mockserver.adapters.xio.runs import xio_get_job_run, xio_list_job_runs
from mockserver.adapters.xio.signature import verify
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

__all__ = [
    "KEEPS",
    "error",
    "verify",
    "xio_cancel_job",
    "xio_cook_job_recipe",
    "xio_create_job",
    "xio_get_job",
    "xio_get_job_run",
    "xio_list_compute_offers",
    "xio_list_gpu_registry",
    "xio_list_job_recipes",
    "xio_list_job_runs",
    "xio_list_jobs",
    "xio_list_nodes",
]


def _view(world: World, job: Job) -> dict[str, Any]:
    """A job in a list. Raises ValueError for what is kept of none that was created here."""
    kept, own = job.payload, FIELDS.keys() | {"allowed_region_codes"}
    if str(UUID(job.key)) != job.key or kept.get("uuid") != job.key:
        raise ValueError(f"{job.key[:80]} is no uuid in lower case")
    if not FIELDS.keys() <= kept.keys() <= own or any(kept[name] != FIELDS[name] for name in LATER):
        raise ValueError("it does not have the members of a new job")
    return render(world, job)


KEEPS = Keeping(typed(dict[str, Any]), _view, {"xio.nonces": typed(dict[tuple[str, str], int]), "xio.models": None})
