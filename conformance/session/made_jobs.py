"""Writes down what a run is about to make at a target, before it does, so that a crash leaves nothing behind that
cannot be found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from conformance.traffic.exchange import Request


class Journal:
    """A file of lines, each flushed at once: a submission to come, a job made, a job gone."""

    def __init__(
        self, file: Path, *, api: str, url: str, submit: tuple[str, str], hide: Callable[[str], str] = str
    ) -> None:
        """`hide` takes secrets out of a text."""
        self.file, self._hide = file, hide
        self._submit = submit
        self._out = file.open("a", encoding="utf-8")
        self._write({"run": {"api": api, "url": hide(url)}})

    def before(self, request: Request) -> None:
        """Note a submission before it is sent."""
        if (request.method, request.target.partition("?")[0].rstrip("/")) == self._submit:
            self._write({"submitting": self._hide((request.body or b"").decode("utf-8", "replace"))[:2000]})

    def made(self, job: str) -> None:
        """Note that a job exists."""
        self._write({"made": job})

    def gone(self, job: str) -> None:
        """Note that a job was cleaned up."""
        self._write({"gone": job})

    def close(self) -> None:
        """End the file."""
        self._out.close()

    def _write(self, line: dict[str, object]) -> None:
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


def left_over(file: Path) -> list[str]:
    """The jobs of a journal that were made and not cleaned up."""
    jobs: dict[str, None] = {}
    for line in _lines(file):
        if "made" in line:
            jobs[str(line["made"])] = None
        if "gone" in line:
            jobs.pop(str(line["gone"]), None)
    return list(jobs)


def _lines(file: Path) -> Iterator[dict[str, object]]:
    for text in file.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:  # the last line of a run that was killed while writing
            continue
        if isinstance(line, dict):
            yield line
