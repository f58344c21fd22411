"""Faults of compute.x.io's submissions: what is let in, what is kept out, what is made of what was left out, what is told back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.traffic.json_pointer import MISSING, get, put
from tests.conformance.faults import Apply, Asked, Fault, Told, answers, both, every_job, requests

Json = Any
SHOWN = ("submit", "read", "list", "cancel")
REGISTRY = "01234567-89ab-cdef-0123-456789abcdef"
COOK = "xio_cook_job_recipe"


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def submitted(change: Callable[[dict[str, Json]], None]) -> Apply:
    """Submissions are changed before the mock sees them."""

    def edit(asked: Asked) -> None:
        if isinstance(asked.body, dict):
            change(asked.body)

    return requests("xio", "submit", edit)


def shown(change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = SHOWN) -> Apply:
    """Every job that these answers show is changed."""
    return answers("xio", where, every_job("xio", lambda job, asked: change(job)))


def lets_in(name: str, least: float) -> Apply:
    """What is too small by little or much is taken for the least."""

    def change(body: dict[str, Json]) -> None:
        if is_number(body.get(name)) and body[name] < least:
            body[name] = least

    return submitted(change)


def lets_in_nearly(name: str, least: float, by: float = 1) -> Apply:
    """What is too small by no more than this is taken for the least."""

    def change(body: dict[str, Json]) -> None:
        if is_number(body.get(name)) and least - by <= body[name] < least:
            body[name] = least

    return submitted(change)


def keeps_out(name: str, value: Json) -> Apply:
    """One value is refused."""

    def change(body: dict[str, Json]) -> None:
        if body.get(name) == value and not isinstance(body.get(name), bool):
            body[name] = {"refuse": "this"}

    return submitted(change)


def takes(name: str, is_wrong: Callable[[Json], bool], instead: Json) -> Apply:
    """What is of the wrong kind is taken for something else; MISSING is asked about too."""

    def change(body: dict[str, Json]) -> None:
        if is_wrong(body.get(name, MISSING)):
            if instead is MISSING:
                body.pop(name, None)
            else:
                body[name] = instead

    return submitted(change)


def usual(name: str, value: Json) -> Apply:
    """What is left out becomes this."""
    return takes(name, lambda told: told is MISSING, value)


def digits_are_numbers(name: str) -> Apply:
    """A number in quotes is taken."""

    def change(body: dict[str, Json]) -> None:
        if isinstance(body.get(name), str) and body[name].isdigit():
            body[name] = int(body[name])

    return submitted(change)


def _both_gpus(body: dict[str, Json]) -> None:
    if isinstance(body.get("gpu_name"), str) and isinstance(body.get("gpu_registry_uuid"), str):
        body["gpu_name"] = None


def _cook(asked: Asked) -> None:
    """Whatever is out of bounds is left out."""
    if isinstance(asked.body, dict):
        asked.body = {key: value for key, value in asked.body.items() if not (is_number(value) and (value < 0 or (key.endswith("_ms") and value < 60_000)))}


def _reason(asked: Asked) -> None:
    if isinstance(asked.body, dict) and not isinstance(asked.body.get("reason", ""), str):
        asked.body["reason"] = "other"


def _whole(body: dict[str, Json]) -> None:
    for name in ("cpu_count", "min_ram_gb", "min_storage_gb", "min_vram_gb"):
        if is_number(body.get(name)) and body[name] > 0 and body[name] != int(body[name]):
            body[name] = "no fractions"


def _persistent(body: dict[str, Json]) -> None:
    if body.get("task") == "PERSISTENT" and is_number(body.get("max_timeout_run_ms")):
        body["max_timeout_run_ms"] = None


def _container(change: Callable[[dict[str, Json]], None]) -> Callable[[dict[str, Json]], None]:
    def inner(job: dict[str, Json]) -> None:
        container = get(job, "/parameters/parameters")
        if isinstance(container, dict):
            change(container)

    return inner


def _stringly(container: dict[str, Json]) -> None:
    for name in ("host", "image", "tag", "user", "imagesrc"):
        if name in container and not isinstance(container[name], str):
            container[name] = str(container[name])


def _odd(value: Json) -> bool:
    return value is not MISSING and value is not None and not isinstance(value, str)


REQUESTS: dict[str, tuple[str, Apply]] = {
    "parameters-not-needed": ("XIO-REQ-001", takes("parameters", lambda told: told is MISSING, {})),
    "parameters-may-be-text": ("XIO-REQ-001", takes("parameters", lambda told: isinstance(told, str), {})),
    "title-not-needed": ("XIO-REQ-002", takes("title", lambda told: told is MISSING, "untitled")),
    "title-may-be-a-number": ("XIO-REQ-002", takes("title", is_number, "1")),
    "run-limit-a-millisecond-low": ("XIO-REQ-003", lets_in_nearly("max_timeout_run_ms", 60_000)),
    "run-limit-boundary-refused": ("XIO-REQ-003", keeps_out("max_timeout_run_ms", 60_000)),
    "run-limit-may-be-digits": ("XIO-REQ-003", digits_are_numbers("max_timeout_run_ms")),
    "run-limit-not-needed": ("XIO-REQ-004", takes("max_timeout_run_ms", lambda told: told is MISSING, 900_000)),
    "run-limit-may-be-null": ("XIO-REQ-004", takes("max_timeout_run_ms", lambda told: told is None, 900_000)),
    "task-in-small-letters": ("XIO-REQ-005", takes("task", lambda told: told == "batch", "BATCH")),
    "task-of-any-kind": ("XIO-REQ-005", takes("task", lambda told: told not in (MISSING, "PERSISTENT"), "BATCH")),
    "task-not-needed": ("XIO-REQ-005", takes("task", lambda told: told is MISSING, "BATCH")),
    "negative-cores": ("XIO-REQ-006", lets_in("cpu_count", 0)),
    "no-cores-refused": ("XIO-REQ-006", keeps_out("cpu_count", 0)),
    "cores-may-be-digits": ("XIO-REQ-006", digits_are_numbers("cpu_count")),
    "negative-gpus": ("XIO-REQ-007", lets_in("gpu_count", 0)),
    "description-may-be-anything": ("XIO-REQ-008", takes("description", _odd, "odd")),
    "description-may-not-be-null": ("XIO-REQ-008", takes("description", lambda told: told is None, 5)),
    "gpu-name-may-be-anything": ("XIO-REQ-009", takes("gpu_name", _odd, None)),
    "gpu-id-may-be-any-text": ("XIO-REQ-010", takes("gpu_registry_uuid", lambda told: isinstance(told, str) and len(told) != 36, None)),
    "both-gpus-accepted": ("XIO-REQ-011", submitted(_both_gpus)),
    "nodes-may-be-digits": ("XIO-REQ-012", digits_are_numbers("max_node_count")),
    "two-nodes-refused": ("XIO-REQ-012", keeps_out("max_node_count", 2)),
    "negative-retries": ("XIO-REQ-013", lets_in("max_retry_count", 0)),
    "many-retries-refused": ("XIO-REQ-013", keeps_out("max_retry_count", 100)),
    "assign-limit-a-millisecond-low": ("XIO-REQ-014", lets_in_nearly("max_timeout_assign_ms", 300_000)),
    "assign-limit-boundary-refused": ("XIO-REQ-014", keeps_out("max_timeout_assign_ms", 300_000)),
    "start-limit-a-millisecond-low": ("XIO-REQ-015", lets_in_nearly("max_timeout_start_ms", 120_000)),
    "start-limit-boundary-refused": ("XIO-REQ-015", keeps_out("max_timeout_start_ms", 120_000)),
    "start-limit-may-be-null": ("XIO-REQ-015", takes("max_timeout_start_ms", lambda told: told is None, MISSING)),
    "negative-ram": ("XIO-REQ-016", lets_in("min_ram_gb", 0)),
    "negative-storage": ("XIO-REQ-017", lets_in("min_storage_gb", 0)),
    "negative-gpu-memory": ("XIO-REQ-018", lets_in("min_vram_gb", 0)),
    "fractions-refused": ("XIO-REQ-019", submitted(_whole)),
    "anything-can-be-cooked": ("XIO-REQ-020", requests("xio", COOK, _cook)),
    "persistent-jobs-with-limits": ("XIO-REQ-021", submitted(_persistent)),
    "some-of-the-example-refused": ("XIO-REQ-022", submitted(_container(lambda one: one.update(imagesrc=5) if "imagesrc" in one else None))),
    "container-members-of-any-type": ("XIO-REQ-023", submitted(_container(_stringly))),
    "reasons-of-any-type": ("XIO-REQ-024", requests("xio", "cancel", _reason)),
    "other-types-of-parameters": (
        "XIO-REQ-026",
        submitted(lambda body: body["parameters"].update(type="docker") if isinstance(body.get("parameters"), dict) else None),
    ),
    "regions-may-be-text": ("XIO-REQ-027", takes("allowed_region_codes", lambda told: isinstance(told, str), [])),
    "persistent-jobs-refused": ("XIO-CRT-001", takes("task", lambda told: told == "PERSISTENT", "NONE")),
}

USUAL: dict[str, tuple[str, Json]] = {
    "cpu_count": ("XIO-DEF-001", 1),
    "gpu_count": ("XIO-DEF-002", 1),
    "min_ram_gb": ("XIO-DEF-003", 1),
    "min_storage_gb": ("XIO-DEF-004", 10),
    "min_vram_gb": ("XIO-DEF-005", 1),
    "max_node_count": ("XIO-DEF-006", 2),
    "max_retry_count": ("XIO-DEF-007", 1),
    "max_timeout_assign_ms": ("XIO-DEF-008", 300_001),
    "max_timeout_start_ms": ("XIO-DEF-009", 120_000),
    "description": ("XIO-DEF-010", ""),
}


def _more(name: str) -> Callable[[dict[str, Json]], None]:
    def change(job: dict[str, Json]) -> None:
        if is_number(job.get(name)) and job[name]:
            job[name] += 1

    return change


def _nulled(name: str) -> Callable[[dict[str, Json]], None]:
    return lambda job: job.update({name: None})


def _cut(name: str) -> Callable[[dict[str, Json]], None]:
    return lambda job: job.update({name: job[name][:3]}) if isinstance(job.get(name), str) else None


TOLD: dict[str, tuple[str, Apply]] = {
    "object-is-jobs": ("XIO-RSP-001", shown(lambda job: job.update(object="jobs"), ("cancel",))),
    "list-without-uuid": ("XIO-RSP-002", shown(lambda job: job.update(uuid="1"), ("cancel",))),
    "task-told-wrong": ("XIO-RSP-003", shown(lambda job: job.update(task="PERSISTENT"), ("read",))),
    "title-cut": ("XIO-RSP-004", shown(_cut("title"), ("list",))),
    "cores-told-wrong": ("XIO-RSP-005", shown(_more("cpu_count"), ("cancel",))),
    "gpus-told-wrong": ("XIO-RSP-006", shown(_more("gpu_count"), ("read",))),
    "ram-told-wrong": ("XIO-RSP-007", shown(_more("min_ram_gb"))),
    "gpu-memory-told-wrong": ("XIO-RSP-008", shown(_more("min_vram_gb"))),
    "storage-told-wrong": ("XIO-RSP-009", shown(_more("min_storage_gb"))),
    "ram-and-storage-swapped": ("XIO-RSP-007", shown(lambda job: job.update(min_ram_gb=job["min_storage_gb"], min_storage_gb=job["min_ram_gb"]))),
    "tag-told-wrong": ("XIO-RSP-010", shown(_container(lambda one: one.update(tag="latest")), ("read",))),
    "volumes-lost": ("XIO-RSP-010", shown(_container(lambda one: one.update(volumes=[])))),
    "description-lost": ("XIO-RSP-011", shown(_nulled("description"), ("read",))),
    "gpu-name-in-small-letters": ("XIO-RSP-012", shown(lambda job: job.update(gpu_name=job["gpu_name"].lower()) if job.get("gpu_name") else None)),
    "gpu-id-lost": ("XIO-RSP-013", shown(_nulled("gpu_registry_uuid"))),
    "assign-limit-in-seconds": ("XIO-RSP-014", shown(lambda job: job.update(max_timeout_assign_ms=job["max_timeout_assign_ms"] // 1000), ("read",))),
    "run-limit-lost": ("XIO-RSP-015", shown(_nulled("max_timeout_run_ms"), ("list",))),
    "start-limit-told-as-assign-limit": ("XIO-RSP-016", shown(lambda job: job.update(max_timeout_start_ms=job["max_timeout_assign_ms"]))),
    "retries-count-down": ("XIO-RSP-017", shown(lambda job: job.update(max_retry_count=0) if job["status"] == "COMPLETED" else None)),
    "nodes-told-wrong": ("XIO-RSP-018", shown(lambda job: job.update(max_node_count=1))),
    "reason-lost": ("XIO-RSP-021", shown(lambda job: job.update(status_reason="cancelled") if job["status"] == "CANCELLED" else None)),
    "failures-without-reason": ("XIO-RSP-022", shown(lambda job: job.update(status_reason=None) if job["status"] == "FAILED" else None)),
    "image-size-negative": ("XIO-RSP-019", shown(lambda job: job.update(image_size_bytes=-1))),
}


def _same_job_again() -> Apply:
    """A submission that was seen before is answered with the job it made then."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            told.body = asked.memory.setdefault(repr(asked.body), told.body)

    return answers("xio", "submit", revise)


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


COOKING: dict[str, tuple[str, Apply]] = {
    "cooking-needs-a-body": ("XIO-CRT-002", requests("xio", COOK, _needs_body)),
    "cooking-forgets-the-body": ("XIO-CRT-003", requests("xio", COOK, _drops)),
    "cooked-jobs-name-no-recipe": ("XIO-CRT-004", _cooked(lambda asked, job: job.update(source_recipe_uuid=None))),
    "cooked-jobs-are-untitled": (
        "XIO-CRT-005",
        both("xio", COOK, lambda asked: asked.body.setdefault("title", "cooked") if isinstance(asked.body, dict) else None, lambda asked, told: None),
    ),
    "cooking-replaces-the-container": ("XIO-CRT-006", requests("xio", COOK, _no_env)),
    "equal-submissions-are-one": ("XIO-IDM-001", _same_job_again()),
}


def _made() -> Iterator[Fault]:
    for table in (REQUESTS, TOLD, COOKING):
        for name, (requirement, apply) in table.items():
            yield Fault(f"xio:{name}", "xio", requirement, name.replace("-", " "), apply)
    for member, (requirement, value) in USUAL.items():
        yield Fault(f"xio:usual-{member.replace('_', '-')}", "xio", requirement, f"{member} that is left out becomes {value!r}", usual(member, value))


FAULTS = list(_made())
