"""Faults of openYuanrong: limits of time."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.faults import Apply, patched
from tests.conformance.faults.openyuanrong.shapers import fault


def _gives_up(seconds: float) -> Apply:
    return patched(
        "mockserver.adapters.openyuanrong.reading:LIMITS", lambda original: replace(original, assign=seconds)
    )


FAULTS = [
    fault("gives-up-early", "OYR-TMO-001", "a job waits for fifteen seconds only", _gives_up(15.0)),
    fault("never-gives-up", "OYR-TMO-001", "a job waits for a minute", _gives_up(60.0)),
]
