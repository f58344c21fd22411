"""A report as one badge, in the form of shields.io."""

from __future__ import annotations

import json
from typing import Any


def text(canonical: dict[str, Any]) -> str:
    """The JSON."""
    runs = canonical["runs"]
    passed = sum(run["counts"].get("PASS", 0) for run in runs)
    conformant = all(run["exit"] == 0 for run in runs)
    judged = sum(one["verdict"] not in ("SKIPPED", "NOT-APPLICABLE") for run in runs for one in run["results"])
    message = f"conformant, {passed} of {judged}" if conformant else f"not conformant, {passed} of {judged}"
    label = " ".join(run["api"] for run in runs)
    return (
        json.dumps(
            {"schemaVersion": 1, "label": label, "message": message, "color": "brightgreen" if conformant else "red"}
        )
        + "\n"
    )
