"""The command line of the judge."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

import specs
from conformance import catalogue as catalogues
from conformance.catalogue import PROFILES
from conformance.report import json as canonical
from conformance.report import terminal
from conformance.settings import SettingsError
from conformance.verdict import Exit

API = click.Choice(specs.names())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Judge an implementation of a batch-compute job API by its document."""


def _base(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{value!r} is no base URL; expected something like http://127.0.0.1:4080")
    return value


def _header(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition(":") for value in values]
    for name, colon, _ in pairs:
        if not colon or not name.strip():
            raise click.BadParameter(f"{name!r} is no header; expected 'Name: value'")
    return {name.strip(): value.strip() for name, _, value in pairs}


@main.command("run")
@click.argument("api", type=API)
@click.option("--url", required=True, callback=_base, help="Scheme, host and port of the implementation; the API's base path is added.")
@click.option("--control", callback=_base, help="Root of a server that offers the mock's control API: time is virtual then.")
@click.option("--time-scale", "scale", default=1.0, show_default=True, type=click.FloatRange(0.001, 1e6), help="How much faster than real time the target's clock runs.")
@click.option("--target-file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="How this implementation makes jobs, credentials, tenants.")
@click.option("--header", "headers", multiple=True, callback=_header, help="Sent with every request: 'Name: value', where the value may be env:NAME. May be repeated.")
@click.option("--profile", "profiles", multiple=True, type=click.Choice(PROFILES), help="Only these profiles. May be repeated.")
@click.option("--only", multiple=True, help="Only requirements whose id fits this glob. May be repeated.")
@click.option("--seed", default=1, show_default=True, help="Fixes order, names and all that is generated.")
@click.option("--shuffle", is_flag=True, help="Run the checks in an order that the seed fixes.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1, 600), help="Seconds to wait for an answer.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the canonical report there.")
@click.option("--all", "everything", is_flag=True, help="Show also what passed.")
def run_command(api: str, url: str, json_file: Path | None, everything: bool, **told: Any) -> None:
    """Judge the implementation of API at URL, requirement by requirement."""
    from conformance.record import Options
    from conformance.runner import Run
    from conformance.settings import secret
    from conformance.target import Target

    console = Console(highlight=False)
    try:
        headers = {name: secret(value) for name, value in told["headers"].items()}
        target = Target.at(api, url, file=told["file"], timeout=told["timeout"], control=told["control"], scale=told["scale"], headers=headers)
    except (SettingsError, catalogues.CatalogueError) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        sys.exit(Exit.USAGE)
    options = Options(seed=told["seed"], shuffle=told["shuffle"], only=told["only"], profiles=told["profiles"] or None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(api)
        report = Run(target, options, on_case=lambda number, count, case: progress.update(task, completed=number, total=count, description=case.name))()
    target.close()
    terminal.show(canonical.canonical([report]), console, everything=everything)
    if json_file is not None:
        json_file.write_text(canonical.text([report]), encoding="utf-8")
    sys.exit(report.exit)


@main.command("catalogue")
@click.argument("api", type=API, required=False)
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json", "markdown"]), help="How to print.")
@click.option("--draft", is_flag=True, help="Print draft entries derived from the document instead.")
def catalogue_command(api: str | None, form: str, draft: bool) -> None:
    """Print the requirements of API, or of all."""
    from conformance.draft import draft as drafted
    from conformance.report.catalogue import printed

    if draft:
        if api is None:
            raise click.UsageError("--draft needs an API")
        click.echo(drafted(api), nl=False)
        return
    click.echo(printed([api] if api else list(specs.names()), form), nl=False)


@main.command("fuzz")
@click.argument("api", type=API)
@click.option("--url", required=True, callback=_base, help="Scheme, host and port of the implementation; the API's base path is added.")
@click.option("--seed", default=1, show_default=True, help="Fixes all that is generated.")
@click.option("--max-examples", default=25, show_default=True, type=click.IntRange(1, 10_000), help="Cases per operation and phase.")
@click.option("--header", "headers", multiple=True, callback=_header, help="Sent with every request: 'Name: value'. May be repeated.")
def fuzz_command(api: str, url: str, seed: int, max_examples: int, headers: dict[str, str]) -> None:
    """Send schemathesis' valid, invalid and stateful cases to URL; exit 1 if any answer breaks the document of API."""
    from conformance.fuzz import Finding, fuzz

    console = Console(highlight=False)
    found = 0
    for event in fuzz(api, url, seed=seed, most_examples=max_examples, headers=headers):
        if isinstance(event, Finding):
            found += 1
            console.print(f"[red]FAIL[/] {escape(event.operation)} {event.check}: {escape(event.message)}\n  {escape(event.curl)}")
        else:
            console.print(f"[dim]{event.phase}: {event.requests} requests so far[/]")
    console.print(f"{found} findings" if found else "no findings")
    sys.exit(1 if found else 0)
