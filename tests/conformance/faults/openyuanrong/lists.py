"""Faults of openYuanrong: lists, filters and pages."""

from __future__ import annotations

from tests.conformance.faults import Asked, Told, answers
from tests.conformance.faults.openyuanrong.shapers import API, fault, undone


def _twenty(asked: Asked, told: Told) -> None:
    told.body = told.body[:20] if isinstance(told.body, list) else told.body


def _no_failures(asked: Asked, told: Told) -> None:
    told.body = [job for job in told.body if job["status"] != "STOPPED"] if isinstance(told.body, list) else told.body


def _four(asked: Asked, told: Told) -> None:
    if isinstance(told.body, list) and len(told.body) == 5:
        told.body = [job for job in told.body if job["status"] != "PENDING"]


def _pending(asked: Asked, told: Told) -> None:
    for job in told.body if isinstance(told.body, list) else ():
        if job["status"] == "STOPPED":
            job["status"] = "RUNNING"


def _null_list(asked: Asked, told: Told) -> None:
    if told.body == []:
        told.body = None
        told.headers["content-type"] = "application/json"


def _roomless_unlisted(asked: Asked, answered: Told) -> None:
    if isinstance(answered.body, list):
        answered.body = [job for job in answered.body if job["status"] != "FAILED" or job["driver_node_id"]]


def _two_hundred(asked: Asked, answered: Told) -> None:
    answered.body = answered.body[:200] if isinstance(answered.body, list) else answered.body


def _bare_in_lists(asked: Asked, told: Told) -> None:
    for job in told.body if told.status == 200 else ():
        job["metadata"] = None


def _no_variables_in_lists(asked: Asked, told: Told) -> None:
    for job in told.body if told.status == 200 else ():
        job["runtime_env"]["envVars"] = ""


def _hundred(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body = told.body[-100:]


def _one_environment(asked: Asked, answered: Told) -> None:
    for job in answered.body if answered.status == 200 else ():
        job["runtime_env"] = answered.body[0]["runtime_env"]


def _listed_well(asked: Asked, answered: Told) -> None:
    for job in answered.body if answered.status == 200 else ():
        job["driver_exit_code"] = 0


FAULTS = [
    fault(
        "kept-in-list",
        "JOB-LST-009",
        "jobs that ran well are deleted in word only",
        undone("delete", lambda job: job.state == "SUCCEEDED"),
        "OYR-STM-006",
    ),
    fault("null-list", "OYR-LST-001", "the list of no jobs is null", answers(API, "list", _null_list), "JOB-RSP-002"),
    fault("stopped-not-listed", "OYR-LST-002", "stopped jobs are not listed", answers(API, "list", _no_failures)),
    fault(
        "one-of-five-not-listed",
        "OYR-LST-002",
        "of five jobs the one that waits is not listed",
        answers(API, "list", _four),
    ),
    fault(
        "stopped-listed-running",
        "OYR-LST-002",
        "stopped jobs are listed as running",
        answers(API, "list", _pending),
        "JOB-STM-004",
        "JOB-STM-007",
    ),
    fault(
        "roomless-unlisted",
        "OYR-LST-002",
        "jobs that found no room are not listed",
        answers(API, "list", _roomless_unlisted),
    ),
    fault("listed-exit-code", "OYR-LST-002", "the list tells no exit codes", answers(API, "list", _listed_well)),
    fault("twenty-listed", "OYR-LST-003", "the list ends after twenty jobs", answers(API, "list", _twenty)),
    fault(
        "two-hundred-listed", "OYR-LST-003", "the list ends after two hundred jobs", answers(API, "list", _two_hundred)
    ),
    fault("hundred-listed", "OYR-LST-003", "the list ends after a hundred jobs", answers(API, "list", _hundred)),
    fault(
        "listed-without-metadata", "OYR-LST-004", "the list leaves metadata out", answers(API, "list", _bare_in_lists)
    ),
    fault(
        "listed-without-variables",
        "OYR-LST-004",
        "the list leaves variables out",
        answers(API, "list", _no_variables_in_lists),
    ),
    fault(
        "one-environment",
        "OYR-LST-004",
        "the list tells the first job's environment of every job",
        answers(API, "list", _one_environment),
        "OYR-RSP-014",
        "JOB-LST-003",
    ),
]
