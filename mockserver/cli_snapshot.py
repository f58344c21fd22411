"""The commands about snapshots: save a sandbox of a running server to a file, restore it, describe a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mockserver.cli_group import Commands
from specs.printable import printable, printable_lines

if TYPE_CHECKING:
    from mockserver.client.sandbox import Sandbox

_FILE = click.Path(path_type=Path, dir_okay=False)


def _server(command: Any) -> Any:
    """The options that select a server and a sandbox."""
    for option in (
        click.option("--token", help="Control token of the server, if it requires one."),
        click.option("--sandbox", default="default", show_default=True, help="Name of the sandbox."),
        click.option("--url", default="http://127.0.0.1:4080", show_default=True, help="Address of the server."),
    ):
        command = option(command)
    return command


@click.group(cls=Commands)
def snapshot() -> None:
    """Save a sandbox of a running server to a file, restore it, or describe a file."""


@snapshot.command("save")
@click.argument("file", type=_FILE)
@_server
def save(file: Path, **server: Any) -> None:
    """Write the whole state of a sandbox to FILE: clock, nodes, jobs with their histories, random choices."""
    with _sandbox(**server) as box:
        written = box.save(file)
    click.echo(f"{written}: {_told(written)}")


@snapshot.command("restore")
@click.argument("file", type=_FILE)
@_server
def restore(file: Path, **server: Any) -> None:
    """Restore a sandbox from FILE, and create it if it does not exist. An invalid file changes nothing."""
    _check_readable(file)
    with _sandbox(**server, may_make=True) as box:
        box.load(file)
        now, jobs = box.clock.now, len(box.jobs)
    click.echo(f"{file}: restored, {_words(jobs, now)}")


@snapshot.command("show")
@click.argument("file", type=_FILE)
def show(file: Path) -> None:
    """Print what FILE holds; needs no server."""
    click.echo(f"{file}: {_told(file)}")


def _told(file: Path) -> str:
    import specs
    from mockserver.http.sandboxes.restoring import restored
    from mockserver.http.sandboxes.sandbox import compiled_lifecycles
    from mockserver.simulation.errors import SnapshotError
    from mockserver.simulation.snapshot import read_file

    try:
        world = restored(read_file(file), compiled_lifecycles([specs.load(name) for name in specs.names()]))
    except (SnapshotError, OSError) as error:
        _refuse(f"{file}: {error}")
    return f"scenario {printable(world.scenario.name)}, {_words(world.count, world.now)}"


def _check_readable(file: Path) -> None:
    """Refuse a FILE that cannot be read before the server gets a request."""
    try:
        file.open("rb").close()
    except OSError as error:
        _refuse(str(error))


def _words(jobs: int, now: float) -> str:
    return f"{jobs} job{'s' * (jobs != 1)} at {now:g} seconds"


@contextmanager
def _sandbox(*, url: str | None, sandbox: str | None, token: str | None, may_make: bool = False) -> Iterator[Sandbox]:
    """The selected sandbox; prints one sentence and exits if a call to it fails."""
    from mockserver.client import ControlRefused, MockServer

    try:
        with MockServer.at(str(url), token=token) as server:
            known = {"default", *server.sandboxes()}
            if sandbox not in known and not may_make:
                _refuse(f"no sandbox of {server.url} is called {sandbox}; there are {', '.join(sorted(known))}")
            yield server.existing(str(sandbox))
    except ControlRefused as error:
        _refuse(error.message)
    except ConnectionError as error:
        _refuse(f"{error}; start `mockserver serve`, or name a running server with --url")
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ValueError as error:
        _refuse(str(error))


def _refuse(reason: str) -> NoReturn:
    click.echo(f"mockserver: {printable_lines(reason)}", err=True)
    sys.exit(2)
