"""Keeps a run within what its user allowed: requests, jobs, minutes, rate.

Used where the target is somebody's real service.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from conformance.errors import SafetyStop


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

    def before(self, *, is_submission: bool) -> None:
        """Count a request about to be sent, and wait as the rate demands. Raises SafetyStop."""
        self.took(0)
        if is_submission and self.most_jobs is not None and self.jobs >= self.most_jobs:
            raise SafetyStop(f"the budget of {self.most_jobs} jobs is used up")
        if self.rate is not None:
            time.sleep(max(0.0, self._last + 1 / self.rate - time.monotonic()))
            self._last = time.monotonic()
        self.requests += 1
        self.jobs += is_submission

    def took(self, requests: int) -> None:
        """Count requests that somebody else has sent. Raises SafetyStop."""
        self.requests += requests
        if self.most_requests is not None and self.requests >= self.most_requests:
            raise SafetyStop(f"the budget of {self.most_requests} requests is used up")
        if self.most_seconds is not None and time.monotonic() - self._began >= self.most_seconds:
            raise SafetyStop(f"the budget of {self.most_seconds:g} seconds is used up")


def live_safe(*, requests: int = 2000, jobs: int = 200, minutes: float = 60.0, rate: float = 5.0) -> Budget:
    """The bounds for a host that is not this machine."""
    return Budget(requests, jobs, minutes * 60, rate, together=2)
