"""Faults of compute.x.io: what answers say of a job."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from tests.conformance.faults import Apply, Asked, Json, Told, answers, every_job, requests
from tests.conformance.faults.xio.shapers import API, container_shown, fault, is_number, shown, submitted

ALL = ("submit", "read", "list", "cancel")


def _more(name: str) -> Callable[[dict[str, Json]], None]:
    def change(job: dict[str, Json]) -> None:
        if is_number(job.get(name)) and job[name]:
            job[name] += 1

    return change


def _nulled(name: str) -> Callable[[dict[str, Json]], None]:
    return lambda job: job.update({name: None})


def _cut(name: str) -> Callable[[dict[str, Json]], None]:
    return lambda job: job.update({name: job[name][:3]}) if isinstance(job.get(name), str) else None


def title(change: Callable[[str], str]) -> Any:
    """Titles are stored changed."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict) and isinstance(asked.body.get("title"), str):
            asked.body["title"] = change(asked.body["title"])

    return requests(API, "submit", edit)


def member_shown(name: str, change: Callable[[Any], Any]) -> Any:
    """A member of jobs is shown changed, where it is there."""

    def revise(job: dict[str, Any], asked: Asked) -> None:
        if job.get(name) is not None:
            job[name] = change(job[name])

    return answers(API, "*", every_job(API, revise))


def stored_container(change: Callable[[dict[str, Any]], None]) -> Any:
    """The container is stored changed."""

    def edit(asked: Asked) -> None:
        outer = asked.body.get("parameters") if isinstance(asked.body, dict) else None
        inner = outer.get("parameters") if isinstance(outer, dict) else None
        if isinstance(inner, dict):
            change(inner)

    return requests(API, "submit", edit)


def _sorted_ports(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("ports"), list):
        inner["ports"].sort(key=str)


def _upper(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("env"), dict):
        inner["env"] = {name.upper(): value for name, value in inner["env"].items()}


def _no_empty(inner: dict[str, Any]) -> None:
    if isinstance(inner.get("env"), dict):
        inner["env"] = {name: value for name, value in inner["env"].items() if value != ""}


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
    if (
        isinstance(inner, dict)
        and isinstance(inner.get("env"), dict)
        and all(isinstance(value, str) for value in inner["env"].values())
    ):
        asked.memory["env"] = inner["env"]
    elif isinstance(inner, dict) and "env" not in inner and "env" in asked.memory:
        inner["env"] = asked.memory["env"]


def _null_at_first(asked: Asked, told: Told) -> None:
    """Empty lists of a new job are null."""
    if told.status < 300 and isinstance(told.body, dict):
        told.body = {name: None if value == [] else value for name, value in told.body.items()}


FAULTS = [
    fault("null-at-first", "JOB-RSP-008", "empty lists of a new job are null", answers(API, "submit", _null_at_first)),
    fault(
        "partial-answers",
        "JOB-RSP-001",
        "partial answers",
        answers("xio", "read", lambda asked, told: setattr(told, "status", 206 if told.status == 200 else told.status)),
    ),
    fault("object-is-jobs", "XIO-RSP-001", "object is jobs", shown(lambda job: job.update(object="jobs"), ("cancel",))),
    fault(
        "list-without-uuid", "XIO-RSP-002", "list without uuid", shown(lambda job: job.update(uuid="1"), ("cancel",))
    ),
    fault(
        "task-told-wrong", "XIO-RSP-003", "task told wrong", shown(lambda job: job.update(task="PERSISTENT"), ("read",))
    ),
    fault("title-cut", "XIO-RSP-004", "title cut", shown(_cut("title"), ("list",))),
    fault("cores-told-wrong", "XIO-RSP-005", "cores told wrong", shown(_more("cpu_count"), ("cancel",))),
    fault("gpus-told-wrong", "XIO-RSP-006", "gpus told wrong", shown(_more("gpu_count"), ("read",))),
    fault("ram-told-wrong", "XIO-RSP-007", "ram told wrong", shown(_more("min_ram_gb"))),
    fault(
        "ram-and-storage-swapped",
        "XIO-RSP-007",
        "ram and storage swapped",
        shown(lambda job: job.update(min_ram_gb=job["min_storage_gb"], min_storage_gb=job["min_ram_gb"])),
    ),
    fault("gpu-memory-told-wrong", "XIO-RSP-008", "gpu memory told wrong", shown(_more("min_vram_gb"))),
    fault("storage-told-wrong", "XIO-RSP-009", "storage told wrong", shown(_more("min_storage_gb"))),
    fault(
        "tag-told-wrong",
        "XIO-RSP-010",
        "tag told wrong",
        shown(container_shown(lambda one: one.update(tag="latest")), ("read",)),
    ),
    fault("volumes-lost", "XIO-RSP-010", "volumes lost", shown(container_shown(lambda one: one.update(volumes=[])))),
    fault("ports-sorted", "XIO-RSP-010", "ports are told in another order", stored_container(_sorted_ports)),
    fault("variables-in-capitals", "XIO-RSP-010", "names of variables are told in capitals", stored_container(_upper)),
    fault("empty-variables-lost", "XIO-RSP-010", "empty variables are lost", stored_container(_no_empty)),
    fault(
        "variables-of-the-job-before",
        "XIO-RSP-010",
        "variables of the job before",
        requests("xio", "submit", _inherited),
    ),
    fault("description-lost", "XIO-RSP-011", "description lost", shown(_nulled("description"), ("read",))),
    fault(
        "gpu-name-in-small-letters",
        "XIO-RSP-012",
        "gpu name in small letters",
        shown(lambda job: job.update(gpu_name=job["gpu_name"].lower()) if job.get("gpu_name") else None),
    ),
    fault("gpu-id-lost", "XIO-RSP-013", "gpu id lost", shown(_nulled("gpu_registry_uuid"))),
    fault(
        "assign-limit-in-seconds",
        "XIO-RSP-014",
        "assign limit in seconds",
        shown(lambda job: job.update(max_timeout_assign_ms=job["max_timeout_assign_ms"] // 1000), ("read",)),
    ),
    fault("run-limit-lost", "XIO-RSP-015", "run limit lost", shown(_nulled("max_timeout_run_ms"), ("list",))),
    fault(
        "start-limit-told-as-assign-limit",
        "XIO-RSP-016",
        "start limit told as assign limit",
        shown(lambda job: job.update(max_timeout_start_ms=job["max_timeout_assign_ms"])),
    ),
    fault(
        "retries-count-down",
        "XIO-RSP-017",
        "retries count down",
        shown(lambda job: job.update(max_retry_count=0) if job["status"] == "COMPLETED" else None),
    ),
    fault("nodes-told-wrong", "XIO-RSP-018", "nodes told wrong", shown(lambda job: job.update(max_node_count=1))),
    fault(
        "image-size-negative", "XIO-RSP-019", "image size negative", shown(lambda job: job.update(image_size_bytes=-1))
    ),
    fault(
        "reason-lost",
        "XIO-RSP-021",
        "reason lost",
        shown(lambda job: job.update(status_reason="cancelled") if job["status"] == "CANCELLED" else None),
    ),
    fault(
        "reason-of-the-first-stop",
        "XIO-RSP-021",
        "reason of the first stop",
        answers("xio", ALL, every_job("xio", _first_reason)),
    ),
    fault(
        "reasons-are-cut",
        "XIO-RSP-021",
        "reasons are cut",
        shown(
            lambda job: (
                job.update(status_reason=job["status_reason"][:100])
                if job["status"] == "CANCELLED" and job["status_reason"]
                else None
            )
        ),
    ),
    fault(
        "failures-without-reason",
        "XIO-RSP-022",
        "failures without reason",
        shown(lambda job: job.update(status_reason=None) if job["status"] == "FAILED" else None),
    ),
    fault("title-trimmed", "XIO-RSP-023", "titles are trimmed", title(str.strip), "XIO-RSP-004"),
    fault(
        "title-of-255", "XIO-RSP-023", "titles are cut to 255 characters", title(lambda text: text[:255]), "XIO-RSP-004"
    ),
    fault(
        "title-composed",
        "XIO-RSP-023",
        "titles are stored in composed form",
        title(lambda text: unicodedata.normalize("NFC", text)),
        "XIO-RSP-004",
    ),
    fault(
        "title-of-two-bytes",
        "XIO-RSP-023",
        "characters beyond two bytes are lost",
        title(lambda text: "".join(one if ord(one) < 1 << 16 else "?" for one in text)),
        "XIO-RSP-004",
    ),
    fault(
        "title-one-line",
        "XIO-RSP-023",
        "white space in titles is made one",
        title(lambda text: " ".join(text.split())),
        "XIO-RSP-004",
    ),
    fault(
        "texts-are-normalised",
        "XIO-RSP-023",
        "texts are normalised",
        _texts(lambda text: unicodedata.normalize("NFD", text)),
    ),
    fault(
        "texts-are-escaped",
        "XIO-RSP-023",
        "texts are escaped",
        _texts(lambda text: text.replace("<", "&lt;").replace('"', "&quot;")),
    ),
    fault(
        "cores-whole",
        "XIO-RSP-024",
        "cores are told without their fraction",
        member_shown("cpu_count", int),
        "XIO-RSP-005",
    ),
    fault(
        "ram-rounded", "XIO-RSP-024", "RAM is told in whole gigabytes", member_shown("min_ram_gb", round), "XIO-RSP-007"
    ),
    fault(
        "run-limit-of-31-bits",
        "XIO-RSP-024",
        "a long run limit is cut to 31 bits",
        member_shown("max_timeout_run_ms", lambda value: min(value, 2**31 - 1)),
        "XIO-RSP-015",
    ),
    fault(
        "start-limit-of-32-bits",
        "XIO-RSP-024",
        "a long start limit loses its upper bits",
        member_shown("max_timeout_start_ms", lambda value: value % 2**32),
        "XIO-RSP-016",
    ),
]
