"""Gives a case the target to itself, also while others only wait and have no job that is under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quiet:
    """Who is at work at the target: many at the same time, or one alone. Who rests is not at work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work, self._alone = 0, False
        self._here = threading.local()

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is at work."""
        with self._changed:
            return not self._at_work and not self._alone

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be one of many."""
        self._begin()
        self._here.shares = True
        try:
            yield
        finally:
            self._here.shares = False
            self._end()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let another one be alone while this thread, if it is one of many, only waits; it may wait a little longer."""
        if not getattr(self._here, "shares", False):
            yield
            return
        self._end()
        try:
            yield
        finally:
            self._begin()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody is at work, and let nobody begin or go on meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work and not self._alone)
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    def _begin(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._at_work += 1

    def _end(self) -> None:
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()
