"""Everyday faults of ByteNite where its own tables of faults have none: of logs, of late aborts, of single tasks that fail, of spellings and of test jobs."""

from __future__ import annotations

from typing import Any

from mockserver.adapters.exchange import Refusal
from mockserver.simulation.request import Team
from tests.conformance.faults import Asked, answers, patched
from tests.conformance.faults.bytenite import API, fault
from tests.conformance.faults.bytenite_kept import LOGS, asks


def _too_late(original: Any) -> Any:
    return lambda world, job, reason="": None if job.stage.phase == "finishing" else original(world, job, reason)


def _tolerant(original: Any) -> Any:
    return lambda config, count: Team(count, count, tolerate=int(count > 1), run=original(config, count).run)


def _camel_only(original: Any) -> Any:
    return lambda body, camel, snake, *, job_id: original(body, camel, camel, job_id=job_id)


def _known_only(original: Any) -> Any:
    def configure(job: Any, body: Any, config: Any) -> None:
        if set(body) - {"config", "taskTimeout", "jobTimeout", "isTestJob"}:
            raise Refusal("invalid", "unknown members")
        original(job, body, config)

    return configure


def _as_many(original: Any) -> Any:
    return lambda params, config: original(params, {})


def _ten_at_most(original: Any) -> Any:
    return lambda params, config: min(original(params, config), 10)


def _fourth_first(original: Any) -> Any:
    def push(queue: Any, job: Any) -> None:
        serial = job.serial
        job.serial -= 4 * (serial % 4 == 3)
        original(queue, job)
        job.serial = serial

    return push


def _scopeless(asked: Asked, told: Any) -> None:
    if told.status == 200:
        told.body.pop("scope", None)


FAULTS = [
    fault(
        "partitioner-and-more",
        "BYT-RSP-019",
        "logs of the partitioner hold lines of the assembler too",
        asks(LOGS, lambda body: body.update(services=["partitioner", "assembler"]) if body.get("services") == ["partitioner"] else None),
    ),
    fault(
        "ending-goes-on", "BYT-STM-030", "a job that puts together its output is not aborted", patched("mockserver.simulation.world:World.cancel", _too_late)
    ),
    fault("one-task-may-fail", "BYT-STM-031", "one failed task of several is tolerated", patched("mockserver.adapters.bytenite.reading:team", _tolerant)),
    fault("camel-case-only", "BYT-STM-032", "sources in snake case are passed over", patched("mockserver.adapters.bytenite.reading:source", _camel_only)),
    fault(
        "known-limits-only", "BYT-STM-032", "the run refuses members that it does not know", patched("mockserver.adapters.bytenite.runs:configure", _known_only)
    ),
    fault("tests-in-chunks", "BYT-RSP-041", "a test job has as many chunks as another", patched("mockserver.adapters.bytenite.reading:chunks", _as_many)),
    fault("ten-chunks-at-most", "BYT-RSP-007", "a job has ten chunks at most", patched("mockserver.adapters.bytenite.reading:chunks", _ten_at_most)),
    fault("scope-untold", "BYT-AUT-012", "a purchase of a token does not tell its scope", answers(API, "Auth_GetAccessToken", _scopeless)),
    fault("every-fourth-goes-ahead", "BYT-PRI-002", "every fourth job goes ahead", patched("mockserver.simulation.placement.queue:Queue.push", _fourth_first)),
]
