"""Faults of ByteNite: logs and events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.conformance.faults import Apply, Json, patched, requests
from tests.conformance.faults.bytenite.shapers import API, answered, asks, fault

LOGS = "Customer_GetLogs"


def _silent(original: Any) -> Any:
    return lambda world, api, since=0: iter(())


def _twice(original: Any) -> Any:
    return lambda world, api, since=0: (one for one in original(world, api, since=since) for _ in range(2))


def _all(original: Any) -> Any:
    known: set[int] = set()

    def history(world: Any, api: str, since: int = 0) -> Any:
        first = since if id(world) in known else 0
        known.add(id(world))
        return original(world, api, since=first)

    return history


def _latest(original: Any) -> Any:
    return lambda world, job, state: original(world, job, job.state if job.is_terminal else state)


def _logs(change: Callable[[dict[str, Json]], object]) -> Apply:
    return answered(LOGS, lambda asked, told: change(told.body) and None if told.status == 200 else None)


def _no_failures(original: Any) -> Any:
    async def changes(world: Any, customer: str, *, seen: int) -> AsyncIterator[bytes]:
        async for said in original(world, customer, seen=seen):
            yield b"" if b"JOB_STATE_FAILED" in said else said

    return changes


FAULTS = [
    fault(
        "all-levels",
        "BYT-RSP-018",
        "logs are not filtered by level",
        requests(
            API,
            "Customer_GetLogs",
            lambda asked: asked.body.pop("levels", None) if isinstance(asked.body, dict) else None,
        ),
    ),
    fault(
        "partitioner-and-more",
        "BYT-RSP-019",
        "logs of the partitioner hold lines of the assembler too",
        asks(
            LOGS,
            lambda body: (
                body.update(services=["partitioner", "assembler"]) if body.get("services") == ["partitioner"] else None
            ),
        ),
    ),
    fault(
        "silent-events",
        "BYT-RSP-022",
        "nothing is told on the stream of events",
        patched("mockserver.simulation.world:World.history", _silent),
        "BYT-RSP-038",
    ),
    fault("silent-tasks", "BYT-RSP-027", "tasks have no logs", _logs(lambda body: body["taskrunner"].clear())),
    fault(
        "silent-assembler", "BYT-RSP-027", "the assembler has no logs", _logs(lambda body: body["assembler"].clear())
    ),
    fault(
        "all-tasks-speak",
        "BYT-RSP-028",
        "logs are not filtered by task",
        asks(LOGS, lambda body: body.pop("taskIds", None)),
    ),
    fault(
        "errors-are-told-as-info",
        "BYT-RSP-029",
        "errors in logs have the level INFO",
        _logs(
            lambda body: [line.update(level="INFO") for task in body["taskrunner"].values() for line in task["logs"]]
        ),
        "BYT-RSP-018",
        "BYT-RSP-032",
    ),
    fault(
        "logs-backwards",
        "BYT-RSP-030",
        "the newest line of the logs is first",
        _logs(lambda body: [lines.reverse() for lines in (body["partitioner"], body["assembler"])]),
    ),
    fault(
        "logs-beforehand",
        "BYT-RSP-031",
        "the assembler speaks before its time",
        _logs(lambda body: body["assembler"].extend(body["partitioner"][:1])),
        "BYT-RSP-019",
    ),
    fault(
        "first-level",
        "BYT-RSP-032",
        "only the first level asked for counts",
        asks(LOGS, lambda body: body.update(levels=(body.get("levels") or [])[:1])),
    ),
    fault(
        "first-service",
        "BYT-RSP-032",
        "only the first service asked for counts",
        asks(LOGS, lambda body: body.update(services=(body.get("services") or [])[:1])),
    ),
    fault(
        "events-twice",
        "BYT-RSP-038",
        "events are told twice",
        patched("mockserver.simulation.world:World.history", _twice),
    ),
    fault(
        "events-from-the-beginning",
        "BYT-RSP-038",
        "events of before are told",
        patched("mockserver.simulation.world:World.history", _all),
    ),
    fault(
        "latest-state-in-events",
        "BYT-RSP-038",
        "events tell the state in which the job is now",
        patched("mockserver.adapters.bytenite.events:change", _latest),
    ),
    fault(
        "silent-failures",
        "BYT-RSP-038",
        "failures are not told as events",
        patched("mockserver.adapters.bytenite.events:_changes", _no_failures),
    ),
]
