"""The commands about scenarios: list, show, check."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table

from mockserver.cli_group import Commands
from mockserver.simulation.errors import ScenarioError
from specs.printable import printable_lines


@click.group(cls=Commands)
def scenario() -> None:
    """List, show and check scenarios: files that describe a world to simulate."""


@scenario.command("list")
def list_scenarios() -> None:
    """List the shipped scenarios."""
    from mockserver.simulation.scenario import scenario as scenarios

    table = Table("Name", "Nodes", "GPUs", "What it is")
    for name in scenarios.names():
        found, text = scenarios.load(name), scenarios.text_of(name)
        gpus = sum(node.count * (node.gpu.count if node.gpu else 0) for node in found.nodes)
        words = " ".join(line.lstrip("# ") for line in text.splitlines()[: _comment_lines(text)])
        table.add_row(name, str(sum(node.count for node in found.nodes)), str(gpus), words)
    Console(highlight=False).print(table)


@scenario.command("show")
@click.argument("name")
def show_scenario(name: str) -> None:
    """Print the file of the shipped scenario called NAME."""
    from mockserver.simulation.scenario import scenario as scenarios

    if name not in scenarios.names():
        _refuse(f"no scenario is called {name!r}; expected one of {', '.join(scenarios.names())}")
    click.echo(scenarios.text_of(name), nl=False)


@scenario.command("check")
@click.argument("file", type=click.Path(dir_okay=False))
def check_scenario(file: str) -> None:
    """Check that FILE is a scenario; print everything that is wrong, with line and expected value."""
    from mockserver.simulation.scenario import scenario as scenarios

    try:
        found = scenarios.load_file(file, _only_here)
    except ScenarioError as error:
        _refuse(str(error))
    nodes = sum(node.count for node in found.nodes)
    click.echo(
        f"{file}: a scenario of {nodes} node{'s' * (nodes != 1)} "
        f"in {len(found.nodes)} class{'es' * (len(found.nodes) != 1)}"
    )


def _only_here(parts: Any) -> Iterator[tuple[Sequence[str | int], str]]:
    """What is wrong for one use of a scenario: a pace that no clock has, jobs that could never run."""
    from mockserver.http.pace import tempo
    from mockserver.simulation.scenario import scenario as scenarios

    try:
        tempo(parts.pace or "real")
    except ValueError as error:
        yield ("pace",), str(error)
    yield from scenarios.unplaceable(parts)


def _comment_lines(text: str) -> int:
    return next((number for number, line in enumerate(text.splitlines()) if not line.startswith("#")), 0)


def _refuse(reason: str) -> NoReturn:
    click.echo(f"mockserver: {printable_lines(reason)}", err=True)
    sys.exit(2)
