"""Keeps a run within what its user allowed: requests, jobs, minutes, rate.

Several threads may share one budget: checks that run side by side are counted together.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.errors import SafetyStop

CLEAN_UP_SECONDS = 30.0
"""Longest time that cleaning up takes, whatever the run was allowed; what is left then is named."""


@dataclass
class Budget:
    """Bounds of one run. `rate` is requests per second at most; None leaves a bound away."""

    most_requests: int | None = None
    most_jobs: int | None = None
    most_seconds: float | None = None
    rate: float | None = None
    together: int = 8
    requests: int = 0
    jobs: int = 0
    _began: float = field(default_factory=time.monotonic)
    _last: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _stopped: threading.Event = field(default_factory=threading.Event, repr=False)
    _cleaning: threading.local = field(default_factory=threading.local, repr=False)

    def before(self, *, is_submission: bool) -> None:
        """Count a request about to be sent, and wait as the rate demands. Raises SafetyStop."""
        pause = 0.0
        with self._lock:
            self._within(0)
            if is_submission and self.most_jobs is not None and self.jobs >= self.most_jobs:
                raise SafetyStop(f"the budget of {self.most_jobs} jobs is used up")
            if self.rate is not None:
                now = time.monotonic()
                self._last = max(now, self._last + 1 / self.rate)
                pause = self._last - now
            self.requests += 1
            self.jobs += is_submission
        if pause:
            self.sleep(pause)

    def took(self, requests: int) -> None:
        """Count requests that somebody else has sent. Raises SafetyStop."""
        with self._lock:
            self._within(requests)

    def _within(self, requests: int) -> None:
        self.requests += requests
        if self._clean_up_until is None:
            if self._stopped.is_set():
                raise SafetyStop("the run was stopped")
            if self.most_requests is not None and self.requests >= self.most_requests:
                raise SafetyStop(f"the budget of {self.most_requests} requests is used up")
        if self.seconds_left() <= 0:
            raise SafetyStop(f"the budget of {self.most_seconds:g} seconds is used up")

    @property
    def _clean_up_until(self) -> float | None:
        """The end of the cleaning up that this thread is about, if it is."""
        found: float | None = getattr(self._cleaning, "until", None)
        return found

    def seconds_left(self) -> float:
        """How many seconds the run, or the cleaning up after it, may still take."""
        if self._clean_up_until is not None:
            return self._clean_up_until - time.monotonic()
        return math.inf if self.most_seconds is None else self._began + self.most_seconds - time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, at most for what is left, and no longer than until the run is stopped. Raises SafetyStop."""
        pause = max(0.0, min(seconds, self.seconds_left()))
        if self._clean_up_until is None:
            self._stopped.wait(pause)
        else:
            time.sleep(pause)
        self.took(0)

    def stop(self) -> None:
        """End whatever waits in any thread, and let nothing begin but cleaning up."""
        self._stopped.set()

    def go_on(self) -> None:
        """Let requests be sent again after a stop."""
        self._stopped.clear()

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Whatever is used up, what this thread made may be cleaned up for a while: only time is bounded, and the
        rate."""
        outer, self._cleaning.until = self._clean_up_until, time.monotonic() + CLEAN_UP_SECONDS
        try:
            yield
        finally:
            self._cleaning.until = outer


def live_safe(*, requests: int = 2000, jobs: int = 200, minutes: float = 60.0, rate: float = 5.0) -> Budget:
    """The bounds for a host that is not this machine."""
    return Budget(requests, jobs, minutes * 60, rate, together=2)
