"""Run:AI's quotas over a real socket: the published walkthrough step by step, then each promise of the scheduler's
page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from mockserver.simulation.scenario.scenario import parse
from tests.conftest import Bench
from tests.life.test_runai import delete, name_of, submit
from tests.life.test_runai_pods import shown

TEAMS = """
startup: {{fixed: 0}}
nodes: [{{class: node, count: 2, cpu: 32, memory_gib: 256, gpu: {{count: 2, model: A}}}}]
projects: [{{name: team-a, deserved_gpus: {a}, interactive_limit_s: 600}}, {{name: team-b, deserved_gpus: {b}}}]
"""


@pytest.fixture
def teams(bench_of: Callable[..., Bench]) -> Callable[..., Bench]:
    """Two nodes of two GPUs for two teams that deserve so many."""
    return lambda a=2, b=2: bench_of(scenario=parse(TEAMS.format(a=a, b=b), "teams"))


def train(bench: Bench, name: str, team: str, gpu: float = 1, **wanted: object) -> str:
    return name_of(
        submit(bench, **{"name": name, "project": f"team-{team}", "gpu": gpu, "command": "sleep 100000"} | wanted)
    )


def states(bench: Bench, *names: str) -> list[str]:
    return [shown(bench, name)["status"] for name in names]


def test_the_walkthrough_of_over_quota_reclaim_and_consolidation(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(scenario="quota-walkthrough")
    for name, team, gpu in (("a2", "a", 2), ("a1", "a", 1), ("b1", "b", 1)):
        train(bench, name, team, gpu)
        bench.advance(10)
    assert states(bench, "a2", "a1", "b1") == ["Running"] * 3

    train(bench, "b2", "b")
    bench.advance(10)
    assert states(bench, "a2", "a1", "b1", "b2") == ["Running", "Pending", "Running", "Running"]

    delete(bench, "a2")
    bench.advance(10)
    assert states(bench, "a1", "b1", "b2") == ["Running"] * 3

    places = {name: shown(bench, name)["nodes"][0] for name in ("a1", "b1", "b2")}
    gone = next(name for name in ("b1", "b2") if Counter(places.values())[places[name]] == 2)
    delete(bench, gone, project="team-b")
    left = sorted({"a1", "b1", "b2"} - {gone})
    train(bench, "a2", "a", 2)
    bench.advance(10)
    assert states(bench, "a2", *left) == ["Running"] * 3
    moved = [name for name in left if shown(bench, name)["nodes"] != [places[name]]]
    assert len(moved) == 1
    assert shown(bench, "a2")["nodes"] == [places[moved[0]]]


def test_idle_gpus_are_shared_in_proportion_to_quota_whoever_came_first(teams: Callable[..., Bench]) -> None:
    bench = teams(a=1.5, b=0.5)
    for number in range(4):
        train(bench, f"b{number}", "b")
    bench.advance(5)
    assert states(bench, *(f"b{number}" for number in range(4))) == ["Running"] * 4

    for number in range(4):
        train(bench, f"a{number}", "a")
    bench.advance(5)

    running = [job["project"] for job in bench.get("/api/job").json()["data"] if job["status"] == "Running"]
    assert Counter(running) == {"team-a": 3, "team-b": 1}


def test_the_most_deprived_project_goes_first(teams: Callable[..., Bench]) -> None:
    bench = teams()
    for name in ("a0", "a1", "b0", "b1", "a-late", "b-later"):
        train(bench, name, name[0])
    bench.advance(5)
    assert states(bench, "a-late", "b-later") == ["Pending", "Pending"]

    delete(bench, "b0", project="team-b")
    bench.advance(5)

    assert states(bench, "a-late", "b-later") == ["Pending", "Running"]


def test_interactive_jobs_go_first_stay_inside_the_quota_and_are_never_taken_back(teams: Callable[..., Bench]) -> None:
    bench = teams()
    for number in range(4):
        train(bench, f"t{number}", "a")
    for number in range(3):
        train(bench, f"i{number}", "a", interactive=True)
    bench.advance(5)
    assert states(bench, "i0", "i1", "i2") == ["Running", "Running", "Pending"]
    assert Counter(states(bench, *(f"t{number}" for number in range(4)))) == {"Running": 2, "Pending": 2}

    for number in range(3):
        train(bench, f"b{number}", "b")
    bench.advance(5)

    assert states(bench, "i0", "i1") == ["Running", "Running"]
    assert Counter(states(bench, *(f"b{number}" for number in range(3)))) == {"Running": 2, "Pending": 1}
    told = bench.get("/_mock/jobs?api=runai&state=Pending").json()["jobs"]
    waiting = next(job for job in told if job["job"].endswith("i2"))
    assert "quota of team-a used up" in bench.get(f"/_mock/jobs/runai/{waiting['job'].replace('/', '%2F')}").text


def test_a_preemptible_interactive_job_may_exceed_the_quota_and_ends_when_taken_back(
    teams: Callable[..., Bench],
) -> None:
    bench = teams()
    for number in range(4):
        train(bench, f"i{number}", "a", interactive=True, preemptible=True)
    bench.advance(5)
    assert states(bench, *(f"i{number}" for number in range(4))) == ["Running"] * 4

    train(bench, "b0", "b")
    bench.advance(5)

    assert Counter(states(bench, *(f"i{number}" for number in range(4)))) == {"Running": 3, "Preempted": 1}


def test_an_interactive_job_ends_at_the_limit_of_its_project(teams: Callable[..., Bench]) -> None:
    bench = teams()
    train(bench, "desk", "a", interactive=True), train(bench, "free", "b", interactive=True)
    bench.advance(599)
    assert states(bench, "desk") == ["Running"]

    bench.advance(1)

    assert states(bench, "desk", "free") == ["TimedOut", "Running"]


def test_parts_of_a_gpu_share_one_device_and_jobs_are_packed(teams: Callable[..., Bench]) -> None:
    bench = teams()
    for number, part in enumerate((0.5, 0.25, 0.25)):
        train(bench, f"part{number}", "a", part)
    train(bench, "whole", "b"), train(bench, "both", "b", 2)
    bench.advance(5)

    assert {shown(bench, name)["nodes"][0] for name in ("part0", "part1", "part2", "whole")} == {"node-0"}
    assert (states(bench, "both"), shown(bench, "both")["nodes"]) == (["Running"], ["node-1"])
