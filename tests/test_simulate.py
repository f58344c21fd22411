"""Simulating without a server: what is planned, what is measured, what is written."""

from __future__ import annotations

import csv
import json
import sys
from collections import deque
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import structs

from mockserver import simulate as simulate_module
from mockserver.cli import main
from mockserver.cli_simulate import in_words
from mockserver.measure import BINS, MOST_BARS, Measure, Row, Usage, waits
from mockserver.plot import PlotUnavailable, draw, figure_of, prepare
from mockserver.simulate import made_up, simulate, traced
from mockserver.simulation.scenario import scenario as scenarios
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import Gpu, JobKind, NodeClass, NodeFailures, Project, Scenario
from mockserver.trace import TracedJob
from tests.simulation.worlds import LIFECYCLES

TWO_CORES = Scenario(
    nodes=(NodeClass("a", 2, 4),),
    startup=Distribution(fixed=0),
    run=Distribution(fixed=10),
    arrivals=Distribution(fixed=1),
)


def played(scenario: Scenario, jobs: list[TracedJob] | int, note: list[Row] | None = None) -> Measure:
    planned = (
        made_up(scenario, jobs, api="runai", seed=1) if isinstance(jobs, int) else traced(scenario, jobs, api="runai")
    )
    return simulate(scenario, LIFECYCLES["runai"], planned, api="runai", note=None if note is None else note.append)


def test_waits_use_makespan_and_ends_are_those_worked_out_by_hand() -> None:
    summary = played(
        TWO_CORES,
        [
            TracedJob(0, 10, 2),
            TracedJob(0, 10, 1),
            TracedJob(5, 10, 1, ending="failed"),
            TracedJob(6, 10, 2, ending="cancelled"),
        ],
    ).summary()

    assert summary == {
        "jobs": 4,
        "attempts": 4,
        "makespan_s": 30.0,
        "wait_s": {"mean": 7.25, "p50": 5.0, "p95": 14.0, "max": 14.0},
        "utilisation": {"cpu": 1.0, "memory": 0.0, "gpu": None},
        "window_s": 6.0,
        "utilisation_window": {"cpu": 1.0, "memory": 0.0, "gpu": None},
        "ends": {"succeeded": 2, "failed": 1, "cancelled": 1, "unfinished": 0, "unplaceable": 0},
        "reasons": {"unfinished": {}, "unplaceable": {}},
    }


def test_the_timeline_tells_every_step_with_the_nodes_given() -> None:
    rows: list[Row] = []
    played(TWO_CORES, [TracedJob(0, 10, 2)], rows)

    assert rows == [
        Row(0.0, "job-1", "Pending", "submitted", ""),
        Row(0.0, "job-1", "ContainerCreating", "allocated", "a-0"),
        Row(0.0, "job-1", "Running", "started", ""),
        Row(10.0, "job-1", "Succeeded", "succeeded", ""),
    ]


def test_a_job_that_no_node_can_run_is_counted_with_its_reason() -> None:
    measure = played(TWO_CORES, [TracedJob(0, 10, 1, gpu=1), TracedJob(0, 10, 1, memory=8 << 30), TracedJob(0, 1, 9)])

    assert measure.refused == {
        "1 node lacks 1 gpus": 1,
        "1 node lacks 8 GiB of memory": 1,
        "5 nodes at once are too many": 1,
    }
    assert measure.over == 3


def test_a_traced_job_wider_than_any_node_becomes_a_gang() -> None:
    pair = Scenario(nodes=(NodeClass("a", 2, 4, count=3),), startup=Distribution(fixed=0))
    rows: list[Row] = []

    measure = played(pair, [TracedJob(0, 10, 5, memory=6 << 30)], rows)

    assert [row.nodes for row in rows if row.event == "allocated"] == ["a-0 a-1 a-2"]
    assert measure.summary()["utilisation"] == {"cpu": 1.0, "memory": 0.5, "gpu": None}


def test_the_run_time_that_a_trace_asks_for_is_what_backfill_reckons_with_and_ends_nothing() -> None:
    (planned,) = traced(TWO_CORES, [TracedJob(0, 10, 1, limit=20)], api="runai")

    assert planned.request.estimate == 20
    assert planned.request.limits.run is None


def unequal(*nodes: NodeClass, job: TracedJob) -> int:
    """On how many nodes a traced job is started."""
    rows: list[Row] = []
    played(Scenario(nodes=nodes, startup=Distribution(fixed=0)), [job], rows)
    return next((len(row.nodes.split()) for row in rows if row.event == "allocated"), 0)


def test_a_gang_takes_as_many_unequal_nodes_as_can_share_it_alike() -> None:
    assert unequal(NodeClass("big", 64, 64), NodeClass("small", 32, 64, count=10), job=TracedJob(0, 10, 100)) == 4
    assert unequal(NodeClass("g", 64, 64, count=3, gpu=Gpu(8, "A")), job=TracedJob(0, 10, 1, gpu=16)) == 2
    assert (
        unequal(NodeClass("big", 64, 64, count=2), NodeClass("small", 4, 4, count=4), job=TracedJob(0, 10, 1000)) == 0
    )


def test_the_shipped_busy_scenario_runs_a_job_of_300_cores() -> None:
    rows: list[Row] = []
    measure = played(scenarios.load("busy"), [TracedJob(0, 10, 300)], rows)

    assert measure.endings.total() == 1
    assert not measure.refused


def test_a_trace_tells_project_priority_and_gpu_model_to_the_simulation() -> None:
    (planned,) = traced(
        TWO_CORES, [TracedJob(0, 1, 1, number="x7", project="p", priority=3, gpu_model="A", owner="ann")], api="runai"
    )

    request = planned.request
    assert (request.key, request.project, request.priority, request.resources.gpu_model, request.owner) == (
        "x7",
        "p",
        3,
        "A",
        "ann",
    )


@pytest.mark.parametrize("api", sorted(LIFECYCLES))
def test_the_jobs_of_every_api_run_to_their_end(api: str) -> None:
    """Drafts are released, and work that a team does is measured as its job's."""
    scenario = scenarios.load("tiny")

    measure = simulate(scenario, LIFECYCLES[api], made_up(scenario, 8, api=api, seed=1), api=api)

    assert measure.endings["succeeded"] == 8
    assert measure.attempts >= 8
    assert len(measure.waits) == 8
    assert not measure.unfinished


def test_what_keeps_the_unfinished_is_told() -> None:
    scenario = Scenario(
        nodes=(NodeClass("a", 2, 4),), projects=(Project("p", 1, most_gpus=0),), jobs=(JobKind(cpu=1, project="p"),)
    )
    scenario = structs.replace(
        scenario, nodes=(NodeClass("a", 2, 4, gpu=Gpu(1, "A")),), jobs=(JobKind(gpu=1, project="p"),)
    )

    measure = played(scenario, 3)

    assert measure.unfinished == {"quota of p used up": 3}


def test_queue_length_and_nodes_that_are_down_are_followed() -> None:
    failures = NodeFailures(mean_time_between_s=Distribution(fixed=25), repair_s=Distribution(fixed=2))

    measure = played(structs.replace(TWO_CORES, node_failures=failures, arrivals=Distribution(fixed=0)), 6)

    assert any(waiting for waiting, _ in measure.queue.bins)
    assert any(down for _, down in measure.queue.bins)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (4.5, "4.5 s"),
        (60, "1 min"),
        (61.4, "1 min 1 s"),
        (32_940, "9 h 9 min"),
        (90_000, "1 d 1 h"),
        (86_399.9, "1 d"),
    ],
)
def test_spans_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_made_up_jobs_follow_arrivals_and_kinds() -> None:
    scenario = Scenario(
        nodes=TWO_CORES.nodes,
        arrivals=Distribution(trace=(1, 5)),
        jobs=(JobKind(weight=3, cpu=1), JobKind(weight=1, cpu=2, project="p", retries=2)),
    )

    planned = list(made_up(scenario, 400, api="runai", seed=1))

    assert [one.instant for one in planned[:4]] == [0, 1_000_000, 6_000_000, 7_000_000]
    assert len({one.request.key for one in planned}) == 400
    assert 60 < sum(one.request.project == "p" for one in planned) < 140
    assert [one.request.resources for one in planned] == [
        one.request.resources for one in made_up(scenario, 400, api="runai", seed=1)
    ]


def test_a_world_whose_nodes_never_stop_failing_comes_to_an_end() -> None:
    failures = NodeFailures(mean_time_between_s=Distribution(exponential=30), repair_s=Distribution(fixed=1))

    measure = played(Scenario(nodes=TWO_CORES.nodes, node_failures=failures), 20)

    assert measure.live == 0
    assert measure.attempts > 20


def failing(mean: Distribution, *, nodes: int, run: float) -> Scenario:
    failures = NodeFailures(mean_time_between_s=mean, repair_s=Distribution(fixed=10))
    return Scenario(
        nodes=(NodeClass("n", 1, 4, count=nodes),),
        node_failures=failures,
        run=Distribution(fixed=run),
        arrivals=Distribution(fixed=1),
    )


@pytest.mark.parametrize("gap", [1, 1_000_000])
def test_a_world_whose_nodes_fail_before_their_jobs_end_is_given_up_with_the_reason(
    gap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate_module, "FRUITLESS", 1_000)
    scenario = structs.replace(failing(Distribution(fixed=50), nodes=2, run=100), arrivals=Distribution(fixed=gap))

    measure = played(scenario, 3)

    assert measure.summary()["ends"]["unfinished"] == 3
    given_up = "no job ended in the last 1,000 attempts: nodes fail before their jobs end"
    late = "not submitted: the simulation ended before"
    assert dict(measure.unfinished) == ({given_up: 3} if gap == 1 else {given_up: 1, late: 2})


@pytest.mark.parametrize(("between", "run"), [(1e9, 10), (1, 1e9)])
def test_what_lies_beyond_the_end_of_simulated_time_is_told_and_not_put_at_its_end(between: float, run: float) -> None:
    scenario = Scenario(
        nodes=(NodeClass("n", 1, 4),),
        startup=Distribution(fixed=0),
        run=Distribution(fixed=run),
        arrivals=Distribution(fixed=between),
    )

    measure = played(scenario, 1200)

    assert measure.summary()["ends"]["succeeded"] == 1000
    assert set(measure.unfinished) <= {
        "simulated time ends after 1e+12 s",
        "not submitted: the simulation ended before",
    }
    assert max(measure.waits) == (0 if between > 1 else pytest.approx(999e9, rel=0.01))


def test_a_run_during_which_thousands_of_other_nodes_fail_comes_to_its_end() -> None:
    measure = played(failing(Distribution(exponential=1000), nodes=2000, run=1200), 2)

    assert measure.live == 0


def test_a_job_that_waits_for_what_never_comes_is_given_up_though_nodes_fail_and_return_for_ever() -> None:
    scenario = structs.replace(
        failing(Distribution(fixed=50), nodes=2, run=5),
        nodes=(NodeClass("n", 1, 4, gpu=Gpu(1, "A")),),
        projects=(Project("p", 1, most_gpus=0),),
        jobs=(JobKind(gpu=1, project="p"),),
    )

    measure = played(scenario, 2)

    assert dict(measure.unfinished) == {"quota of p used up": 2}


def test_utilisation_is_over_the_time_that_was_simulated_even_if_no_job_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulate_module, "FRUITLESS", 1_000)

    summary = played(failing(Distribution(fixed=50), nodes=1, run=100), 1).summary()

    assert 0.5 < summary["utilisation"]["cpu"] <= 1


@pytest.mark.parametrize("name", scenarios.names())
def test_every_shipped_scenario_can_be_simulated_twice_alike(name: str) -> None:
    scenario = scenarios.load(name)
    first: list[Row] = []
    second: list[Row] = []

    measure = played(scenario, 60, first)
    played(scenario, 60, second)

    assert first == second
    assert measure.live == 0
    assert not measure.refused


def test_usage_keeps_its_integral_when_its_bins_double() -> None:
    usage = Usage()
    usage.change(0, (3, 0, 0), 1)
    usage.change(10**10, (3, 0, 0), -1)
    usage.until(10**10 + 5)

    assert usage.totals() == [3 * 10**10, 0, 0]
    assert usage.width * BINS >= 10**10
    assert len(usage.bins) == BINS


def test_ranks_of_waits_are_nearest_ranks() -> None:
    from array import array

    assert waits(array("d")) == {"mean": 0, "p50": 0, "p95": 0, "max": 0}
    assert waits(array("d", range(1, 101))) == {"mean": 50.5, "p50": 50, "p95": 95, "max": 100}


def test_an_empty_log_changes_nothing() -> None:
    measure = Measure(TWO_CORES.cluster())
    measure.follow(deque())

    assert measure.summary()["ends"] == {"succeeded": 0, "failed": 0, "cancelled": 0, "unfinished": 0, "unplaceable": 0}


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_the_same_simulation_gives_the_same_picture(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pictures = []
    for folder in ("one", "two"):
        file = tmp_path / folder / name
        file.parent.mkdir()
        prepare(file)
        draw(played(scenarios.load("gpu-shortage"), 80), "title", file)
        pictures.append(file.read_bytes())

    assert pictures[0] == pictures[1]
    assert pictures[0].startswith((b"\x89PNG", b"<?xml"))


def test_a_picture_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    draw(Measure(scenarios.load("philly-like").cluster()), "nothing", tmp_path / "a.svg")

    assert (tmp_path / "a.svg").stat().st_size > 1000


PICTURES = {
    "few jobs": ("default", 30),
    "many jobs": ("busy", 3000),
    "failures": ("flaky", 300),
    "more nodes than rows": ("philly-like", 200),
    "no job at all": ("tiny", 0),
}


def drawn(scenario: Scenario, jobs: int) -> tuple[Measure, Any]:
    planned = made_up(scenario, jobs, api="runai", seed=1)
    measure = simulate(scenario, LIFECYCLES["runai"], planned, api="runai", draws=True)
    figure = figure_of(measure, f"{scenario.name}: {jobs} jobs")
    figure.canvas.draw()
    return measure, figure


@pytest.mark.parametrize("kind", PICTURES)
def test_no_legend_lies_over_a_line_and_all_text_is_inside_the_picture(kind: str) -> None:
    pytest.importorskip("matplotlib")
    name, jobs = PICTURES[kind]

    _, figure = drawn(scenarios.load(name), jobs)

    for axes in figure.axes:
        inside = axes.get_window_extent()
        if axes.get_legend() is not None:
            assert axes.get_legend().get_window_extent().y0 >= inside.y1 - 1
        for label in [*axes.get_yticklabels(), *filter(None, [axes.get_legend()])]:
            extent = label.get_window_extent()
            assert extent.x0 >= 0
            assert extent.x1 <= figure.bbox.x1 + 1


def test_of_many_jobs_the_picture_shows_how_full_the_nodes_are_to_the_end() -> None:
    pytest.importorskip("matplotlib")

    measure, figure = drawn(scenarios.load("busy"), 3000)

    assert measure.stays > MOST_BARS
    [image] = figure.axes[2].images
    shares = image.get_array()
    assert shares.shape[0] == 24
    assert shares[:, -10:].max() > 0
    assert 99 < shares.max() <= 100.001


def test_of_few_jobs_each_is_seen_beside_the_others_and_named_by_what_became_of_it() -> None:
    pytest.importorskip("matplotlib")

    measure, figure = drawn(scenarios.load("flaky"), 300)

    axes = figure.axes[2]
    bars = [(patch.get_y(), patch.get_x(), patch.get_width(), patch.get_height()) for patch in axes.patches]
    assert len(bars) == measure.stays
    assert {text.get_text() for text in axes.get_legend().get_texts()} >= {"succeeded", "sent back to the queue"}
    for one, other in combinations(sorted(bars), 2):
        if other[0] < one[0] + one[3] - 1e-9:  # on one line
            assert one[1] + one[2] <= other[1] + 1e-9 or other[1] + other[2] <= one[1] + 1e-9


def test_nodes_that_fail_after_the_last_job_do_not_blur_the_queue() -> None:
    measure = played(scenarios.load("flaky"), 300)

    assert measure.queue.width == measure.usage.width
    assert measure.queue.last <= measure.end


def test_long_names_are_shortened_in_their_middle() -> None:
    pytest.importorskip("matplotlib")
    nodes = (NodeClass(node_class="n" * 60, cpu=4, memory_gib=8, count=3),)

    _, figure = drawn(Scenario(name="s" * 100, nodes=nodes), 5)

    labels = [label.get_text() for label in figure.axes[2].get_yticklabels()]
    assert len({*labels}) == 3
    assert all(len(label) < 25 and "…" in label for label in labels)
    assert len(figure.get_suptitle()) <= 90


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PlotUnavailable, match=r"pip install 'matplotlib>=3\.9,<4'"):
        prepare(Path("a.svg"))
    with pytest.raises(PlotUnavailable, match=r"expected a name that ends in \.svg or \.png"):
        prepare(Path("a.gif"))


def test_the_command_prints_figures_and_writes_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = {name: tmp_path / f"out.{name}" for name in ("csv", "json")} | {"plot": tmp_path / "out.svg"}
    options = [part for name, file in files.items() for part in (f"--{name}", str(file))]

    result = CliRunner().invoke(main, ["simulate", "--scenario", "tiny", "--jobs", "7", *options])

    assert result.exit_code == 0, result.output
    assert "succeeded 7" in result.output
    assert "Wait         mean 0.0 s, p50 0.0 s, p95 0.0 s, max 0.0 s" in result.output
    told = json.loads(files["json"].read_bytes())
    with files["csv"].open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert told["summary"]["ends"]["succeeded"] == 7
    assert [row["job"] for row in rows] == [row["job"] for row in told["timeline"]]
    assert len(rows) == 7 * 4
    assert files["plot"].read_text().startswith("<?xml")


def test_the_command_follows_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("submit_s,cpu,mem,gpu,run_s,status\n0,1,1,0,5,completed\n1,1,1,9,5,completed\n", encoding="utf-8")

    result = CliRunner().invoke(main, ["simulate", "--scenario", "tiny", "--trace", str(file)])

    assert result.exit_code == 0, result.output
    assert "succeeded 1, unplaceable 1" in result.output
    assert "1: 9 nodes at once are too many" in result.output


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1)])
def test_strict_tells_by_the_exit_status_that_a_job_never_ran(options: list[str], code: int, tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("submit_s,cpu,mem,gpu,run_s,status\n0,1,1,9,5,completed\n", encoding="utf-8")

    result = CliRunner().invoke(main, ["simulate", "--scenario", "tiny", "--trace", str(file), *options])

    assert result.exit_code == code
    assert "Unplaceable" in result.output


def test_what_a_trace_leaves_out_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "jobs.swf"
    line = "{} 10 5 {} 1 -1 -1 1 -1 -1 {} 7 1 -1 1 -1 -1 -1\n"
    file.write_text(line.format(7, 5, 1) + line.format(8, -1, 5) + "bad\n", encoding="utf-8")

    result = CliRunner().invoke(
        main, ["simulate", "--scenario", "tiny", "--trace", str(file), "--lenient", "--csv", str(tmp_path / "out.csv")]
    )

    assert "2 of 3 left out: cancelled before start 1, bad lines 1" in " ".join(result.output.split())
    with (tmp_path / "out.csv").open(newline="") as opened:
        assert {row["job"] for row in csv.DictReader(opened)} == {"7"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--scenario", "nope"], "scenario 'nope' cannot be read"),
        (["--trace", "nope.swf"], "trace 'nope.swf' cannot be read"),
        (["--plot", "a.gif"], "expected a name that ends in .svg or .png"),
        (["--csv", "/nowhere/a.csv"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["simulate", *arguments])

    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output
