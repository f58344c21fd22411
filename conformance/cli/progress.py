"""Shows how far a run is: a bar on a terminal, a line now and then where its output is piped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich import progress as bars
from rich.console import Console
from rich.markup import escape

from conformance.run.progress import Progress, minutes
from specs.printable import printable_lines

EVERY = 30.0
"""Seconds between two lines where nobody looks at a terminal; a run that is over before prints none."""
REFRESHED = 0.5


@contextmanager
def shown(progress: Progress, name: str, *, every: float = EVERY, out: TextIO | None = None) -> Iterator[None]:
    """Show the progress of a run on standard error for as long as the block lasts."""
    stream = out or sys.stderr
    over = threading.Event()
    draw = _bar if stream.isatty() else _lines
    thread = threading.Thread(target=draw, args=(progress, name, stream, over, every), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def _lines(progress: Progress, name: str, stream: TextIO, over: threading.Event, every: float) -> None:
    while not over.wait(every):
        stream.write(printable_lines(f"{name}: {progress}") + "\n")
        stream.flush()


def _bar(progress: Progress, name: str, stream: TextIO, over: threading.Event, every: float) -> None:
    columns = (
        bars.TextColumn("{task.fields[name]}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.description}"),
    )
    with bars.Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", name=name)
        while not over.wait(REFRESHED):
            left = f"about {minutes(progress.seconds_left)} left"
            waits = escape(printable_lines(progress.activity or progress.waited_for))
            bar.update(
                task,
                completed=progress.done,
                total=max(1, progress.total),
                description=f"{minutes(progress.seconds)}, {left}  {waits}",
            )
