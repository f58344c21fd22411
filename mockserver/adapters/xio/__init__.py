"""compute.x.io: jobs, their runs, recipes and the network's catalog, in the vendor's words.

Source: specs/xio/sources.md
"""

from mockserver.adapters.xio.catalog import xio_list_compute_offers, xio_list_gpu_registry, xio_list_nodes
from mockserver.adapters.xio.credentials import tenant, verify
from mockserver.adapters.xio.jobs import xio_cancel_job, xio_create_job, xio_get_job, xio_list_jobs
from mockserver.adapters.xio.keeping import KEEPS
from mockserver.adapters.xio.recipes import xio_cook_job_recipe, xio_list_job_recipes
from mockserver.adapters.xio.refusals import error
from mockserver.adapters.xio.runs import xio_get_job_run, xio_list_job_runs

__all__ = [
    "KEEPS",
    "error",
    "tenant",
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
