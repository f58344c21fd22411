"""What the mock costs as a test's fixture: `python -m benchmarks.fixture [--json FILE]`.

A start is a whole new process from its first line to a server that answers, beside a process that only imports
connexion. A sandbox is made and deleted on a running server, beside a request for its health. All in one run, medians
quoted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

STARTS, SANDBOXES = 7, 200
_START = "from mockserver.client import MockServer\nwith MockServer(pace='manual') as server:\n    assert server.url"
_IMPORT = "import connexion"


def seconds(work: Callable[[], object]) -> float:
    """Real seconds that `work` takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def process(code: str) -> Callable[[], object]:
    """A new interpreter that runs `code`."""
    return lambda: subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], check=True, cwd=Path(__file__).parents[1]
    )


def run() -> dict[str, Any]:
    """The figures, in milliseconds and as ratios to their baselines."""
    import httpx

    from mockserver.client import MockServer

    starts, imports, made, asked = [], [], [], []
    for _ in range(STARTS):
        starts.append(seconds(process(_START)))
        imports.append(seconds(process(_IMPORT)))
    with MockServer(pace="manual") as server, httpx.Client(base_url=server.url) as client:
        for _ in range(SANDBOXES):
            began = perf_counter()
            box = server.sandbox()
            made.append(perf_counter() - began)
            box.delete()
            asked.append(seconds(partial(client.get, "/_mock/health")))
    figures = {"start_ms": starts, "import_connexion_ms": imports, "sandbox_ms": made, "health_ms": asked}
    medians = {name: round(median(values) * 1000, 3) for name, values in figures.items()}
    return medians | {
        "start_ratio": round(medians["start_ms"] / medians["import_connexion_ms"], 2),
        "sandbox_ratio": round(medians["sandbox_ms"] / medians["health_ms"], 2),
    }


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there")
    chosen = parser.parse_args()
    result = run()
    for name, value in result.items():
        print(f"{name:22}{value:>10}")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
