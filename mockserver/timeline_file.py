"""Writes the timeline of a simulation line by line: as CSV, and as JSON that ends with the summary."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType

import orjson

from mockserver.measure import Row


class TimelineFiles:
    """The requested files, open from the first to the last line of a simulation."""

    def __init__(self, *, as_csv: Path | None, as_json: Path | None) -> None:
        self._csv = as_csv.open("w", encoding="utf-8", newline="") if as_csv else None
        self._json = as_json.open("wb") if as_json else None
        self._writer = csv.writer(self._csv, lineterminator="\n") if self._csv else None
        self._is_first = True

    def __enter__(self) -> TimelineFiles:
        if self._writer:
            self._writer.writerow(Row._fields)
        if self._json:
            self._json.write(b'{"timeline":[')
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._csv, self._json):
            if file:
                file.close()

    @property
    def is_wanted(self) -> bool:
        """Whether there is any file to write."""
        return bool(self._csv or self._json)

    def add(self, row: Row) -> None:
        """Write one line."""
        if self._writer:
            self._writer.writerow(row)
        if self._json:
            self._json.write(b"\n" if self._is_first else b",\n")
            self._json.write(orjson.dumps(row._asdict()))
            self._is_first = False

    def finish(self, summary: dict[str, object]) -> None:
        """Write the end of the JSON file."""
        if self._json:
            self._json.write(b'\n],"summary":' + orjson.dumps(summary) + b"}\n")
