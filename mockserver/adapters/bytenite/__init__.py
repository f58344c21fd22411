"""ByteNite: one function per operation, how a refusal is worded, how a token is verified."""

from mockserver.adapters.bytenite import files
from mockserver.adapters.bytenite.credentials import Auth_GetAccessToken, Auth_GetUser, tenant, verify
from mockserver.adapters.bytenite.edits import (
    Customer_PostJobConfigs,
    Customer_SetJobConfigs,
    Customer_SetJobDatasource,
    Customer_SetJobDatasourceLegacy,
    Customer_SetJobName,
    Customer_SetJobParams,
    Customer_SetJobParamsLegacy,
    Customer_UploadCompleted,
    Customer_UploadCompletedLegacy,
)
from mockserver.adapters.bytenite.events import Customer_Events
from mockserver.adapters.bytenite.jobs import (
    Customer_CreateJob,
    Customer_DeleteJob,
    Customer_EstimateJob,
    Customer_FilterJobs,
    Customer_GetJob,
    Customer_GetJobConfigs,
    Customer_GetJobResults,
    Customer_ListJobs,
    Customer_ListJobTemplates,
)
from mockserver.adapters.bytenite.keeping import KEEPS
from mockserver.adapters.bytenite.logs import Customer_GetLogs
from mockserver.adapters.bytenite.refusals import error
from mockserver.adapters.bytenite.runs import (
    Customer_AbortJob,
    Customer_RunJob,
    Customer_RunJobLegacy,
    Customer_RunningTasks,
)
from mockserver.adapters.bytenite.service import Customer_GetInfo, Customer_TestDatasource

__all__ = [
    "KEEPS",
    "Auth_GetAccessToken",
    "Auth_GetUser",
    "Customer_AbortJob",
    "Customer_CreateJob",
    "Customer_DeleteJob",
    "Customer_EstimateJob",
    "Customer_Events",
    "Customer_FilterJobs",
    "Customer_GetInfo",
    "Customer_GetJob",
    "Customer_GetJobConfigs",
    "Customer_GetJobResults",
    "Customer_GetLogs",
    "Customer_ListJobTemplates",
    "Customer_ListJobs",
    "Customer_PostJobConfigs",
    "Customer_RunJob",
    "Customer_RunJobLegacy",
    "Customer_RunningTasks",
    "Customer_SetJobConfigs",
    "Customer_SetJobDatasource",
    "Customer_SetJobDatasourceLegacy",
    "Customer_SetJobName",
    "Customer_SetJobParams",
    "Customer_SetJobParamsLegacy",
    "Customer_TestDatasource",
    "Customer_UploadCompleted",
    "Customer_UploadCompletedLegacy",
    "error",
    "files",
    "tenant",
    "verify",
]
