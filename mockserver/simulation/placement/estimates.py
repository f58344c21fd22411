"""When jobs are expected to give back what they hold; used by backfill only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mockserver.simulation.clock import micros
from mockserver.simulation.job import Job
from mockserver.simulation.lifecycle import Stage

NEVER = 1 << 62
"""An instant that does not come. What has no known end is expected later than this, in order of submission."""


class Estimates:
    """Expected ends, by the run time that was asked for, else by the run limit.

    `startups` says by API how long getting ready takes at most in this scenario (the key "" for all others; None:
    nobody knows); then the job's own start limit counts, and where it has none, zero. A job that has overrun what it
    asked for is expected to end now, again and again until it ends.
    """

    __slots__ = ("_known", "_spans", "startups")

    def __init__(self, startups: Mapping[str, int | None]) -> None:
        self.startups = dict(startups)
        self._known: dict[Job, tuple[int, int]] = {}
        self._spans: dict[Job, tuple[Stage, int | None]] = {}

    def span(self, job: Job) -> int | None:
        """Microseconds that a job which waits is expected to hold nodes; None if nobody knows."""
        stage, span = self._spans.get(job, (None, None))
        if stage is not job.stage:
            span = self._leaves(job, job.stage.on["allocated"], 0)
            self._spans[job] = job.stage, span
        return span

    def end(self, job: Job, now: int) -> int:
        """The instant at which a job that holds nodes is expected to have given them back, `now` at the earliest."""
        steps, known = self._known.get(job, (0, 0))
        if steps != job.step_count:
            began = job.since if job.phase != "running" else job.last_entered("running") or 0
            left = self._leaves(job, job.stage, began)
            known = NEVER + job.serial if left is None else left
            self._known[job] = job.step_count, known
        return max(known, now)

    def stand(self, holders: Iterable[Job], now: int) -> bool:
        """Whether all that has been said of the ends of `holders` is still so, and nobody is overdue."""
        known = self._known
        for job in holders:
            steps, end = known.get(job, (0, 0))
            if end < now or steps != job.step_count:
                return False
        return True

    def forget(self, job: Job) -> None:
        """`job` holds nothing, or waits no more."""
        self._known.pop(job, None)
        self._spans.pop(job, None)

    def _leaves(self, job: Job, stage: Stage, at: int) -> int | None:
        """The instant at which the first stage is reached that holds nothing, from `stage` on, entered `at`."""
        request = job.request
        asked = request.limits.run if request.estimate is None else request.estimate
        while stage.holds:
            if stage.after is not None:
                at, stage = at + stage.after[0], stage.after[1]
            elif stage.phase == "starting":
                at, stage = at + self._startup(job), stage.on["started"]
            elif stage.phase == "running" and asked is not None:
                at += micros(asked)
                if "succeeded" not in stage.on:
                    return at
                stage = stage.on["succeeded"]
            else:
                return None
        return at

    def _startup(self, job: Job) -> int:
        limit, longest = job.request.limits.start, self.startups.get(job.request.api, self.startups.get(""))
        known = [span for span in (longest, None if limit is None else micros(limit)) if span is not None]
        return min(known, default=0)
