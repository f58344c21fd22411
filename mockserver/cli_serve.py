"""`mockserver serve`: reads the options, listens, prints the first screen, and serves until a signal."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

import specs
from mockserver import __version__
from mockserver.cli_seed import SEED
from mockserver.simulation.errors import ScenarioError, SnapshotError
from specs.printable import printable_lines

_HIGHEST_PORT = 65535
_EVERYWHERE = ("0.0.0.0", "::", "")
_LEVELS = ("debug", "info", "warning", "error")
_APIS = click.Choice(specs.names())


def _pace(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from mockserver.http.pace import tempo

    if value is None:
        return None
    try:
        tempo(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


def _token(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from mockserver.http.control_token import checked

    if value is not None:
        try:
            checked(value)
        except ValueError as error:
            _refuse(f"--control-token: {error}")
    return value


def _cors(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from mockserver.http.cors import Cors

    try:
        Cors(values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return values


def _hosts(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from mockserver.http.guard import checked_host

    try:
        return tuple(checked_host(value, endings=parameter.name == "control_hosts") for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=4080,
    show_default=True,
    type=click.IntRange(0, _HIGHEST_PORT),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--api",
    "apis",
    envvar="MOCKSERVER_SERVE_API",
    multiple=True,
    type=_APIS,
    help="Serve only this API. May be repeated.  [default: all]",
)
@click.option(
    "--port-per-api", is_flag=True, help="A port for each API, from --port upwards; they share one simulation."
)
@click.option(
    "--pace",
    callback=_pace,
    help="How simulated time moves: real, xN (such as x100), manual, auto or step.  [default: the scenario's, or real]",
)
@click.option("--seed", type=SEED, help="Seed of all random choices.  [default: the scenario's]")
@click.option("--scenario", default="default", show_default=True, help="Name of a shipped scenario, or a YAML file.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Restore the default sandbox from this snapshot file.",
)
@click.option(
    "--auth",
    default="lenient",
    show_default=True,
    type=click.Choice(["lenient", "strict"]),
    help="lenient: only check that required credentials are present; strict: verify them.",
)
@click.option(
    "--switch",
    "switches",
    envvar="MOCKSERVER_SERVE_SWITCH",
    multiple=True,
    help="A vendor's alternative behaviour, such as ionworks.submission-gone. May be repeated.",
)
@click.option(
    "--most-mib",
    type=click.IntRange(1, 1_048_576),
    default=1024,
    show_default=True,
    help="Most MiB of client data that all sandboxes together keep; one sandbox keeps at most a quarter.",
)
@click.option(
    "--allow-callbacks",
    "callback_hosts",
    envvar="MOCKSERVER_SERVE_ALLOW_CALLBACKS",
    multiple=True,
    metavar="HOST",
    callback=_hosts,
    help="Allow callbacks to this host, besides this machine. May be repeated.",
)
@click.option(
    "--cors",
    multiple=True,
    metavar="WHO",
    callback=_cors,
    default=("loopback",),
    help="Which web pages may call the vendors' APIs: loopback (pages of this machine), '*', off, or an origin. "
    "May be repeated.  [default: loopback]",
)
@click.option(
    "--control-token",
    callback=_token,
    help="Token that /_mock requires. Without it, /_mock requires a generated and printed token "
    "if --host is not loopback.",
)
@click.option(
    "--control-host",
    "control_hosts",
    envvar="MOCKSERVER_SERVE_CONTROL_HOST",
    multiple=True,
    metavar="NAME",
    callback=_hosts,
    help="Public host name under which /_mock and pages are served. May be repeated.",
)
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(_LEVELS),
    help="Log messages of this level and above.",
)
@click.option(
    "--log-format",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="Format of the log and of the first screen.",
)
@click.option(
    "--access-log",
    is_flag=True,
    help="Log a line per request: sandbox, API, operation, method, path, status, milliseconds.",
)
@click.option("--quiet", is_flag=True, help="Print nothing at the start except a generated control token.")
def serve(apis: tuple[str, ...], scenario: str, switches: tuple[str, ...], **options: Any) -> None:
    """Run the mock until Ctrl-C."""
    from mockserver.http.logs import set_up
    from mockserver.http.server import PortBusy, run
    from mockserver.simulation.scenario import scenario as scenarios

    set_up(options["log_format"], options["log_level"], access_log=options["access_log"])
    try:
        world = scenarios.with_switches(scenarios.load(scenario), switches)
        bound, served = _listen(world, apis or specs.names(), options)
    except PortBusy as error:
        _refuse(f"{error}; choose another with {error.option}")
    except (ScenarioError, SnapshotError, specs.SpecError) as error:
        _refuse(str(error))
    if not options["quiet"]:
        show = _first_screen if options["log_format"] == "text" else _first_line
        everywhere = options["host"].strip("[]") in _EVERYWHERE
        show(served, pace=options["pace"] or world.pace or "real", auth=options["auth"], everywhere=everywhere)
    run(bound)


def _listen(
    world: Any, apis: Sequence[str], options: dict[str, Any]
) -> tuple[list[Any], list[tuple[str, Sequence[str]]]]:
    """Applications with their sockets, and the URL of each with the APIs that it serves.

    Raises PortBusy, ScenarioError, SnapshotError, SpecError.
    """
    from mockserver.http.app import create_app, create_sandboxes
    from mockserver.http.guard import guard_for
    from mockserver.http.server import bind_every, url_of

    groups: list[Sequence[str]] = [[api] for api in apis] if options["port_per_api"] else [apis]
    host, port = options["host"], options["port"]
    sandboxes = create_sandboxes(
        apis,
        scenario=world,
        pace=options["pace"],
        seed=options["seed"],
        callback_hosts=options["callback_hosts"],
        most_bytes=options["most_mib"] * 2**20,
    )
    if options["snapshot"] is not None:
        _go_on_from(options["snapshot"], sandboxes)
    if port + len(groups) - 1 > _HIGHEST_PORT:
        needed = f"--port-per-api needs {len(groups)} ports from {port} upwards"
        _refuse(f"{needed}, and {_HIGHEST_PORT} is the highest; choose another with --port")
    listeners = [bind_every(host, port + number if port else 0) for number in range(len(groups))]
    guard = guard_for(host, options["control_token"], options["control_hosts"])
    if guard.token is not None:
        _show_token(guard.token, options)
    common = {name: options[name] for name in ("auth", "access_log", "cors")} | {"sandboxes": sandboxes, "guard": guard}
    bound = [(create_app(group, **common), sockets) for group, sockets in zip(groups, listeners, strict=True)]
    return bound, [(url_of(sockets[0]), group) for group, sockets in zip(groups, listeners, strict=True)]


def _show_token(token: str, options: dict[str, Any]) -> None:
    text = f"The control API under /_mock requires `Authorization: Bearer {token}`"
    click.echo(text if options["log_format"] == "text" else json.dumps({"control_token": token}), err=options["quiet"])


def _go_on_from(file: Path, sandboxes: Any) -> None:
    """Restore the default sandbox from a snapshot. Raises SnapshotError."""
    from mockserver.http.sandboxes.restoring import restored
    from mockserver.simulation.snapshot import read_file

    try:
        sandboxes.restore(sandboxes.get("default"), restored(read_file(file), sandboxes.lifecycles))
    except (OSError, SnapshotError) as error:
        raise SnapshotError(f"{file}: {error}") from error


def _first_screen(served: Sequence[tuple[str, Sequence[str]]], *, pace: str, auth: str, everywhere: bool) -> None:
    from mockserver.http.pages.example_call import first_call

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]Understudy {__version__}[/]: a mock server for batch-job APIs (pace {pace}, auth {auth})\n")
    for url, apis in served:
        for name in apis:
            spec = specs.load(name)
            console.print(f"[bold cyan]{name:<13}[/]{url}{spec.base_path}  [dim]{escape(spec.title)}[/]")
            console.print(f"  {escape(first_call(spec).curl(url))}")
    for url, _ in served:
        console.print(f"\nSwagger UI, documents, time and faults: {url}/")
        if everywhere:
            console.print(f"From other machines: http://{_outside_address()}:{urlsplit(url).port}/")
    console.print("Stop with Ctrl-C.")
    sys.stdout.flush()


def _outside_address() -> str:
    """The address under which other machines probably reach this one; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _first_line(served: Sequence[tuple[str, Sequence[str]]], *, pace: str, auth: str, everywhere: bool) -> None:
    """The first screen for programs: the base URL of each API, as one line of JSON."""
    bases = {name: url + specs.load(name).base_path for url, apis in served for name in apis}
    told = {"version": __version__, "urls": [url for url, _ in served], "apis": bases, "pace": pace, "auth": auth}
    click.echo(json.dumps(told))
    sys.stdout.flush()


def _refuse(reason: str) -> NoReturn:
    click.echo(f"mockserver: {printable_lines(reason)}", err=True)
    sys.exit(2)
