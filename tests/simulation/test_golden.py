"""Golden worlds: small scenarios and what must come of them, worked out by hand."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.simulate import traced
from mockserver.simulation.job import Job
from mockserver.simulation.placement.victims import gpus
from mockserver.simulation.request import JobRequest, ResourceRequest, Script
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.world import World
from mockserver.trace import TracedJob
from tests.simulation import invariants
from tests.simulation.worlds import LIFECYCLES

FOLDER = Path(__file__).parent / "golden"
TRACES = FOLDER / "traces"
NAMES = sorted(file.name.removesuffix(".input.yaml") for file in FOLDER.glob("*.input.yaml"))


def requested(step: dict[str, Any], api: str) -> JobRequest:
    """The request of one step."""
    gpu, run = step.get("gpu", 0), step.get("run")
    smaller = [gpu // 2**halved for halved in range(1, int(gpu).bit_length())] if step.get("elastic") else []
    return JobRequest(
        api,
        step["submit"],
        ResourceRequest(cpu=step.get("cpu", 0), gpu=gpu),
        project=step.get("project", ""),
        priority=1 if step.get("interactive") else 0,
        restartable=not step.get("interactive"),
        preemptible=step.get("preemptible", True),
        nodes=step.get("nodes", 1),
        elastic=tuple(ResourceRequest(cpu=step.get("cpu", 0), gpu=less) for less in smaller),
        estimate=step.get("asked", run),
        script=None if run is None else Script(run_seconds=run, exit_code=0),
    )


def play(told: dict[str, Any]) -> tuple[World, dict[str, Job]]:
    """The world after all steps, and its jobs; with `trace` after all of these have ended."""
    api = told.get("api", "runai")
    facts = {"run": {"fixed": 1e6}, "startup": {"fixed": 0}} | told["scenario"]
    scenario = msgspec.convert(facts, Scenario)
    here, jobs = World(scenario, LIFECYCLES, epoch_us=0, log=None), dict[str, Job]()
    for step in told.get("steps", []):
        here.advance_to(step.get("at", 0) * 1_000_000)
        if "submit" in step:
            jobs[step["submit"]] = here.submit(requested(step, api))
        else:
            here.delete(jobs.pop(step["delete"]))
        here.settle()
        invariants.everything(here)
    lines = [
        TracedJob(0, one["run"], one["cpu"], gpu=one.get("gpu", 0), number=one["job"]) for one in told.get("trace", [])
    ]
    for planned in traced(scenario, lines, api=api):
        jobs[planned.request.key] = here.submit(planned.request)
    here.settle()
    return here, jobs


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_world_comes_out_as_worked_out_by_hand(name: str) -> None:
    told, expected = (
        yaml.safe_load((FOLDER / f"{name}.{part}.yaml").read_text(encoding="utf-8")) for part in ("input", "output")
    )
    here, jobs = play(told)

    found: dict[str, Any] = {
        "running": {key: list(here.scheduler.cluster.names(job.holding)) for key, job in jobs.items() if job.holding},
        "gpus": {key: gpus(job) / 1000 for key, job in jobs.items() if key in expected.get("gpus", ())},
        "count": {key: len(job.holding) for key, job in jobs.items() if job.holding},
    }
    if "starts" in expected:
        here.advance_to(10**13)
        starts = {key: job.first_allocated() for key, job in jobs.items()}
        found["starts"] = {key: None if at is None else at / 1_000_000 for key, at in starts.items()}
    assert {what: found[what] for what in expected} == expected


def test_every_golden_world_is_a_pair() -> None:
    assert sorted(file.name.removesuffix(".output.yaml") for file in FOLDER.glob("*.output.yaml")) == NAMES


SCENARIO = """
queue: {queue}
startup: {{fixed: 0}}
nodes:
  - {{class: n, cpu: 10, memory_gib: 64}}
  - {{class: g, cpu: 2, memory_gib: 64, gpu: {{count: 1, model: V100}}}}
"""
TRACE_NAMES = sorted(file.name.removesuffix(".output.yaml") for file in TRACES.glob("*.output.yaml"))


@pytest.mark.parametrize("api", sorted(LIFECYCLES))
@pytest.mark.parametrize("name", TRACE_NAMES)
def test_a_golden_trace_comes_out_as_worked_out_by_hand(name: str, api: str, tmp_path: Path) -> None:
    expected = yaml.safe_load((TRACES / f"{name}.output.yaml").read_text(encoding="utf-8"))
    told, where = next(TRACES.glob(f"{name}.input.*")), tmp_path / "out"
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO.format(queue=expected.get("queue", "fifo")), encoding="utf-8")
    packed = tmp_path / f"{told.name}.gz"
    packed.write_bytes(gzip.compress(told.read_bytes()))

    for trace in (told, packed):
        command = ["simulate", "--scenario", scenario, "--trace", trace, "--api", api, "--strict"]
        command += ["--csv", where.with_suffix(".csv"), "--json", where.with_suffix(".json")]
        done = CliRunner().invoke(main, [*map(str, command), *expected.get("options", [])], env={"COLUMNS": "1000"})

        assert done.exit_code == 0, done.output
        summary = json.loads(where.with_suffix(".json").read_text(encoding="utf-8"))["summary"]
        rows = list(csv.DictReader(where.with_suffix(".csv").read_text(encoding="utf-8").splitlines()))
        first = {row["job"]: row for row in reversed(rows) if row["nodes"] and "/" not in row["job"]}
        assert first.keys() == expected["starts"].keys()
        assert summary["ends"] == {"unfinished": 0, "unplaceable": 0} | expected.get("ends", summary["ends"])
        if api != "bytenite":  # its jobs take several turns on nodes
            assert {key: float(row["at_s"]) for key, row in first.items()} == expected["starts"]
            assert summary["makespan_s"] == expected["makespan"]
        assert summary["left_out"] == expected.get("left_out", summary["left_out"])
        assert summary["left_out"] in done.output
        for key, node in expected.get("nodes", {}).items():
            assert first[key]["nodes"] == node
