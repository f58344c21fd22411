"""Ctrl-C and SIGTERM as an exception, so that a run ends in order and keeps what it knows."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from conformance.run.verdict import Exit

_EXITS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


class Interrupted(KeyboardInterrupt):
    """The user, or a system that stops its programs, ends this one; event loops let it pass as they do its parent."""

    def __init__(self, exit_: Exit) -> None:
        super().__init__(f"the run was {exit_.name.lower()}")
        self.exit = exit_


@dataclass
class Signals:
    """The first signal that came, as what the program ends with."""

    caught: Exit | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise it where the program is. A second one also ends the cleaning up."""
        exit_ = _EXITS[signal.Signals(number)]
        self.caught = self.caught or exit_
        raise Interrupted(exit_)


@contextmanager
def interruptible() -> Iterator[Signals]:
    """Raise Interrupted inside where a signal comes; a signal that the caller ignores stays ignored."""
    signals, before = Signals(), {}
    try:
        for number in _EXITS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, signals)
    except ValueError:  # signals are for the main thread only
        pass
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_of(stop: KeyboardInterrupt) -> Exit:
    """What an interrupted command ends with."""
    return stop.exit if isinstance(stop, Interrupted) else Exit.INTERRUPTED
