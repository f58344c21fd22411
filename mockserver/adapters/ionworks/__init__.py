"""Ionworks: battery-modelling jobs, worded as its FastAPI service words them."""

from typing import Any

from mockserver.adapters.ionworks.credentials import tenant, verify
from mockserver.adapters.ionworks.jobs import (
    cancel_job_jobs__job_id__cancel_post,
    get_job_jobs__job_id__get,
    list_jobs_jobs__get,
    list_jobs_jobs_get,
    submit_job_jobs__post,
    submit_job_jobs_post,
)
from mockserver.adapters.ionworks.keeping import KEEPS
from mockserver.adapters.ionworks.records import (
    get_job_metadata_jobs__job_id__metadata_get,
    get_plot_data_pipelines_datafits__job_id__plot_data_get,
    get_series_channels_jobs__job_id__series_channels_get,
    get_series_jobs__job_id__series_get,
)
from mockserver.adapters.ionworks.refusals import error
from mockserver.adapters.ionworks.service import get_current_user_users_me_get, healthz_healthz_get
from mockserver.adapters.ionworks.views import view
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

__all__ = [
    "KEEPS",
    "callback_body",
    "cancel_job_jobs__job_id__cancel_post",
    "error",
    "get_current_user_users_me_get",
    "get_job_jobs__job_id__get",
    "get_job_metadata_jobs__job_id__metadata_get",
    "get_plot_data_pipelines_datafits__job_id__plot_data_get",
    "get_series_channels_jobs__job_id__series_channels_get",
    "get_series_jobs__job_id__series_get",
    "healthz_healthz_get",
    "list_jobs_jobs__get",
    "list_jobs_jobs_get",
    "submit_job_jobs__post",
    "submit_job_jobs_post",
    "tenant",
    "verify",
]


def callback_body(world: World, job: Job) -> dict[str, Any]:
    """The body of a callback: the job as it is then."""
    return view(world, job)
