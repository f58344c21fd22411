"""Faults of ByteNite: what answers say of a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.traffic.json_pointer import get
from mockserver.adapters.exchange import Reply
from tests.conformance.faults import Apply, Asked, Told, answers, every_job, patched, requests
from tests.conformance.faults.bytenite.shapers import API, answered, fault, jobs, queried, shows


def _password(job: dict[str, Any], asked: Asked) -> None:
    params = get(job, "/dataSource/params")
    if isinstance(params, dict) and "password" in params:
        params["password"] = "cf-hush-hush"


def _counts(count: Callable[[Any], int]) -> Apply:
    def make(original: Any) -> Any:
        def running(call: Any) -> Reply:
            jobs = call.world.jobs("bytenite").values()
            return Reply(
                200,
                {
                    "runningTasks": {
                        job.key: count(job.crew) for job in jobs if job.crew is not None and job.phase == "working"
                    }
                },
            )

        return running

    return patched("mockserver.adapters.bytenite:Customer_RunningTasks", make)


def _as_many(original: Any) -> Any:
    return lambda params, config: original(params, {})


def _ten_at_most(original: Any) -> Any:
    return lambda params, config: min(original(params, config), 10)


def _estimated_once(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["estimation"]["totalEstimation"] = "2"


def _first_asked(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("jobIds"):
        asked.body["jobIds"] = asked.body["jobIds"][:1]


def _untold(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = {"ok": True, "requestId": "", "message": "", "error": None}


def _one_address(job: dict[str, Any], _: Asked) -> None:
    params = (job.get("dataSource") or {}).get("params") or {}
    if "tempUrl" in params:
        params["tempUrl"] = "https://upload.bytenite.com/file"


def _doubles(value: Any) -> Any:
    """A value whose whole numbers have passed through a float."""
    if isinstance(value, dict):
        return {name: _doubles(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_doubles(item) for item in value]
    return int(float(value)) if type(value) is int else value


FAULTS = [
    fault(
        "params-of-doubles",
        "BYT-RSP-043",
        "whole numbers within objects of the parameters are doubles",
        shows(
            "/params/app",
            lambda app: {name: _doubles(item) if isinstance(item, dict) else item for name, item in app.items()},
        ),
    ),
    fault(
        "template-beside",
        "BYT-RSP-001",
        "the template beside the job has no owner",
        answers(
            API,
            "read",
            lambda asked, told: told.body["templateInfo"].pop("owner") and None if told.status == 200 else None,
        ),
    ),
    fault(
        "own-template-unknown",
        "BYT-RSP-002",
        "a template of one's own is taken for hello-world",
        jobs(
            lambda job, _: (
                job["templateInfo"].__class__ and job.update(templateInfo={**job["templateInfo"], "id": "hello-world"})
                if "cf" in job["templateId"].lower()
                else None
            )
        ),
    ),
    fault(
        "failed-without-why",
        "BYT-RSP-003",
        "failed jobs do not say why",
        jobs(lambda job, asked: job.pop("errorMessage", None) and None),
    ),
    fault(
        "chunks-off-by-one",
        "BYT-RSP-007",
        "a job of several chunks is shown with one less",
        shows("/numChunks", lambda told: max(1, told - 1)),
    ),
    fault(
        "ten-chunks-at-most",
        "BYT-RSP-007",
        "a job has ten chunks at most",
        patched("mockserver.adapters.bytenite.reading:chunks", _ten_at_most),
    ),
    fault(
        "units-fraction",
        "BYT-RSP-008",
        "the estimation of units is no whole number",
        shows("/numUnitsEstimation", lambda told: f"{told}.0"),
        "BYT-RSP-017",
    ),
    fault(
        "not-ok",
        "BYT-RSP-009",
        "a job that was run is answered as not ok",
        answered("start", lambda asked, told: told.body.__setitem__("ok", False)),
    ),
    fault("pays-back", "BYT-RSP-012", "payments are below nought", shows("/paymentAmount", lambda told: -1.0 - told)),
    fault(
        "password",
        "BYT-RSP-014",
        "the password of a data source is shown",
        answers(API, ("submit", "read", "list"), every_job(API, _password)),
    ),
    fault(
        "all-running",
        "BYT-RSP-021",
        "running tasks of one job are those of all",
        requests(API, "Customer_RunningTasks", lambda asked: setattr(asked, "body", {})),
    ),
    fault(
        "first-asked",
        "BYT-RSP-021",
        "running tasks are told of the first job that is asked for",
        requests(API, "Customer_RunningTasks", _first_asked),
    ),
    fault(
        "configs-of-another",
        "BYT-RSP-024",
        "the configs are shown with another name",
        answers(
            API,
            "Customer_GetJobConfigs",
            lambda asked, told: told.body["job"].__setitem__("name", "a job") if told.status == 200 else None,
        ),
    ),
    fault(
        "no-upload",
        "BYT-RSP-025",
        "nobody is told where to upload",
        answers(
            API,
            ("read", "Customer_SetJobDatasource"),
            lambda asked, told: (
                (((told.body or {}).get("job", {}).get("dataSource") or {}).get("params") or {}).pop("tempUrl", None)
                and None
            ),
        ),
    ),
    fault(
        "waiting-tasks-run", "BYT-RSP-026", "tasks that wait are counted as running", _counts(lambda crew: crew.open)
    ),
    fault("no-app", "BYT-RSP-033", "a job does not tell its app", jobs(lambda job, _: job.pop("appId", None) and None)),
    fault(
        "template-untold",
        "BYT-RSP-033",
        "a job does not tell its template",
        jobs(lambda job, _: job.pop("templateInfo", None) and None),
    ),
    fault(
        "for-nothing", "BYT-RSP-034", "no payment is told", jobs(lambda job, _: job.pop("paymentAmount", None) and None)
    ),
    fault(
        "cheaper-by-the-dozen",
        "BYT-RSP-034",
        "more work costs less",
        shows("/paymentAmount", lambda amount: amount and round(1e-6 / amount, 9)),
    ),
    fault(
        "no-templates",
        "BYT-RSP-037",
        "no templates are listed",
        answered("Customer_ListJobTemplates", lambda asked, told: told.body["data"].clear()),
    ),
    fault(
        "all-templates",
        "BYT-RSP-037",
        "templates are not cut by their limit",
        requests(API, "Customer_ListJobTemplates", queried(lambda query: query.pop("limit", None))),
    ),
    fault(
        "first-estimation",
        "BYT-RSP-039",
        "an estimation is never made again",
        answers(API, "Customer_EstimateJob", _estimated_once),
        "BYT-RSP-017",
    ),
    fault(
        "one-address",
        "BYT-RSP-040",
        "all files are uploaded to one address",
        answers(API, ("submit", "read"), every_job(API, _one_address)),
    ),
    fault(
        "tests-in-chunks",
        "BYT-RSP-041",
        "a test job has as many chunks as another",
        patched("mockserver.adapters.bytenite.reading:chunks", _as_many),
    ),
    fault(
        "change-untold",
        "BYT-RSP-042",
        "the answer to a change of parameters does not show the job",
        answers(API, "Customer_SetJobParams", _untold),
    ),
]
