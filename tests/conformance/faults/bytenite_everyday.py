"""Faults of what ByteNite's logs tell, where its own tables of faults have none."""

from __future__ import annotations

from tests.conformance.faults.bytenite import fault
from tests.conformance.faults.bytenite_kept import LOGS, asks

FAULTS = [
    fault(
        "partitioner-and-more",
        "BYT-RSP-019",
        "logs of the partitioner hold lines of the assembler too",
        asks(LOGS, lambda body: body.update(services=["partitioner", "assembler"]) if body.get("services") == ["partitioner"] else None),
    ),
]
