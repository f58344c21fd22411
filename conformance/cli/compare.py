"""The command for kept reports: several of them side by side, in any form."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
from rich.console import Console
from rich.markup import escape

from conformance.cli.afterwards import EXISTING
from conformance.cli.options import FILE
from conformance.report import badge, html, junit, markdown, terminal
from conformance.report.json import SCHEMA, SHAPE
from conformance.run.verdict import Exit

WRITERS = {"junit": junit.text, "markdown": markdown.text, "html": html.text, "badge": badge.text}


@click.command("report")
@click.argument("reports", nargs=-1, required=True, type=EXISTING, metavar="REPORT...")
@click.option("--junit", type=FILE, help="Write JUnit XML there.")
@click.option("--markdown", type=FILE, help="Write a summary in Markdown there.")
@click.option("--html", type=FILE, help="Write a page of HTML there: a column for each run.")
@click.option("--badge", type=FILE, help="Write the JSON of a badge there.")
@click.option("--all", "everything", is_flag=True, help="Show also what passed everywhere.")
def report_command(reports: tuple[Path, ...], everything: bool, **files: Path | None) -> None:
    """Put canonical reports (run --json) side by side; exit with the first code of theirs that is not 0."""
    console = Console(highlight=False)
    try:
        runs = [run for file in reports for run in runs_of(file)]
    except ValueError as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        sys.exit(Exit.USAGE)
    whole = {"schema": SCHEMA, "runs": runs}
    terminal.side_by_side(whole, console, everything=everything)
    for view, file in files.items():
        if file is not None:
            file.write_text(WRITERS[view](whole), encoding="utf-8")
    sys.exit(next((run["exit"] for run in runs if run["exit"]), 0))


def runs_of(file: Path) -> list[dict[str, Any]]:
    """The runs that a canonical report holds. Raises ValueError."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is not JSON ({error}); expected a report that run --json wrote") from None
    said = found.get("schema") if isinstance(found, dict) else None
    if said != SCHEMA:
        raise ValueError(f"{file} has the schema {said!r}; expected {SCHEMA!r}, as run --json writes it")
    for broken in jsonschema_rs.Draft202012Validator(SHAPE).iter_errors(found):
        place = "".join(f"/{key}" for key in broken.instance_path) or "the top"
        raise ValueError(
            f"{file} is not a whole report: {broken.message} at {place}; expected a report that run --json wrote"
        )
    runs: list[dict[str, Any]] = found["runs"]
    return runs


COMMANDS = (report_command,)
