"""The command that simulates without a server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import specs
from mockserver.cli_seed import SEED
from mockserver.simulation.errors import ScenarioError, TraceError
from specs.printable import printable, printable_lines

_MOST_REASONS = 3
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--scenario", default="default", show_default=True, help="Name of a shipped scenario, or a YAML file.")
@click.option(
    "--trace",
    "trace_file",
    type=_FILE,
    help="Read the jobs from a file or .gz: Standard Workload Format, or .csv with submit_s,cpu,mem,gpu,run_s,status.",
)
@click.option("--lenient", is_flag=True, help="Leave out bad lines of the trace, and print how many.")
@click.option("--strict", is_flag=True, help="Exit with 1 if any job did not finish or could never be placed.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 10_000_000),
    help="Number of jobs.  [default: 1000 generated from the scenario, or all in the trace]",
)
@click.option("--seed", type=SEED, help="Seed of all random choices.  [default: the scenario's]")
@click.option(
    "--api",
    default="runai",
    show_default=True,
    type=click.Choice(specs.names()),
    help="API whose lifecycle the jobs follow.",
)
@click.option("--csv", "csv_file", type=_FILE, help="Write the timeline to this CSV file.")
@click.option("--json", "json_file", type=_FILE, help="Write the timeline and the summary to this JSON file.")
@click.option(
    "--plot",
    "plot_file",
    type=_FILE,
    help="Draw utilisation, and jobs by node, to this file (.svg or .png); needs the extra `plot`.",
)
def simulate(
    scenario: str,
    trace_file: Path | None,
    jobs: int | None,
    seed: int | None,
    api: str,
    *,
    lenient: bool,
    strict: bool,
    **files: Path | None,
) -> None:
    """Run a workload at full speed, without a server, and print waiting times and utilisation."""
    from mockserver.plot import PlotUnavailable, prepare
    from mockserver.simulation.scenario import scenario as scenarios

    try:
        if files["plot_file"] is not None:
            prepare(files["plot_file"])
        world = scenarios.load(scenario)
        planned, count, left_out = _planned(
            world, trace_file, jobs, api=api, seed=world.seed if seed is None else seed, lenient=lenient
        )
        ends = _play(world, planned, count, api=api, seed=seed, left_out=left_out, **files)
    except (ScenarioError, TraceError, PlotUnavailable, OSError) as error:
        click.echo(f"mockserver: {printable_lines(str(error))}", err=True)
        sys.exit(2)
    if strict and ends["unfinished"] + ends["unplaceable"]:
        sys.exit(1)


def _planned(
    world: Any, trace_file: Path | None, jobs: int | None, *, api: str, seed: int, lenient: bool
) -> tuple[Iterable[Any], int, str]:
    from mockserver.simulate import made_up, traced
    from mockserver.trace import read

    if trace_file is None:
        count = jobs or 1000
        return made_up(world, count, api=api, seed=seed), count, ""
    found = read(trace_file, jobs, lenient=lenient)
    return traced(world, found.jobs, api=api), len(found.jobs), found.sentence()


def _play(
    world: Any,
    planned: Iterable[Any],
    count: int,
    *,
    api: str,
    seed: int | None,
    left_out: str,
    csv_file: Path | None,
    json_file: Path | None,
    plot_file: Path | None,
) -> dict[str, int]:
    from mockserver.http.pace import ticks
    from mockserver.simulate import simulate as play
    from mockserver.simulation.lifecycle import CompiledLifecycle
    from mockserver.timeline_file import TimelineFiles

    lifecycle = specs.load(api).lifecycle
    assert lifecycle is not None
    began = ticks()
    with TimelineFiles(as_csv=csv_file, as_json=json_file) as timeline:
        with _progress(count) as tell:
            measure = play(
                world,
                CompiledLifecycle(lifecycle),
                planned,
                api=api,
                seed=seed,
                tell=tell,
                note=timeline.add if timeline.is_wanted else None,
                draws=plot_file is not None,
            )
        took = ticks() - began
        summary: dict[str, Any] = {
            "scenario": world.name,
            "seed": world.seed if seed is None else seed,
            "api": api,
            "left_out": left_out,
        }
        summary |= measure.summary()
        timeline.finish(summary)
    if plot_file is not None:
        from mockserver.plot import draw

        draw(measure, f"{world.name}: {count} jobs on {len(measure.names)} nodes", plot_file)
    _show(summary, took)
    ends: dict[str, int] = summary["ends"]
    return ends


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda over: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("jobs over"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=count)
        yield lambda over: progress.update(task, completed=over)


def _show(summary: dict[str, Any], took: float) -> None:
    console = Console(highlight=False)
    table = Table(show_header=False, box=None, pad_edge=False)
    wait = ", ".join(f"{name} {in_words(value)}" for name, value in summary["wait_s"].items())
    jobs = f"{summary['jobs']:,} in {summary['attempts']:,} attempts"
    rows = {
        "Scenario": f"{summary['scenario']}, seed {summary['seed']}, lifecycle of {summary['api']}",
        "Jobs": jobs if not summary["left_out"] else f"{jobs}; {summary['left_out']}",
        "Ended": ", ".join(f"{state} {number:,}" for state, number in summary["ends"].items() if number) or "none",
        "Wait": wait,
        "Utilisation": _used(summary["utilisation"]),
        "Makespan": f"{in_words(summary['makespan_s'])} simulated, {took:.2f} s real",
    }
    if summary["utilisation_window"] is not None:
        rows["Utilisation"] += (
            f"; until the last submission, after {in_words(summary['window_s'])}: "
            f"{_used(summary['utilisation_window'])}"
        )
    for name, words in rows.items():
        table.add_row(f"[bold]{name}[/]", escape(printable(words)))
    for what, reasons in summary["reasons"].items():
        for reason, number in list(reasons.items())[:_MOST_REASONS]:
            table.add_row(f"[bold]{what.capitalize()}[/]", escape(printable(f"{number:,}: {reason}")))
    console.print(table)


def _used(shares: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share is not None)


def in_words(seconds: float) -> str:
    """A span as people say it: `4.5 s`, `9 h 9 min`, `3 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    for (large, name), (small, part) in pairwise(_UNITS):
        count, rest = divmod(round(seconds / small), large // small)
        if count:
            return f"{count:,} {name}" + (f" {rest} {part}" if rest else "")
    return f"{seconds:.0f} s"
