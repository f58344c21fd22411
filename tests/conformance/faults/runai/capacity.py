"""Faults of Run:AI: capacity."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from mockserver.simulation.request import ResourceRequest
from tests.conformance.faults import Apply, Asked, patched, requests
from tests.conformance.faults.runai.shapers import (
    API,
    SIMULATION,
    Job,
    cheaper,
    demanded,
    fault,
    make,
    simulates,
    submits,
)


def _whole_cores(request: Any, wanted: Any) -> None:
    if isinstance(wanted.get("cpu"), float):
        request.resources = type(request.resources)(
            cpu=float(int(wanted["cpu"]) + 1),
            memory=request.resources.memory,
            gpu=request.resources.gpu,
            labels=request.resources.labels,
        )


def _whole_units(asked: Asked) -> None:
    job = asked.body.get("job") if isinstance(asked.body, dict) else None
    if isinstance(job, dict) and isinstance(told := job.get("memory"), str) and "." in told[1:] and told[0].isdigit():
        whole, _, rest = told.partition(".")
        job["memory"] = (
            whole + rest.lstrip("0123456789") if rest.lstrip("0123456789") in ("Gi", "G", "Mi", "M") else told
        )


def _quantity(units: dict[str, int]) -> Apply:
    """Memory in other units: a letter and what it multiplies with."""

    def change(request: Any, wanted: Job) -> None:
        text = wanted.get("memory") or ""
        letter = next((unit for unit in sorted(units, key=len, reverse=True) if text.endswith(unit)), None)
        if letter is not None:
            request.resources = replace(
                request.resources, memory=int(Fraction(text.removesuffix(letter)) * units[letter])
            )

    return simulates(change)


def _any_type(job: Job) -> None:
    if job.get("nodeType") in ("alpha", "beta"):
        job.pop("nodeType")


def _small_letters(request: Any, wanted: dict[str, Any]) -> None:
    own: ResourceRequest = request.resources
    request.resources = type(own)(
        **{name: getattr(own, name) for name in own.__struct_fields__}
        | {"labels": tuple(label.lower() for label in own.labels)}
    )


FAULTS = [
    fault(
        "six-tenths-are-half",
        "RAI-PRI-012",
        "six tenths of a GPU count as half",
        cheaper(gpu=lambda gpu, wanted: 0.5 if 0.5 < gpu <= 0.6 else gpu),
        "RAI-RSP-007",
    ),
    fault(
        "parts-are-wholes",
        "RAI-PRI-012",
        "a part of a GPU takes a whole one",
        cheaper(gpu=lambda gpu, wanted: float(-(-gpu // 1))),
        "RAI-RSP-007",
    ),
    fault(
        "parts-are-free",
        "RAI-PRI-012",
        "parts of GPUs are not counted",
        cheaper(gpu=lambda gpu, wanted: gpu if gpu >= 1 else 0.0),
        "RAI-RSP-007",
    ),
    fault(
        "types-with-dash",
        "RAI-PRI-013",
        "a node type with a dash is not looked at",
        submits(lambda job: job.pop("nodeType") if str(job.get("nodeType")).count("-") == 1 else None),
    ),
    fault("any-node-type", "RAI-PRI-013", "the node type is not looked at", submits(_any_type)),
    fault(
        "node-types-in-small-letters",
        "RAI-PRI-013",
        "node types are looked for in small letters",
        simulates(_small_letters),
    ),
    fault("whole-cores", "RAI-PRI-014", "cores are rounded up", demanded(_whole_cores)),
    fault("cores-not-kept", "RAI-PRI-014", "cores are not counted", cheaper(cpu=lambda cpu, wanted: 0.0)),
    fault("cores-rounded", "RAI-PRI-014", "parts of cores are not counted", cheaper(cpu=lambda cpu, wanted: cpu // 1)),
    fault("whole-units", "RAI-PRI-015", "memory loses its fraction", requests(API, "submit", _whole_units)),
    fault("memory-binary", "RAI-PRI-015", "M and G count as Mi and Gi", _quantity({"M": 1 << 20, "G": 1 << 30})),
    fault("memory-decimal", "RAI-PRI-015", "Mi and Gi count as M and G", _quantity({"Mi": 10**6, "Gi": 10**9})),
    fault("memory-not-kept", "RAI-PRI-015", "memory is not counted", cheaper(memory=lambda memory, wanted: 0)),
    fault(
        "gpus-not-kept",
        "RAI-PRI-016",
        "whole GPUs are not counted",
        cheaper(gpu=lambda gpu, wanted: gpu if gpu < 1 else 0.0),
        "RAI-RSP-007",
    ),
    fault("stiff", "RAI-PRI-019", "elastic jobs wait for all of their GPUs", make(elastic=())),
    fault(
        "no-growth",
        "RAI-PRI-020",
        "an elastic job never grows",
        patched(f"{SIMULATION}.placement.placement_pass:grow", lambda original: lambda *args, **kwargs: None),
    ),
    fault(
        "all-elastic",
        "RAI-PRI-021",
        "every job is elastic",
        submits(lambda job: job.__setitem__("elastic", True) if job.get("gpu") == 4 else None),
    ),
]
