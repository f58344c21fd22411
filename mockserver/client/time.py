"""A sandbox's clock: read it, set its pace, move it until something has happened."""

from __future__ import annotations

from typing import Any

from mockserver.client.part import JobLike, SandboxCalls
from mockserver.client.view import View

__tracebackhide__ = True  # a failing test shows its own lines


class NotReached(AssertionError):
    """The job did not reach the state; the message shows its history."""


class Clock:
    """The virtual clock of one sandbox; a method that moves it returns when everything due has happened and callbacks
    are delivered.
    """

    def __init__(self, calls: SandboxCalls) -> None:
        self._calls = calls

    @property
    def now(self) -> float:
        """Simulated seconds since the sandbox began."""
        return float(self._calls.ask("GET", "/clock")["now"])

    @property
    def time(self) -> str:
        """The same instant as a UTC date."""
        return str(self._calls.ask("GET", "/clock")["time"])

    @property
    def next_event(self) -> float | None:
        """When the next event is due, or None."""
        upcoming: float | None = self._calls.ask("GET", "/clock")["next_event"]
        return upcoming

    def advance(
        self, seconds: float | None = None, *, to: float | str | None = None, minutes: float = 0, hours: float = 0
    ) -> View:
        """Advance by a span, or `to` an instant (simulated seconds, or a UTC date); returns what happened
        on the way.
        """
        if to is not None:
            return self._move(to=to)
        return self._move(seconds=(seconds or 0) + 60 * minutes + 3600 * hours)

    def step(self) -> View:
        """Advance to the next event."""
        return self._move(next_event=True)

    def until(self, job: JobLike, state: str, *, within: float | None = None, api: str | None = None) -> View:
        """Advance until a job is in a state (the vendor's word, a phase, or `ended`), at most `within` simulated
        seconds. Raises NotReached.
        """
        home, key = self._calls.named(job, api)
        limit = {} if within is None else {"within": within}
        moved = self._move(until={"api": home, "job": key, "state": state}, **limit)
        if not moved.reached:
            told = self._calls.ask("GET", "/jobs", job=key, api=home)["jobs"]
            now = f"is {told[0]['state']}" if told else "is gone"
            raise NotReached(f"job {key} did not become {state!r}: it {now} at {moved.now:g} seconds")
        return moved

    def idle(self, *, within: float | None = None) -> View:
        """Advance until nothing is due any more."""
        return self._move(idle=True, **({} if within is None else {"within": within}))

    def set(self, pace: str | None = None, *, rate: float | None = None) -> None:
        """Change the pace: `real`, `manual`, `auto`, `step`, `x100`; or at a rate."""
        self._calls.ask("PUT", "/clock", {"rate": rate} if pace is None else {"pace": pace})

    def _move(self, **wish: Any) -> View:
        return View(self._calls.ask("POST", "/clock/advance", wish))
