"""Deliberate faults of backfill."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.simulation.job import Job
from mockserver.simulation.placement import profile as profile_module
from mockserver.simulation.placement.estimates import Estimates
from mockserver.simulation.placement.overtaking import Overtaking
from mockserver.simulation.placement.profile import Promises
from mockserver.simulation.placement.reservation import Promise

Patch = pytest.MonkeyPatch


def no_extra_nodes(patch: Patch) -> None:
    patch.setattr(Promise, "allowed", lambda self, shape, nodes: nodes & ~self.fitting)


def extra_without_end(patch: Patch) -> None:
    patch.setattr(Promise, "allowed", lambda self, shape, nodes: nodes)


def only_the_first_of_each_shape(patch: Patch) -> None:
    original = Overtaking._overtakes

    def overtakes(self: Overtaking, job: Job, promise: Promise, now: int, start: Any) -> bool:
        found = original(self, job, promise, now, start)
        if not found:
            self._refused.add((job.shape, False))
        return found

    patch.setattr(Overtaking, "_overtakes", overtakes)


def the_promise_stands_whatever_ends(patch: Patch) -> None:
    patch.setattr(Overtaking, "changed", lambda self: None)


def the_promise_stands_whoever_is_ready_early(patch: Patch) -> None:
    patch.setattr(Estimates, "stand", lambda self, holders, now: True)


def the_run_time_asked_for_is_dropped(patch: Patch) -> None:
    original = Estimates._leaves

    def leaves(self: Estimates, job: Job, stage: Any, at: int) -> int | None:
        asked, job.request.estimate = job.request.estimate, None
        found = original(self, job, stage, at)
        job.request.estimate = asked
        return found

    patch.setattr(Estimates, "_leaves", leaves)


def an_overrun_ends_in_the_past(patch: Patch) -> None:
    original = Estimates.end
    patch.setattr(Estimates, "end", lambda self, job, now: original(self, job, 0))


def the_start_up_takes_no_time(patch: Patch) -> None:
    patch.setattr(Estimates, "_startup", lambda self, job: 0)


def nobody_moves_forward_when_something_ends(patch: Patch) -> None:
    original = Promises.renew
    patch.setattr(Promises, "renew", lambda self, *args, **facts: original(self, *args, **facts | {"is_freed": False}))


def promises_are_looked_at_more_than_once(patch: Patch) -> None:
    original = Promises.renew

    def renew(self: Promises, waiting: list[Job], holders: Any, now: int, **facts: Any) -> list[Job]:
        return original(self, waiting, holders, now, **facts | {"is_freed": True})

    patch.setattr(Promises, "renew", renew)


def whoever_comes_ignores_promises(patch: Patch) -> None:
    original = Promises.renew

    def renew(self: Promises, waiting: list[Job], holders: Any, now: int, **facts: Any) -> list[Job]:
        self.starts = {}
        return original(self, waiting[::-1], holders, now, **facts)

    patch.setattr(Promises, "renew", renew)


def a_broken_promise_is_made_anew_behind_all_others(patch: Patch) -> None:
    def anew(self: Promises, waiting: list[Job], running: list[Job], now: int, start: Any) -> list[Job]:
        self.starts = {job: promise for job, promise in self.starts.items() if promise[0] > now}
        return self.renew(waiting, running, now, is_freed=False, start=start)

    patch.setattr(Promises, "_anew", anew)


def amounts_are_counted_over_all_nodes(patch: Patch) -> None:
    patch.setattr(profile_module, "_takes_whole_nodes", lambda cluster, shapes: True)


def only_idle_nodes_are_promised(patch: Patch) -> None:
    original = Promise.find
    patch.setattr(Promise, "find", lambda self, holders, *rest: original(self, list(holders)[1:], *rest))


FAULTS = {
    no_extra_nodes: "published",
    extra_without_end: "published",
    only_the_first_of_each_shape: "published",
    the_promise_stands_whatever_ends: "published",
    the_promise_stands_whoever_is_ready_early: "overruns",
    the_run_time_asked_for_is_dropped: "published",
    an_overrun_ends_in_the_past: "overruns",
    the_start_up_takes_no_time: "overruns",
    nobody_moves_forward_when_something_ends: "published",
    promises_are_looked_at_more_than_once: "published",
    whoever_comes_ignores_promises: "published",
    a_broken_promise_is_made_anew_behind_all_others: "published",
    amounts_are_counted_over_all_nodes: "vectors",
    only_idle_nodes_are_promised: "vectors",
}
"""Each fault, and the properties that have to catch it."""
