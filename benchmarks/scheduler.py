"""How fast, how small and how unobtrusive the simulation is: `python -m benchmarks.scheduler --json FILE`.

Every comparison is a ratio within one run: rounds are interleaved and medians quoted. `--quick` takes a tenth of the
sizes. The rival is SimPy with nothing but first come, first served and a linear first fit; ours carries its full state
machine. What backfill and quotas cost a job is measured beside our own queue without them.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.latency import Contrast, contrast

ROOT = Path(__file__).resolve().parent.parent
GOALS = {"vs_simpy": (1.5, "at least"), "growth": (2.0, "at most"), "bytes_per_job": (600.0, "at most")}
GOALS |= {"backfill_cost": (4.0, "at most"), "quotas_cost": (200.0, "at most")}
GOALS |= {"http_p99_ratio": (2.0, "at most"), "slice_p99_ms": (5.0, "at most")}


@dataclass(frozen=True)
class Sizes:
    """What is measured: (nodes, jobs) of the contest, of backfill, of quotas and of both ends of growth, rounds, live
    jobs and seconds of the HTTP part.
    """

    contest: tuple[int, int]
    backfill: tuple[int, int]
    quotas: tuple[int, int]
    small: tuple[int, int]
    large: tuple[int, int]
    rounds: int
    live: int
    http_nodes: int
    http_seconds: float


FULL = Sizes(
    contest=(1_000, 100_000),
    backfill=(128, 5_000),
    quotas=(64, 10_000),
    small=(10, 1_000),
    large=(10_000, 1_000_000),
    rounds=3,
    live=100_000,
    http_nodes=10_000,
    http_seconds=4.0,
)
QUICK = Sizes(
    contest=(100, 10_000),
    backfill=(128, 500),
    quotas=(64, 1_000),
    small=(10, 1_000),
    large=(1_000, 100_000),
    rounds=3,
    live=10_000,
    http_nodes=1_000,
    http_seconds=1.0,
)


def measured(kind: str, nodes: int, jobs: int) -> dict[str, float]:
    """One contestant's run in a process of its own, so that nobody inherits another's memory."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.contestants", kind, str(nodes), str(jobs)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(told.stdout)
    return found


CONTESTS = {
    "contest": ("ours", "simpy", "ours, bare", "simpy, callbacks"),
    "backfill": ("backfill, fifo", "backfill"),
    "quotas": ("quotas, none", "quotas"),
}
"""The contestants of each part: the ratio is that of the first to the second."""

RATIOS = {"contest": "vs_simpy", "backfill": "backfill_cost", "quotas": "quotas_cost"}


def contest(part: str, sizes: Sizes, say: Callable[[str], None]) -> tuple[float, list[dict[str, Any]]]:
    """Jobs per second of the contestants on the same jobs: the ratio, and a row for each."""
    size, speeds = getattr(sizes, part), {kind: list[float]() for kind in CONTESTS[part]}
    for number in range(sizes.rounds):
        for kind in speeds:
            speeds[kind].append(measured(kind, *size)["jobs_per_s"])
        say(f"{part}, round {number + 1}: " + ", ".join(f"{kind} {found[-1]:,.0f}" for kind, found in speeds.items()))
    rows = [_row(part, kind, size, found) for kind, found in speeds.items()]
    first, second = CONTESTS[part][:2]
    return median(speeds[first]) / median(speeds[second]), rows


def growth(sizes: Sizes, say: Callable[[str], None]) -> tuple[float, list[dict[str, Any]]]:
    """How much slower a job becomes from the small size to the large."""
    ends: dict[str, list[float]] = {"small": [], "large": []}
    # the large end takes long; the small one is measured around it, since the machine's mood changes meanwhile
    for number in range(2):
        ends["small"] += [measured("ours", *sizes.small)["jobs_per_s"] for _ in range(5)]
        ends["large"].append(measured("ours", *sizes.large)["jobs_per_s"])
        ends["small"] += [measured("ours", *sizes.small)["jobs_per_s"] for _ in range(5)]
        say(f"growth, round {number + 1}: small {median(ends['small']):,.0f}, large {ends['large'][-1]:,.0f}")
    rows = [_row("growth", kind, getattr(sizes, kind), found) for kind, found in ends.items()]
    return median(ends["small"]) / median(ends["large"]), rows


def _row(part: str, kind: str, size: tuple[int, int], speeds: list[float]) -> dict[str, Any]:
    return {
        "part": part,
        "contestant": kind,
        "nodes": size[0],
        "jobs": size[1],
        "jobs_per_s": round(median(speeds)),
        "rounds": len(speeds),
    }


def memory(sizes: Sizes) -> tuple[float, list[dict[str, Any]]]:
    """Bytes that the engine holds per live job, by tracemalloc; a row says how many of them run."""
    found = measured("memory", sizes.http_nodes, sizes.live)
    return found["bytes_per_job"], [
        {"part": "memory", "contestant": "ours", "nodes": sizes.http_nodes, "jobs": sizes.live} | found
    ]


def run(sizes: Sizes, parts: list[str]) -> dict[str, Any]:
    """The whole comparison, or the parts named."""
    began = time.perf_counter()

    def say(words: str) -> None:
        print(f"[{time.perf_counter() - began:5.0f} s] {words}", file=sys.stderr, flush=True)

    result: dict[str, Any] = dict.fromkeys(GOALS)
    rows: list[dict[str, Any]] = []
    for part in (one for one in CONTESTS if one in parts):
        result[RATIOS[part]], found = contest(part, sizes, say)
        rows += found
    if "growth" in parts:
        result["growth"], found = growth(sizes, say)
        rows += found
    if "memory" in parts:
        result["bytes_per_job"], found = memory(sizes)
        rows += found
        say(f"memory: {result['bytes_per_job']:.0f} bytes per live job")
    if "http" in parts:
        gc.collect()
        told: Contrast = contrast(
            nodes=sizes.http_nodes, live=sizes.live, seconds=sizes.http_seconds, rounds=sizes.rounds, say=say
        )
        result["http_p99_ratio"], result["slice_p99_ms"] = told.ratio, told.slice_p99_ms
        rows += told.rows
    environment = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "quick": sizes is QUICK,
    }
    return {name: None if value is None else round(value, 3) for name, value in result.items()} | {
        "rows": rows,
        "environment": environment,
    }


def show(result: Mapping[str, Any]) -> None:
    """Print the figures beside their goals, and the rows."""
    for name, (goal, sense) in GOALS.items():
        value = result[name]
        if value is None:
            continue
        holds = value >= goal if sense == "at least" else value <= goal
        print(f"{name:18}{value:>10.2f}   {sense} {goal:g}: {'holds' if holds else 'does not hold'}")
    for row in result["rows"]:
        print(
            "  "
            + ", ".join(
                f"{name} {value:,.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()
            )
        )


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parts = (*CONTESTS, "growth", "memory", "http")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the sizes; the figures then say nothing about the goals"
    )
    parser.add_argument("--part", action="append", choices=parts, help="only this part (repeatable)")
    chosen = parser.parse_args()
    if find_spec("simpy") is None and "contest" in (chosen.part or parts):
        parser.exit(
            2,
            "The rival, SimPy, is not installed: pip install 'simpy>=4.1,<5', or run `make bench`, which sets it up.\n",
        )
    result = run(QUICK if chosen.quick else FULL, chosen.part or list(parts))
    show(result)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
