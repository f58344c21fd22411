"""Faults of compute.x.io: runs of a job."""

from __future__ import annotations

from tests.conformance.faults import Asked, Json, Told, answers, patched
from tests.conformance.faults.xio.shapers import (
    RUN,
    RUN_LIST,
    RUNS,
    clamps,
    drops,
    edited_query,
    fault,
    page,
    runs,
    with_query,
    without,
)


def _early(asked: Asked, told: Told) -> None:
    """A job without runs is given one that has just been assigned."""
    uuid = dict(asked.query).get("filter[job_uuid]")
    if told.status == 200 and uuid and not told.body["data"]:
        run = {
            "object": "job_run",
            "uuid": uuid,
            "job_uuid": uuid,
            "status": "ASSIGNED",
            "started_at_ms": None,
            "ended_at_ms": None,
            "duration_ms": None,
        }
        told.body |= {"data": [run], "total": 1}


def _no_logs(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["ended_at_ms"] is not None:
        told.body["logs"] = ""


def _first_run(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = asked.memory.setdefault("run", told.body)


def _run_ids(asked: Asked, body: dict[str, Json]) -> None:
    for run in body["data"]:
        asked.memory["count"] = asked.memory.get("count", 0) + 1
        run["uuid"] = f"{run['uuid'][:-4]}{asked.memory['count']:04x}"


FAULTS = [
    fault("runs-change-their-ids", "XIO-IDM-002", "runs change their ids", page(RUN_LIST, _run_ids)),
    fault("one-run-for-all", "XIO-IDM-003", "one run for all", answers("xio", RUN, _first_run), "XIO-RSP-032"),
    fault(
        "only-ended-runs",
        "XIO-LST-020",
        "only ended runs",
        page(
            RUN_LIST, lambda asked, body: body.update(data=[run for run in body["data"] if run["status"] != "RUNNING"])
        ),
    ),
    fault("runs-of-every-job", "XIO-LST-021", "runs of every job", drops(RUN_LIST, "filter[job_uuid]")),
    fault("runs-in-every-state", "XIO-LST-022", "runs in every state", drops(RUN_LIST, "filter[status]")),
    fault(
        "pages-of-runs-overlap",
        "XIO-LST-023",
        "pages of runs overlap",
        patched(
            "mockserver.adapters.xio.runs:page_of",
            lambda original: (
                lambda call, items, **others: original(call, items[1:] if call.query["page"] > 1 else items, **others)
            ),
        ),
    ),
    fault("any-limit-of-runs", "XIO-LST-025", "any limit of runs", clamps(RUN_LIST, "limit", 1, 50)),
    fault("any-page-of-runs", "XIO-LST-026", "any page of runs", clamps(RUN_LIST, "page", 1, 10**9)),
    fault(
        "any-sort-of-runs",
        "XIO-LST-028",
        "any sort of runs",
        edited_query(
            RUN_LIST, lambda told: told.pop("sort") and None if told.get("sort") in ("title", "CREATED_AT") else None
        ),
    ),
    fault(
        "runs-of-any-job",
        "XIO-LST-048",
        "with states the job of runs does not count",
        with_query("xio_list_job_runs", lambda told: without(told, "filter[job", "filter[status")),
    ),
    fault(
        "runs-oldest-first",
        "XIO-LST-050",
        "runs oldest first",
        edited_query(RUN_LIST, lambda told: told.setdefault("sort", "created_at") and None),
    ),
    fault(
        "logs-are-lost",
        "XIO-RSP-030",
        "logs are lost",
        answers("xio", RUN, lambda asked, told: told.body.pop("logs", None) and None),
    ),
    fault(
        "logs-in-the-list",
        "XIO-RSP-031",
        "logs in the list",
        page(RUN_LIST, lambda asked, body: [run.update(logs="all of them") for run in body["data"]] and None),
    ),
    fault(
        "runs-read-otherwise",
        "XIO-RSP-032",
        "runs read otherwise",
        runs(lambda run: run.update(duration_ms=run["duration_ms"] and run["duration_ms"] + 1), (RUN,)),
    ),
    fault(
        "runs-name-themselves",
        "XIO-RSP-033",
        "runs name themselves",
        runs(lambda run: run.update(job_uuid=run["uuid"])),
    ),
    fault(
        "runs-without-ssh",
        "XIO-RSP-034",
        "runs without ssh",
        runs(lambda run: run.update(node_urls=[url for url in run["node_urls"] if url["description"] != "ssh"])),
    ),
    fault(
        "always-ssh",
        "XIO-RSP-035",
        "always ssh",
        runs(
            lambda run: (
                run["node_urls"].append({"description": "ssh", "hostname": "x.invalid", "port": 1})
                if run["node_urls"]
                else None
            )
        ),
    ),
    fault(
        "ended-runs-have-addresses",
        "XIO-RSP-036",
        "ended runs have addresses",
        runs(
            lambda run: (
                run["node_urls"].append({"description": "ssh", "hostname": "x.invalid", "port": 1})
                if run["status"] == "COMPLETED"
                else None
            )
        ),
    ),
    fault(
        "logs-end-with-the-run",
        "XIO-RSP-037",
        "a run that has ended has no logs",
        answers("xio", "xio_get_job_run", _no_logs),
    ),
    fault(
        "stopped-runs-are-failed",
        "XIO-STM-010",
        "stopped runs are failed",
        runs(lambda run: run.update(status="FAILED") if run["status"] == "CANCELLED" else None),
    ),
    fault("waiting-jobs-have-runs", "XIO-STM-011", "waiting jobs have runs", answers("xio", RUNS[0], _early)),
    fault(
        "run-duration-in-seconds",
        "XIO-TIM-016",
        "run duration in seconds",
        runs(lambda run: run.update(duration_ms=run["duration_ms"] and run["duration_ms"] // 1000)),
    ),
    fault(
        "failed-runs-have-no-end",
        "XIO-TIM-016",
        "failed runs have no end",
        runs(lambda run: run.update(ended_at_ms=None, duration_ms=None) if run["status"] == "FAILED" else None),
    ),
    fault(
        "runs-start-when-assigned",
        "XIO-TIM-017",
        "runs start when assigned",
        runs(
            lambda run: run.update(
                started_at_ms=run["started_at_ms"] and run["started_at_ms"] - 20_000,
                duration_ms=run["duration_ms"] and run["duration_ms"] + 20_000,
            )
        ),
    ),
    fault(
        "running-runs-have-an-end",
        "XIO-TIM-018",
        "running runs have an end",
        runs(lambda run: run.update(ended_at_ms=run["started_at_ms"]) if run["status"] == "RUNNING" else None),
    ),
]
