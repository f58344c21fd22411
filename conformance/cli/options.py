"""Options of the command line that say which implementation is meant and how it is reached."""

from __future__ import annotations

import importlib
import inspect
import os
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
from rich.markup import escape

import specs
from conformance.errors import JudgeError
from conformance.oracles.oracle import in_short
from conformance.report.console import SafeConsole
from conformance.run.interruption import exit_of
from conformance.run.verdict import Exit, exit_for
from conformance.target import tls
from conformance.target.budget import Budget
from conformance.target.settings import is_reference, secret
from conformance.target.target import LEAST_PATIENCE, PATIENCE, Target
from conformance.traffic.redaction import Redaction
from specs.printable import printable_lines

API = click.Choice(specs.names())


class JudgeCommand(click.Command):
    """A command that ends with the sentence and the exit code of whatever error of the judge ends it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Whatever escapes besides is the judge's own mistake, and no break of the target's."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except (JudgeError, KeyboardInterrupt, OSError, RecursionError) as error:
            _end(*_ending(error))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            _end(f"conformance itself failed: {type(error).__name__}: {error}", Exit.OWN_ERROR)


def _ending(error: BaseException) -> tuple[str, Exit]:
    """The sentence and the exit code of an error that a user can understand."""
    if isinstance(error, JudgeError):
        return str(error), exit_for(error)
    if isinstance(error, KeyboardInterrupt):
        return str(error) or "interrupted", exit_of(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", Exit.USAGE
    return "what was given is nested too deeply to be read", Exit.USAGE


def _end(sentence: str, exit_: Exit) -> NoReturn:
    """Say it where that is possible, and end."""
    shown = Redaction().text(in_short(sentence))
    try:
        SafeConsole().print(f"[red]{escape(shown)}[/]", soft_wrap=True)
        sys.stdout.flush()
    except OSError:  # a full disk, or nobody reads
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # until the end of the process
        with suppress(OSError):
            sys.stderr.write(printable_lines(shown) + "\n")
    sys.exit(exit_)


class Judge(click.Group):
    """The commands of the judge."""

    command_class = JudgeCommand


class OutFile(click.Path):
    """A file to be written at the end of something long: whether it can be is asked at the beginning."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or a clear refusal."""
        file: Path = super().convert(value, param, ctx)  # type: ignore[assignment]  # path_type says so
        if not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
            self.fail(
                f"{str(file)!r} cannot be written: {str(file.parent)!r} is no directory that files can be put into",
                param,
                ctx,
            )
        return file


FILE = OutFile()
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def url_value(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A base URL, or a clear refusal."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{value!r} is no base URL; expected something like http://127.0.0.1:4080")
    return value


def header_values(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Headers by name, or a clear refusal."""
    pairs = [value.partition(":") for value in values]
    for name, colon, _ in pairs:
        if not colon or not name.strip():
            raise click.BadParameter(f"{name!r} is no header; expected 'Name: value'")
    return {name.strip(): value.strip() for name, _, value in pairs}


_OPTIONS = (
    click.argument("api", type=API),
    click.option(
        "--url", callback=url_value, help="Scheme, host and port of the implementation; the API's base path is added."
    ),
    click.option(
        "--app",
        metavar="MODULE:NAME",
        help=(
            "Instead of --url: an ASGI application, or a function that makes one, called in this process without a "
            "socket."
        ),
    ),
    click.option(
        "--control",
        callback=url_value,
        help="Root of a server with the mock's control API; the judge then controls its clock.",
    ),
    click.option(
        "--time-scale",
        "scale",
        default=1.0,
        show_default=True,
        type=click.FloatRange(0.001, 1e6),
        help="How many times faster than real time the target's clock runs.",
    ),
    click.option(
        "--patience",
        type=click.FloatRange(1),
        help=(
            f"Longest wait of one check, in real seconds. Default: as long as --max-minutes lets it; without that "
            f"{PATIENCE:g}, with a fast --time-scale down to {LEAST_PATIENCE:g}."
        ),
    ),
    click.option(
        "--target-file",
        "file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Target file: how to create jobs, credentials, tenants.",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        callback=header_values,
        help="Send this header with every request: 'Name: value'; the value may be env:NAME. May be repeated.",
    ),
    click.option(
        "--timeout",
        default=10.0,
        show_default=True,
        type=click.FloatRange(0.1, 600),
        help="Longest wait for an answer, in seconds.",
    ),
)


_TLS_OPTIONS = (
    click.option(
        "--ca",
        type=click.Path(exists=True, path_type=Path),
        help="Trust these authorities too: a PEM file or a folder. SSL_CERT_FILE and SSL_CERT_DIR are read as well.",
    ),
    click.option("--cert", type=EXISTING, help="Certificate to show to a server that asks for one, in PEM form."),
    click.option("--key", type=EXISTING, help="The certificate's key, if it is in another file."),
)


def tls_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which servers are believed."""
    for option in reversed(_TLS_OPTIONS):
        function = option(function)
    return function


def tls_of(told: dict[str, Any]) -> ssl.SSLContext:
    """What these options mean. Raises SettingsError."""
    return tls.context(told["ca"], told["cert"], told["key"])


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that name a target."""
    for option in reversed((*_OPTIONS, *_TLS_OPTIONS)):
        function = option(function)
    return function


def opened(api: str, url: str | None, *, budget: Budget | None = None, **told: Any) -> Target:
    """The target that the options name. Raises SettingsError, click.UsageError."""
    if (url is None) == (told["app"] is None):
        raise click.UsageError("say where the implementation is: either --url or --app")
    headers, secrets = looked_up(told["headers"])
    common = {
        "file": told["file"],
        "scale": told["scale"],
        "patience": _patience(told),
        "headers": headers,
        "secrets": secrets,
        "budget": budget or Budget(),
    }
    if url is not None:
        return Target.at(api, url, timeout=told["timeout"], control=told["control"], tls=tls_of(told), **common)
    return inside(api, told["app"], **common)


def _patience(told: dict[str, Any]) -> float:
    """The longest wait of one check: as told, or else what the run may take, or else the usual (0)."""
    if told["patience"] is not None:
        return float(told["patience"])
    return 60 * float(told.get("max_minutes") or 0)


def looked_up(headers: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Headers as they are sent, and those of their values that were looked up somewhere. Raises SettingsError."""
    meant = {name: secret(value) for name, value in headers.items()}
    return meant, [meant[name] for name, value in headers.items() if is_reference(value)]


def inside(api: str, app: str, **options: Any) -> Target:
    """The application `module:name` in this process, in virtual time where it offers our control API.

    Raises click.UsageError.
    """
    target = Target.in_process(application(app), api, name=app, **options)
    if not target.ask_control("GET", "/health").is_success:
        target.control = None
    return target


def application(name: str) -> Callable[..., Any]:
    """The ASGI application that `module:name` means, made where it is a function that makes one.

    Raises click.UsageError.
    """
    module, _, attribute = name.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it, so that a module beside the user is found
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise click.UsageError(f"--app {name}: {error}; expected something like shop.server:app") from error
    is_application = inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(type(found).__call__)
    made: Callable[..., Any] = found if is_application else found()
    return made
