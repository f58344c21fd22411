"""Faults of ByteNite: tenants."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults import Apply, patched
from tests.conformance.faults.bytenite.shapers import fault


class _Anybody(str):
    """The name of every customer."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def ownerless(method: str) -> Apply:
    """The world does not look whose jobs are asked for."""

    def make(original: Any) -> Any:
        return lambda world, *names, owner=None, **others: original(world, *names, **others)

    return patched(f"mockserver.simulation.world:World.{method}", make)


def _nobody_in_particular(original: Any) -> Any:
    return lambda call: _Anybody(original(call))


def _open(operation: str) -> Apply:
    """A call finds the jobs of all customers."""

    def make(original: Any) -> Any:
        return lambda call: (
            call.world.job("bytenite", call.path["jobId"]) if call.operation == operation else original(call)
        )

    return patched("mockserver.adapters.bytenite.jobs:find", make)


FAULTS = [
    fault(
        "one-list",
        "BYT-ISO-001",
        "customers share one list",
        patched(
            "mockserver.simulation.world:World.jobs",
            lambda original: lambda world, api, owner=None, project=None: original(world, api),
        ),
    ),
    fault("one-customer", "BYT-ISO-002", "customers reach each other's jobs by id", ownerless("job"), "BYT-ISO-001"),
    fault("strangers-estimate", "BYT-ISO-003", "estimations are told to strangers", _open("Customer_EstimateJob")),
    fault("strangers-read-configs", "BYT-ISO-003", "configs are told to strangers", _open("Customer_GetJobConfigs")),
    fault(
        "events-of-strangers",
        "BYT-ISO-004",
        "events are told to all customers",
        patched("mockserver.adapters.bytenite.events:tenant", _nobody_in_particular),
    ),
]
