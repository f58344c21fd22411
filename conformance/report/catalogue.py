"""Prints catalogues: as a table, as JSON, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from conformance import catalogue as catalogues
from conformance.catalogue import Requirement


def printed(apis: Sequence[str], form: str) -> str:
    """The requirements of some APIs."""
    loaded = {api: list(catalogues.load(api).requirements.values()) for api in apis}
    if form == "json":
        return json.dumps({api: [asdict(one) for one in rows] for api, rows in loaded.items()}, indent=1) + "\n"
    write = _markdown if form == "markdown" else _table
    return "\n".join(write(api, rows) for api, rows in loaded.items())


def _table(api: str, rows: Sequence[Requirement]) -> str:
    lines = [f"{api}: {len(rows)} requirements, {sum(not row.not_tested for row in rows)} of them judged"]
    lines += [f"  {row.id}  {row.level:6}  {row.basis:11}  {row.statement}{_untested(row)}" for row in rows]
    return "\n".join(lines) + "\n"


def _markdown(api: str, rows: Sequence[Requirement]) -> str:
    lines = [f"## {api}", "", "| id | level | basis | statement | source |", "|---|---|---|---|---|"]
    lines += [f"| {row.id} | {row.level} | {row.basis} | {_cell(row.statement + _untested(row))} | {_cell(row.source)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _untested(row: Requirement) -> str:
    return f" [not tested: {row.not_tested['detail']}]" if row.not_tested else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
