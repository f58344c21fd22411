"""Prints catalogues: as a table, as JSON, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from conformance import catalogue as catalogues
from conformance.catalogue import Requirement


def printed(apis: Sequence[str], form: str) -> str:
    """The requirements of some APIs."""
    loaded = {api: list(catalogues.load(api).requirements.values()) for api in apis}
    if form == "json":
        return json.dumps({api: [_json(one) for one in rows] for api, rows in loaded.items()}, indent=1) + "\n"
    write = _markdown if form == "markdown" else _table
    return "\n".join(write(api, rows) for api, rows in loaded.items())


def _json(row: Requirement) -> dict[str, Any]:
    members = {name: value for name, value in asdict(row).items() if name != "rules"}
    return members | {"check_file": row.check_file, "fault_file": row.fault_file}


def _table(api: str, rows: Sequence[Requirement]) -> str:
    """The requirements of each subject below the files in which they are judged and broken."""
    lines = [f"{api}: {len(rows)} requirements, {sum(not row.not_tested for row in rows)} of them judged"]
    by_files: dict[str, list[Requirement]] = {}
    for row in rows:
        by_files.setdefault(f"{row.check_file}, faults in {row.fault_file}", []).append(row)
    for files, group in by_files.items():
        lines.append(f" {files}")
        lines += [f"  {row.id}  {row.level:6}  {row.basis:11}  {row.statement}{_untested(row)}" for row in group]
    return "\n".join(lines) + "\n"


def _markdown(api: str, rows: Sequence[Requirement]) -> str:
    lines = [f"## {api}", "", "| id | level | basis | statement | source | checks | faults |", "|---" * 7 + "|"]
    lines += [
        f"| {row.id} | {row.level} | {row.basis} | {_cell(row.statement + _untested(row))} | {_cell(row.source)} "
        f"| {row.check_file} | {row.fault_file} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _untested(row: Requirement) -> str:
    return f" [not tested: {row.not_tested['detail']}]" if row.not_tested else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
