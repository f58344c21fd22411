"""Worlds that are odd but allowed: variations that reach into the mock itself, since no wrapper of its answers could
tell a consistent story.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from mockserver.simulation.clock import MICRO, micros
from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scheduler import Scheduler
from tests.conformance.faults import App, patched

Json = Any
Apply = Callable[[App, str], contextlib.AbstractContextManager[App]]
SLOW_SECONDS = 3.7
"""How much longer than usual a job waits, and how long it then prepares; every second job waits a little longer still.
"""
FLEETING_SECONDS = 0.01
"""How long a state lasts that nobody gets to see."""
STOP_SECONDS = 4.0
"""How long a job goes on that was stopped."""
QUICK_SECONDS = 3.0
"""Runs of so many seconds are of jobs that only have to end soon and well."""


@contextlib.contextmanager
def slow_starts(app: App, api: str) -> Iterator[App]:
    """Every job waits a while although there is room, and where jobs are prepared that takes long."""

    def later(wait: Callable[..., None]) -> Callable[..., None]:
        def waits_longer(scheduler: Any, job: Any, stage: Any, event: str) -> None:
            if event in ("submitted", "released"):
                job.request.not_before = max(
                    job.request.not_before, scheduler.clock.now / MICRO + SLOW_SECONDS + 0.8 * (job.serial % 2)
                )
            wait(scheduler, job, stage, event)

        return waits_longer

    _prepare(app, SLOW_SECONDS)
    for stage in _stages(app, api):
        if stage.after is not None and stage.phase == "starting":
            stage.after = (micros(SLOW_SECONDS), stage.after[1])
    with patched("mockserver.simulation.scheduler:Scheduler._wait", later)(app):
        yield app


@contextlib.contextmanager
def skipped_states(app: App, api: str) -> Iterator[App]:
    """Whatever lies between waiting, running and the end passes between two polls, and so does the run of a job that
    ends soon.

    What a command says to sleep it sleeps; the reserved variables of the mock's own bodies mean nothing to another
    server.
    """

    def hurried(run: Callable[..., Any]) -> Callable[..., Any]:
        def soon_over(workload: Any, job: Any) -> Any:
            outcome = run(workload, job)
            is_quick = (
                job.request.script is not None
                and outcome.duration is not None
                and outcome.duration <= QUICK_SECONDS * MICRO
            )
            return msgspec.structs.replace(outcome, duration=micros(FLEETING_SECONDS)) if is_quick else outcome

        return soon_over

    _prepare(app, 0.0)
    for stage in _stages(app, api):
        if stage.after is not None:
            stage.after = (micros(FLEETING_SECONDS), stage.after[1])
    with patched("mockserver.simulation.workload:Workload.run", hurried)(app):
        yield app


def _prepare(app: App, seconds: float) -> None:
    """Let preparation take so long in every world that brings no scenario of its own."""
    plan = app.sandboxes.settings  # type: ignore[attr-defined]
    app.sandboxes.settings = replace(plan, scenario=_with_startup(plan.scenario, seconds))  # type: ignore[attr-defined]


def _with_startup(scenario: Any, seconds: float) -> Any:
    return msgspec.structs.replace(scenario, startup=Distribution(fixed=seconds))


def _stages(app: App, api: str) -> list[Any]:
    return list(app.sandboxes.lifecycles[api].stages.values())  # type: ignore[attr-defined]


def clock_off_by(seconds: float) -> Apply:
    """The server stamps by a clock that goes wrong by so many seconds; what time it really is, the control
    API tells.
    """
    off = int(seconds * MICRO)

    @contextlib.contextmanager
    def apply(app: App, api: str) -> Iterator[App]:
        def wrong(wall: Callable[[], int]) -> Callable[[], int]:
            return lambda: wall() + off

        def right(iso: Callable[[Any, int], str]) -> Callable[[Any, int], str]:
            return lambda world, instant: iso(world, instant - off)

        with contextlib.ExitStack() as stack:
            for place, make in (
                ("mockserver.http.sandboxes.sandbox:FIXED_EPOCH_US", lambda fixed: fixed + off),
                ("mockserver.http.sandboxes.sandbox:wall_us", wrong),
                ("mockserver.http.contract.contract:wall_us", wrong),
                ("mockserver.http.control.clock:iso", right),
            ):
                stack.enter_context(patched(place, make)(app))
            yield app

    return apply


@contextlib.contextmanager
def told_twice(app: App, api: str) -> Iterator[App]:
    """Every callback that was taken is made once more, byte for byte."""

    def twice(post: Callable[..., Any]) -> Callable[..., Any]:
        async def again(*words: Any, **options: Any) -> Any:
            heard = await post(*words, **options)
            if heard.outcome == "delivered":
                await post(*words, **options)
            return heard

        return again

    with patched("mockserver.http.callbacks.outbound:post", twice)(app):
        yield app


@contextlib.contextmanager
def aborted_is_complete(app: App, api: str) -> Iterator[App]:
    """A ByteNite job that was aborted ends as complete: the vendor has no state for it, so any final one will do."""
    stages = app.sandboxes.lifecycles[api].stages  # type: ignore[attr-defined]
    for stage in stages.values():
        if "cancelled" in stage.on:
            stage.on["cancelled"] = stages["JOB_STATE_COMPLETE"]
    yield app


@contextlib.contextmanager
def late_stops(app: App, api: str) -> Iterator[App]:
    """A stop is taken at once, and the job goes on for some seconds."""
    pending: list[tuple[Any, int, Any, str]] = []

    def later(cancel: Callable[..., None]) -> Callable[..., None]:
        def taken(scheduler: Any, job: Any, reason: str) -> None:
            if job.stage.on.get("cancelled") is None:
                cancel(scheduler, job, reason)
            elif not any(one[2] is job for one in pending):
                pending.append((scheduler, scheduler.clock.now + micros(STOP_SECONDS), job, reason))

        return taken

    def meanwhile(advance: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(scheduler: Any, instant: int, most: int | None = None, *, heed: bool = False) -> Any:
            for one in [one for one in pending if one[0] is scheduler and one[1] <= instant]:
                pending.remove(one)
                advance(scheduler, one[1])
                with contextlib.suppress(NotCancellable):
                    cancel(scheduler, *one[2:])
            return advance(scheduler, instant, most, heed=heed)

        return stopping

    cancel = Scheduler.cancel
    with (
        patched("mockserver.simulation.scheduler:Scheduler.cancel", later)(app),
        patched("mockserver.simulation.scheduler:Scheduler.advance", meanwhile)(app),
    ):
        yield app
