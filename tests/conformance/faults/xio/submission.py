"""Faults of compute.x.io: what a submission may say and what it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.traffic.json_pointer import MISSING, get
from tests.conformance.faults import Apply, Asked, Json, Told, answers, requests
from tests.conformance.faults.xio.shapers import API, asked, container_shown, fault, is_number, submitted


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


def _stringly(container: dict[str, Json]) -> None:
    for name in ("host", "image", "tag", "user", "imagesrc"):
        if name in container and not isinstance(container[name], str):
            container[name] = str(container[name])


def _odd(value: Json) -> bool:
    return value is not MISSING and value is not None and not isinstance(value, str)


def _texts(asked: Asked) -> None:
    """Variables of another type are made strings before anybody looks."""
    container = (asked.body or {}).get("parameters") if isinstance(asked.body, dict) else None
    inner = container.get("parameters") if isinstance(container, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("env"), dict):
        inner["env"] = {name: str(value) for name, value in inner["env"].items()}


def no_true_texts() -> Apply:
    """Environments with a text that looks like a truth value are refused."""

    def revise(asked: Asked, told: Told) -> None:
        variables = get(asked.body, "/parameters/parameters/env") if asked.body is not None else None
        if told.status < 300 and isinstance(variables, dict) and "true" in variables.values():
            told.status, told.body = 400, {"error": {"code": "validation_error", "message": "no truth values"}}

    return answers("xio", "submit", revise)


FAULTS = [
    fault("truth-values-are-refused", "JOB-CRT-001", "truth values are refused", no_true_texts()),
    fault(
        "persistent-jobs-refused",
        "XIO-CRT-001",
        "persistent jobs refused",
        takes("task", lambda told: told == "PERSISTENT", "NONE"),
    ),
    fault("usual-cpu-count", "XIO-DEF-001", "cpu_count that is left out becomes 1", usual("cpu_count", 1)),
    fault("usual-gpu-count", "XIO-DEF-002", "gpu_count that is left out becomes 1", usual("gpu_count", 1)),
    fault("usual-min-ram-gb", "XIO-DEF-003", "min_ram_gb that is left out becomes 1", usual("min_ram_gb", 1)),
    fault(
        "usual-min-storage-gb", "XIO-DEF-004", "min_storage_gb that is left out becomes 10", usual("min_storage_gb", 10)
    ),
    fault("usual-min-vram-gb", "XIO-DEF-005", "min_vram_gb that is left out becomes 1", usual("min_vram_gb", 1)),
    fault(
        "usual-max-node-count", "XIO-DEF-006", "max_node_count that is left out becomes 2", usual("max_node_count", 2)
    ),
    fault(
        "usual-max-retry-count",
        "XIO-DEF-007",
        "max_retry_count that is left out becomes 1",
        usual("max_retry_count", 1),
    ),
    fault(
        "usual-max-timeout-assign-ms",
        "XIO-DEF-008",
        "max_timeout_assign_ms that is left out becomes 300001",
        usual("max_timeout_assign_ms", 300_001),
    ),
    fault(
        "usual-max-timeout-start-ms",
        "XIO-DEF-009",
        "max_timeout_start_ms that is left out becomes 120000",
        usual("max_timeout_start_ms", 120_000),
    ),
    fault("usual-description", "XIO-DEF-010", "description that is left out becomes ''", usual("description", "")),
    fault(
        "usual-assign-limit-longer",
        "XIO-DEF-011",
        "usual assign limit longer",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "limits", replace(wanted.limits, assign=600.0))
                if (call.body or {}).get("max_timeout_assign_ms") is None
                else None
            )
        ),
    ),
    fault(
        "retry-although-none-was-asked-for",
        "XIO-DEF-012",
        "retry although none was asked for",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "retries", 1) if (call.body or {}).get("max_retry_count") is None else None
            )
        ),
    ),
    fault(
        "usual-start-limit-shorter",
        "XIO-DEF-013",
        "usual start limit shorter",
        asked(
            lambda call, members, wanted: (
                setattr(wanted, "limits", replace(wanted.limits, start=120.0))
                if (call.body or {}).get("max_timeout_start_ms") is None
                else None
            )
        ),
    ),
    fault(
        "parameters-not-needed",
        "XIO-REQ-001",
        "parameters not needed",
        takes("parameters", lambda told: told is MISSING, {}),
    ),
    fault(
        "parameters-may-be-text",
        "XIO-REQ-001",
        "parameters may be text",
        takes("parameters", lambda told: isinstance(told, str), {}),
    ),
    fault(
        "title-not-needed", "XIO-REQ-002", "title not needed", takes("title", lambda told: told is MISSING, "untitled")
    ),
    fault("title-may-be-a-number", "XIO-REQ-002", "title may be a number", takes("title", is_number, "1")),
    fault(
        "run-limit-a-millisecond-low",
        "XIO-REQ-003",
        "run limit a millisecond low",
        lets_in_nearly("max_timeout_run_ms", 60_000),
    ),
    fault(
        "run-limit-boundary-refused",
        "XIO-REQ-003",
        "run limit boundary refused",
        keeps_out("max_timeout_run_ms", 60_000),
    ),
    fault(
        "run-limit-may-be-digits", "XIO-REQ-003", "run limit may be digits", digits_are_numbers("max_timeout_run_ms")
    ),
    fault(
        "run-limit-not-needed",
        "XIO-REQ-004",
        "run limit not needed",
        takes("max_timeout_run_ms", lambda told: told is MISSING, 900_000),
    ),
    fault(
        "run-limit-may-be-null",
        "XIO-REQ-004",
        "run limit may be null",
        takes("max_timeout_run_ms", lambda told: told is None, 900_000),
    ),
    fault(
        "task-in-small-letters",
        "XIO-REQ-005",
        "task in small letters",
        takes("task", lambda told: told == "batch", "BATCH"),
    ),
    fault(
        "task-of-any-kind",
        "XIO-REQ-005",
        "task of any kind",
        takes("task", lambda told: told not in (MISSING, "PERSISTENT"), "BATCH"),
    ),
    fault("task-not-needed", "XIO-REQ-005", "task not needed", takes("task", lambda told: told is MISSING, "BATCH")),
    fault("negative-cores", "XIO-REQ-006", "negative cores", lets_in("cpu_count", 0)),
    fault("no-cores-refused", "XIO-REQ-006", "no cores refused", keeps_out("cpu_count", 0)),
    fault("cores-may-be-digits", "XIO-REQ-006", "cores may be digits", digits_are_numbers("cpu_count")),
    fault("negative-gpus", "XIO-REQ-007", "negative gpus", lets_in("gpu_count", 0)),
    fault(
        "description-may-be-anything", "XIO-REQ-008", "description may be anything", takes("description", _odd, "odd")
    ),
    fault(
        "description-may-not-be-null",
        "XIO-REQ-008",
        "description may not be null",
        takes("description", lambda told: told is None, 5),
    ),
    fault("gpu-name-may-be-anything", "XIO-REQ-009", "gpu name may be anything", takes("gpu_name", _odd, None)),
    fault(
        "gpu-id-may-be-any-text",
        "XIO-REQ-010",
        "gpu id may be any text",
        takes("gpu_registry_uuid", lambda told: isinstance(told, str) and len(told) != 36, None),
    ),
    fault("both-gpus-accepted", "XIO-REQ-011", "both gpus accepted", submitted(_both_gpus)),
    fault("nodes-may-be-digits", "XIO-REQ-012", "nodes may be digits", digits_are_numbers("max_node_count")),
    fault("two-nodes-refused", "XIO-REQ-012", "two nodes refused", keeps_out("max_node_count", 2)),
    fault("negative-retries", "XIO-REQ-013", "negative retries", lets_in("max_retry_count", 0)),
    fault("many-retries-refused", "XIO-REQ-013", "many retries refused", keeps_out("max_retry_count", 100)),
    fault(
        "assign-limit-a-millisecond-low",
        "XIO-REQ-014",
        "assign limit a millisecond low",
        lets_in_nearly("max_timeout_assign_ms", 300_000),
    ),
    fault(
        "assign-limit-boundary-refused",
        "XIO-REQ-014",
        "assign limit boundary refused",
        keeps_out("max_timeout_assign_ms", 300_000),
    ),
    fault(
        "start-limit-a-millisecond-low",
        "XIO-REQ-015",
        "start limit a millisecond low",
        lets_in_nearly("max_timeout_start_ms", 120_000),
    ),
    fault(
        "start-limit-boundary-refused",
        "XIO-REQ-015",
        "start limit boundary refused",
        keeps_out("max_timeout_start_ms", 120_000),
    ),
    fault(
        "start-limit-may-be-null",
        "XIO-REQ-015",
        "start limit may be null",
        takes("max_timeout_start_ms", lambda told: told is None, MISSING),
    ),
    fault("negative-ram", "XIO-REQ-016", "negative ram", lets_in("min_ram_gb", 0)),
    fault("negative-storage", "XIO-REQ-017", "negative storage", lets_in("min_storage_gb", 0)),
    fault("negative-gpu-memory", "XIO-REQ-018", "negative gpu memory", lets_in("min_vram_gb", 0)),
    fault("fractions-refused", "XIO-REQ-019", "fractions refused", submitted(_whole)),
    fault("persistent-jobs-with-limits", "XIO-REQ-021", "persistent jobs with limits", submitted(_persistent)),
    fault(
        "some-of-the-example-refused",
        "XIO-REQ-022",
        "some of the example refused",
        submitted(container_shown(lambda one: one.update(imagesrc=5) if "imagesrc" in one else None)),
    ),
    fault(
        "container-members-of-any-type",
        "XIO-REQ-023",
        "container members of any type",
        submitted(container_shown(_stringly)),
    ),
    fault("reasons-of-any-type", "XIO-REQ-024", "reasons of any type", requests("xio", "cancel", _reason)),
    fault(
        "other-types-of-parameters",
        "XIO-REQ-026",
        "other types of parameters",
        submitted(
            lambda body: body["parameters"].update(type="docker") if isinstance(body.get("parameters"), dict) else None
        ),
    ),
    fault(
        "regions-may-be-text",
        "XIO-REQ-027",
        "regions may be text",
        takes("allowed_region_codes", lambda told: isinstance(told, str), []),
    ),
    fault("any-variables", "XIO-REQ-028", "variables of any type are taken", requests(API, "submit", _texts)),
    fault(
        "long-titles-are-refused",
        "XIO-REQ-030",
        "long titles are refused",
        takes("title", lambda told: isinstance(told, str) and len(told) > 255, 5),
    ),
    fault(
        "empty-titles-are-refused",
        "XIO-REQ-030",
        "empty titles are refused",
        takes("title", lambda told: told == "", 5),
    ),
    fault(
        "run-limits-of-31-bits",
        "XIO-REQ-030",
        "run limits of 31 bits",
        takes("max_timeout_run_ms", lambda told: is_number(told) and told >= 2**31, 5),
    ),
    fault(
        "at-most-128-cores",
        "XIO-REQ-030",
        "at most 128 cores",
        takes("cpu_count", lambda told: is_number(told) and 128 < told < 10_000, -1),
    ),
]
