"""The command for kept reports: several of them side by side, in any form."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

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
    runs = [_named(run, file, is_one=len(reports) == 1) for file in reports for run in runs_of(file)]
    whole = {"schema": SCHEMA, "runs": runs}
    terminal.side_by_side(whole, console, everything=everything)
    if len(runs) > 1:
        console.print(_changes(runs[0], runs[-1]), soft_wrap=True)
    for view, file in files.items():
        if file is not None:
            file.write_text(WRITERS[view](whole), encoding="utf-8")
    sys.exit(exit_code(run["exit"] for run in runs))


def _named(run: dict[str, Any], file: Path, *, is_one: bool) -> dict[str, Any]:
    """A run that can be told from others of the same target: by its file and its time."""
    began = str(run.get("began") or "")[:19].replace("T", " ")
    facts = ", ".join(filter(None, (file.name, began)))
    return run if is_one else run | {"target": f"{run['target']} ({facts})"}


def _changes(first: dict[str, Any], last: dict[str, Any]) -> str:
    """What is broken in the last run and was not in the first, what no longer is, and what still is."""
    old, new = ({one["id"] for one in run["results"] if one["verdict"] == "FAIL"} for run in (first, last))
    parts = (("newly broken", new - old), ("broken no longer", old - new), ("still broken", old & new))
    return "from the first run to the last: " + "; ".join(
        f"{words}: {', '.join(sorted(ids)) or 'none'}" for words, ids in parts
    )


COMMANDS = (report_command,)
