"""What a run found, for somebody at a terminal; plain where the output is piped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.report.findings import shown_findings
from conformance.report.json import searched
from conformance.run.verdict import Exit
from specs.printable import printable

COLOURS = {
    "PASS": "green",
    "FAIL": "red",
    "ERROR": "red",
    "STALE-WAIVER": "red",
    "WARN": "yellow",
    "CONFLICT": "yellow",
    "INCONCLUSIVE": "magenta",
}
_SILENT = ("PASS", "SKIPPED", "NOT-APPLICABLE")


def show(canonical: dict[str, Any], console: Console, *, everything: bool = False) -> None:
    """Print every run: what is not as it should be with its evidence, then the counts and the sentence."""
    for run in canonical["runs"]:
        is_away = run["exit"] == Exit.UNREACHABLE and not run["counts"].get("PASS")
        told = [one for one in run["results"] if everything or (one["verdict"] not in _SILENT and not is_away)]
        for result in told:
            _result(result, console)
        for search in run["searches"]:
            console.print(f"[dim]{escape(searched(search))}[/]", soft_wrap=True)
            for other in search["others"]:
                console.print(f"  [dim]{escape(other)}[/]", soft_wrap=True)
        if not is_away:
            _counts(run, console)
            _findings(run, console)
        _sentence(run, console)
        if run.get("left_behind"):
            console.print(f"left at the target: {escape(', '.join(run['left_behind']))}", soft_wrap=True)


def side_by_side(canonical: dict[str, Any], console: Console, *, everything: bool = False) -> None:
    """Print a row for each requirement that is not as it should be somewhere, and a column for each run.

    Below, what each run came to.
    """
    runs = canonical["runs"]
    verdicts = [{one["id"]: one["verdict"] for one in run["results"]} for run in runs]
    table = Table(box=None, pad_edge=False)
    table.add_column("requirement", no_wrap=True)
    for run in runs:
        table.add_column(escape(printable(f"{run['api']} {run['target']}")), overflow="fold")
    for id_ in sorted({id_ for found in verdicts for id_ in found}):
        words = [found.get(id_, "") for found in verdicts]
        if everything or any(word not in ("", *_SILENT) for word in words):
            table.add_row(id_, *(f"[{COLOURS.get(word, 'dim')}]{word}[/]" if word else "" for word in words))
    if table.row_count:
        console.print(table)
    for run in runs:
        _sentence(run, console)


def _findings(run: dict[str, Any], console: Console) -> None:
    """What to do first: a line for each finding, and how to see the first again."""
    found, more = shown_findings(run)
    if not found:
        return
    console.print("[bold]What to mend first[/]")
    for number, one in enumerate(found, 1):
        colour = COLOURS["FAIL" if one.level == "MUST" else "WARN"]
        console.print(f" {number:2}. [{colour}]{escape(one.sentence)}[/]", soft_wrap=True)
    if more:
        console.print(f"     and {more} more", soft_wrap=True)
    console.print(f"  [dim]conformance explain {found[0].ids[0]} says what the first asks for[/]", soft_wrap=True)


def _sentence(run: dict[str, Any], console: Console) -> None:
    colour = "green" if run["exit"] == 0 else "red"
    console.print(
        f"[{colour}]{escape(run['api'])} at {escape(run['target'])}: {escape(run['sentence'])}[/]  [dim]exit "
        f"{run['exit']}[/]",
        soft_wrap=True,
    )


def _result(result: dict[str, Any], console: Console) -> None:
    word = result["verdict"]
    console.print(
        f"[bold {COLOURS.get(word, 'dim')}]{word}[/] {result['id']} [dim]{result['level']}[/] "
        f"{escape(result['statement'])}",
        soft_wrap=True,
    )
    if word in _SILENT and not result["reason"]:
        return
    console.print(f"  {escape(result['reason'])}", soft_wrap=True)
    if result["violations"]:
        by = result["violations"][0]["check"]
        console.print(
            f"  [dim]source: {escape(result['source'])} "
            f"({result['basis']}){f'; found by {escape(by)}' if by else ''}[/]",
            soft_wrap=True,
        )
        for exchange in _evidence(result["violations"]):
            asked = exchange["request"]
            console.print(
                f"  [dim]{escape(asked['method'])} {escape(asked['url'])} -> {exchange['response']['status']}[/]",
                soft_wrap=True,
            )
            console.print(f"    {escape(exchange['curl'])}", soft_wrap=True)
            console.print(f"    {escape((exchange['response']['body'] or '')[:500])}", soft_wrap=True)


def _evidence(violations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return next((list(one["exchanges"]) for one in violations), [])


def _counts(run: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for word in run["counts"]:
        table.add_column(word, style=COLOURS.get(word, "dim"), justify="right")
    table.add_column("requests", justify="right")
    table.add_column("seconds", justify="right")
    table.add_row(*map(str, run["counts"].values()), str(run["requests"]), f"{run['seconds']:.1f}")
    console.print(table)
