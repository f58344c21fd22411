"""A report for the summary page of a CI run."""

from __future__ import annotations

import re
from typing import Any

from conformance.report.json import searched
from specs.printable import printable, printable_lines

_LIVE = re.compile(r"[\\`*_\[\]!|~]")
_SILENT = ("PASS", "SKIPPED", "NOT-APPLICABLE")


def text(canonical: dict[str, Any]) -> str:
    """The Markdown."""
    return "\n".join(_run(run) for run in canonical["runs"])


def _run(run: dict[str, Any]) -> str:
    words = list(run["counts"])
    lines = [
        f"## {run['api']} at {_cell(run['target'])}",
        "",
        f"{'✅' if run['exit'] == 0 else '❌'} {_cell(run['sentence'])} (exit {run['exit']})",
        "",
    ]
    lines += [
        f"| {' | '.join(words)} |",
        f"|{'---|' * len(words)}",
        f"| {' | '.join(str(run['counts'][word]) for word in words)} |",
        "",
    ]
    for search in run["searches"]:
        lines += [
            f"{_cell(searched(search))}.",
            "",
            *(f"- {_cell(other)}" for other in search["others"]),
            *([""] if search["others"] else []),
        ]
    told = [one for one in run["results"] if one["verdict"] not in _SILENT]
    if told:
        lines += ["| verdict | requirement | what was seen | source |", "|---|---|---|---|"]
        lines += [
            f"| {one['verdict']} | {one['id']}: {_cell(one['statement'])} | {_cell(one['reason'])} | "
            f"{_cell(one['source'])} |"
            for one in told
        ]
        lines.append("")
    for one in told:
        commands = [exchange["curl"] for violation in one["violations"][:1] for exchange in violation["exchanges"]]
        if commands:
            fence = "`" * (1 + max((len(run_) for run_ in re.findall("`+", " ".join(commands))), default=2))
            lines += [f"<details><summary>{one['id']}</summary>", "", f"{fence}sh", *map(printable_lines, commands)]
            lines += [fence, "", "</details>", ""]
    return "\n".join(lines) + "\n"


def _cell(text_: str) -> str:
    """The text on one line, none of it live Markdown or HTML."""
    short = printable(text_.replace("\n", " ")[:300])
    return _LIVE.sub(r"\\\g<0>", short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
