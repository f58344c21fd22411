"""Reads one column of seconds from a text file: a number per line, or a named column of a CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from mockserver.simulation.errors import ScenarioError, why_unreadable
from mockserver.simulation.scenario.distribution import MOST_SECONDS, MOST_VALUES


def column(file: Path, name: str | None = None) -> list[float]:
    """The values of `file` in order: of its column `name`, or one on each line. Raises ScenarioError with file, line
    and expectation.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            values = list(_values(file, csv.reader(opened), name))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError(
            f"{file} cannot be read ({why_unreadable(error)}); expected a text file of numbers"
        ) from error
    if not values:
        raise ScenarioError(f"{file}: expected at least one value, got none")
    return values


def _values(file: Path, rows: Iterator[list[str]], name: str | None) -> Iterator[float]:
    index = 0
    for number, row in enumerate(rows, start=1):
        if not row or row[0].startswith("#"):
            continue
        if name is not None and not index:
            if name not in row:
                raise ScenarioError(f"{file} line {number}: expected a column {name!r}, got {', '.join(row)}")
            index = row.index(name) + 1
            continue
        if number > MOST_VALUES + 1:
            raise ScenarioError(f"{file} line {number}: expected at most {MOST_VALUES} values")
        yield _seconds(file, number, row[max(index - 1, 0)] if len(row) >= max(index, 1) else "")


def _seconds(file: Path, number: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_SECONDS:
        raise ScenarioError(f"{file} line {number}: expected seconds of at least 0, got {text!r}")
    return value
