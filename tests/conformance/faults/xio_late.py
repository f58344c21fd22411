"""Faults of compute.x.io that show only after an end, after a refusal, in a part of a GPU, in a job that was cooked with a wish of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.faults import Asked, Fault, Told, answers, patched, requests
from tests.conformance.faults.xio import COOK
from tests.conformance.faults.xio_beyond import demanded

SIGNATURE, SCHEDULER = "mockserver.adapters.xio.credentials", "mockserver.simulation.scheduler"


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"xio:{name}", "xio", requirement, describe, apply, also)


def _no_logs(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["ended_at_ms"] is not None:
        told.body["logs"] = ""


def _remembers_first(original: Callable[[Any], None]) -> Any:
    """A nonce is remembered before its signature is looked at."""
    from mockserver.adapters.xio import credentials as signature

    def verify(call: Any) -> None:
        public, nonce = (call.every_header.get(name, "") for name in ("x-api-key", "x-nonce"))
        try:
            original(call)
        except Exception:
            if public and nonce:
                signature._remember(call, public, nonce)
            raise

    return verify


def _per_path(original: Any) -> Any:
    """The same nonce may come again on another path."""
    return lambda call, public, nonce: original(call, public, f"{call.target} {nonce}")


def _whole_gpus(request: Any) -> None:
    own = request.resources
    request.resources = type(own)(**{name: getattr(own, name) for name in own.__struct_fields__} | {"gpu": int(own.gpu)})


def _own_task(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("task") in ("BATCH", "PERSISTENT"):
        del asked.body["task"]
        if asked.body.get("max_timeout_run_ms", 0) is None:
            del asked.body["max_timeout_run_ms"]


def _both_gpus(asked: Asked, told: Told) -> None:
    if told.status == 201 and told.body["gpu_registry_uuid"]:
        told.body["gpu_name"] = "NVIDIA RTX 4090"


def _limits_about(original: Any) -> Any:
    """A run that takes less than twice its limit goes on to its end."""

    def begin_run(self: Any, job: Any, stage: Any, event: str) -> None:
        limits, duration = job.request.limits, self.workload.run(job).duration
        if limits.run is not None and duration is not None and duration < 2e6 * limits.run:
            job.request.limits = replace(limits, run=None)
        original(self, job, stage, event)
        job.request.limits = limits

    return begin_run


FAULTS = [
    _fault("logs-end-with-the-run", "XIO-RSP-037", "a run that has ended has no logs", answers("xio", "xio_get_job_run", _no_logs)),
    _fault("refusals-use-nonces", "XIO-AUT-009", "a nonce of a refused request is used up", patched("mockserver.adapters.xio:verify", _remembers_first)),
    _fault("nonces-of-paths", "XIO-AUT-004", "a nonce is remembered for one path", patched(f"{SIGNATURE}:_remember", _per_path)),
    _fault("whole-gpus-only", "XIO-STM-028", "parts of GPUs are not taken", demanded(_whole_gpus)),
    _fault("recipes-task", "XIO-CRT-003", "the task of a cooking does not count", requests("xio", COOK, _own_task)),
    _fault("run-limits-about", "XIO-TMO-001", "a run that takes a little too long goes on", patched(f"{SCHEDULER}:Scheduler.begin_run", _limits_about)),
    _fault(
        "preparation-once", "XIO-RTY-007", "a preparation that took too long is final", patched(f"{SCHEDULER}:_RETRIED_LIMITS", lambda known: known - {"start"})
    ),
    _fault("recipes-gpu-stays", "XIO-CRT-007", "the name of a recipe's GPU stays beside another's id", answers("xio", COOK, _both_gpus)),
]
