"""The commands about snapshots: a whole sandbox of a running server to a file and back, and what a file holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mockserver.printable import printable, printable_lines

if TYPE_CHECKING:
    from mockserver.client.sandbox import Sandbox

_FILE = click.Path(path_type=Path, dir_okay=False)


def _server(command: Any) -> Any:
    """The options that say which sandbox of which server is meant."""
    for option in (
        click.option("--token", help="The control token of the server, where it asks for one."),
        click.option("--sandbox", default="default", show_default=True, help="Which sandbox of the server."),
        click.option("--url", default="http://127.0.0.1:4080", show_default=True, help="Where the server is."),
    ):
        command = option(command)
    return command


@click.group()
def snapshot() -> None:
    """Save a sandbox of a running server to a file, restore it, and tell what a file holds."""


@snapshot.command("save")
@click.argument("file", type=_FILE)
@_server
def save(file: Path, **server: Any) -> None:
    """Write the whole simulated state of a sandbox to FILE: clock, nodes, jobs with their histories, chance."""
    with _sandbox(**server) as box:
        written = box.save(file)
    click.echo(f"{written}: {_told(written)}")


@snapshot.command("restore")
@click.argument("file", type=_FILE)
@_server
def restore(file: Path, **server: Any) -> None:
    """Put a sandbox where FILE says it was, made if need be; a damaged or foreign file is refused and changes nothing."""
    _check_readable(file)
    with _sandbox(**server, may_make=True) as box:
        box.load(file)
        now, jobs = box.clock.now, len(box.jobs)
    click.echo(f"{file}: restored, {_words(jobs, now)}")


@snapshot.command("show")
@click.argument("file", type=_FILE)
def show(file: Path) -> None:
    """Say what FILE holds, without a server."""
    click.echo(f"{file}: {_told(file)}")


def _told(file: Path) -> str:
    import specs
    from mockserver.http.restoring import restored
    from mockserver.http.sandbox import courses_of
    from mockserver.simulation.errors import SnapshotError
    from mockserver.simulation.snapshot import read_file

    try:
        world = restored(read_file(file), courses_of([specs.load(name) for name in specs.names()]))
    except (SnapshotError, OSError) as error:
        _refuse(f"{file}: {error}")
    return f"scenario {printable(world.scenario.name)}, {_words(world.count, world.now)}"


def _check_readable(file: Path) -> None:
    """Say so, before a server is asked for anything, if FILE cannot be read."""
    try:
        file.open("rb").close()
    except OSError as error:
        _refuse(str(error))


def _words(jobs: int, now: float) -> str:
    return f"{jobs} job{'s' * (jobs != 1)} at {now:g} seconds"


@contextmanager
def _sandbox(
    *, url: str | None, sandbox: str | None, token: str | None, may_make: bool = False
) -> Iterator[Sandbox]:
    """The sandbox that is meant; what goes wrong with it is told in one sentence."""
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
        _refuse(f"{error}; start `mockserver serve`, or say where with --url")
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ValueError as error:
        _refuse(str(error))


def _refuse(reason: str) -> NoReturn:
    click.echo(f"mockserver: {printable_lines(reason)}", err=True)
    sys.exit(2)
