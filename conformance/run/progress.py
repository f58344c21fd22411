"""Keeps count of a run: what is done, what is waited for, and about how long it will go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from conformance.run.cases import Case
from conformance.run.estimate import Pace, case_seconds, run_seconds


class Progress:
    """One run under way. Cases begin and end in any thread; repeats are counted beside them.

    `activity` is what goes on where no cases are played.
    """

    def __init__(self, pace: Pace, *, lanes: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace, self._lanes, self._clock = pace, lanes, clock
        self._lock, self._began = threading.Lock(), clock()
        self._ahead: dict[int, Case] = {}
        self._running: dict[int, tuple[Case, float]] = {}
        self.total = self.done = self.again = 0
        self.activity = ""

    def expect(self, cases: Sequence[Case]) -> None:
        """What is going to be played."""
        with self._lock:
            self._ahead = {case.number: case for case in cases}
            self.total = len(self._ahead)

    def begin(self, case: Case) -> None:
        """A case, or a repeat of one, begins."""
        with self._lock:
            self.again += self._ahead.pop(case.number, None) is None
            self._running[id(threading.current_thread())] = case, self._clock()

    def end(self) -> None:
        """The case of this thread is over."""
        with self._lock:
            self._running.pop(id(threading.current_thread()), None)
            self.done = self.total - len(self._ahead) - min(len(self._running), self.total - len(self._ahead))

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float:
        """About how long what was not yet done will take."""
        with self._lock:
            ahead = run_seconds(self._ahead.values(), self._pace, lanes=self._lanes)
            now = self._clock()
            ends = [began + case_seconds(case, self._pace) - now for case, began in self._running.values()]
        return max([ahead, 0.0, *ends])

    @property
    def waited_for(self) -> str:
        """What has been under way for longest, and how many others are."""
        with self._lock:
            running = sorted(self._running.values(), key=lambda one: one[1])
        if not running:
            return ""
        case, more = running[0][0], len(running) - 1
        return " ".join(
            [*([case.requirement] if case.requirement else []), case.name, *([f"and {more} more"] if more else [])]
        )

    def __str__(self) -> str:
        if self.activity:
            return f"{self.activity} after {minutes(self.seconds)}"
        again = f" and {self.again} repeats" if self.again else ""
        left = f", about {minutes(self.seconds_left)} left" if self._ahead or self._running else ""
        waits = f"; waiting for {self.waited_for}" if self.waited_for else ""
        return f"{self.done} of {self.total} checks{again} after {minutes(self.seconds)}{left}{waits}"


def minutes(seconds: float) -> str:
    """A duration as minutes and seconds: 2:05."""
    whole = round(max(0.0, seconds))
    return f"{whole // 60}:{whole % 60:02}"
