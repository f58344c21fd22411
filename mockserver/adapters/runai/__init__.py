"""Run:AI (legacy): submission, the list, deletion item by item."""

from mockserver.adapters.runai.credentials import tenant, verify
from mockserver.adapters.runai.jobs import runai_delete_jobs, runai_list_jobs, runai_submit_job
from mockserver.adapters.runai.keeping import KEEPS
from mockserver.adapters.runai.refusals import error

__all__ = ["KEEPS", "error", "runai_delete_jobs", "runai_list_jobs", "runai_submit_job", "tenant", "verify"]
