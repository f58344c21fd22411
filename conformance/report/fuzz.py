"""What schemathesis did and found, for somebody at a terminal and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn

from conformance.search.fuzz import Finding, Progress

SCHEMA = "understudy.fuzz/1"


@dataclass
class Fuzzed:
    """All that came of one fuzzing."""

    findings: list[Finding] = field(default_factory=list)
    last: Progress = field(default_factory=lambda: Progress("", 0))


def shown(events: Iterable[Finding | Progress], console: Console, name: str) -> Fuzzed:
    """Print findings as they come, progress only where somebody looks, and a line at the end.

    An interruption ends it early: what was found until then counts.
    """
    whole = Fuzzed()
    with (
        suppress(KeyboardInterrupt),
        Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        ) as bar,
    ):
        task = bar.add_task(name)
        for event in events:
            if isinstance(event, Progress):
                whole.last = event
                bar.update(
                    task,
                    description=(
                        f"{escape(name)} {event.phase}: {event.requests} requests, {len(whole.findings)} findings"
                    ),
                )
                continue
            whole.findings.append(event)
            console.print(
                f"[red]FAIL[/] {escape(event.operation)} {event.check}: {escape(event.message)}\n  "
                f"{escape(event.curl)}",
                soft_wrap=True,
            )
    found = f"{len(whole.findings)} findings" if whole.findings else "no findings"
    console.print(
        f"{found} in {whole.last.cases} cases, {whole.last.requests} requests to {len(whole.last.operations)} "
        "operations"
    )
    return whole


def text(whole: Fuzzed, **facts: Any) -> str:
    """The JSON."""
    from conformance.report.json import exchange

    told = [
        {
            "operation": one.operation,
            "check": one.check,
            "message": one.message,
            "curl": one.curl,
            "exchanges": [exchange(shown) for shown in one.exchanges],
        }
        for one in whole.findings
    ]
    done = {"cases": whole.last.cases, "requests": whole.last.requests, "operations": sorted(whole.last.operations)}
    return (
        json.dumps({"schema": SCHEMA, **facts, **done, "findings": told}, indent=1, sort_keys=True, ensure_ascii=False)
        + "\n"
    )
