"""Keeps a run within what its user allowed: requests, jobs, minutes, rate.

Used where the target is somebody's real service.
"""

from __future__ import annotations

import math
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
    _clean_up_until: float | None = None

    def before(self, *, is_submission: bool) -> None:
        """Count a request about to be sent, and wait as the rate demands. Raises SafetyStop."""
        self.took(0)
        if is_submission and self.most_jobs is not None and self.jobs >= self.most_jobs:
            raise SafetyStop(f"the budget of {self.most_jobs} jobs is used up")
        if self.rate is not None:
            self.sleep(max(0.0, self._last + 1 / self.rate - time.monotonic()))
            self._last = time.monotonic()
        self.requests += 1
        self.jobs += is_submission

    def took(self, requests: int) -> None:
        """Count requests that somebody else has sent. Raises SafetyStop."""
        self.requests += requests
        is_over = self.most_requests is not None and self.requests >= self.most_requests
        if is_over and self._clean_up_until is None:
            raise SafetyStop(f"the budget of {self.most_requests} requests is used up")
        if self.seconds_left() <= 0:
            raise SafetyStop(f"the budget of {self.most_seconds:g} seconds is used up")

    def seconds_left(self) -> float:
        """How many seconds the run, or the cleaning up after it, may still take."""
        if self._clean_up_until is not None:
            return self._clean_up_until - time.monotonic()
        return math.inf if self.most_seconds is None else self._began + self.most_seconds - time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, at most for what is left. Raises SafetyStop."""
        time.sleep(max(0.0, min(seconds, self.seconds_left())))
        self.took(0)

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Whatever is used up, what was made may be cleaned up for a while: only time is bounded, and the rate."""
        outer, self._clean_up_until = self._clean_up_until, time.monotonic() + CLEAN_UP_SECONDS
        try:
            yield
        finally:
            self._clean_up_until = outer


def live_safe(*, requests: int = 2000, jobs: int = 200, minutes: float = 60.0, rate: float = 5.0) -> Budget:
    """The bounds for a host that is not this machine."""
    return Budget(requests, jobs, minutes * 60, rate, together=2)
