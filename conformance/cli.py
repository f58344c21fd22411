"""The command line of the judge."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.markup import escape

import specs
from conformance.fuzz import Finding, fuzz


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Judge an implementation of a batch-compute job API by its document."""


def _base(context: click.Context, parameter: click.Parameter, value: str) -> str:
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


@main.command("fuzz")
@click.argument("api", type=click.Choice(specs.names()))
@click.option("--url", required=True, callback=_base, help="Scheme, host and port of the implementation; the API's base path is added.")
@click.option("--seed", default=1, show_default=True, help="Fixes all that is generated.")
@click.option("--max-examples", default=25, show_default=True, type=click.IntRange(1, 10_000), help="Cases per operation and phase.")
@click.option("--header", "headers", multiple=True, callback=_header, help="Sent with every request: 'Name: value'. May be repeated.")
def fuzz_command(api: str, url: str, seed: int, max_examples: int, headers: dict[str, str]) -> None:
    """Send schemathesis' valid, invalid and stateful cases to URL; exit 1 if any answer breaks the document of API."""
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
