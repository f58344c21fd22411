"""Commands before a run: what a requirement asks for, and how a target file is written and tried."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

import specs
from conformance import catalogue as catalogues
from conformance.cli.options import API, JudgeCommand, opened, target_options
from conformance.errors import UsageError
from conformance.report.console import SafeConsole
from conformance.run.verdict import Exit

_SCHEMAS = {
    "target": Path(__file__).parents[1] / "target" / "target-file.schema.json",
    "waivers": Path(__file__).parents[1] / "run" / "waivers.schema.json",
}


@click.command("explain", cls=JudgeCommand)
@click.argument("requirement")
@click.option("--api", type=API, help="The API, for a requirement that all of them share.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain_command(requirement: str, api: str | None, as_json: bool) -> None:
    """Explain REQUIREMENT: what it says, who says so, what is sent, what passes, what fails, what it needs."""
    from conformance.report.explanation import explained

    loaded = [catalogues.load(name) for name in ([api] if api else specs.names())]
    catalogue = next((one for one in loaded if requirement in one.requirements), None)
    if catalogue is None:
        raise UsageError(_unknown(requirement, loaded))
    parts = explained(catalogue, requirement)
    if as_json:
        click.echo(json.dumps(dict(parts), indent=1, ensure_ascii=False))
        return
    console = SafeConsole()
    for heading, lines in parts:
        console.print(f"[bold]{escape(heading)}[/]")
        for line in lines:
            console.print(f"  {escape(line)}", soft_wrap=True)


def _unknown(requirement: str, among: Sequence[catalogues.Catalogue]) -> str:
    from difflib import get_close_matches

    known = sorted({id_ for one in among for id_ in one.requirements})
    close = get_close_matches(requirement.upper(), known, 3, 0.5)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    api = f" {among[0].api}" if len(among) == 1 else ""
    return f"{requirement!r} is no requirement{' of' * bool(api)}{api}; {meant}`conformance catalogue{api}` lists them"


@click.group("target", cls=click.Group)
def target_group() -> None:
    """Write a target file to begin with, try one, or print the JSON Schema of such files."""


@target_group.command("init", cls=JudgeCommand)
@click.argument("api", type=API)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this new file.")
def init_command(api: str, out: Path | None) -> None:
    """Write a commented target file for API."""
    from conformance.run.target_template import template

    text = template(api)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{out} is there already and is left as it is; choose another name") from None
    click.echo(f"{out} is written; try it: conformance target check {api} --url URL --target-file {out}")


@target_group.command("check", cls=JudgeCommand)
@target_options
def check_command(api: str, url: str | None, **told: Any) -> None:
    """Ask the target a handful of questions: which shapes, tenants and credentials of its target file hold.

    Exit 1 if one of them does not.
    """
    from conformance.run.questions import ask

    console = SafeConsole()
    table = Table(box=None, pad_edge=False)
    for name in ("in the target file", "", "what was seen"):
        table.add_column(name, overflow="fold")
    broken = 0
    with opened(api, url, **told) as target:
        for answer in ask(target):
            broken += not answer.holds
            word = "[green]holds[/]" if answer.holds else "[red]does not[/]"
            table.add_row(escape(answer.about), word, escape(target.redaction.text(answer.words)))
    console.print(table)
    sys.exit(Exit.BROKEN if broken else Exit.CONFORMANT)


@target_group.command("schema", cls=JudgeCommand)
@click.argument("kind", type=click.Choice(list(_SCHEMAS)), default="target")
def schema_command(kind: str) -> None:
    """Print the JSON Schema of target files, or of waivers, for editors."""
    click.echo(_SCHEMAS[kind].read_text(encoding="utf-8"), nl=False)


COMMANDS = (explain_command, target_group)
