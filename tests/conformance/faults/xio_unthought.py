"""Faults of compute.x.io of kinds that developers make and nobody had thought of: nought, edges of ranges, what one job leaves to the next."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace as revised

from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, patched, requests
from tests.conformance.faults.xio import is_number, shown, submitted, takes
from tests.conformance.faults.xio_course import asked, keeps_room, stops
from tests.conformance.faults.xio_told import query

Json = Any
ALL = ("submit", "read", "list", "cancel")
JOBS = "mockserver.adapters.xio.jobs"


def _told(change: Callable[[dict[str, Json]], None], where: str = "list") -> Apply:
    """A list's answer is changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            change(told.body)

    return answers("xio", where, revise)


def _unfiltered(name: str, nought: str) -> Apply:
    """A filter by nought is taken for none."""

    def edit(told: dict[str, str]) -> None:
        if told.get(f"filter[{name}]") == nought:
            del told[f"filter[{name}]"]

    return query("list", edit)


def _half_open(original: Any) -> Any:
    return lambda name, low, high: lambda job: low <= job.payload[name] < high or low == high == job.payload[name]


def _first_reason(job: dict[str, Json], asked: Asked) -> None:
    if job["status"] == "CANCELLED" and job["status_reason"]:
        job["status_reason"] = asked.memory.setdefault("reason", job["status_reason"])


def _texts(change: Callable[[str], str]) -> Apply:
    def edit(body: dict[str, Json]) -> None:
        for name in ("title", "description"):
            if isinstance(body.get(name), str):
                body[name] = change(body[name])

    return submitted(edit)


def _inherited(asked: Asked) -> None:
    """A container without variables has those of the last that had some."""
    outer = asked.body.get("parameters") if isinstance(asked.body, dict) else None
    inner = outer.get("parameters") if isinstance(outer, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("env"), dict) and all(isinstance(value, str) for value in inner["env"].values()):
        asked.memory["env"] = inner["env"]
    elif isinstance(inner, dict) and "env" not in inner and "env" in asked.memory:
        inner["env"] = asked.memory["env"]


def _memory_of_gpus_alone() -> Apply:
    """GPU memory is looked for only where GPUs are."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        if not members["gpu_count"]:
            wanted.resources = revised(wanted.resources, vram=0)

    return asked(alter)


def _unsigned_cookings(original: Any) -> Any:
    return lambda call: None if call.target.endswith("/cook") else original(call)


def _waits_as_made(job: dict[str, Json]) -> None:
    if job["status"] == "PENDING":
        job["updated_at"] = job["created_at"]


def _one_less(body: dict[str, Json]) -> None:
    if body["page"] > 1:
        body["total"] -= 1


def _third_at_once(original: Any, world: Any, job: Any) -> None:
    seen, at = world.shelf("stops"), (job.key, world.now_us)
    seen[at] = seen.get(at, 0) + 1
    if seen[at] == 3:
        raise RuntimeError("two are enough")
    original()


UNTHOUGHT: dict[str, tuple[str, Apply]] = {
    "partial-answers": ("JOB-RSP-001", answers("xio", "read", lambda asked, told: setattr(told, "status", 206 if told.status == 200 else told.status))),
    "no-cores-filter-is-none": ("XIO-LST-009", _unfiltered("cpu_count", "0")),
    "no-ram-filter-is-none": ("XIO-LST-010", _unfiltered("min_ram_gb", "0")),
    "no-storage-filter-is-none": ("XIO-LST-011", _unfiltered("min_storage_gb", "0")),
    "no-gpu-memory-filter-is-none": ("XIO-LST-012", _unfiltered("min_vram_gb", "0,0")),
    "amounts-without-their-highest": ("XIO-LST-010", patched(f"{JOBS}:_within", _half_open)),
    "forty-nine-of-fifty": ("XIO-LST-049", _told(lambda body: body.update(data=body["data"][:49]))),
    "later-pages-count-one-less": ("XIO-LST-017", _told(_one_less)),
    "reason-of-the-first-stop": ("XIO-RSP-021", answers("xio", ALL, every_job("xio", _first_reason))),
    "reasons-are-cut": ("XIO-RSP-021", shown(lambda job: job.update(status_reason=job["status_reason"][:100]) if job["status"] == "CANCELLED" and job["status_reason"] else None)),
    "texts-are-normalised": ("XIO-RSP-023", _texts(lambda text: unicodedata.normalize("NFD", text))),
    "texts-are-escaped": ("XIO-RSP-023", _texts(lambda text: text.replace("<", "&lt;").replace('"', "&quot;"))),
    "long-titles-are-refused": ("XIO-REQ-030", takes("title", lambda told: isinstance(told, str) and len(told) > 255, 5)),
    "empty-titles-are-refused": ("XIO-REQ-030", takes("title", lambda told: told == "", 5)),
    "run-limits-of-31-bits": ("XIO-REQ-030", takes("max_timeout_run_ms", lambda told: is_number(told) and told >= 2**31, 5)),
    "at-most-128-cores": ("XIO-REQ-030", takes("cpu_count", lambda told: is_number(told) and 128 < told < 10_000, -1)),
    "gpu-memory-without-gpus": ("XIO-STM-016", _memory_of_gpus_alone()),
    "endless-jobs-keep-their-nodes": ("XIO-STM-005", keeps_room(lambda job: job.request.endless)),
    "wide-jobs-keep-their-nodes": ("XIO-STM-006", keeps_room(lambda job: job.request.nodes > 1)),
    "strangers-may-cook": ("XIO-AUT-001", patched("mockserver.adapters.xio:verify", _unsigned_cookings)),
    "waiting-again-is-no-update": ("XIO-TIM-012", shown(_waits_as_made)),
    "variables-of-the-job-before": ("XIO-RSP-010", requests("xio", "submit", _inherited)),
    "recipe-not-told-in-the-list": ("XIO-LST-051", shown(lambda job: job.update(source_recipe_uuid=None), ("list",))),
    "recipe-filter-of-nothing": ("XIO-LST-052", query("list", lambda told: told.pop("filter[recipe_uuid]", None) and None)),
    "cooked-jobs-are-not-listed": ("XIO-LST-051", _told(lambda body: body.update(data=[job for job in body["data"] if not job["source_recipe_uuid"]]))),
    "given-up-jobs-are-not-listed": ("XIO-STM-026", _told(lambda body: body.update(data=[job for job in body["data"] if job["status"] != "FAILED" or job["started_at"]]))),
    "stopped-jobs-never-started": ("XIO-LST-027", shown(lambda job: job.update(started_at=None) if job["status"] == "CANCELLED" else None, ("list",))),
}  # fmt: skip

FAULTS = [
    *(Fault(f"xio:{name}", "xio", requirement, name.replace("-", " "), apply) for name, (requirement, apply) in UNTHOUGHT.items()),
    Fault("xio:third-stop-at-once-crashes", "xio", "XIO-IDM-004", "the third stop at one instant makes the server fail", stops(_third_at_once), ("JOB-ERR-010",)),
]
