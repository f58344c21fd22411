"""The command line of the mock."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import specs
from mockserver import __version__
from mockserver.cli_scenario import scenario as scenario_commands
from mockserver.cli_simulate import simulate
from mockserver.simulation.errors import ScenarioError

_LEVELS = ("debug", "info", "warning", "error")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mockserver")
def main() -> None:
    """A stand-in for batch-compute job APIs: what you submit waits, runs and ends on a simulated cluster."""


main.add_command(scenario_commands)
main.add_command(simulate)


def _pace(context: click.Context, parameter: click.Parameter, value: str) -> str:
    from mockserver.http.pace import tempo

    try:
        tempo(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--api", "apis", multiple=True, type=click.Choice(specs.names()), help="Serve only this API. May be repeated.  [default: all]")
@click.option("--port-per-api", is_flag=True, help="A port for each API, from --port upwards; they share one simulation.")
@click.option("--pace", default="real", show_default=True, callback=_pace, help="How time follows real time: real, xN (such as x100), manual or auto.")
@click.option("--seed", type=int, help="Fixes all chance.  [default: the scenario's]")
@click.option("--scenario", default="default", show_default=True, help="A shipped scenario or a YAML file.")
@click.option("--auth", default="lenient", show_default=True, type=click.Choice(["lenient", "strict"]), help="Whether credentials are only looked for or verified.")
@click.option("--switch", "switches", multiple=True, help="A vendor's alternative behaviour, such as ionworks.submission-gone. May be repeated.")
@click.option("--log-level", default="warning", show_default=True, type=click.Choice(_LEVELS))
@click.option("--access-log", is_flag=True, help="A line per request: sandbox, API, operation, status, milliseconds.")
def serve(
    host: str, port: int, apis: tuple[str, ...], port_per_api: bool, pace: str, seed: int | None, scenario: str, auth: str, switches: tuple[str, ...], **logs: Any
) -> None:
    """Run the mock until Ctrl-C."""
    from mockserver.http.app import create_app, create_sandboxes
    from mockserver.http.server import PortBusy, bind, run, url_of

    _set_up_logs(**logs)
    chosen = apis or specs.names()
    try:
        world = _scenario(scenario, switches)
        sandboxes = create_sandboxes(chosen, scenario=world, pace=pace, seed=seed)
        groups: Sequence[Sequence[str]] = [[api] for api in chosen] if port_per_api else [chosen]
        listeners = [bind(host, port + number if port else 0) for number in range(len(groups))]
        bound = [
            (create_app(group, sandboxes=sandboxes, auth=auth, access_log=logs["access_log"]), listener)
            for group, listener in zip(groups, listeners, strict=True)
        ]
    except PortBusy as error:
        _refuse(f"{error}; choose another with --port")
    except (ScenarioError, specs.SpecError) as error:
        _refuse(str(error))
    _first_screen([(url_of(listener), group) for (_, listener), group in zip(bound, groups, strict=True)], pace=pace, auth=auth)
    run(bound)


def _set_up_logs(*, log_level: str, access_log: bool) -> None:
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if access_log:
        logging.getLogger("mockserver.access").setLevel(logging.INFO)


def _scenario(source: str, switches: Sequence[str]) -> Any:
    from mockserver.simulation import scenario as scenarios

    return scenarios.with_switches(scenarios.load(source), switches)


def _first_screen(served: Sequence[tuple[str, Sequence[str]]], *, pace: str, auth: str) -> None:
    from mockserver.http.first_call import first_call

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]Understudy {__version__}[/]: a stand-in for batch-compute job APIs (pace {pace}, auth {auth})\n")
    for url, apis in served:
        for name in apis:
            spec = specs.load(name)
            console.print(f"[bold cyan]{name:<13}[/]{url}{spec.base_path}  [dim]{escape(spec.title)}[/]")
            console.print(f"  {escape(first_call(spec).curl(url))}")
    for url, _ in served:
        console.print(f"\nSwagger UI and documents: {url}/")
    console.print("Stop with Ctrl-C.")
    sys.stdout.flush()


@main.command("apis")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_apis(as_json: bool) -> None:
    """List the APIs with their operations, base URLs and document versions."""
    loaded = [specs.load(name) for name in specs.names()]
    rows = [(spec.name, spec.title, len(spec.operations), f"http://127.0.0.1:4080{spec.base_path}", spec.version) for spec in loaded]
    if as_json:
        import orjson

        click.echo(orjson.dumps([dict(zip(("name", "title", "operations", "base_url", "version"), row, strict=True)) for row in rows]))
        return
    table = Table("API", "Title", "Operations", "Base URL of `mockserver serve`", "Document version")
    for row in rows:
        table.add_row(*map(str, row))
    Console(highlight=False).print(table)


@main.command("spec")
@click.argument("name", type=click.Choice(specs.names()))
def print_spec(name: str) -> None:
    """Print the OpenAPI document of the API called NAME."""
    click.echo((specs.FOLDER / name / "openapi.yaml").read_text(encoding="utf-8"), nl=False)


@main.command()
@click.option("--api", "apis", multiple=True, type=click.Choice(specs.names()), help="Show only this API. May be repeated.  [default: all]")
@click.option("--seed", type=int, help="Fixes all chance.  [default: the scenario's]")
def demo(apis: tuple[str, ...], seed: int | None) -> None:
    """Submit each API's own example in process, let time run to the end, and print what became of the jobs."""
    from mockserver.demo import DemoFailed, play, show

    try:
        show(play(apis or specs.names(), seed=seed), Console(highlight=False))
    except DemoFailed as error:
        click.echo(f"mockserver: {error}", err=True)
        sys.exit(1)


def _refuse(reason: str) -> NoReturn:
    click.echo(f"mockserver: {reason}", err=True)
    sys.exit(2)
