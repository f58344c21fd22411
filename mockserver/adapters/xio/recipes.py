"""xio's job recipes: prepared jobs that a client cooks with changes of its own. Source: specs/xio/sources.md#recipes"""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.adapters.xio.jobs import create
from mockserver.adapters.xio.paging import asked, page_of

RUN_LIMIT_MS = 3_600_000
"""The run limit of a batch job that was cooked from a recipe without one."""


def _docker(**container: Json) -> Json:
    return {"type": "docker", "parameters": container}


RECIPES: dict[str, dict[str, Json]] = {
    recipe["uuid"]: {"object": "job_recipe", **recipe}
    for recipe in (
        {
            "uuid": "5c1f0b1e-7a52-4c0e-9d1f-0a6b5f2f9a01",
            "title": "Notebook",
            "description": "A notebook server on one GPU, until it is cancelled",
            "task": "PERSISTENT",
            "is_official": True,
            "cpu_count": 2,
            "gpu_count": 1,
            "gpu_name": None,
            "min_ram_gb": 8,
            "min_vram_gb": 16,
            "min_storage_gb": 20,
            "max_timeout_run_ms": None,
            "parameters": _docker(image="recipes/notebook", tag="latest", ports=[22, 8888], env={}),
        },
        {
            "uuid": "5c1f0b1e-7a52-4c0e-9d1f-0a6b5f2f9a02",
            "title": "Frame render",
            "description": "Renders one frame and ends",
            "task": "BATCH",
            "is_official": True,
            "cpu_count": 4,
            "gpu_count": 1,
            "gpu_name": "NVIDIA RTX 4090",
            "min_ram_gb": 16,
            "min_vram_gb": 0,
            "min_storage_gb": 10,
            "max_timeout_run_ms": 900_000,
            "parameters": _docker(image="recipes/render", tag="latest", env={"FRAME": "1"}),
        },
        {
            "uuid": "5c1f0b1e-7a52-4c0e-9d1f-0a6b5f2f9a03",
            "title": "Data clean-up",
            "description": "A batch job on processors alone, shared by a user",
            "task": "BATCH",
            "is_official": False,
            "cpu_count": 2,
            "gpu_count": 0,
            "gpu_name": None,
            "min_ram_gb": 4,
            "min_vram_gb": 0,
            "min_storage_gb": 0,
            "max_timeout_run_ms": 600_000,
            "parameters": _docker(image="recipes/cleanup", tag="1.0", env={}),
        },
    )
}


def xio_list_job_recipes(call: Call) -> Reply:
    """A page of recipes."""
    official = asked(call.query, "is_official")
    found = [recipe for recipe in RECIPES.values() if official is None or recipe["is_official"] is official]
    return page_of(call, found, total=len(found), render=lambda recipe: recipe)


def xio_cook_job_recipe(call: Call) -> Reply:
    """A new job with a recipe's settings and the body's changes."""
    recipe = RECIPES.get(call.path["uuid"].lower())
    if recipe is None:
        raise Refusal("unknown", f"there is no job recipe {call.path['uuid']}")
    changes: dict[str, Json] = dict(call.body or {})
    wishes = _merged(recipe, changes)
    if changes.get("gpu_registry_uuid") is not None:
        wishes["gpu_name"] = None
    persistent = wishes["task"] == "PERSISTENT"
    wishes["max_timeout_run_ms"] = (
        None if persistent else changes.get("max_timeout_run_ms") or recipe["max_timeout_run_ms"] or RUN_LIMIT_MS
    )
    return create(call, wishes, recipe=recipe["uuid"])


def _merged(base: dict[str, Json], changes: dict[str, Json]) -> dict[str, Json]:
    """`base` with each member of `changes` in its place, objects merged member by member."""
    whole = dict(base)
    for name, value in changes.items():
        inner = whole.get(name)
        whole[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return whole
