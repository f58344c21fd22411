"""Faults of compute.x.io: recipes."""

from __future__ import annotations

from collections.abc import Callable

from conformance.traffic.json_pointer import get, put
from tests.conformance.faults import Apply, Asked, Json, Told, answers, both, requests
from tests.conformance.faults.xio.shapers import API, COOK, LIST_JOBS, edited_query, fault, is_number, shown, told


def _cook(asked: Asked) -> None:
    """Whatever is out of bounds is left out."""
    if isinstance(asked.body, dict):
        asked.body = {
            key: value
            for key, value in asked.body.items()
            if not (is_number(value) and (value < 0 or (key.endswith("_ms") and value < 60_000)))
        }


def _cooked(change: Callable[[Asked, dict[str, Json]], None]) -> Apply:
    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(asked, told.body)

    return answers("xio", COOK, revise)


def _drops(asked: Asked) -> None:
    """The body of a cooking loses a member that it should have kept."""
    if isinstance(asked.body, dict):
        asked.body.pop("min_storage_gb", None)


def _needs_body(asked: Asked) -> None:
    if asked.body is None:
        asked.path = "/v1/nowhere"


def _no_env(asked: Asked) -> None:
    if isinstance(get(asked.body, "/parameters/parameters"), dict):
        asked.body = put(asked.body, "/parameters/parameters/image", "replaced")


def _longer_by_recipe(asked: Asked) -> None:
    asked.body = {"max_timeout_run_ms": 7_200_000, **(asked.body or {})}


def _own_task(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("task") in ("BATCH", "PERSISTENT"):
        del asked.body["task"]
        if asked.body.get("max_timeout_run_ms", 0) is None:
            del asked.body["max_timeout_run_ms"]


def _both_gpus(asked: Asked, told: Told) -> None:
    if told.status == 201 and told.body["gpu_registry_uuid"]:
        told.body["gpu_name"] = "NVIDIA RTX 4090"


def _refused_cookings_count(asked: Asked, told: Told) -> None:
    if asked.operation == COOK and told.status == 400:
        asked.memory["extra"] = asked.memory.get("extra", 0) + 1
    if asked.operation == LIST_JOBS and told.status == 200:
        told.body["total"] += asked.memory.get("extra", 0)


FAULTS = [
    fault("cooking-needs-a-body", "XIO-CRT-002", "cooking needs a body", requests("xio", COOK, _needs_body)),
    fault("cooking-forgets-the-body", "XIO-CRT-003", "cooking forgets the body", requests("xio", COOK, _drops)),
    fault("recipes-task", "XIO-CRT-003", "the task of a cooking does not count", requests("xio", COOK, _own_task)),
    fault(
        "cooked-jobs-name-no-recipe",
        "XIO-CRT-004",
        "cooked jobs name no recipe",
        _cooked(lambda asked, job: job.update(source_recipe_uuid=None)),
    ),
    fault(
        "cooked-jobs-are-untitled",
        "XIO-CRT-005",
        "cooked jobs are untitled",
        both(
            "xio",
            COOK,
            lambda asked: asked.body.setdefault("title", "cooked") if isinstance(asked.body, dict) else None,
            lambda asked, told: None,
        ),
    ),
    fault(
        "recipe-limit-lost",
        "XIO-CRT-005",
        "a cooked job has another run limit than its recipe",
        requests(API, "xio_cook_job_recipe", _longer_by_recipe),
    ),
    fault(
        "cooking-replaces-the-container",
        "XIO-CRT-006",
        "cooking replaces the container",
        requests("xio", COOK, _no_env),
    ),
    fault(
        "recipes-gpu-stays",
        "XIO-CRT-007",
        "the name of a recipe's GPU stays beside another's id",
        answers("xio", COOK, _both_gpus),
    ),
    fault(
        "refused-cookings-make-jobs",
        "XIO-ERR-007",
        "refused cookings make jobs",
        answers("xio", (COOK, LIST_JOBS), _refused_cookings_count),
    ),
    fault(
        "recipe-not-told-in-the-list",
        "XIO-LST-051",
        "recipe not told in the list",
        shown(lambda job: job.update(source_recipe_uuid=None), ("list",)),
    ),
    fault(
        "cooked-jobs-are-not-listed",
        "XIO-LST-051",
        "cooked jobs are not listed",
        told(lambda body: body.update(data=[job for job in body["data"] if not job["source_recipe_uuid"]])),
    ),
    fault(
        "recipe-filter-of-nothing",
        "XIO-LST-052",
        "recipe filter of nothing",
        edited_query("list", lambda told: told.pop("filter[recipe_uuid]", None) and None),
    ),
    fault("anything-can-be-cooked", "XIO-REQ-020", "anything can be cooked", requests("xio", COOK, _cook)),
]
