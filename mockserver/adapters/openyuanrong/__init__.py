"""openYuanrong: jobs whose ids begin with `app-`, bare strings as errors, booleans for stop and delete."""

from mockserver.adapters.openyuanrong.credentials import tenant, verify
from mockserver.adapters.openyuanrong.jobs import yr_delete_job, yr_get_job, yr_list_jobs, yr_stop_job, yr_submit_job
from mockserver.adapters.openyuanrong.keeping import KEEPS
from mockserver.adapters.openyuanrong.refusals import error

__all__ = [
    "KEEPS",
    "error",
    "tenant",
    "verify",
    "yr_delete_job",
    "yr_get_job",
    "yr_list_jobs",
    "yr_stop_job",
    "yr_submit_job",
]
