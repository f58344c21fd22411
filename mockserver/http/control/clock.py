"""The sandbox's clock: read it, set its pace, move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from mockserver.adapters.dates import iso
from mockserver.adapters.exchange import Call, Json, Refusal, Reply
from mockserver.http.control.advance import advance, ended
from mockserver.http.control.context import Context, moment, read_tempo
from mockserver.http.limits import FIRED_LISTED, MOST_SPAN_SECONDS
from mockserver.http.sandboxes.sandbox import Sandbox
from mockserver.simulation.clock import micros, seconds
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

WITHIN_SECONDS = 7 * 86_400.0
"""Default span of `until` and `idle`."""

Reached = Callable[[], bool]


def mock_get_clock(context: Context, call: Call) -> Reply:
    """The clock and its pace."""
    return Reply(200, _clock(context.sandbox(call)))


def mock_set_clock(context: Context, call: Call) -> Reply:
    """Change the pace of the clock."""
    sandbox, body = context.sandbox(call), call.body
    pace = body["pace"] if "pace" in body else "real" if body["rate"] == 1 else f"x{body['rate']:.12g}"
    context.sandboxes.set_tempo(sandbox, read_tempo(pace))
    return Reply(200, _clock(sandbox))


async def mock_advance(context: Context, call: Call) -> Reply:
    """Move the sandbox's clock, and report what happened."""
    sandbox, world = context.sandbox(call), call.world
    async with sandbox.moving:  # of several who ask at once, each moves it from where the one before has left it
        if sandbox.world is not world or sandbox.is_removed:
            raise ended(sandbox)
        logged, recorded = world.scheduler.logged, sandbox.calls.recorded
        reached = await _moved(sandbox, call.body)
        return Reply(200, _report(sandbox, logged=logged, recorded=recorded, reached=reached))


async def _moved(sandbox: Sandbox, body: Json) -> bool:
    """Move the clock as the body asks; whether it reached what it was asked for. Raises Refusal, UnknownJob."""
    if "until" in body:
        return await _until(sandbox, body["until"], within=body.get("within", WITHIN_SECONDS))
    if "idle" in body:
        return await _idle(sandbox, within=body.get("within", WITHIN_SECONDS))
    await advance(sandbox, _target(sandbox, body))
    return True


def _target(sandbox: Sandbox, body: Json) -> int:
    """The requested instant. Raises Refusal if it has passed."""
    world = sandbox.world
    if "seconds" in body:
        return _within_time(world, world.now_us + micros(body["seconds"]))
    if "next_event" in body:
        upcoming = [
            instant for instant in (world.next_event_us(), sandbox.calls.next_due(world)) if instant is not None
        ]
        return _within_time(world, max(world.now_us, min(upcoming, default=world.now_us)))
    goal = body["to"]
    target = micros(goal) if not isinstance(goal, str) else _instant(goal) - world.epoch_us
    if target < world.now_us:
        raise Refusal(
            "unprocessable", f"{goal} has passed: the clock shows {world.now} seconds, {iso(world, world.now_us)}"
        )
    if target > world.now_us + micros(MOST_SPAN_SECONDS):
        raise Refusal("unprocessable", f"{goal} is more than {MOST_SPAN_SECONDS:.0f} seconds ahead")
    return _within_time(world, target)


def _within_time(world: World, target: int) -> int:
    """The instant itself. Raises Refusal beyond the clock's end."""
    if target > world.end_us:
        end = f"its end, {iso(world, world.end_us)}"
        raise Refusal("unprocessable", f"the clock goes no further than {end}; it shows {iso(world, world.now_us)}")
    return target


def _instant(date: str) -> int:
    """Microseconds since 1970 of a UTC date. Raises Refusal for a date that no calendar has."""
    try:
        return round(datetime.fromisoformat(date.upper()).timestamp() * 1_000_000)
    except (ValueError, OverflowError) as error:
        raise Refusal("unprocessable", f"{date!r} is no date: {error}") from error


async def _idle(sandbox: Sandbox, *, within: float) -> bool:
    """Advance until nothing is due; whether that was reached."""
    world = sandbox.world

    def is_reached() -> bool:
        return world.next_event_us() is None and sandbox.calls.next_due(world) is None

    await advance(sandbox, min(world.now_us + micros(within), world.end_us), is_reached)
    return is_reached()


async def _until(sandbox: Sandbox, condition: Json, *, within: float) -> bool:
    """Advance until a job is in a state or can no longer reach it; whether it is. Raises Refusal, UnknownJob."""
    world = sandbox.world
    if condition["api"] not in world.lifecycles:
        raise Refusal("unknown", f"no API is called {condition['api']!r}; served here: {', '.join(world.lifecycles)}")
    job = world.job(condition["api"], condition["job"])
    words = _words(world, condition)
    is_there = _arrival(job, words)
    await advance(sandbox, min(world.now_us + micros(within), world.end_us), lambda: is_there() or job.is_over)
    return is_there()


def _words(world: World, condition: Json) -> frozenset[str]:
    """The vendor's states to wait for. Raises Refusal for an unknown name."""
    stages = world.lifecycles[condition["api"]].stages.values()
    if "phase" in condition:
        return frozenset(stage.name for stage in stages if stage.phase == condition["phase"])
    wanted = condition["state"]
    exact = frozenset(stage.name for stage in stages if stage.name == wanted)
    alike = frozenset(stage.name for stage in stages if wanted in (stage.phase, stage.name.lower()))
    found = exact or alike or frozenset(stage.name for stage in stages if wanted == "ended" and stage.is_terminal)
    if not found:
        known = ", ".join(stage.name for stage in stages)
        raise Refusal(
            "unprocessable", f"{condition['api']} knows no state {wanted!r}; expected one of {known}, a phase or ended"
        )
    return found


def _arrival(job: Job, states: frozenset[str]) -> Reached:
    """Whether the job is in one of the states, or has been since now."""
    seen = job.step_count

    def is_there() -> bool:
        return job.state in states or any(stage.name in states for stage in job.stages_after(seen))

    return is_there


def _clock(sandbox: Sandbox) -> Json:
    world, pace = sandbox.world, sandbox.pace.tempo
    upcoming = world.next_event_us()
    following = None if upcoming is None else seconds(upcoming)
    lag = seconds(sandbox.pace.target(world) - world.now_us) if sandbox.lags else 0.0
    return {
        **moment(sandbox),
        "time": iso(world, world.now_us),
        "pace": pace.name,
        "rate": pace.rate,
        "next_event": following,
        "lag": lag,
    }


def _report(sandbox: Sandbox, *, logged: int, recorded: int, reached: bool) -> Json:
    """What happened since so many transitions were logged and attempts recorded."""
    world, calls = sandbox.world, sandbox.calls
    fired, called = world.scheduler.logged - logged, calls.recorded - recorded
    log, records = world.scheduler.log, calls.records
    transitions: list[dict[str, Any]] = [
        {
            "at": seconds(instant),
            "api": job.request.api,
            "job": job.key,
            "state": stage.name,
            "phase": stage.phase,
            "event": event,
        }
        for instant, job, stage, event in islice(log, max(0, len(log) - min(fired, FIRED_LISTED)), None)
    ]
    return {
        **moment(sandbox),
        "time": iso(world, world.now_us),
        "reached": reached,
        "fired": {"transitions": fired, "callbacks": called},
        "transitions": transitions,
        "callbacks": list(islice(records, max(0, len(records) - min(called, FIRED_LISTED)), None)),
    }
