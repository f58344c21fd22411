"""The command for kept reports: several of them side by side, in any form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli.options import EXISTING, FILE, JudgeCommand
from conformance.report import badge, html, junit, markdown, terminal
from conformance.report.console import SafeConsole
from conformance.report.json import SCHEMA, runs_of
from conformance.run.verdict import exit_code

WRITERS = {"junit": junit.text, "markdown": markdown.text, "html": html.text, "badge": badge.text}


@click.command("report", cls=JudgeCommand)
@click.argument("reports", nargs=-1, required=True, type=EXISTING, metavar="REPORT...")
@click.option("--junit", type=FILE, help="Write JUnit XML to this file.")
@click.option("--markdown", type=FILE, help="Write a Markdown summary to this file.")
@click.option("--html", type=FILE, help="Write an HTML page to this file, with a column for each run.")
@click.option("--badge", type=FILE, help="Write the JSON of a badge to this file.")
@click.option("--all", "everything", is_flag=True, help="Also print requirements that passed in every run.")
def report_command(reports: tuple[Path, ...], everything: bool, **files: Path | None) -> None:
    """Put canonical reports (run --json) side by side; exit with the first code of theirs that is not 0."""
    console = SafeConsole()
    runs = [run for file in reports for run in runs_of(file)]
    whole = {"schema": SCHEMA, "runs": runs}
    terminal.side_by_side(whole, console, everything=everything)
    for view, file in files.items():
        if file is not None:
            file.write_text(WRITERS[view](whole), encoding="utf-8")
    sys.exit(exit_code(run["exit"] for run in runs))


COMMANDS = (report_command,)
