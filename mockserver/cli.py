"""The command line of the mock."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

import specs
from mockserver import __version__
from mockserver.cli_group import Commands
from mockserver.cli_scenario import scenario as scenario_commands
from mockserver.cli_seed import SEED
from mockserver.cli_serve import serve
from mockserver.cli_simulate import simulate
from mockserver.cli_snapshot import snapshot
from specs.printable import printable_lines


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "MOCKSERVER"})
@click.version_option(__version__, prog_name="mockserver")
def main() -> None:
    """A mock server for batch-job APIs: the jobs that you submit wait, run and end on a simulated cluster."""


main.add_command(serve)
main.add_command(scenario_commands)
main.add_command(simulate)
main.add_command(snapshot)


@main.command("apis")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_apis(as_json: bool) -> None:
    """List the APIs with their operations, base URLs and document versions."""
    loaded = [specs.load(name) for name in specs.names()]
    rows = [
        (spec.name, spec.title, len(spec.operations), f"http://127.0.0.1:4080{spec.base_path}", spec.version)
        for spec in loaded
    ]
    if as_json:
        import orjson

        click.echo(
            orjson.dumps(
                [dict(zip(("name", "title", "operations", "base_url", "version"), row, strict=True)) for row in rows]
            )
        )
        return
    table = Table("API", "Title", "Operations", "Base URL", "Version")
    for row in rows:
        table.add_row(*map(str, row))
    _console().print(table)


@main.command("spec")
@click.argument("name", type=click.Choice(specs.names()))
def print_spec(name: str) -> None:
    """Print the OpenAPI document of the API called NAME."""
    click.echo((specs.FOLDER / name / "openapi.yaml").read_text(encoding="utf-8"), nl=False)


@main.command()
@click.option(
    "--api",
    "apis",
    multiple=True,
    type=click.Choice(specs.names()),
    help="Show only this API. May be repeated.  [default: all]",
)
@click.option("--seed", type=SEED, help="Seed of all random choices.  [default: the scenario's]")
def demo(apis: tuple[str, ...], seed: int | None) -> None:
    """Submit example jobs to each API in process, run the clock to the end, and print what happened to the jobs."""
    from mockserver.demo import DemoFailed, play, show

    try:
        show(play(apis or specs.names(), seed=seed), _console())
    except DemoFailed as error:
        click.echo(f"mockserver: {printable_lines(str(error))}", err=True)
        sys.exit(1)


def _console() -> Console:
    """Standard output, wide enough for every table where no terminal sets the width."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)
