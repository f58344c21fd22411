"""What a run found, for somebody at a terminal; plain where the output is piped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.report.json import searched

COLOURS = {"PASS": "green", "FAIL": "red", "ERROR": "red", "STALE-WAIVER": "red", "WARN": "yellow", "CONFLICT": "yellow", "INCONCLUSIVE": "magenta"}
_SILENT = ("PASS", "SKIPPED", "NOT-APPLICABLE")


def show(canonical: dict[str, Any], console: Console, *, everything: bool = False) -> None:
    """Print every run: what is not as it should be with its evidence, then the counts and the sentence."""
    for run in canonical["runs"]:
        told = [one for one in run["results"] if everything or one["verdict"] not in _SILENT]
        for result in told:
            _result(result, console)
        for search in run["searches"]:
            console.print(f"[dim]{escape(searched(search))}[/]", soft_wrap=True)
            for other in search["others"]:
                console.print(f"  [dim]{escape(other)}[/]", soft_wrap=True)
        _counts(run, console)
        colour = "green" if run["exit"] == 0 else "red"
        console.print(f"[{colour}]{escape(run['api'])} at {escape(run['target'])}: {escape(run['sentence'])}[/]  [dim]exit {run['exit']}[/]")


def _result(result: dict[str, Any], console: Console) -> None:
    word = result["verdict"]
    console.print(f"[bold {COLOURS.get(word, 'dim')}]{word}[/] {result['id']} [dim]{result['level']}[/] {escape(result['statement'])}")
    if word in _SILENT and not result["reason"]:
        return
    console.print(f"  {escape(result['reason'])}")
    if result["violations"]:
        by = result["violations"][0]["check"]
        console.print(f"  [dim]source: {escape(result['source'])} ({result['basis']}){f'; found by {escape(by)}' if by else ''}[/]")
        for exchange in _evidence(result["violations"]):
            console.print(f"  [dim]{escape(exchange['request']['method'])} {escape(exchange['request']['url'])} -> {exchange['response']['status']}[/]")
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
