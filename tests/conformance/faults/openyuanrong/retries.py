"""Faults of openYuanrong: retries."""

from __future__ import annotations

from tests.conformance.faults import Asked, Told, answers
from tests.conformance.faults.openyuanrong.shapers import API, fault


def _runs_again(asked: Asked, told: Told) -> None:
    if told.status == 200 and told.body["status"] == "FAILED":
        count = asked.memory[asked.values["submissionId"]] = asked.memory.get(asked.values["submissionId"], 0) + 1
        told.body["driver_info"]["pid"] = str(int(told.body["driver_info"]["pid"] or 0) + count // 7)


FAULTS = [
    fault("runs-again", "OYR-RTY-001", "a failed job gets other processes", answers(API, "read", _runs_again)),
]
